import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { fuzz } from './fuzz.ts';

/** Seeds that once found something stay in the list. */
const seeds: readonly number[] = [1, 12, 21, 2026, 424_642];
const inputsMax = 1_600;

// Most of the time is spent waiting for answers that do not come: the seeds wait together.
describe('mutated requests and answers', { concurrency: seeds.length }, () => {
  for (const seed of seeds) {
    test(`from seed ${seed}`, async () => {
      const { inputs, reached, problems } = await fuzz({ inputsMax, seed });
      assert.deepEqual(problems, []);
      assert.ok(inputs >= inputsMax && reached > 100, `${reached} of ${inputs} reached the server`);
    });
  }
});
