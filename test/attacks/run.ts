// `npm run attacks`: replays the whole database and writes the scoreboard. Exit 1 when an entry is
// not what it claims to be.
import { mkdirSync, writeFileSync } from 'node:fs';

import { loadAttacks } from '../../src/attacks/load.ts';
import { scoreboard } from '../../src/attacks/scoreboard.ts';
import { replayAll } from '../../src/main/attacks.ts';

const loaded = await loadAttacks();
if (!loaded.ok) {
  for (const problem of loaded.error) console.log(problem);
  process.exit(1);
}
const startedMs = performance.now();
const only = process.argv.slice(2);
const wanted = loaded.value.filter(
  ({ slug, facts }) => only.length === 0 || only.includes(slug) || only.includes(facts.id),
);
const scored = await replayAll(wanted, ({ replay }) => {
  for (const fault of replay.faults) console.log(`${replay.id} ${replay.slug}: ${fault}`);
});
const lines = scoreboard(scored);
for (const line of lines) console.log(line);
console.log(`\n${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
if (only.length === 0) {
  mkdirSync('spec/golden', { recursive: true });
  writeFileSync('spec/golden/attacks.txt', `${lines.join('\n')}\n`);
}
if (scored.some(({ replay }) => replay.faults.length > 0)) process.exitCode = 1;
