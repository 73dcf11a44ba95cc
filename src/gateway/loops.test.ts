import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { LoopBreaker, type LoopLimits, type SameCall } from './loops.ts';

const limits: LoopLimits = { sameCallsMax: 3, sameCallsMs: 1_000 };
const digest = (text: string): string => createHmac('sha256', 'k').update(text).digest('hex');
const call: SameCall = { grantId: 'g', server: 's', tool: 't', digest: digest('{"a":1}') };

/** Times of calls, and which of them pass. */
const cases: readonly (readonly [string, readonly (readonly [number, boolean])[]])[] = [
  [
    'as many as may be',
    [
      [0, true],
      [1, true],
      [2, true],
    ],
  ],
  [
    'one more is a loop',
    [
      [0, true],
      [1, true],
      [2, true],
      [3, false],
      [900, false],
    ],
  ],
  [
    'which is over after the time, from the first refusal',
    [
      [0, true],
      [1, true],
      [2, true],
      [3, false],
      [1_002, false],
      [1_003, true],
    ],
  ],
  [
    'slow repetition is none',
    [
      [0, true],
      [600, true],
      [1_200, true],
      [1_800, true],
      [2_400, true],
      [3_000, true],
    ],
  ],
];
for (const [name, steps] of cases) {
  test(`a loop: ${name}`, () => {
    const loops = new LoopBreaker();
    for (const [ms, passes] of steps) {
      const waitMs = loops.note(call, limits, 5_000 + ms);
      assert.equal(waitMs === null, passes, `at ${ms}`);
    }
  });
}

const others: readonly (readonly [string, Partial<SameCall>])[] = [
  ['another grant', { grantId: 'h' }],
  ['another server', { server: 'r' }],
  ['another tool', { tool: 'u' }],
  ['other arguments', { digest: digest('{"a":2}') }],
  ['no arguments', { digest: null }],
  ['parts that run together', { server: 'st', tool: '' }],
];
for (const [name, changes] of others) {
  test(`no loop: ${name}`, () => {
    const loops = new LoopBreaker();
    for (let n = 0; n < 4; n += 1) loops.note(call, limits, 0);
    assert.notEqual(loops.note(call, limits, 0), null);
    assert.equal(loops.note({ ...call, ...changes }, limits, 0), null);
  });
}

test('a loop is told how long to wait', () => {
  const loops = new LoopBreaker();
  const waits = [0, 0, 0, 10, 510].map((ms) => loops.note(call, limits, ms));
  assert.deepEqual(waits, [null, null, null, 1_000, 500]);
});

test('no bound, no loop', () => {
  const loops = new LoopBreaker();
  for (let n = 0; n < 1_000; n += 1) {
    assert.equal(loops.note(call, { ...limits, sameCallsMax: 0 }, 0), null);
  }
});

test('a loop is seen among a thousand other calls', () => {
  const loops = new LoopBreaker();
  const refused: number[] = [];
  for (let n = 0; n < 1_000; n += 1) {
    loops.note({ ...call, digest: digest(`other ${n}`) }, limits, n);
    if (n % 100 === 0 && loops.note(call, limits, n) !== null) refused.push(n);
  }
  assert.deepEqual(refused, [300, 400, 500, 600, 700, 800, 900]);
});
