import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { inTime } from './in-time.ts';

describe('work that is waited for', () => {
  for (const result of [true, false]) {
    test(`that comes to ${result}`, async () => {
      assert.equal(await inTime(Promise.resolve(result), 60_000), result);
    });
  }

  test('is given up in the end', async () => {
    assert.equal(await inTime(new Promise(() => undefined), 30), false);
  });

  test('is not given up when the machine stood still for as long', async () => {
    const waitMs = 200;
    const work = new Promise<boolean>((resolve) => setTimeout(resolve, waitMs + 10, true));
    const waited = inTime(work, waitMs);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs + 20);
    assert.equal(await waited, true);
  });
});
