import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { compileCache } from './compile-cache.ts';

/** One command of a run: shown by its name, and its output only when it fails. */
export interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** The tools of this checkout come first, whatever else the machine has. */
const environment = {
  ...process.env,
  ...compileCache,
  PATH: `${resolve('node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
};

/** Modules whose unit tests are pure and quick enough to run at every check. */
const FAST_MODULES = ['base', 'policy', 'mcp', 'counters'];

/** What can be said about the sources without running the program. */
export const staticSteps: readonly Step[] = [
  { name: 'types', command: 'tsc', args: ['-p', 'tsconfig.json', '--noEmit'] },
  { name: 'console types', command: 'tsc', args: ['-p', 'console/tsconfig.json'] },
  {
    name: 'lint',
    command: 'oxlint',
    args: ['--format=unix', 'src', 'console/src', 'test', 'bench', 'scripts', 'bin'],
  },
  { name: 'format', command: 'oxfmt', args: ['--list-different'] },
  { name: 'architecture', command: 'node', args: ['scripts/architecture.ts'] },
  { name: 'generated files', command: 'node', args: ['scripts/golden.ts', '--check'] },
];

/** The unit tests of the pure modules; null when there are none yet. */
export function fastTests(): Step | null {
  const files = FAST_MODULES.flatMap((name) => globSync(`src/${name}/**/*.test.ts`)).sort();
  if (files.length === 0) return null;
  const args = ['--test', '--test-concurrency=2', '--test-reporter=dot', ...files];
  return { name: 'fast tests', command: 'node', args };
}

/** Runs every step, whether or not an earlier one failed; false when any of them failed. */
export async function runSteps(steps: readonly Step[]): Promise<boolean> {
  let allPassed = true;
  for (const step of steps) {
    const startedMs = performance.now();
    const { code, output } = await run(step);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${step.name.padEnd(16)} ${seconds} s`);
    if (code === 0) continue;
    allPassed = false;
    console.log(output.trimEnd());
  }
  return allPassed;
}

function run(step: Step): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((done) => {
    const child = spawn(step.command, step.args, {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => done({ code: 1, output: `${step.command}: ${error.message}` }));
    child.on('close', (code) =>
      done({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }),
    );
  });
}
