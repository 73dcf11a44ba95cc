import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';

import { LineSplitter } from './framing.ts';
import type { WriteResult } from './message-channel.ts';

/** What is started, exactly as the operator's file says, and what it may cost. */
export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the child. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  /** A line of stdout; a longer one kills the child. */
  readonly lineBytesMax: number;
  /** What may wait for a child that does not read its stdin. */
  readonly stdinBytesMax: number;
  /** From closing stdin to SIGTERM, and from there to SIGKILL. */
  readonly graceMs: number;
}

/** What a process tells its owner. `gone` comes once, after the last line, and nothing follows. */
export interface ProcessEvents {
  line(bytes: Uint8Array): void;
  stderr(line: string): void;
  /** `launched` is false when there never was a process. */
  gone(detail: string, launched: boolean): void;
}

const stderrLineBytesMax = 8_192;
const stderrTextMax = 1_000;
/** How long the pipes may stay open after the child itself has exited. */
const drainMs = 1_000;

/**
 * One child process in a process group of its own, started without a shell. Whatever it forks
 * is killed with it, also when it exits by itself.
 */
export class StdioProcess {
  readonly #options: ProcessOptions;
  readonly #events: ProcessEvents;
  readonly #child: ChildProcessWithoutNullStreams | null;
  readonly #lines: LineSplitter;
  readonly #ended: Promise<void>;
  #resolveEnded: () => void = () => {};
  #reason: string | null = null;
  #stopping = false;
  #gone = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ProcessOptions, events: ProcessEvents) {
    this.#options = options;
    this.#events = events;
    this.#ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.#lines = new LineSplitter(options.lineBytesMax, {
      line: (bytes) => events.line(bytes),
      overflow: () => this.kill(`a line is longer than ${options.lineBytesMax} bytes`),
    });
    this.#child = launch(options);
    if (this.#child === null) {
      queueMicrotask(() => this.#finish('the command or its arguments are not valid', false));
    } else {
      this.#listen(this.#child);
    }
  }

  /** `done` says how the write went; `full` and `gone` mean that nothing was written. */
  write(line: Buffer, done?: (written: boolean) => void): WriteResult {
    // Without a child the end is already on its way, and with it the reason.
    if (this.#child === null && !this.#gone) return 'taken';
    const stdin = this.#child?.stdin;
    if (stdin === undefined || !stdin.writable || this.#stopping || this.#gone) return 'gone';
    if (stdin.writableLength + line.length > this.#options.stdinBytesMax) return 'full';
    stdin.write(line, (error) => done?.(error === null || error === undefined));
    return 'taken';
  }

  pause(): void {
    if (!this.#stopping) this.#child?.stdout.pause();
  }

  resume(): void {
    this.#child?.stdout.resume();
  }

  /** Closes stdin, then asks, then kills; resolves when the process and its group are gone. */
  stop(): Promise<void> {
    if (this.#stopping || this.#gone) return this.#ended;
    this.#stopping = true;
    this.#reason ??= 'stopped';
    this.#discardOutput();
    this.#child?.stdin.end();
    this.#after(() => {
      this.#signal('SIGTERM');
      this.#after(() => this.#signal('SIGKILL'));
    });
    return this.#ended;
  }

  /** Kills the group at once: the child broke a bound. */
  kill(reason: string): void {
    if (this.#gone) return;
    this.#reason ??= reason;
    this.#stopping = true;
    this.#discardOutput();
    this.#signal('SIGKILL');
  }

  #listen(child: ChildProcessWithoutNullStreams): void {
    child.stdout.on('data', (chunk: Buffer) => this.#lines.push(chunk));
    listenStderr(child, this.#events);
    // A broken pipe shows as the end of the process, or as a failed write; never as a crash here.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.on('error', () => {});
    child.on('error', (error) => {
      if (child.pid === undefined) this.#finish(launchProblem(error, this.#options), false);
    });
    child.on('exit', (code, signal) => {
      this.#reason ??= signal === null ? `exited with code ${code}` : `killed by ${signal}`;
      this.#signal('SIGKILL');
      child.stdout.resume();
      this.#after(() => this.#finish('', true), drainMs);
    });
    child.on('close', () => {
      if (child.pid !== undefined) this.#finish('', true);
    });
  }

  #finish(detail: string, launched: boolean): void {
    if (this.#gone) return;
    this.#gone = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#lines.stop();
    this.#child?.stdin.destroy();
    this.#child?.stdout.destroy();
    this.#child?.stderr.destroy();
    this.#resolveEnded();
    this.#events.gone(this.#reason ?? detail, launched);
  }

  #discardOutput(): void {
    this.#lines.stop();
    this.#child?.stdout.resume();
  }

  #after(action: () => void, waitMs: number = this.#options.graceMs): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(action, waitMs);
  }

  /** To the whole group: the child may have exited and left others behind. */
  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    const pid = this.#child?.pid;
    if (pid === undefined || this.#gone) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The group is empty: nothing is left to signal.
    }
  }
}

function launch(options: ProcessOptions): ChildProcessWithoutNullStreams | null {
  try {
    return spawn(options.command, [...options.args], {
      shell: false,
      detached: true,
      windowsHide: true,
      env: { ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd === null ? {} : { cwd: options.cwd }),
    });
  } catch {
    return null;
  }
}

function launchProblem(error: Error, options: ProcessOptions): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (code !== 'ENOENT') return `the command \`${options.command}\` did not start (${code})`;
  const place = options.cwd === null ? '' : ', or its working directory does not exist';
  return `the command \`${options.command}\` was not found${place}`;
}

function listenStderr(child: ChildProcessWithoutNullStreams, events: ProcessEvents): void {
  const split = (): LineSplitter =>
    new LineSplitter(stderrLineBytesMax, {
      line: (bytes) => events.stderr(printable(bytes)),
      // What is too long for a log line is left out; the next chunk starts afresh.
      overflow: () => (lines = split()),
    });
  let lines = split();
  child.stderr.on('data', (chunk: Buffer) => lines.push(chunk));
}

function printable(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  return text.slice(0, stderrTextMax).replace(/\p{Cc}|\p{Cf}/gu, '\ufffd');
}
