import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ok } from '../../base/result.ts';
import { searchWhole } from './search-whole.ts';

test('a search asks again until the index has caught up', async () => {
  const answers = [false, false, true].map((complete) => ok({ records: [], complete }));
  let asked = 0;
  const search = (): Promise<(typeof answers)[number]> => {
    asked += 1;
    return Promise.resolve(answers[asked - 1] ?? ok({ records: [], complete: true }));
  };
  const found = await searchWhole({ search }, {});
  assert.deepEqual(found, ok({ records: [], complete: true }));
  assert.equal(asked, 3);
});
