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

const copied = ['src/base', 'src/policy', 'test/policy', 'spec', 'package.json', 'tsconfig.json'];
const timeoutMs = 90_000;

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
  const sound = await fateOf(folder, 'src/policy/decide.ts');
  if (sound !== 'survived') throw new Error('the tests fail before anything is changed');
  for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
    const target = join(folder, mutant.path);
    const original = readFileSync(target, 'utf8');
    writeFileSync(target, mutant.text);
    const fate = await fateOf(folder, mutant.path);
    writeFileSync(target, original);
    fates.set(mutant, fate);
    if (fates.size % 25 === 0) console.log(`${fates.size} done`);
    if (fate === 'survived') console.log(survival(mutant));
  }
  rmSync(folder, { recursive: true, force: true });
}

/** The tests of the same name and the cases first: they notice most changes in a second. */
async function fateOf(folder: string, path: string): Promise<Fate> {
  const near = ['src/policy/cases.test.ts', path.replace(/\.ts$/, '.test.ts')];
  const first = near.filter((file) => globSync(file, { cwd: folder }).length > 0);
  const unit = globSync('src/policy/**/*.test.ts', { cwd: folder }).filter(
    (file) => !first.includes(file) && !file.includes('.oracle.'),
  );
  const laws = globSync('test/policy/*.property.test.ts', { cwd: folder });
  for (const files of [first, unit.toSorted(), laws.toSorted()]) {
    const fate = await run(folder, files);
    if (fate !== 'survived') return fate;
  }
  return 'survived';
}

function survival({ path, line, what }: Mutant): string {
  return `survived: ${path}:${line}: ${what}`;
}

/** One process for all files, ended at the first test that fails. */
function run(folder: string, files: readonly string[]): Promise<Fate> {
  const args = ['--test', '--test-isolation=none', '--test-reporter=tap', ...files];
  return new Promise((done) => {
    const child = spawn(process.execPath, args, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, NODE_TEST_CONTEXT: '' },
    });
    let fate: Fate | null = null;
    const end = (why: Fate): void => {
      fate ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => end('timed out'), timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (/^\s*not ok/m.test(text)) end('killed');
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      done(fate ?? (code === 0 ? 'survived' : 'killed'));
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
