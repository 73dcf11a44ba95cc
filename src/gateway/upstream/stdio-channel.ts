import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { readBatch, readFrame, type Frame } from './frame.ts';
import { EventWindow } from './framing.ts';
import type { StdioLimits } from './stdio-limits.ts';
import { StdioProcess } from './stdio-process.ts';
import type { UpstreamFailure } from './upstream.ts';

/** The command of a server and what it is run with. */
export interface StdioCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
}

/** What both eras of a stdio server share. */
export interface StdioContext {
  readonly server: string;
  readonly command: StdioCommand;
  readonly limits: StdioLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/** Why a message was not taken; the process saw nothing of it. */
export function notTaken(result: 'full' | 'gone'): UpstreamFailure {
  return result === 'full'
    ? { kind: 'overloaded', reached: false, detail: 'the process takes no more input' }
    : { kind: 'unreachable', reached: false, detail: 'the process is ending' };
}

/** How the end of a process reads to an exchange that was open. */
export function goneFailure(detail: string, launched: boolean): UpstreamFailure {
  return launched
    ? { kind: 'broken', reached: true, detail }
    : { kind: 'unreachable', reached: false, detail };
}

/** The messages of a process, and its end. */
export interface ChannelEvents {
  frame(frame: Frame): void;
  gone(detail: string, launched: boolean): void;
}

const batchMax = 1_000;
const stderrLinesPerMinute = 600;

/**
 * A process as a source of messages. Lines that are no message are dropped and counted, and so is
 * what its owner calls stray; a process that makes too many of either is killed.
 */
export class StdioChannel {
  readonly process: StdioProcess;
  readonly #context: StdioContext;
  readonly #events: ChannelEvents;
  readonly #noise: EventWindow;
  readonly #stray: EventWindow;

  constructor(context: StdioContext, events: ChannelEvents) {
    const { clock, limits, log, server, command } = context;
    this.#context = context;
    this.#events = events;
    this.#noise = new EventWindow(clock, limits.noisePerMinuteMax, 60_000);
    this.#stray = new EventWindow(clock, limits.strayPerTenSecondsMax, 10_000);
    const stderr = new EventWindow(clock, stderrLinesPerMinute, 60_000);
    this.process = new StdioProcess(
      { ...command, ...limits },
      {
        line: (bytes) => this.#line(bytes),
        stderr: (line) => {
          if (!stderr.exceeded()) log.info('upstream.stderr', { server, line });
        },
        gone: (detail, launched) => {
          log.info('upstream.process-gone', { server, detail, launched });
          events.gone(detail, launched);
        },
      },
    );
  }

  /** The message belongs to nobody. */
  stray(method: string | null): void {
    if (!this.#stray.exceeded()) return;
    this.#context.log.warn('upstream.flood', { server: this.#context.server, method });
    this.process.kill('too many messages that belong to nobody');
  }

  #line(bytes: Uint8Array): void {
    const frame = readFrame(bytes);
    if (frame !== null) {
      this.#events.frame(frame);
      return;
    }
    const batch = readBatch(bytes, batchMax);
    if (batch === null) {
      this.#dropLine();
      return;
    }
    for (const element of batch) {
      const inner = readFrame(element);
      if (inner === null) this.#dropLine();
      else this.#events.frame(inner);
    }
  }

  #dropLine(): void {
    if (this.#noise.exceeded()) this.process.kill('too many lines that are no JSON-RPC message');
  }
}
