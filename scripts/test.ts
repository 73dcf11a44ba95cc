// `npm test`: the static steps, then every test file. `npm test -- e2e` runs only the test files
// whose path contains `e2e`, and no static steps.
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { runSteps, staticSteps } from './steps.ts';

const TEST_FOLDERS = ['src', 'test', 'bench'];
const CONCURRENCY = 2;
/** Milliseconds that one test may take before it counts as failed. */
const TEST_TIMEOUT_MS = 60_000;
/** Milliseconds after which what still runs is ended, so that a test that hangs ends as a failure. */
const RUN_TIMEOUT_MS = 1_200_000;

interface TestRun {
  readonly passed: boolean;
  /** Reason -> what was skipped for it. */
  readonly skipped: ReadonlyMap<string, readonly string[]>;
}

async function main(filters: readonly string[]): Promise<void> {
  const staticPassed = filters.length > 0 || (await runSteps(staticSteps));
  const files = TEST_FOLDERS.flatMap((folder) => globSync(`${folder}/**/*.test.ts`))
    .filter((file) => filters.every((filter) => file.includes(filter)))
    .sort();
  if (files.length === 0) {
    console.log(`no test file matches ${filters.map((one) => `\`${one}\``).join(' ')}`);
    process.exitCode = 1;
    return;
  }

  const tests = await runTests(files);
  printSkipped(tests.skipped);
  if (!staticPassed) console.log('\nFAILED: a static step failed, its output is at the top');
  if (!tests.passed) console.log('\nFAILED: tests failed, their output is above');
  process.exitCode = staticPassed && tests.passed ? 0 : 1;
}

function runTests(files: readonly string[]): Promise<TestRun> {
  return new Promise((done) => {
    const skipped = new Map<string, string[]>();
    let failures = 0;
    let sawSummary = false;
    const signal = AbortSignal.timeout(RUN_TIMEOUT_MS);
    const timeout = TEST_TIMEOUT_MS;
    const events = run({ files: [...files], concurrency: CONCURRENCY, timeout, signal });
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
    });
    const report = events.compose(spec);
    report.pipe(process.stdout, { end: false });
    report.on('end', () => done({ passed: sawSummary && failures === 0, skipped }));
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

await main(process.argv.slice(2));
