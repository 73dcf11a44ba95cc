import { Worker } from 'node:worker_threads';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { SinkOrder, SinkPlace, SinkReport, SinkWorkerData } from './audit-sink-worker.ts';

export interface AuditSinkOptions {
  /** The data directory. */
  readonly dir: string;
  readonly place: SinkPlace;
  readonly clock: Clock;
  readonly log: Log;
  /** The number of the last durable record. */
  readonly head: () => number;
  /** The place fell behind, or caught up: for the record. */
  readonly onChange: (state: SinkState) => void;
  /** Milliseconds that the place may lag before it counts as behind; 30,000 when absent. */
  readonly lagMs?: number;
}

/** How the second place stands. */
export interface SinkState {
  readonly behind: boolean;
  /** Records that it lacks, and for how long the oldest of them has waited, at most. */
  readonly records: number;
  readonly lagMs: number;
  readonly failing: string | null;
}

/** The thread that feeds the second place. */
export interface AuditSink {
  state(): SinkState;
  /** The number of the last record that the place has; 0 while nothing is known. */
  sent(): number;
  stop(): Promise<void>;
}

const lookMs = 250;
const restartMs = 10_000;
const stopMs = 3_000;
const lagDefaultMs = 30_000;

/**
 * Feeds the second place from a thread of its own, with records that are durable here. It may lag,
 * and is said to be behind when it lags for longer than `lagMs`; it never holds up a call.
 */
export function startAuditSink(options: AuditSinkOptions): AuditSink {
  const { dir, place, log, head } = options;
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const file = new URL(`./audit-sink-worker.${extension}`, import.meta.url);
  const workerData: SinkWorkerData = { dir, place };
  const lag = new Lag(options);
  let worker: Worker | null = null;
  let stopped = false;
  let restart: NodeJS.Timeout | null = null;

  const order = (message: SinkOrder): void => worker?.postMessage(message);
  const start = (): void => {
    const started = new Worker(file, {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    worker = started;
    started.unref();
    started.on('message', (report: SinkReport) => lag.reported(report));
    started.once('error', (error: unknown) => {
      log.error('audit.sink-failed', { error: error instanceof Error ? error.message : 'unknown' });
      lag.reported({ sent: lag.sent(), failing: 'stopped' });
      if (!stopped) restart = setTimeout(start, restartMs).unref();
    });
    order({ head: head() });
  };
  start();
  let told = head();
  const timer = setInterval(() => {
    const now = head();
    if (now !== told) order({ head: now });
    told = now;
    lag.look(now);
  }, lookMs).unref();

  return {
    state: () => lag.state(head()),
    sent: () => lag.sent(),
    async stop() {
      stopped = true;
      clearInterval(timer);
      if (restart !== null) clearTimeout(restart);
      const running = worker;
      if (running === null || running.threadId === -1) return;
      const ended = new Promise((resolve) => running.once('exit', resolve));
      running.ref();
      order({ head: head() });
      order('stop');
      // A batch under way is sent again at the next start: it need not be waited for.
      const late = setTimeout(() => void running.terminate(), stopMs);
      await ended;
      clearTimeout(late);
    },
  };
}

/** Watches how far the place is behind, and says so once when it is and once when it is not. */
class Lag {
  readonly #options: AuditSinkOptions;
  #report: SinkReport = { sent: 0, failing: null };
  /** A head that the place did not have when it was looked at, and when that was. */
  #lacking: { readonly seq: number; readonly sinceMs: number } | null = null;
  #behind = false;

  constructor(options: AuditSinkOptions) {
    this.#options = options;
  }

  reported(report: SinkReport): void {
    const before = this.#report.failing;
    this.#report = report;
    if (report.failing !== null && report.failing !== before) {
      this.#options.log.warn('audit.sink-waits', { reason: report.failing });
    }
  }

  sent(): number {
    return this.#report.sent;
  }

  look(head: number): void {
    const { clock } = this.#options;
    if (this.#lacking === null || this.#report.sent >= this.#lacking.seq) {
      const caughtUp = this.#report.sent >= head;
      this.#lacking = caughtUp ? null : { seq: head, sinceMs: clock.monotonicMs() };
    }
    const state = this.state(head);
    if (state.behind === this.#behind) return;
    this.#behind = state.behind;
    const { records, failing } = state;
    if (state.behind) this.#options.log.error('audit.sink-behind', { records, reason: failing });
    else this.#options.log.info('audit.sink-caught-up', { records });
    this.#options.onChange(state);
  }

  state(head: number): SinkState {
    const { clock, lagMs: allowedMs = lagDefaultMs } = this.#options;
    const records = Math.max(0, head - this.#report.sent);
    const sinceMs = records > 0 ? this.#lacking?.sinceMs : undefined;
    const lagMs = sinceMs === undefined ? 0 : clock.monotonicMs() - sinceMs;
    return { behind: lagMs > allowedMs, records, lagMs, failing: this.#report.failing };
  }
}
