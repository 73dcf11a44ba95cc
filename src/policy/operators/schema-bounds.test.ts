import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '../../base/strict-json.ts';
import { countValue } from './schema-bounds.ts';

const mebi = 1_048_576;

/** What a value is, the value, and whether it is within the bounds. */
const values: readonly (readonly [string, JsonValue, boolean])[] = [
  ['the longest text', 'x'.repeat(mebi), true],
  ['a longer text', 'x'.repeat(mebi + 1), false],
  ['texts that are as long together', ['x'.repeat(mebi - 5), 'y'.repeat(5)], true],
  ['texts that are longer together', ['x'.repeat(mebi - 5), 'y'.repeat(6)], false],
  ['a key and a text as long', { abc: 'x'.repeat(mebi - 3) }, true],
  ['a key and a text that are longer', { abc: 'x'.repeat(mebi - 2) }, false],
  ['a list and a text as long: a place is no key', [1, 'x'.repeat(mebi)], true],
  ['as many values as there may be', Array.from({ length: 19_999 }, () => 0), true],
  ['one value more', Array.from({ length: 20_000 }, () => 0), false],
  ['a number that is none', [Number.NaN], false],
];

for (const [name, value, isWithin] of values) {
  test(`${name} ${isWithin ? 'can' : 'cannot'} be validated`, () => {
    assert.equal(countValue(value) !== null, isWithin);
  });
}
