import type { Headers, UpstreamExchange, UpstreamFailure, UpstreamListener } from './upstream.ts';

/** What an adapter does when its exchange ends early, and how it slows its source down. */
export interface ExchangeSource {
  /** The listener hears nothing more: let go of the connection, or of the place in line. */
  stop(reason: 'aborted' | 'timeout'): void;
  pause(): void;
  resume(): void;
  /** False only when it is certain that the server saw nothing. */
  reached(): boolean;
}

/**
 * One exchange as its listener sees it. Holds the order of the calls (`head`, `data`, then `end`
 * or `failed`), keeps silent after `abort`, and watches two waits: until the head, and, for an
 * answer that is no stream, from one chunk to the next. A paused answer is not stalled.
 */
export class ExchangeState implements UpstreamExchange {
  readonly #listener: UpstreamListener;
  readonly #source: ExchangeSource;
  readonly #timeoutMs: number;
  #timer: NodeJS.Timeout | null = null;
  /** Monotonic milliseconds: the wait that is watched began here. */
  #sinceMs = 0;
  #phase: 'waiting' | 'streaming' | 'done' = 'waiting';
  #paused = false;

  constructor(listener: UpstreamListener, source: ExchangeSource, timeoutMs: number) {
    this.#listener = listener;
    this.#source = source;
    this.#timeoutMs = timeoutMs;
    if (timeoutMs > 0) this.#watch(timeoutMs);
  }

  get done(): boolean {
    return this.#phase === 'done';
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Passes the head on; `endless` answers are not watched for stalls. */
  head(status: number, headers: Headers, endless: boolean): void {
    if (this.#phase !== 'waiting') return;
    this.#phase = 'streaming';
    if (endless) this.#clear();
    else this.#sinceMs = performance.now();
    try {
      this.#listener.head(status, headers);
    } catch (error) {
      this.#lose(error);
    }
  }

  data(chunk: Uint8Array): void {
    if (this.#phase !== 'streaming') return;
    this.#sinceMs = performance.now();
    try {
      this.#listener.data(chunk);
    } catch (error) {
      this.#lose(error);
    }
  }

  end(): void {
    if (this.#phase !== 'streaming') return;
    this.#finish();
    this.#listener.end();
  }

  fail(failure: UpstreamFailure): void {
    if (this.#phase === 'done') return;
    this.#finish();
    this.#listener.failed(failure);
  }

  pause(): void {
    if (this.#phase === 'done' || this.#paused) return;
    this.#paused = true;
    this.#source.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#sinceMs = performance.now();
    this.#source.resume();
  }

  abort(): void {
    if (this.#phase === 'done') return;
    this.#finish();
    this.#source.stop('aborted');
  }

  /** A listener that throws loses its exchange, and nothing else. */
  #lose(error: unknown): void {
    if (this.done) throw error;
    const detail = error instanceof Error ? `the listener threw: ${error.message}` : 'threw';
    this.#finish();
    this.#source.stop('aborted');
    this.#listener.failed({ kind: 'broken', reached: true, detail });
  }

  #watch(ms: number): void {
    this.#timer = setTimeout(() => this.#expire(), ms);
  }

  /** A timer that every chunk set anew would cost more than one that looks again at its end. */
  #expire(): void {
    if (this.#phase === 'done') return;
    if (this.#paused && this.#phase === 'streaming') return this.#watch(this.#timeoutMs);
    const leftMs = this.#sinceMs + this.#timeoutMs - performance.now();
    if (this.#phase === 'streaming' && leftMs > 0) return this.#watch(leftMs);
    const detail = this.#phase === 'waiting' ? 'no answer in time' : 'the answer stalled';
    const failure: UpstreamFailure = { kind: 'timeout', reached: this.#source.reached(), detail };
    this.#finish();
    this.#source.stop('timeout');
    this.#listener.failed(failure);
  }

  #finish(): void {
    this.#phase = 'done';
    this.#clear();
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/** An exchange that fails before anything was sent; the listener hears it on a later turn. */
export function failedExchange(
  listener: UpstreamListener,
  failure: UpstreamFailure,
): UpstreamExchange {
  let aborted = false;
  queueMicrotask(() => {
    if (!aborted) listener.failed(failure);
  });
  return {
    pause() {},
    resume() {},
    abort() {
      aborted = true;
    },
  };
}
