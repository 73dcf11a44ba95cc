import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { readBatch, readFrame } from './frame.ts';
import { EventWindow, lineOf } from './framing.ts';
import type { ChannelEvents, MessageChannel, WriteResult } from './message-channel.ts';
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

const batchMax = 1_000;
const stderrLinesPerMinute = 600;

/**
 * A process as a source of messages. Lines that are no message are dropped and counted, and so is
 * what its owner calls stray; a process that makes too many of either is killed.
 */
export class StdioChannel implements MessageChannel {
  readonly #process: StdioProcess;
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
    this.#process = new StdioProcess(
      { ...command, ...limits },
      {
        line: (bytes) => this.#line(bytes),
        stderr: (line) => {
          if (!stderr.exceeded()) log.info('upstream.stderr', { server, line });
        },
        gone: (detail, launched) => {
          log.info('upstream.process-gone', { server, detail, launched });
          events.gone(goneFailure(detail, launched));
        },
      },
    );
  }

  /** A write that fails is the end of the process, which is told by itself. */
  write(message: Uint8Array, settled?: (failure: UpstreamFailure | null) => void): WriteResult {
    return this.#process.write(lineOf(message), (written) => {
      if (written) settled?.(null);
    });
  }

  pause(): void {
    this.#process.pause();
  }

  resume(): void {
    this.#process.resume();
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  stray(method: string | null): void {
    if (!this.#stray.exceeded()) return;
    this.#context.log.warn('upstream.flood', { server: this.#context.server, method });
    this.#process.kill('too many messages that belong to nobody');
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
    if (this.#noise.exceeded()) this.#process.kill('too many lines that are no JSON-RPC message');
  }
}

function goneFailure(detail: string, launched: boolean): UpstreamFailure {
  return launched
    ? { kind: 'broken', reached: true, detail }
    : { kind: 'unreachable', reached: false, detail };
}
