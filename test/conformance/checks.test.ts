import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { countOf, lossesBetween, readTally, type Tally } from './checks.ts';

const root = mkdtempSync(path.join(tmpdir(), 'checks-'));
after(() => rmSync(root, { recursive: true, force: true }));

let runs = 0;
/** Writes results as the suite does, and reads them back. */
function tally(checks: readonly string[], scenario = 'ping'): Tally {
  runs += 1;
  const folder = path.join(root, String(runs));
  const results = path.join(folder, `server-${scenario}-2026-11-21T10-15-18-${100 + runs}Z`);
  mkdirSync(results, { recursive: true });
  const list = checks.map((check) => {
    const [id, status] = check.split(' ');
    return { id, status };
  });
  writeFileSync(path.join(results, 'checks.json'), JSON.stringify(list));
  return readTally(folder);
}

const cases: readonly (readonly [string, readonly string[], readonly string[], number])[] = [
  ['the same', ['a SUCCESS', 'b FAILURE'], ['a SUCCESS', 'b FAILURE'], 0],
  ['a failure', ['a SUCCESS'], ['a FAILURE'], 1],
  ['a warning is a loss', ['a SUCCESS'], ['a WARNING'], 1],
  ['a skipped check is a loss', ['a SUCCESS'], ['a SKIPPED'], 1],
  ['an absent check is a loss', ['a SUCCESS', 'b SUCCESS'], ['b SUCCESS'], 1],
  ['one of two under one id', ['a SUCCESS', 'a SUCCESS'], ['a SUCCESS', 'a FAILURE'], 1],
  ['what is for information counts nowhere', ['a INFO'], [], 0],
  ['more than before is no loss', ['a FAILURE'], ['a SUCCESS'], 0],
];
for (const [name, direct, through, expected] of cases) {
  test(`losses: ${name}`, () => {
    assert.equal(lossesBetween(tally(direct), tally(through)).length, expected);
  });
}

test('an absent scenario loses each of its checks', () => {
  const losses = lossesBetween(
    tally(['a SUCCESS', 'b SUCCESS']),
    tally(['a SUCCESS'], 'tools-list'),
  );
  assert.deepEqual(
    losses.map(({ scenario, check, instead }) => [scenario, check, instead]),
    [
      ['ping', 'a', 'absent'],
      ['ping', 'b', 'absent'],
    ],
  );
});

test('successes are counted by check, not by scenario', () => {
  assert.deepEqual(countOf(tally(['a SUCCESS', 'a FAILURE', 'b SUCCESS', 'c INFO'])), {
    succeeded: 2,
    all: 3,
  });
});
