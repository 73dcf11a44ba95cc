import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '../../base/strict-json.ts';
import { compileContains, compileIn, compileLength, compileOrder } from './compare.ts';
import type { Outcome } from './outcome.ts';

const lengths: readonly (readonly [JsonValue, boolean])[] = [
  [0, true],
  [5, true],
  [-1, false],
  [1.5, false],
  [2 ** 53, false],
  ['5', false],
  [null, false],
  [[5], false],
];

for (const [operand, isOne] of lengths) {
  test(`${JSON.stringify(operand)} is ${isOne ? 'a' : 'no'} length`, () => {
    const compiled = compileLength(operand, (length, bound) => length <= bound);
    assert.equal(compiled.ok, isOne);
  });
}

test('an order is one of finite numbers', () => {
  const test = (value: number, bound: number): boolean => value < bound;
  for (const operand of ['5', null, true, [5]]) assert.equal(compileOrder(operand, test).ok, false);
  assert.equal(compileOrder(-0.5, test).ok, true);
});

/** Literals, a value, and what `in` says; what cannot be told of one literal is not forgotten. */
const among: readonly (readonly [readonly JsonValue[], JsonValue, Outcome])[] = [
  [[[1], [1, 2]], [1, 2], 'holds'],
  [[[1], [1, 2]], [3], 'does-not-hold'],
  [[[1], [1, 2]], ['1'], 'cannot-tell'],
  [[[1, 2], [1]], ['1'], 'cannot-tell'],
  [[[1], [1, 2]], [2 ** 53], 'cannot-tell'],
  [[{ a: 1 }, { b: 1 }], { a: 'x' }, 'cannot-tell'],
  [[{ b: 1 }, { a: 1 }], { a: 'x' }, 'cannot-tell'],
  [[{ b: 1 }, { a: 1 }], { a: 2 }, 'does-not-hold'],
];

for (const [literals, value, outcome] of among) {
  const said = `${JSON.stringify(value)} among ${JSON.stringify(literals)}: ${outcome}`;
  test(said, () => {
    const compiled = compileIn(literals);
    assert.ok(compiled.ok);
    assert.equal(compiled.value(value), outcome);
  });
}

const contained: readonly (readonly [JsonValue, JsonValue, Outcome])[] = [
  [[1, 2], 2, 'holds'],
  [[1, '2'], 2, 'cannot-tell'],
  [['2', 1], 2, 'cannot-tell'],
  [['2', 2], 2, 'holds'],
  [[1, 3], 2, 'does-not-hold'],
];

for (const [list, literal, outcome] of contained) {
  test(`${JSON.stringify(list)} contains ${JSON.stringify(literal)}: ${outcome}`, () => {
    const compiled = compileContains(literal);
    assert.ok(compiled.ok);
    assert.equal(compiled.value(list), outcome);
  });
}
