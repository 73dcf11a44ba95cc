// `npm test`: the static steps, then every test file. `npm test -- e2e` runs only the test files
// whose path contains `e2e`, and no static steps.
import { globSync } from 'node:fs';
import { relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { bundleIfStale } from './bundle.ts';
import { compileCache } from './compile-cache.ts';
import { watchFiles } from './file-limit.ts';
import { runSteps, staticSteps } from './steps.ts';

const TEST_FOLDERS = ['src', 'test', 'bench'];
const CONCURRENCY = 2;
/** Milliseconds that one test may take before it counts as failed. */
const TEST_TIMEOUT_MS = 280_000;
/** Seconds that one file may take before it is killed, so that one that hangs ends as a failure. */
const FILE_SECONDS_MAX = 300;
/** Milliseconds after which what still runs is ended, whatever it is. */
const RUN_TIMEOUT_MS = 1_200_000;
/** How many of the files that took longest are named in the end. */
const SLOWEST_SHOWN = 10;
/** Files that take longest, these first: one of them begun last would run alone at the end. */
const LONG_FILES: readonly string[] = [
  'test/e2e/console',
  'test/attacks/attacks',
  'test/e2e/crash',
  'test/e2e/reload',
  'test/bypass/fuzz',
  'test/e2e/run',
  'test/conformance/conformance',
  'test/e2e/adopt',
  'test/e2e/scan',
  'test/e2e/bad-start',
  'test/e2e/grants',
  'test/e2e/approvals',
  'test/bypass/bypass',
  'test/clients/frameworks',
  'test/clients/inspector',
  'test/e2e/demo',
];

interface TestRun {
  readonly passed: boolean;
  /** Reason -> what was skipped for it. */
  readonly skipped: ReadonlyMap<string, readonly string[]>;
  /** Files that were killed since they took too long. */
  readonly late: readonly string[];
  /** File -> milliseconds. */
  readonly took: ReadonlyMap<string, number>;
}

async function main(filters: readonly string[]): Promise<void> {
  const staticPassed = filters.length > 0 || (await runSteps(staticSteps));
  const files = TEST_FOLDERS.flatMap((folder) => globSync(`${folder}/**/*.test.ts`))
    .filter((file) => filters.every((filter) => file.includes(filter)))
    .sort((a, b) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1));
  if (files.length === 0) {
    console.log(`no test file matches ${filters.map((one) => `\`${one}\``).join(' ')}`);
    process.exitCode = 1;
    return;
  }

  // Once before all, not by the file that needs it first.
  await bundleIfStale();
  // For every process of the run, and what it starts.
  Object.assign(process.env, compileCache);
  const tests = await runTests(files);
  printSkipped(tests.skipped);
  printSlowest(tests.took);
  for (const file of tests.late) {
    console.log(`\nFAILED: \`${file}\` took more than ${FILE_SECONDS_MAX} s and was ended`);
  }
  if (!staticPassed) console.log('\nFAILED: a static step failed, its output is at the top');
  if (!tests.passed) console.log('\nFAILED: tests failed, their output is above');
  process.exitCode = staticPassed && tests.passed ? 0 : 1;
}

function placeOf(file: string): number {
  const place = LONG_FILES.findIndex((start) => file.startsWith(`${start}.`));
  return place === -1 ? LONG_FILES.length : place;
}

function runTests(files: readonly string[]): Promise<TestRun> {
  return new Promise((done) => {
    const skipped = new Map<string, string[]>();
    const took = new Map<string, number>();
    const late: string[] = [];
    let failures = 0;
    let sawSummary = false;
    const aborted = new AbortController();
    const timeout = TEST_TIMEOUT_MS;
    const watch = watchFiles(new Set(files), FILE_SECONDS_MAX, (file) => late.push(file));
    // What files have started goes with them: nobody would find it once its parent has ended.
    const limit = setTimeout(() => {
      aborted.abort();
      watch.endAll();
    }, RUN_TIMEOUT_MS);
    const events = run({
      files: [...files],
      concurrency: CONCURRENCY,
      timeout,
      signal: aborted.signal,
    });
    events.on('test:fail', () => {
      failures += 1;
    });
    events.on('test:pass', (event) => {
      if (event.skip === undefined || event.skip === false) return;
      const reason = typeof event.skip === 'string' ? event.skip : 'no reason given';
      const names = skipped.get(reason) ?? [];
      skipped.set(reason, [...names, event.name]);
    });
    events.on('test:summary', (summary) => {
      // The whole run's summary is the one that names no file.
      if (summary.file === undefined) sawSummary = summary.success;
      else took.set(relative('.', summary.file), summary.duration_ms);
    });
    const report = events.compose(spec);
    report.pipe(process.stdout, { end: false });
    report.on('end', () => {
      clearTimeout(limit);
      watch.close();
      const passed = sawSummary && failures === 0 && late.length === 0;
      done({ passed, skipped, late, took });
    });
  });
}

function printSkipped(skipped: TestRun['skipped']): void {
  if (skipped.size === 0) {
    console.log('\nnothing was skipped');
    return;
  }
  console.log('\nskipped:');
  for (const [reason, names] of skipped) {
    const shown = names.slice(0, 3).join('; ') + (names.length > 3 ? '; …' : '');
    console.log(`  ${reason}: ${names.length} (${shown})`);
  }
}

function printSlowest(took: TestRun['took']): void {
  const slowest = [...took].sort(([, a], [, b]) => b - a).slice(0, SLOWEST_SHOWN);
  if (slowest.length < SLOWEST_SHOWN) return;
  console.log('\nslowest files:');
  for (const [file, ms] of slowest)
    console.log(`  ${(ms / 1000).toFixed(1).padStart(6)} s  ${file}`);
}

await main(process.argv.slice(2));
