/**
 * Changes the policy engine in small ways, one at a time, and runs its tests against each change:
 * what no test notices is printed. Changes are made in copies, never here.
 *
 *   node scripts/mutate-policy.ts [--sample 200] [--seed 1] [--workers 2] [--only decide.ts,path.ts:40]
 *   node scripts/mutate-policy.ts --sample 200 --skip 200       (the second two hundred of a seed)
 *   node scripts/mutate-policy.ts --sample 200 --seed 1 --again earlier.log   (what survived then)
 */
import { spawn } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { bundleName, bundleTests } from './mutant-bundle.ts';
import { mutantsOf, type Mutant } from './mutations.ts';

/** Tables and shapes: data, whose mistakes are not those of operators and conditions. */
const data = new Set([
  'sql-words.ts',
  'fields.ts',
  'document.ts',
  'decision.ts',
  'request.ts',
  'problem.ts',
  'index.ts',
  'json-schema.ts',
]);

const copied = ['src/base', 'src/policy', 'test/policy', 'spec', 'scripts/mutant-tests.ts'];
const cpuSeconds = 60;

type Fate = 'killed' | 'timed out' | 'survived';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sample: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      skip: { type: 'string', default: '0' },
      workers: { type: 'string', default: '2' },
      only: { type: 'string' },
      again: { type: 'string' },
    },
  });
  const all = sources()
    .flatMap((path) => mutantsOf(path, readFileSync(path, 'utf8')))
    .filter(({ path, line }) => isWanted(values.only, `${basename(path)}:${line}`));
  const before = values.again === undefined ? null : readFileSync(values.again, 'utf8').split('\n');
  const from = Number(values.skip);
  const chosen = shuffled(all, Number(values.seed))
    .slice(from, from + Number(values.sample))
    .filter((mutant) => before === null || before.includes(survival(mutant)));
  console.log(`${chosen.length} of ${all.length} mutants, seed ${values.seed}`);
  const started = performance.now();
  const fates = new Map<Mutant, Fate>();
  const queue = [...chosen];
  const workers = Array.from({ length: Number(values.workers) }, () => work(queue, fates));
  await Promise.all(workers);
  report(fates, (performance.now() - started) / 1000);
}

/** Whether a place is among those of `--only`: `decide.ts`, `decide.ts:12`, with commas between. */
function isWanted(only: string | undefined, place: string): boolean {
  if (only === undefined) return true;
  return only.split(',').some((each) => place === each || place.startsWith(`${each}:`));
}

function sources(): readonly string[] {
  return ['src/policy/*.ts', 'src/policy/operators/*.ts']
    .flatMap((pattern) => globSync(pattern))
    .filter((path) => !path.endsWith('.test.ts') && !data.has(basename(path)))
    .toSorted();
}

/** All of them, in an order that is the same for the same seed. */
function shuffled(all: readonly Mutant[], seed: number): readonly Mutant[] {
  let state = seed >>> 0;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
  return all
    .map((mutant) => ({ mutant, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ mutant }) => mutant);
}

async function work(queue: Mutant[], fates: Map<Mutant, Fate>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mutants-'));
  for (const path of copied) cpSync(path, join(folder, path), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  const bundle = await bundleTests(folder);
  const fateOf = async (path: string): Promise<Fate> => {
    await bundle.rebuild();
    return run(folder, path.replace(/\.ts$/, '.test.ts'));
  };
  const sound = await fateOf('src/policy/decide.ts');
  if (sound !== 'survived') throw new Error('the tests fail before anything is changed');
  for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
    const target = join(folder, mutant.path);
    const original = readFileSync(target, 'utf8');
    writeFileSync(target, mutant.text);
    const fate = await fateOf(mutant.path);
    writeFileSync(target, original);
    fates.set(mutant, fate);
    if (fates.size % 25 === 0) console.log(`${fates.size} done`);
    if (fate === 'survived') console.log(survival(mutant));
  }
  await bundle.dispose();
  rmSync(folder, { recursive: true, force: true });
}

function survival({ path, line, what }: Mutant): string {
  return `survived: ${path}:${line}: ${what}`;
}

/**
 * One process for all tests, which ends at the first that fails. It may use so much of a processor,
 * whatever else runs: a clock on the wall would count the others too.
 */
function run(folder: string, near: string): Promise<Fate> {
  const limited = ['-c', `ulimit -t ${cpuSeconds}; exec "$0" "$@"`];
  return new Promise((done) => {
    const child = spawn('sh', [...limited, process.execPath, bundleName, near], {
      cwd: folder,
      stdio: 'ignore',
      env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') },
    });
    child.on('close', (code, signal) => {
      if (signal !== null) done('timed out');
      else done(code === 0 ? 'survived' : 'killed');
    });
  });
}

function report(fates: ReadonlyMap<Mutant, Fate>, seconds: number): void {
  const folders = Map.groupBy(
    fates.keys(),
    ({ path }) => `${basename(dirname(path))}/${basename(path)}`,
  );
  for (const [file, mutants] of [...folders].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const alive = mutants.filter((mutant) => fates.get(mutant) === 'survived').length;
    console.log(`${file.padEnd(36)} ${mutants.length - alive} of ${mutants.length}`);
  }
  const killed = [...fates.values()].filter((fate) => fate !== 'survived').length;
  const share = ((100 * killed) / fates.size).toFixed(1);
  console.log(`${killed} of ${fates.size} killed (${share} %) in ${seconds.toFixed(0)} s`);
}

await main();
