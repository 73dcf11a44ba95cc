import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';

import { countOf } from './checks.ts';
import { compareClientMode, compareServerMode, type Comparison } from './comparison.ts';
import { suiteProblem, type Revision } from './suite.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'conformance-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const problem = suiteProblem();
const timeout = 120_000;

/** Least successes without the gateway: a fixture that does less would measure less. */
const runs: readonly (readonly ['server' | 'client', Revision, number])[] = [
  ['server', '2025-11-25', 84],
  ['server', '2026-07-28', 164],
  ['client', '2025-11-25', 20],
  ['client', '2026-07-28', 64],
];

describe('the official suite loses no check', { skip: problem ?? false }, () => {
  for (const [mode, revision, least] of runs) {
    test(`${mode} mode, ${revision}`, { timeout }, async (context) => {
      const compare = mode === 'server' ? compareServerMode : compareClientMode;
      const results = path.join(folder, mode, revision);
      const comparison = await compare(revision, results, (line) => context.diagnostic(line));
      assert.deepEqual(comparison.losses, []);
      assert.ok(countOf(comparison.direct).succeeded >= least, shortOf(comparison));
      assert.notEqual(comparison.recorded, 0, 'no call went through the gateway');
    });
  }
});

function shortOf(comparison: Comparison): string {
  const { succeeded, all } = countOf(comparison.direct);
  return `${succeeded} of ${all} checks succeeded before the fixture`;
}
