// The operators of the second reading: see `reference-evaluator.ts`.
import type { JsonValue } from '../../src/base/strict-json.ts';
import type { Condition } from '../../src/policy/index.ts';

export type Truth = 'yes' | 'no' | 'unsure';
export type Bag = { readonly [key: string]: JsonValue };
export type Leaf = JsonValue | undefined | typeof wrongParent;

/** A parent that is there but of the wrong kind. */
export const wrongParent: unique symbol = Symbol('wrong parent');

export function judge({ op, value }: Condition, leaf: Leaf): Truth {
  if (leaf === wrongParent) return 'unsure';
  if (leaf === undefined || (leaf === null && !mentionsNull(value))) {
    return op === 'exists' && value === false ? 'yes' : 'no';
  }
  if (op === 'exists') return value === true ? 'yes' : 'no';
  if (op.startsWith('not_') || op === 'neq') {
    const opposite = op === 'neq' ? 'eq' : (op.slice(4) as 'in' | 'regex' | 'contains');
    const answer = judge({ path: '', op: opposite, value }, leaf);
    return answer === 'yes' ? 'no' : answer === 'no' ? 'yes' : 'unsure';
  }
  if (op === 'eq') return equal(leaf, value);
  if (op === 'in') {
    const alike = [value].flat().filter((each) => type(each) === type(leaf));
    return alike.length === 0 ? 'unsure' : any(alike.map((each) => equal(leaf, each)));
  }
  if (op === 'contains' && Array.isArray(leaf)) {
    const present = leaf.filter((each) => each !== null || mentionsNull(value));
    return any(present.map((each: JsonValue) => equal(each, value)));
  }
  const size = typeof leaf === 'string' ? Array.from(leaf).length : Object.keys(leaf ?? {}).length;
  const sized = !['number', 'boolean', 'null'].includes(type(leaf));
  if (op === 'length_lte') return sized ? bool(size <= Number(value)) : 'unsure';
  if (op === 'length_gte') return sized ? bool(size >= Number(value)) : 'unsure';
  if (typeof leaf === 'number' && Math.abs(leaf) <= Number.MAX_SAFE_INTEGER) {
    if (op === 'lt') return bool(leaf < Number(value));
    if (op === 'lte') return bool(leaf <= Number(value));
    if (op === 'gt') return bool(leaf > Number(value));
    if (op === 'gte') return bool(leaf >= Number(value));
  }
  if (typeof leaf !== 'string') return 'unsure';
  if (op === 'contains') return typeof value === 'string' ? bool(leaf.includes(value)) : 'unsure';
  const listed = strings(value);
  if (op === 'regex') return bool(new RegExp(listed[0] ?? '', 'u').test(leaf));
  if (op === 'path_within') return bool(listed.some((root) => leaf.startsWith(`${root}/`)));
  if (op === 'url_host_in') return bool(listed.some((host) => leaf.startsWith(`https://${host}/`)));
  if (op === 'email_domain_in') return bool(listed.some((domain) => leaf.endsWith(`@${domain}`)));
  return op === 'sql_only' ? bool(listed.includes(leaf.split(' ', 1).join())) : 'unsure';
}

function any(truths: Truth[]): Truth {
  if (truths.includes('yes')) return 'yes';
  return truths.includes('unsure') ? 'unsure' : 'no';
}

function equal(a: JsonValue, b: JsonValue): Truth {
  if (type(a) !== type(b)) return 'unsure';
  if (typeof a === 'number' && !(Math.abs(a) <= Number.MAX_SAFE_INTEGER)) return 'unsure';
  if (typeof a !== 'object' || a === null) return bool(a === b);
  const [x, y] = [a as Bag, b as Bag];
  if (Object.keys(x).sort().join('\n') !== Object.keys(y).sort().join('\n')) return 'no';
  const parts = Object.keys(x).map((key) => equal(x[key] ?? null, y[key] ?? null));
  if (parts.includes('no')) return 'no';
  return parts.includes('unsure') ? 'unsure' : 'yes';
}

function mentionsNull(value: JsonValue): boolean {
  return value === null || (typeof value === 'object' && Object.values(value).some(mentionsNull));
}

export function isBag(value: unknown): value is Bag {
  return type(value) === 'object';
}

export function type(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

function bool(truth: boolean): Truth {
  return truth ? 'yes' : 'no';
}

/** The texts in a list, or the single one. */
export function strings(value: JsonValue | undefined): string[] {
  return [value].flat().filter((each) => typeof each === 'string');
}

/** Whether some number in it is one that two parsers may read differently. */
export function unsafeInside(value: JsonValue): boolean {
  if (typeof value === 'number') return !(Math.abs(value) <= Number.MAX_SAFE_INTEGER);
  return typeof value === 'object' && value !== null && Object.values(value).some(unsafeInside);
}
