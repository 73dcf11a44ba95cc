import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type { JsonObject, JsonValue } from '../../base/strict-json.ts';
import type { Outcome } from './outcome.ts';

/** Judges one value that is present. */
export type Operator = (value: JsonValue) => Outcome;

/** The six types of a JSON value (RFC 8259 §3). */
export type JsonKind = 'null' | 'boolean' | 'number' | 'string' | 'list' | 'object';

export function kindOf(value: JsonValue): JsonKind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  const type = typeof value;
  // The scan admits nothing but JSON, so what is none of the three scalars is an object.
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'object';
}

/** Whether a value is an object with members; lists and null are not. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is a list. `Array.isArray` does not narrow readonly lists. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Whether two parsers agree on this number: what is not carried exactly arrives as NaN or beyond. */
export function isSafe(value: number): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER;
}

/** Whether a literal is null or holds one, so that null in a call is a value and not an absence. */
export function holdsNull(literal: JsonValue): boolean {
  if (literal === null) return true;
  if (isList(literal)) return literal.some(holdsNull);
  return isObject(literal) && Object.values(literal).some(holdsNull);
}

/**
 * Deep equality without coercion. A value of another type than the literal cannot be told, at any
 * depth: a server that coerces would read the two alike.
 */
export function compareEqual(value: JsonValue, literal: JsonValue): Outcome {
  const kind = kindOf(literal);
  if (kindOf(value) !== kind) return 'cannot-tell';
  if (typeof value === 'number' && !isSafe(value)) return 'cannot-tell';
  if (isList(value) && isList(literal)) return equalLists(value, literal);
  if (isObject(value) && isObject(literal)) return equalObjects(value, literal);
  return value === literal ? 'holds' : 'does-not-hold';
}

function equalLists(value: readonly JsonValue[], literal: readonly JsonValue[]): Outcome {
  if (value.length !== literal.length) return 'does-not-hold';
  let outcome: Outcome = 'holds';
  for (const [index, element] of literal.entries()) {
    const part = compareEqual(value[index] ?? null, element);
    if (part === 'does-not-hold') return part;
    if (part === 'cannot-tell') outcome = part;
  }
  return outcome;
}

function equalObjects(value: JsonObject, literal: JsonObject): Outcome {
  const keys = Object.keys(literal);
  if (Object.keys(value).length !== keys.length) return 'does-not-hold';
  let outcome: Outcome = 'holds';
  for (const key of keys) {
    if (!Object.hasOwn(value, key)) return 'does-not-hold';
    const part = compareEqual(value[key] ?? null, literal[key] ?? null);
    if (part === 'does-not-hold') return part;
    if (part === 'cannot-tell') outcome = part;
  }
  return outcome;
}

/** `eq`: any literal. */
export function compileEqual(operand: JsonValue): Result<Operator, string> {
  if (typeof operand !== 'string') return ok((value) => compareEqual(value, operand));
  return ok((value) => {
    if (typeof value !== 'string') return 'cannot-tell';
    return value === operand ? 'holds' : 'does-not-hold';
  });
}

/** `in`: a list. Of another type than every element cannot be told, and so in the empty list. */
export function compileIn(operand: JsonValue): Result<Operator, string> {
  if (!isList(operand)) return err('a list');
  const kinds = new Set(operand.map(kindOf));
  const simple = new Set(operand.filter((literal) => typeof literal !== 'object'));
  const compound = operand.filter((literal) => typeof literal === 'object');
  return ok((value) => {
    if (!kinds.has(kindOf(value))) return 'cannot-tell';
    if (typeof value === 'object') return isAmong(value, compound);
    if (typeof value === 'number' && !isSafe(value)) return 'cannot-tell';
    return simple.has(value) ? 'holds' : 'does-not-hold';
  });
}

/** Among literals of its kind; some of another kind may stand beside them. */
function isAmong(value: JsonValue, literals: readonly JsonValue[]): Outcome {
  const kind = kindOf(value);
  let outcome: Outcome = 'does-not-hold';
  for (const literal of literals) {
    if (kindOf(literal) !== kind) continue;
    const part = compareEqual(value, literal);
    if (part === 'holds') return part;
    if (part === 'cannot-tell') outcome = part;
  }
  return outcome;
}

/** `lt`, `lte`, `gt`, `gte`: a number; other types cannot be told. */
export function compileOrder(
  operand: JsonValue,
  test: (value: number, bound: number) => boolean,
): Result<Operator, string> {
  if (typeof operand !== 'number' || !Number.isFinite(operand)) return err('a number');
  return ok((value) => {
    if (typeof value !== 'number' || !isSafe(value)) return 'cannot-tell';
    return test(value, operand) ? 'holds' : 'does-not-hold';
  });
}

/** `contains`: a substring of a string, an element of a list; other types cannot be told. */
export function compileContains(operand: JsonValue): Result<Operator, string> {
  const nullCounts = holdsNull(operand);
  return ok((value) => {
    if (isList(value)) return listContains(value, operand, nullCounts);
    if (typeof value !== 'string' || typeof operand !== 'string') return 'cannot-tell';
    return value.includes(operand) ? 'holds' : 'does-not-hold';
  });
}

function listContains(
  list: readonly JsonValue[],
  literal: JsonValue,
  nullCounts: boolean,
): Outcome {
  let outcome: Outcome = 'does-not-hold';
  for (const element of list) {
    if (element === null && !nullCounts) continue;
    const part = compareEqual(element, literal);
    if (part === 'holds') return part;
    if (part === 'cannot-tell') outcome = part;
  }
  return outcome;
}

/** `length_lte`, `length_gte`: characters (code points), elements or keys. */
export function compileLength(
  operand: JsonValue,
  test: (length: number, bound: number) => boolean,
): Result<Operator, string> {
  if (typeof operand !== 'number' || !Number.isSafeInteger(operand) || operand < 0) {
    return err('an integer of at least 0');
  }
  return ok((value) => {
    const length = lengthOf(value);
    if (length === null) return 'cannot-tell';
    return test(length, operand) ? 'holds' : 'does-not-hold';
  });
}

function lengthOf(value: JsonValue): number | null {
  if (typeof value === 'string') return codePoints(value);
  if (isList(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : null;
}

/** Characters of a text: a pair of surrogates is one. */
export function codePoints(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 0xd800 && code <= 0xdbff) at += 1;
    count += 1;
  }
  return count;
}

/** `exists`: whether the path is present. Absence is judged before any operator is asked. */
export function compileExists(operand: JsonValue): Result<Operator, string> {
  if (typeof operand !== 'boolean') return err('`true` or `false`');
  const outcome: Outcome = operand ? 'holds' : 'does-not-hold';
  return ok(() => outcome);
}
