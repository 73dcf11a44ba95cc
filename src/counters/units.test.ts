import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exactUnits, numberOfUnits } from './units.ts';

const cases: readonly (readonly [number, bigint])[] = [
  [0, 0n],
  [-0, 0n],
  [1, 1_000_000_000n],
  [0.1, 100_000_000n],
  [0.07, 70_000_000n],
  [19.99, 19_990_000_000n],
  [1e-9, 1n],
  [1.5e-9, 2n],
  [1e-10, 1n],
  [Number.MIN_VALUE, 1n],
  [0.1234567891, 123_456_790n],
  [Number.MAX_SAFE_INTEGER, 9_007_199_254_740_991_000_000_000n],
  [1e21, 1_000_000_000_000_000_000_000_000_000_000n],
  [1.5e300, 15n * 10n ** 308n],
];
for (const [number, units] of cases) {
  test(`${number} is ${units} billionths`, () => assert.equal(exactUnits(number), units));
}

for (const number of [-1, -0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
  test(`${number} is no number of units`, () => assert.throws(() => exactUnits(number)));
}

test('three tenths are 0.3, whatever doubles say', () => {
  assert.equal(exactUnits(0.1) + exactUnits(0.2), exactUnits(0.3));
  assert.notEqual(0.1 + 0.2, 0.3);
});

test('a number for a snapshot never stands for less, and hardly for more', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 26n }), (units) => {
      const back = exactUnits(numberOfUnits(units));
      assert.ok(back >= units);
      assert.ok(back - units <= 1n + units / 10n ** 15n);
    }),
    { numRuns: 2_000 },
  );
});
