// `npm run bypass`: sends the corpus to a gateway and says what got through. Without `--target` it
// starts this project's own data path. Exit 1 when anything got through.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { httpCases, type BypassCase } from './case.ts';
import { faultsOf, runCase, type Target } from './corpus.ts';
import { startOwnTarget, targetAt } from './own.ts';
import { startRecorder } from './recorder.ts';

/** One case's line in the table. */
interface Row {
  readonly area: string;
  readonly number: string;
  readonly title: string;
  readonly naive: string;
  /** What got through; empty when nothing did. */
  readonly leaks: readonly string[];
  /** The legitimate twin, or the call after the case, did not pass. */
  readonly refusedTooMuch: boolean;
  /** How the answer differs from this project's own. */
  readonly differs: readonly string[];
  readonly status: number;
}

const { values: options } = parseArgs({
  options: {
    target: { type: 'string' },
    header: { type: 'string', default: '' },
    prefix: { type: 'string', default: '' },
    port: { type: 'string', default: '0' },
    wait: { type: 'string', default: '0' },
    out: { type: 'string' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const { target, close } = await startTarget();
  const rows: Row[] = [];
  for (const file of httpCases()) {
    for (const one of file.cases) {
      if (!one.number.startsWith(options.only)) continue;
      rows.push(await rowOf(target, file.area, one));
    }
  }
  await close();
  const report = JSON.stringify(rows, null, 2);
  if (options.out !== undefined) writeFileSync(options.out, `${report}\n`);
  if (options.json) console.log(report);
  else print(rows);
  if (rows.some((row) => row.leaks.length > 0)) process.exitCode = 1;
}

async function startTarget(): Promise<{
  readonly target: Target;
  readonly close: () => Promise<void>;
}> {
  if (options.target === undefined) {
    const own = await startOwnTarget();
    return { target: own, close: () => own.close() };
  }
  const recorder = await startRecorder(Number(options.port));
  process.stderr.write(`the recording server listens at ${recorder.url}\n`);
  await new Promise((resolve) => setTimeout(resolve, Number(options.wait) * 1_000));
  const authorization = options.header.replace(/^authorization: */i, '');
  const url = new URL(options.target);
  const target = await targetAt(url, authorization, { recorder, toolPrefix: options.prefix });
  return { target, close: () => recorder.close() };
}

async function rowOf(target: Target, area: string, one: BypassCase): Promise<Row> {
  const { number, title, naive } = one;
  const { tried, twin, stillServes } = await runCase(target, one);
  const twinRuns = one.twin?.expect.runs.length ?? 0;
  const twinPassed = twin === null || twin.runs.length === twinRuns;
  return {
    area,
    number,
    title,
    naive,
    leaks: [...tried.leaks, ...(twin?.leaks ?? [])],
    refusedTooMuch: !twinPassed || !stillServes,
    differs: faultsOf(tried, one.expect),
    status: tried.heard.status,
  };
}

function print(rows: readonly Row[]): void {
  const leaking = rows.filter((row) => row.leaks.length > 0);
  for (const row of leaking) {
    console.log(`${row.number}  ${row.title}\n       ${row.leaks.join('; ')}\n       ${row.naive}`);
  }
  const areas = [...new Set(rows.map((row) => row.area))];
  const width = Math.max(...areas.map((area) => area.length));
  const line = (name: string, cells: readonly (string | number)[]): string =>
    `${name.padEnd(width)} ${cells.map((cell) => String(cell).padStart(12)).join('')}`;
  console.log(`\n${line('', ['cases', 'got through', 'twin lost', 'differs'])}`);
  for (const area of [...areas, 'all']) {
    const of = rows.filter((row) => area === 'all' || row.area === area);
    const count = (holds: (row: Row) => boolean): number => of.filter(holds).length;
    const leaks = count((row) => row.leaks.length > 0);
    const lost = count((row) => row.refusedTooMuch);
    console.log(line(area, [of.length, leaks, lost, count((row) => row.differs.length > 0)]));
  }
}

await main();
