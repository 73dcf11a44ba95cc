import {
  checkCondition,
  checkCostPath,
  checkCounters,
  checkLimit,
  checkPath,
} from './check-parts.ts';
import type { Finding } from './check-parts.ts';
import { offsetOf, plainValue } from './json-tree.ts';
import type { JsonNode, MemberNode, ObjectNode, ScalarNode } from './json-tree.ts';
import { nearest } from './nearest.ts';
import { isObject } from './operators/compare.ts';
import { compileSchema } from './argument-schema.ts';
import { pointerToken } from './problem.ts';
import type { UnplacedProblem } from './problem.ts';
import { admitsKind, expectedText } from './shape.ts';
import type { AnyShape, MapShape, NumberShape, ObjectShape, Shape, TextShape } from './shape.ts';

/** Compares a text's tree with a shape, and collects every difference. */
export function validate(node: JsonNode, shape: Shape): readonly UnplacedProblem[] {
  const problems: UnplacedProblem[] = [];
  visit(node, shape, { pointer: '', node, keyStart: node.start, problems });
  return problems;
}

interface Place {
  readonly pointer: string;
  readonly node: JsonNode;
  /** Where the key before the value starts, in UTF-16 units. */
  readonly keyStart: number;
  readonly problems: UnplacedProblem[];
}

function visit(node: JsonNode, shape: Shape, place: Place): void {
  if (!admitsKind(shape, node.kind)) return wrongType(node, shape, place);
  switch (shape.kind) {
    case 'choice':
      for (const option of shape.options) {
        if (admitsKind(option, node.kind)) return visit(node, option, place);
      }
      return;
    case 'forms':
      return visit(node, hasKey(node, shape.key) ? shape.long : shape.short, place);
    case 'any':
      return visitAny(node, shape, place);
    case 'list':
      if (node.kind === 'list') visitList(node.elements, shape.of, place);
      if (node.kind === 'list' && node.elements.length < shape.itemsMin) {
        report(place, `expected ${expectedText(shape)}, found none`);
      }
      return;
    case 'map':
      return node.kind === 'object' ? visitMap(node, shape, place) : undefined;
    case 'object':
      return node.kind === 'object' ? visitObject(node, shape, place) : undefined;
    default:
      return node.kind === 'list' || node.kind === 'object'
        ? undefined
        : visitScalar(node, shape, place);
  }
}

function visitList(elements: readonly JsonNode[], of: Shape, place: Place): void {
  for (const [index, element] of elements.entries()) {
    visit(element, of, belowIndex(place, index, element));
  }
}

function visitObject(node: ObjectNode, shape: ObjectShape, place: Place): void {
  const names = Object.keys(shape.fields);
  for (const member of freshMembers(node, place)) {
    const inside = below(place, member);
    const field = Object.hasOwn(shape.fields, member.key) ? shape.fields[member.key] : undefined;
    if (field === undefined) unknownKey(member.key, names, inside);
    else visit(member.node, field.shape, inside);
  }
  for (const [name, field] of Object.entries(shape.fields)) {
    if (field.required && !hasKey(node, name)) {
      report(place, `\`${name}\` is missing: expected ${expectedText(field.shape)}`);
    }
  }
  if (shape.check === null) return;
  const value = plainValue(node);
  if (isObject(value)) reportAll(place, objectChecks[shape.check](value));
}

const objectChecks = {
  condition: checkCondition,
  limit: checkLimit,
  document: checkCounters,
} as const;

function visitMap(node: ObjectNode, shape: MapShape, place: Place): void {
  for (const member of freshMembers(node, place)) {
    const inside = below(place, member);
    if (shape.keys !== null && !shape.keys.includes(member.key)) {
      unknownKey(member.key, shape.keys, inside);
    } else visit(member.node, shape.of, inside);
  }
}

/** The members whose keys can be used; a duplicate, or a key that changes prototypes, is reported. */
function freshMembers(node: ObjectNode, place: Place): readonly MemberNode[] {
  const seen = new Set<string>();
  return node.members.filter((member) => {
    const { key } = member;
    const inside = below(place, member);
    if (key === '__proto__') reportKey(inside, 'the key `__proto__` is not allowed', null);
    else if (seen.has(key)) reportKey(inside, `the key \`${key}\` is here twice`, 'keep one');
    else {
      seen.add(key);
      return true;
    }
    return false;
  });
}

function visitAny(node: JsonNode, shape: AnyShape, place: Place): void {
  const before = place.problems.length;
  checkPlain(node, shape, place);
  if (!shape.schema || place.problems.length > before) return;
  const compiled = compileSchema(plainValue(node));
  if (!compiled.ok) report(place, `expected ${compiled.error}`);
}

/** Inside free JSON, what two parsers or a printer would not read alike is still refused. */
function checkPlain(node: JsonNode, shape: AnyShape, place: Place): void {
  if (node.kind === 'list') {
    for (const [index, each] of node.elements.entries()) {
      checkPlain(each, shape, belowIndex(place, index, each));
    }
  } else if (node.kind === 'object') {
    for (const member of freshMembers(node, place)) {
      checkPlain(member.node, shape, below(place, member));
    }
  } else checkExact(node, place, shape.schema);
}

/** Schemas of other tools name bounds such as 2^63-1: there a rounded number does no harm. */
function checkExact(node: ScalarNode, place: Place, roundedToo: boolean): boolean {
  if (node.exact) return true;
  if (roundedToo && Number.isFinite(node.value) && node.value !== 0) return true;
  const read = Number.isFinite(node.value)
    ? `it would be read as ${node.value}`
    : 'it is too large';
  report(place, `a number that a double does not carry exactly: ${read}`);
  return false;
}

function visitScalar(
  node: ScalarNode,
  shape: Exclude<Shape, { kind: 'choice' | 'forms' | 'any' | 'list' | 'map' | 'object' }>,
  place: Place,
): void {
  const { value } = node;
  if (typeof value === 'string' && shape.kind === 'text') return visitText(value, shape, place);
  if (typeof value === 'string' && shape.kind === 'word') {
    if (shape.words.includes(value)) return;
    const near = nearest(value, shape.words);
    const hint = near === null ? null : `did you mean \`${near}\`?`;
    return report(place, `expected ${expectedText(shape)}, found ${brief(value)}`, hint);
  }
  if (typeof value === 'number' && shape.kind === 'number') visitNumber(node, shape, place);
  if (value === false && shape.kind === 'boolean' && !shape.falseToo) {
    report(place, 'expected `true`, found `false`: leave the field out');
  }
}

function visitText(value: string, shape: TextShape, place: Place): void {
  const filled = shape.emptyToo || value !== '';
  if (!filled || (shape.pattern !== null && !new RegExp(shape.pattern).test(value))) {
    return report(place, `expected ${shape.expected}, found ${brief(value)}`);
  }
  if (shape.check === 'path') reportAll(place, checkPath(value));
  if (shape.check === 'cost-path') reportAll(place, checkCostPath(value));
}

function visitNumber(node: ScalarNode, shape: NumberShape, place: Place): void {
  const value = Number(node.value);
  if (!checkExact(node, place, false)) return;
  const whole = !shape.integer || Number.isSafeInteger(value);
  if (whole && value >= shape.min && value <= shape.max) return;
  report(place, `expected ${expectedText(shape)}, found ${brief(value)}`);
}

function wrongType(node: JsonNode, shape: Shape, place: Place): void {
  const found =
    node.kind === 'list' ? 'a list' : node.kind === 'object' ? 'an object' : brief(node.value);
  report(place, `expected ${expectedText(shape)}, found ${found}`, quotesHint(node, shape));
}

function quotesHint(node: JsonNode, shape: Shape): string | null {
  if (node.kind === 'number' && admitsKind(shape, 'string')) return `write it in double quotes`;
  if (node.kind !== 'string' || typeof node.value !== 'string') return null;
  const isBoolean = node.value === 'true' || node.value === 'false';
  const isNumber = /^-?[0-9]+(\.[0-9]+)?$/.test(node.value);
  if (isBoolean && admitsKind(shape, 'boolean')) return `write \`${node.value}\` without quotes`;
  if (isNumber && admitsKind(shape, 'number')) return `write \`${node.value}\` without quotes`;
  return null;
}

function unknownKey(key: string, known: readonly string[], place: Place): void {
  const near = nearest(key, known);
  const hint = near === null ? `known here: ${known.join(', ')}` : `did you mean \`${near}\`?`;
  reportKey(place, `unknown key ${brief(key)}`, hint);
}

function hasKey(node: JsonNode, key: string): boolean {
  return node.kind === 'object' && node.members.some((member) => member.key === key);
}

function brief(value: string | number | boolean | null): string {
  const printed = typeof value === 'string' ? value : String(value);
  return printed.length > 60 ? `\`${printed.slice(0, 60)}…\`` : `\`${printed}\``;
}

function below(place: Place, { key, keyStart, node }: MemberNode): Place {
  const pointer = `${place.pointer}/${pointerToken(key)}`;
  return { pointer, node, keyStart, problems: place.problems };
}

function belowIndex(place: Place, index: number, node: JsonNode): Place {
  const pointer = `${place.pointer}/${index}`;
  return { pointer, node, keyStart: node.start, problems: place.problems };
}

function report(place: Place, message: string, hint: string | null = null): void {
  place.problems.push({ pointer: place.pointer, offset: place.node.start, message, hint });
}

function reportKey(place: Place, message: string, hint: string | null): void {
  place.problems.push({ pointer: place.pointer, offset: place.keyStart, message, hint });
}

function reportAll(place: Place, findings: readonly Finding[]): void {
  for (const { pointer, message, hint } of findings) {
    const offset = offsetOf(place.node, pointer);
    place.problems.push({ pointer: place.pointer + pointer, offset, message, hint });
  }
}
