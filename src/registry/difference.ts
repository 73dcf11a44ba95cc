import { parseScanned, type JsonValue } from '../base/strict-json.ts';
import { scanDefinition } from './pin.ts';

/** One thing in which a definition differs from the one that was reviewed. */
export interface Difference {
  /** Where, as a JSON Pointer into the definition. */
  readonly pointer: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** One sentence for a person; what cannot be seen in it is written as code points. */
  readonly text: string;
}

/** One value that differs: undefined where it is not there. */
export interface Change {
  readonly path: readonly string[];
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
}

/** Differences that are told one by one; what is beyond them is counted. */
export const differencesMax = 200;

/** The values in which two definitions differ, in the order of the newer one; null: not to be told. */
export function changesOf(before: string, after: string): readonly Change[] | null {
  const old = valueOf(before);
  const now = valueOf(after);
  if (old === null || now === null) return null;
  const changes: Change[] = [];
  compare(old, now, [], changes);
  return changes;
}

function valueOf(definition: string): JsonValue {
  const text = scanDefinition(definition);
  return text === null ? null : parseScanned(text);
}

function compare(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path: readonly string[],
  changes: Change[],
): void {
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(after), ...Object.keys(before)])) {
      compare(member(before, key), member(after, key), [...path, key], changes);
    }
    return;
  }
  if (isList(before) && isList(after) && !areSets(before, after)) {
    const length = Math.max(before.length, after.length);
    for (let index = 0; index < length; index += 1) {
      compare(before[index], after[index], [...path, String(index)], changes);
    }
    return;
  }
  if (!isSame(before, after)) changes.push({ path, before, after });
}

/** Lists of plain values, such as `required` and `enum`, are told by what came and went. */
export function areSets(before: readonly JsonValue[], after: readonly JsonValue[]): boolean {
  return [...before, ...after].every((item) => typeof item !== 'object' || item === null);
}

/** Equal but for the order of keys; a number that JSON cannot hold exactly is equal to none. */
export function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (isList(a) && isList(b)) {
    return a.length === b.length && a.every((item, index) => isSame(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]))
  );
}

/** A list, as JSON has them: `Array.isArray` would let its items be anything. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function isObject(
  value: JsonValue | undefined,
): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function member(value: { readonly [key: string]: JsonValue }, key: string): JsonValue | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}
