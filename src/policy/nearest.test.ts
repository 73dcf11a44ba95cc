import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nearest } from './nearest.ts';

const distances: readonly (readonly [string, string, number])[] = [
  ['', '', 0],
  ['a', '', 1],
  ['', 'ab', 2],
  ['deny', 'deny', 0],
  ['dney', 'deny', 1],
  ['dny', 'deny', 1],
  ['denyy', 'deny', 1],
  ['dent', 'deny', 1],
  ['kitten', 'sitting', 3],
  ['ab', 'ba', 1],
  ['abcd', 'acbd', 1],
  ['abc', 'xbz', 2],
  ['aab', 'bcc', 3],
  ['xa', 'ay', 2],
  ['aba', 'b', 2],
];

for (const [from, to, distance] of distances) {
  test(`from \`${from}\` to \`${to}\` it is ${distance}`, () => {
    assert.equal(editDistance(from, to), distance);
    assert.equal(editDistance(to, from), distance);
  });
}

const suggestions: readonly (readonly [string, readonly string[], string | null])[] = [
  ['tols', ['tools', 'hide'], 'tools'],
  ['Tools', ['tools'], 'tools'],
  ['windw', ['max', 'window'], 'window'],
  ['xyz', ['tools', 'hide'], null],
  ['completely different', ['tools'], null],
  ['a', [], null],
  ['x'.repeat(200), ['x'.repeat(199)], null],
];

for (const [word, candidates, near] of suggestions) {
  test(`near \`${word.slice(0, 30)}\` is ${near}`, () => {
    assert.equal(nearest(word, candidates), near);
  });
}
