import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fuzz } from './fuzz.ts';

/** Seeds that once found something stay in the list. */
const seeds: readonly number[] = [1, 12, 21, 2026];

for (const seed of seeds) {
  test(`five seconds of mutated requests and answers, from seed ${seed}`, async () => {
    const { inputs, reached, problems } = await fuzz({ seconds: 5, seed });
    assert.deepEqual(problems, []);
    assert.ok(inputs > 100 && reached > 20, `${inputs} inputs, ${reached} reached the server`);
  });
}
