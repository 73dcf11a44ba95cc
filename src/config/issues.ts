import * as z from 'zod';
import { nearest } from '../policy/nearest.ts';
import type { Fault } from './problem.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly (string | number)[];

/** What a file is compared with, and the file. */
interface Comparison {
  readonly schema: z.ZodType;
  readonly value: unknown;
}

/** Says in our words what a schema found wrong with a file. */
export function faultsOf(
  schema: z.ZodType,
  value: unknown,
  issues: readonly Issue[],
): readonly Fault[] {
  return issues.flatMap((issue) => faults({ schema, value }, issue, []));
}

function faults(root: Comparison, issue: Issue, base: Path): readonly Fault[] {
  // Paths into JSON hold keys and indexes only.
  const path = [...base, ...(issue.path as (string | number)[])];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(root, [...path, key]));
    case 'invalid_union':
      return unionFaults(root, issue, path);
    case 'invalid_key':
      return [
        { path, message: issue.issues[0]?.message ?? 'unexpected name', hint: null, atKey: true },
      ];
    case 'invalid_type':
      return [typeFault(root, issue, path)];
    case 'invalid_value': {
      const choices = issue.values.map((one) => `\`${String(one)}\``).join(', ');
      const found = at(root.value, path);
      const words = issue.values.map(String);
      const near = typeof found === 'string' ? nearest(found, words) : null;
      return [{ path, message: `expected one of ${choices}`, hint: meant(near) }];
    }
    case 'too_small':
      return [
        {
          path,
          message: `expected ${sizeOf(issue.origin)} of at least ${issue.minimum}`,
          hint: null,
        },
      ];
    case 'too_big':
      return [
        {
          path,
          message: `expected ${sizeOf(issue.origin)} of at most ${issue.maximum}`,
          hint: null,
        },
      ];
    default:
      return [{ path, message: issue.message, hint: null }];
  }
}

function unknownKey(root: Comparison, path: Path): Fault {
  const key = String(path.at(-1));
  const parent = path.slice(0, -1);
  const known = keysAt(root.schema, root.value, parent);
  const near = nearest(key, known);
  const hint = meant(near) ?? `known here: ${known.map((one) => `\`${one}\``).join(', ')}`;
  return { path, message: `unknown field \`${key}\``, hint, atKey: true };
}

function typeFault(
  root: Comparison,
  issue: Extract<Issue, { code: 'invalid_type' }>,
  path: Path,
): Fault {
  const found = at(root.value, path);
  if (found === undefined && path.length > 0) {
    const message = `\`${String(path.at(-1))}\` is missing`;
    return { path, message, hint: `add it as ${typeName(issue.expected)}` };
  }
  const message = `expected ${typeName(issue.expected)}, found ${foundName(found)}`;
  return { path, message, hint: null };
}

/** Only what the likeliest of the forms finds wrong is told: the others were not meant. */
function unionFaults(
  root: Comparison,
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: Path,
): readonly Fault[] {
  if (issue.message !== 'Invalid input') return [{ path, message: issue.message, hint: null }];
  const union = schemasAt(root.schema, path).find((one) => one instanceof z.ZodUnion);
  const value = at(root.value, path);
  // The options of a union of Zod's are schemas of Zod's.
  const options = (union?.options ?? []) as readonly z.ZodType[];
  const scores = options.map((option) => likeness(option, value));
  const best = scores.indexOf(Math.max(...scores));
  if ((scores[best] ?? -1) < 0) {
    const names = options.map(schemaName).join(' or ');
    return [{ path, message: `expected ${names}, found ${foundName(value)}`, hint: null }];
  }
  return (issue.errors[best] ?? []).flatMap((one) => faults(root, one, path));
}

/** How much a value looks like an attempt at this form; below 0 not at all. */
function likeness(schema: z.ZodType, value: unknown): number {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodString) return typeof value === 'string' ? 1 : -1;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return -1;
  if (inner instanceof z.ZodRecord) return 0;
  if (!(inner instanceof z.ZodObject)) return -1;
  const known = Object.keys(inner.shape);
  return Object.keys(value).reduce((score, key) => {
    if (known.includes(key)) return score + 2;
    return nearest(key, known) === null ? score : score + 1;
  }, 0);
}

/** The fields that are known at a place of the file: of the likeliest form where there are several. */
function keysAt(schema: z.ZodType, value: unknown, path: Path): readonly string[] {
  const found = at(value, path);
  const objects = schemasAt(schema, path).filter((one) => one instanceof z.ZodObject);
  const best = objects.toSorted((a, b) => likeness(b, found) - likeness(a, found))[0];
  return Object.keys(best?.shape ?? {});
}

/** Every schema that may apply at a place: a union and each of its forms. */
function schemasAt(schema: z.ZodType, path: Path): readonly z.ZodType[] {
  const inner = unwrap(schema);
  // The parts of a schema of Zod's are schemas of Zod's.
  if (inner instanceof z.ZodUnion) {
    const options = inner.options as readonly z.ZodType[];
    const deeper = options.flatMap((option) => schemasAt(option, path));
    return path.length === 0 ? [inner, ...deeper] : deeper;
  }
  const [step, ...rest] = path;
  if (step === undefined) return [inner];
  if (inner instanceof z.ZodObject) {
    const fields = new Map<string, unknown>(Object.entries(inner.shape));
    const field = fields.get(String(step));
    return field === undefined ? [] : schemasAt(field as z.ZodType, rest);
  }
  if (inner instanceof z.ZodRecord) return schemasAt(inner.valueType as z.ZodType, rest);
  if (inner instanceof z.ZodArray) return schemasAt(inner.element as z.ZodType, rest);
  return [];
}

function unwrap(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional ? unwrap(schema.unwrap() as z.ZodType) : schema;
}

function at(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step))
      return undefined;
    // An own member of a JSON value.
    found = (found as Readonly<Record<string | number, unknown>>)[step];
  }
  return found;
}

function meant(near: string | null): string | null {
  return near === null ? null : `did you mean \`${near}\`?`;
}

function sizeOf(origin: string): string {
  return origin === 'string' ? 'a length' : 'a number';
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function typeName(expected: string): string {
  return typeNames[expected] ?? expected;
}

/** A form by its type, or by the fields that it cannot do without. */
function schemaName(schema: z.ZodType): string {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodString) return 'a string';
  if (!(inner instanceof z.ZodObject)) return 'an object';
  const needed = Object.entries(inner.shape).filter(
    ([, field]) => !(field instanceof z.ZodOptional),
  );
  return `an object with ${needed.map(([key]) => `\`${key}\``).join(' and ')}`;
}

function foundName(value: unknown): string {
  if (value === null) return '`null`';
  if (Array.isArray(value)) return 'a list';
  return typeName(typeof value);
}
