import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { httpCases } from './case.ts';
import { faultsOf, runCase } from './corpus.ts';
import { startOwnTarget, type OwnTarget } from './own.ts';

describe('the bypass corpus over HTTP', () => {
  let target: OwnTarget;
  before(async () => {
    target = await startOwnTarget();
  });
  after(() => target.close());

  for (const file of httpCases()) {
    describe(file.area, () => {
      for (const one of file.cases) {
        test(`${one.number} ${one.title}`, async () => {
          const { tried, twin, stillServes } = await runCase(target, one);
          assert.deepEqual(tried.leaks, []);
          assert.deepEqual(faultsOf(tried, one.expect), [], tried.heard.text.slice(0, 600));
          if (twin !== null && one.twin !== undefined) {
            assert.deepEqual(twin.leaks, []);
            assert.deepEqual(faultsOf(twin, one.twin.expect), [], twin.heard.text.slice(0, 600));
          }
          assert.equal(stillServes, true, 'a good call passes afterwards');
        });
      }
    });
  }
});
