import { Breakers, type BreakerOptions, type Outcome } from './breaker.ts';
import { failedExchange } from './exchange.ts';
import { FairShare } from './fair-share.ts';
import type {
  Headers,
  Upstream,
  UpstreamExchange,
  UpstreamFailure,
  UpstreamListener,
  UpstreamRequest,
} from './upstream.ts';

/** Bounds around one server, whatever its transport. */
export interface GuardOptions extends BreakerOptions {
  /** Exchanges that wait for the head of an answer, at once; grants share them. */
  readonly waitingMax: number;
}

/** Bounds around one server where the operator says nothing. */
export const guardDefaults: Omit<GuardOptions, 'clock'> = {
  waitingMax: 2_048,
  failuresMax: 5,
  openMs: 30_000,
};

/**
 * Keeps a server that hangs or is down from taking the gateway's places, and one grant from taking
 * another's: a bound on what waits, and breakers for each era. While one is open exchanges fail at
 * once, certain not to have reached anything; after `openMs` one alone tries. Nothing is ever tried
 * again by itself.
 */
export function guardUpstream(upstream: Upstream, options: GuardOptions): Upstream {
  const breakers = { legacy: new Breakers(options), modern: new Breakers(options) };
  const places = new FairShare(options.waitingMax);
  return {
    exchange(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
      const { owner } = request;
      const grantId = owner?.grant.id ?? '';
      const guard = breakers[request.era];
      const passed = guard.admit(grantId);
      if (passed === null) return failedExchange(listener, open);
      // A stream may wait for its head as long as the server has nothing to say.
      const waits = !isStream(request);
      if (waits && !places.take(owner)) {
        guard.note(grantId, passed, 'neither');
        return failedExchange(listener, overloaded);
      }
      const watched = new WatchedListener(listener, (outcome) => {
        if (waits) places.leave(owner);
        guard.note(grantId, passed, outcome);
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

class WatchedListener implements UpstreamListener {
  readonly #listener: UpstreamListener;
  readonly #onSettled: (outcome: Outcome | 'late') => void;
  #settled = false;

  constructor(listener: UpstreamListener, onSettled: (outcome: Outcome | 'late') => void) {
    this.#listener = listener;
    this.#onSettled = onSettled;
  }

  settle(outcome: Outcome | 'late'): void {
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
    const isLate = failure.kind === 'timeout' && failure.reached;
    const isAway = failure.kind === 'unreachable' || failure.kind === 'timeout';
    this.settle(isLate ? 'late' : isAway ? 'failed' : 'neither');
    this.#listener.failed(failure);
  }
}

const overloaded: UpstreamFailure = {
  kind: 'overloaded',
  reached: false,
  detail: 'too many exchanges wait for this server, or too many of this grant',
};

const open: UpstreamFailure = {
  kind: 'unreachable',
  reached: false,
  detail: 'the server was away, or late for this grant, several times in a row: left alone a while',
};
