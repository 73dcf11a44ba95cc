import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fuzz } from './fuzz.ts';

/** Seeds that once found something stay in the list. */
const seeds: readonly number[] = [1, 12, 21, 2026, 424_642];
const secondsEach = 10;

for (const seed of seeds) {
  test(`ten seconds of mutated requests and answers, from seed ${seed}`, async () => {
    const { inputs, reached, problems } = await fuzz({ seconds: secondsEach, seed });
    assert.deepEqual(problems, []);
    assert.ok(inputs > 100 && reached > 20, `${inputs} inputs, ${reached} reached the server`);
  });
}
