import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compare } from './differential.ts';

const pairs = 10_000;
const seed = 20_250_101;

/** Every answer must come up, or the generator no longer reaches what it is there to compare. */
const answers = [
  'allow',
  'action-deny',
  'ambiguous-key',
  'arguments',
  'default-deny',
  'deny-if',
  'hidden',
  'invalid-arguments',
  'label',
  'limit-cost',
  'require',
  'schema',
  'unknown',
  'unpinned',
];

test(`the engine and the second reading agree on ${pairs} random pairs`, () => {
  const seen = compare(pairs, seed);
  assert.deepEqual([...seen.keys()].sort(), answers.toSorted());
});

test('the second reading is short enough to be seen to be right', () => {
  const text = readFileSync(new URL('reference-evaluator.ts', import.meta.url), 'utf8');
  assert.ok(text.split('\n').length - 1 <= 300);
});
