import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { httpCases, lineCases } from './case.ts';
import { faultsOf, runCase } from './corpus.ts';
import { startOwnTarget, type OwnTarget } from './own.ts';
import { notCovered, numbersDue } from './numbers.ts';

test('every number of the list has cases, or a reason why it has none', () => {
  const files = [...httpCases(), ...lineCases()];
  const covered = new Set(files.flatMap((file) => file.cases.map((one) => one.number)));
  for (const number of numbersDue()) {
    assert.equal(covered.has(number), notCovered[number] === undefined, number);
  }
  for (const { area, cases } of files) {
    const titles = cases.map((one) => `${one.number} ${one.title}`);
    assert.equal(new Set(titles).size, titles.length, `titles in ${area} are told apart`);
  }
});

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

describe('the bypass corpus at the endpoint of all servers', () => {
  let target: OwnTarget;
  before(async () => {
    target = await startOwnTarget('of all servers');
  });
  after(() => target.close());

  for (const file of httpCases()) {
    test(file.area, async () => {
      for (const one of file.cases) {
        const { tried, twin, stillServes } = await runCase(target, one);
        const title = `${one.number} ${one.title}: ${tried.heard.text.slice(0, 600)}`;
        assert.deepEqual([...tried.leaks, ...(twin?.leaks ?? [])], [], title);
        assert.equal(stillServes, true, title);
      }
    });
  }
});
