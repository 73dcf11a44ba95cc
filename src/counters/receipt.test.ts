import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Take } from './counters.ts';
import { countedUnits } from './receipt.ts';

const take: Take = { key: 'k', windowMs: 1_000, align: 'sliding', units: 1, max: 9 };

const cases: readonly (readonly [string, readonly Take[], readonly unknown[]])[] = [
  ['nothing', [], []],
  ['one', [take], [['k', 1, 1_000]]],
  [
    'two keys',
    [take, { ...take, key: 'l' }],
    [
      ['k', 1, 1_000],
      ['l', 1, 1_000],
    ],
  ],
  ['one key twice', [take, { ...take, units: 3 }, take], [['k', 3, 1_000]]],
  ['two windows', [take, { ...take, windowMs: 9_000 }], [['k', 1, 9_000]]],
  [
    'in flight too',
    [take, { ...take, windowMs: null }],
    [
      ['k', 1, 1_000],
      ['k', 1, null],
    ],
  ],
];
for (const [name, takes, expected] of cases) {
  test(`a record of ${name}`, () => {
    const counted = countedUnits({ takes, atMs: 77 });
    assert.deepEqual(
      counted.map((one) => [one.key, one.units, one.windowMs]),
      expected,
    );
    assert.equal(
      counted.every((one) => one.time === 77),
      true,
    );
  });
}

test('a record of what counted before shows the limit of the longest window', () => {
  const takes = [take, { ...take, windowMs: 9_000, max: 50 }, { ...take, key: 'l', max: 3 }];
  const counted = countedUnits({ takes, atMs: 77, before: [1, 4, 2] });
  assert.deepEqual(
    counted.map((one) => [one.key, one.before, one.max]),
    [
      ['k', 4, 50],
      ['l', 2, 3],
    ],
  );
});
