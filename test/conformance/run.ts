// `npm run conformance`: the official suite without the gateway and with it, check by check.
//   node test/conformance/run.ts [--requirements 2025-11-25|2026-07-28] [--mode server|client] [--json] [--keep]
// Ends with 1 when a check is lost, with 2 when the suite cannot run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { countOf, messagesOf } from './checks.ts';
import { compareClientMode, compareServerMode, type Comparison } from './comparison.ts';
import { revisions, suiteProblem } from './suite.ts';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      requirements: { type: 'string' },
      mode: { type: 'string' },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  });
  const wanted = revisions.filter(
    (revision) => values.requirements === undefined || values.requirements === revision,
  );
  const modes = (['server', 'client'] as const).filter(
    (mode) => values.mode === undefined || values.mode === mode,
  );
  if (wanted.length === 0 || modes.length === 0) {
    console.error(
      `no such revision or mode; the revisions are ${revisions.join(', ')}, the modes server, client`,
    );
    return 2;
  }
  const problem = suiteProblem();
  if (problem !== null) {
    console.error(problem);
    return 2;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'conformance-'));
  const say = (line: string): void => (values.json ? console.error(line) : console.log(line));
  const comparisons: Comparison[] = [];
  for (const mode of modes) {
    for (const revision of wanted) {
      const compare = mode === 'server' ? compareServerMode : compareClientMode;
      const comparison = await compare(revision, path.join(folder, mode, revision), say);
      comparisons.push(comparison);
      report(comparison, say);
    }
  }
  const losses = comparisons.flatMap((comparison) => comparison.losses);
  if (values.json) console.log(JSON.stringify(comparisons.map(summary), null, 1));
  say(`losses: ${losses.length}`);
  if (values.keep) say(`results: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
  return losses.length === 0 ? 0 : 1;
}

function report(comparison: Comparison, say: (line: string) => void): void {
  const direct = countOf(comparison.direct);
  const through = countOf(comparison.through);
  say(
    `  ${direct.succeeded} of ${direct.all} checks direct, ${through.succeeded} of ${through.all} through the gateway`,
  );
  for (const loss of comparison.losses) {
    say(
      `  LOSS ${loss.scenario} ${loss.check}: ${loss.direct} -> ${loss.through} (${loss.instead})`,
    );
    for (const message of messagesOf(comparison.folder, loss.check)) say(`       ${message}`);
  }
}

function summary(comparison: Comparison): object {
  const { mode, revision, losses } = comparison;
  return {
    mode,
    revision,
    direct: countOf(comparison.direct),
    through: countOf(comparison.through),
    losses,
  };
}

process.exitCode = await main();
