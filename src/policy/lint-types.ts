import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { categories, risks } from './document.ts';
import type { Condition, OperatorName } from './document.ts';
import { isList, isSafe, kindOf } from './operators/compare.ts';
import type { JsonKind } from './operators/compare.ts';
import type { Path } from './path.ts';
import { roots } from './path.ts';
import type { PinnedTool } from './request.ts';
import { declaredAt } from './schema-lookup.ts';

/** Why a comparison can never hold, and what to do about it. */
export interface Futility {
  readonly message: string;
  readonly hint: string | null;
}

/** Why a comparison can never hold for the values that are declared there; null when it may. */
export function neverHolds(
  condition: Condition,
  path: Path,
  tools: readonly PinnedTool[],
): Futility | null {
  const { op, value } = condition;
  if ((op === 'in' || op === 'not_in') && isList(value) && value.length === 0) {
    return { message: 'nothing can be told of an empty list', hint: 'name at least one value' };
  }
  if ((op === 'eq' || op === 'neq') && value === null) {
    return { message: 'values that are not null cannot be told', hint: 'use `exists`' };
  }
  if (typeof value === 'number' && !isSafe(value)) {
    return { message: 'no number that can be told reaches this one', hint: null };
  }
  if (path.root !== 'args') return neverHoldsAtRoot(condition, path);
  const declared = tools.map((tool) => declaredAt(tool.inputSchema, path.steps));
  const [first, ...others] = declared.map((each) =>
    each.kind === 'declared' ? neverHoldsFor(condition, each.schema) : null,
  );
  if (first === undefined || first === null || others.includes(null)) return null;
  return first;
}

function neverHoldsFor(condition: Condition, schema: JsonObject): Futility | null {
  const types = typesOf(schema.type);
  const wanted = operandTypes(condition);
  if (types !== null && wanted !== null && !types.some((type) => wanted.includes(type))) {
    return {
      message: `\`${condition.op}\` with ${JSON.stringify(condition.value)} never holds for ${types.join(' or ')}`,
      hint: `the schema of the tool declares ${types.join(' or ')}`,
    };
  }
  const listed = isList(schema.enum) ? schema.enum : null;
  const literals = condition.op === 'eq' ? [condition.value] : condition.value;
  const compares = condition.op === 'eq' || condition.op === 'in';
  if (listed === null || !compares || !isList(literals)) return null;
  if (literals.some((each) => listed.some((one) => one === each))) return null;
  return {
    message: `the schema of the tool admits none of ${JSON.stringify(literals)}`,
    hint: `it admits ${JSON.stringify(listed).slice(0, 200)}`,
  };
}

function neverHoldsAtRoot({ op, value }: Condition, path: Path): Futility | null {
  const kind = path.steps.length > 0 ? 'string' : roots[path.root];
  const wanted = operandTypes({ path: path.text, op, value });
  if (wanted !== null && !wanted.includes(kind)) {
    const message = `\`${op}\` with ${JSON.stringify(value)} never holds for a ${kind}`;
    return { message, hint: null };
  }
  const known = knownValues(path);
  const literals = op === 'eq' ? [value] : value;
  if (known === null || (op !== 'eq' && op !== 'in') || !isList(literals)) return null;
  if (literals.some((each) => known.some((one) => one === each))) return null;
  return {
    message: `\`${path.root}\` is never ${JSON.stringify(literals)}`,
    hint: `it is one of ${known.join(', ')}`,
  };
}

function knownValues(path: Path): readonly (string | number)[] | null {
  if (path.root === 'tool.category') return categories;
  if (path.root === 'tool.risk') return risks;
  if (path.root === 'time.weekday') return [1, 2, 3, 4, 5, 6, 7];
  return path.root === 'time.hour' ? Array.from({ length: 24 }, (_, hour) => hour) : null;
}

/** The types that a JSON Schema's `type` admits; null when it does not say. */
function typesOf(type: JsonValue | undefined): readonly JsonKind[] | null {
  const names = typeof type === 'string' ? [type] : type;
  if (!isList(names) || names.length === 0) return null;
  const kinds = names.map((name) => (typeof name === 'string' ? schemaKinds[name] : undefined));
  return kinds.includes(undefined) ? null : kinds.filter((kind) => kind !== undefined);
}

const schemaKinds: Readonly<Record<string, JsonKind>> = {
  null: 'null',
  boolean: 'boolean',
  integer: 'number',
  number: 'number',
  string: 'string',
  array: 'list',
  object: 'object',
};

const textOnly: readonly JsonKind[] = ['string'];
const textOrList: readonly JsonKind[] = ['string', 'list'];
const numberOnly: readonly JsonKind[] = ['number'];

/** The types of value that the operator can hold for; null for any. */
function operandTypes({
  op,
  value,
}: Pick<Condition, 'op' | 'value' | 'path'>): readonly JsonKind[] | null {
  const fixed = operatorTypes[op];
  if (fixed !== 'literal') return fixed;
  if (op === 'contains' || op === 'not_contains') {
    return typeof value === 'string' ? textOrList : ['list'];
  }
  if (op === 'eq' || op === 'neq') return [kindOf(value)];
  return isList(value) ? value.map(kindOf) : null;
}

const operatorTypes: Readonly<Record<OperatorName, readonly JsonKind[] | 'literal' | null>> = {
  eq: 'literal',
  neq: 'literal',
  in: 'literal',
  not_in: 'literal',
  contains: 'literal',
  not_contains: 'literal',
  lt: numberOnly,
  lte: numberOnly,
  gt: numberOnly,
  gte: numberOnly,
  regex: textOnly,
  not_regex: textOnly,
  exists: null,
  length_lte: ['string', 'list', 'object'],
  length_gte: ['string', 'list', 'object'],
  path_within: textOnly,
  url_host_in: textOnly,
  email_domain_in: textOrList,
  sql_only: textOnly,
};
