import type { Clock } from '../../base/clock.ts';
import { failedExchange } from './exchange.ts';
import type {
  Headers,
  Upstream,
  UpstreamExchange,
  UpstreamFailure,
  UpstreamListener,
  UpstreamRequest,
} from './upstream.ts';

/** Bounds around one server, whatever its transport. */
export interface GuardOptions {
  readonly clock: Clock;
  /** Exchanges that wait for the head of an answer, at once. */
  readonly waitingMax: number;
  /** Failures in a row to connect, or to answer in time, after which the server is left alone. */
  readonly failuresMax: number;
  /** How long it is left alone before one exchange may try again. */
  readonly openMs: number;
}

/** Bounds around one server where the operator says nothing. */
export const guardDefaults: Omit<GuardOptions, 'clock'> = {
  waitingMax: 1_024,
  failuresMax: 5,
  openMs: 30_000,
};

/**
 * Keeps a server that hangs or is down from taking the gateway's places: a bound on what waits,
 * and a breaker for each era. While the breaker is open exchanges fail at once, certain not to
 * have reached anything; after `openMs` one alone tries. Nothing is ever tried again by itself.
 */
export function guardUpstream(upstream: Upstream, options: GuardOptions): Upstream {
  const breakers = { legacy: new Breaker(options), modern: new Breaker(options) };
  let waiting = 0;
  return {
    exchange(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
      // A stream may wait for its head as long as the server has nothing to say.
      const place = isStream(request) ? 0 : 1;
      if (waiting + place > options.waitingMax) return failedExchange(listener, overloaded);
      const breaker = breakers[request.era];
      const ticket = breaker.admit();
      if (ticket === null) return failedExchange(listener, open);
      waiting += place;
      const watched = new WatchedListener(listener, (outcome) => {
        waiting -= place;
        breaker.note(ticket, outcome);
      });
      const exchange = upstream.exchange(request, watched);
      return {
        pause: () => exchange.pause(),
        resume: () => exchange.resume(),
        abort() {
          exchange.abort();
          watched.settle('neither');
        },
      };
    },
    close: () => upstream.close(),
  };
}

function isStream(request: UpstreamRequest): boolean {
  return request.method === 'GET' || request.timeoutMs === 0;
}

type Ticket = 'call' | 'probe';
type Outcome = 'answered' | 'failed' | 'neither';

class WatchedListener implements UpstreamListener {
  readonly #listener: UpstreamListener;
  readonly #onSettled: (outcome: Outcome) => void;
  #settled = false;

  constructor(listener: UpstreamListener, onSettled: (outcome: Outcome) => void) {
    this.#listener = listener;
    this.#onSettled = onSettled;
  }

  settle(outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#onSettled(outcome);
  }

  head(status: number, headers: Headers): void {
    this.settle('answered');
    this.#listener.head(status, headers);
  }

  data(chunk: Uint8Array): void {
    this.#listener.data(chunk);
  }

  end(): void {
    this.#listener.end();
  }

  failed(failure: UpstreamFailure): void {
    const counts = failure.kind === 'unreachable' || failure.kind === 'timeout';
    this.settle(counts ? 'failed' : 'neither');
    this.#listener.failed(failure);
  }
}

class Breaker {
  readonly #options: GuardOptions;
  #failures = 0;
  #openedMs: number | null = null;
  #probing = false;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** Null while the server is left alone; the first exchange after that is a probe, and alone. */
  admit(): Ticket | null {
    if (this.#openedMs === null) return 'call';
    if (this.#probing) return null;
    const { clock, openMs } = this.#options;
    if (clock.monotonicMs() - this.#openedMs < openMs) return null;
    this.#probing = true;
    return 'probe';
  }

  note(ticket: Ticket, outcome: Outcome): void {
    if (ticket === 'probe') this.#probing = false;
    if (outcome === 'answered') {
      this.#failures = 0;
      this.#openedMs = null;
    } else if (outcome === 'failed') {
      this.#failures += 1;
      // A call from before the breaker opened says nothing new: the probe alone opens it again.
      const opens = ticket === 'probe' || this.#openedMs === null;
      if (!opens || this.#failures < this.#options.failuresMax) return;
      this.#openedMs = this.#options.clock.monotonicMs();
    }
  }
}

const overloaded: UpstreamFailure = {
  kind: 'overloaded',
  reached: false,
  detail: 'too many exchanges wait for this server',
};

const open: UpstreamFailure = {
  kind: 'unreachable',
  reached: false,
  detail: 'the server failed several times in a row and is left alone for a while',
};
