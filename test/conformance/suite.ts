import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The revisions that the suite has a frozen list of requirements for; the second is the modern era. */
export const revisions = ['2025-11-25', '2026-07-28'] as const;
export type Revision = (typeof revisions)[number];

/** How one process of the suite ended. */
export interface SuiteRun {
  /** Null when it had to be killed. */
  readonly exitCode: number | null;
  readonly output: string;
}

const program = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
);
const nodeMajorMin = 22;
const outputMax = 4_000_000;

/** Why the suite cannot run here, or null. */
export function suiteProblem(): string | null {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < nodeMajorMin) return `the conformance suite needs Node ${nodeMajorMin} or newer`;
  return existsSync(program) ? null : 'the conformance suite is not installed; run `npm ci`';
}

/** Runs the suite with these arguments, in a process of its own that has `timeoutMs` to end. */
export function runSuite(args: readonly string[], timeoutMs: number): Promise<SuiteRun> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk: Buffer): void => {
      if (output.length < outputMax) output += chunk.toString('utf8');
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.on('error', (error) => (output += String(error)));
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      resolve({ exitCode, output });
    });
  });
}

/** The client scenarios of a revision, without those of authorization, which no relay can pass. */
export async function clientScenarios(revision: Revision): Promise<readonly string[]> {
  const listed = await runSuite(['list', '--requirements', revision], 30_000);
  if (listed.exitCode !== 0)
    throw new Error(`the suite cannot list its scenarios:\n${listed.output}`);
  const names: string[] = [];
  let inClients = false;
  for (const line of listed.output.split('\n')) {
    if (/^\S/.test(line)) inClients = line.startsWith('Client scenarios');
    const match = /^\s+- (\S+)( \[client\])?$/.exec(line);
    const name = match?.[1];
    if (name === undefined || name.startsWith('auth/')) continue;
    if (inClients || match?.[2] !== undefined) names.push(name);
  }
  if (names.length === 0)
    throw new Error(`no client scenario in the suite's list:\n${listed.output}`);
  return names;
}
