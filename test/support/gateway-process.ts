import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bundledProgram, bundleIfStale } from '../../scripts/bundle.ts';
import { compileCache } from '../../scripts/compile-cache.ts';
import type { Scope } from './scope.ts';
import { until } from './until.ts';

// What is tested is what is published: it starts in a fraction of what the sources take, too.
await bundleIfStale();
/** The file that runs the program. */
export const program: string = bundledProgram;
/** A machine that is busy with other things needs many times the second of a quiet one. */
const readyMsMax = 90_000;
const commandMsMax = 90_000;

/** How a gateway is started: arguments of `up` beside `--port 0 --data`. */
export interface StartOptions {
  readonly dataDir: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What is started; without one, `program`. */
  readonly program?: string;
}

/** The real command, running, as a terminal would see it. */
export interface GatewayProcess {
  readonly url: string;
  readonly pid: number;
  /** Milliseconds from the start to the banner. */
  readonly readyMs: number;
  /** Everything on stdout so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves when stderr matches; rejects after `msMax`. */
  said(pattern: RegExp, msMax?: number): Promise<void>;
  /** Sends a signal to this process alone, and waits for its end. */
  end(signal: NodeJS.Signals): Promise<Ended>;
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a command that ends by itself did. */
export interface Finished extends Ended {
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `portcullis up` on a free port and waits for its banner; it is gone when `scope` is over. */
export async function startGateway(scope: Scope, options: StartOptions): Promise<GatewayProcess> {
  const startedMs = performance.now();
  const args = ['up', '--port', '0', '--data', options.dataDir, ...(options.args ?? [])];
  const child = spawnProgram(args, options);
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  const ended = endOf(child);
  scope.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const over = ended.then(({ code }) => {
    throw new Error(`the gateway ended with ${code}: ${err.text()}`);
  });
  const ready = /is ready at (\S+)\n[\s\S]*\n\n$/;
  await Promise.race([out.matches(ready, readyMsMax), over]);
  over.catch(() => null);
  const end = async (signal: NodeJS.Signals): Promise<Ended> => {
    child.kill(signal);
    return ended;
  };
  return {
    url: ready.exec(out.text())?.[1] ?? '',
    // A process that wrote a banner has an id.
    pid: child.pid as number,
    readyMs: performance.now() - startedMs,
    stdout: out.text,
    stderr: err.text,
    said: (pattern, msMax = 30_000) => err.matches(pattern, msMax),
    end,
  };
}

/** Runs a command of `portcullis` to its end. */
export async function portcullis(
  args: readonly string[],
  options: Omit<StartOptions, 'dataDir' | 'args'> = {},
): Promise<Finished> {
  return finish(spawnProgram(args, options), commandMsMax);
}

/** Runs any command to its end; one that takes longer than `msMax` is killed. */
export async function command(
  file: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly msMax?: number } = {},
): Promise<Finished> {
  const env = { ...process.env, ...options.env };
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  return finish(child, options.msMax ?? commandMsMax);
}

/** A folder that is gone after the test. */
export async function temporaryFolder(scope: Scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-e2e-'));
  scope.after(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

/** The program and its arguments, for a client that starts it over stdio. */
export function runArguments(args: readonly string[]): readonly string[] {
  return [program, 'run', ...args];
}

/** Every process below this one, at any depth. */
export async function descendants(pid: number): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = / [A-Z] (\d+) /.exec(stat.slice(stat.lastIndexOf(')')))?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const found = [pid];
  for (const one of found) {
    for (const [child, parent] of parents) if (parent === one) found.push(child);
  }
  return found.slice(1);
}

/** Whether a process is there and no zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
}

function spawnProgram(
  args: readonly string[],
  options: Omit<StartOptions, 'dataDir' | 'args'>,
): ChildProcess {
  return spawn(process.execPath, [options.program ?? program, ...args], {
    env: { ...process.env, ...compileCache, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
}

async function finish(child: ChildProcess, msMax: number): Promise<Finished> {
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  const timer = setTimeout(() => child.kill('SIGKILL'), msMax);
  const ended = await endOf(child);
  clearTimeout(timer);
  return { ...ended, stdout: out.text(), stderr: err.text() };
}

/** `close`, not `exit`: by then everything it wrote was read. */
function endOf(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
}

interface Collected {
  readonly text: () => string;
  readonly matches: (pattern: RegExp, msMax: number) => Promise<void>;
}

function collect(stream: NodeJS.ReadableStream | null): Collected {
  let text = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => (text += chunk));
  return {
    text: () => text,
    matches: (pattern, msMax) =>
      until(
        () => `nothing matches ${pattern} in: ${text}`,
        () => pattern.test(text),
        msMax,
      ),
  };
}
