// `npm run bench`: the gateway beside nginx and beside nothing at all, in front of the same server,
// with the same load. `npm run bench -- policy` times the decision alone.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLoad, type Measurement } from './load-runner.ts';
import { readOptions, USAGE, type BenchOptions } from './options.ts';
import { benchPolicy } from './policy.ts';
import { summarize, tableOf } from './report.ts';
import { startDirect, startGateway, startNginx, type Target } from './targets.ts';

async function main(argv: readonly string[]): Promise<void> {
  if (argv[0] === 'policy') return console.log(await benchPolicy());
  const options = readOptions(argv);
  if (typeof options === 'string') {
    console.log(`${options}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  try {
    await benchTargets(options, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchTargets(options: BenchOptions, folder: string): Promise<void> {
  const upstream = await startDirect();
  const running: Target[] = [];
  try {
    await startTargets(options, folder, { upstream, running });
    const rounds = await runRounds(options, running);
    const rows = summarize(rounds);
    console.log(tableOf(rows));
    if (options.jsonFile !== null) {
      const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
      const text = JSON.stringify({ options, machine, rows, rounds: Object.fromEntries(rounds) });
      writeFileSync(options.jsonFile, `${text}\n`);
    }
  } finally {
    await Promise.all(running.map((target) => target.stop()));
    await upstream.stop();
  }
}

/** Fills `running` as the targets start, so that one which fails does not leave others behind. */
async function startTargets(
  { targets }: BenchOptions,
  folder: string,
  { upstream, running }: { readonly upstream: Target; readonly running: Target[] },
): Promise<void> {
  const wanted = (name: string): boolean => targets === null || targets.includes(name);
  if (wanted('direct')) running.push(upstream);
  if (wanted('nginx')) {
    const nginx = await startNginx(folder, upstream.url);
    if (nginx === null) console.log('nginx is not installed: its column stays empty');
    else running.push(nginx);
  }
  if (wanted('gateway')) running.push(await startGateway(folder, upstream.url));
}

/** Round 0 warms up every target alike, compiled code and caches included, and is not counted. */
const warmRound = 0;

/** The targets take turns within each round, so that a change of the machine meets all of them. */
async function runRounds(
  { rounds, seconds, clients, argsBytes }: BenchOptions,
  targets: readonly Target[],
): Promise<ReadonlyMap<string, readonly Measurement[]>> {
  const measured = new Map<string, Measurement[]>(targets.map((target) => [target.name, []]));
  for (let round = warmRound; round <= rounds; round += 1) {
    for (const { name, url, headers, pid } of targets) {
      const figures = await runLoad({ url, headers, clients, seconds, argsBytes }, pid);
      const rate = (figures.calls / figures.seconds).toFixed(0);
      const turn = round === warmRound ? 'warm-up' : `round ${round} of ${rounds}`;
      console.log(`${turn}: ${name} ${rate} calls/s`);
      if (round !== warmRound) measured.get(name)?.push(figures);
    }
  }
  return measured;
}

await main(process.argv.slice(2));
