import type { Clock } from '../../base/clock.ts';

/** When a server is left alone, and for how long. */
export interface BreakerOptions {
  readonly clock: Clock;
  /** Failures in a row after which the server is left alone. */
  readonly failuresMax: number;
  /** How long it is left alone before one exchange may try again, in milliseconds. */
  readonly openMs: number;
}

/** What an admitted exchange is: one of many, or the one that tries whether the server is back. */
export type Ticket = 'call' | 'probe';
export type Outcome = 'answered' | 'failed' | 'neither';

/** Leaves a server alone after failures in a row. */
export class Breaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #openedMs: number | null = null;
  #probing = false;

  constructor(options: BreakerOptions) {
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

/** The two breakers that an exchange passed. */
export interface Passed {
  readonly server: Ticket;
  readonly grant: Ticket;
}

const both: Passed = { server: 'call', grant: 'call' };

/**
 * The breakers of one server. That it cannot be connected to is a fact about the server, and counts
 * for everybody. That it is late may be the doing of what one grant asks, and counts for that grant
 * alone: five slow calls of one keep nobody else away.
 */
export class Breakers {
  readonly #options: BreakerOptions;
  readonly #server: Breaker;
  readonly #grants = new Map<string, Breaker>();

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#server = new Breaker(options);
  }

  /** Null while the server is left alone, by everybody or by this grant. */
  admit(grantId: string): Passed | null {
    const grant = this.#grants.get(grantId)?.admit() ?? (this.#grants.has(grantId) ? null : 'call');
    if (grant === null) return null;
    const server = this.#server.admit();
    if (server === null) {
      this.#grants.get(grantId)?.note(grant, 'neither');
      return null;
    }
    return server === 'call' && grant === 'call' ? both : { server, grant };
  }

  /** What came of it: `late` when the server was reached and did not answer in time. */
  note(grantId: string, passed: Passed, outcome: Outcome | 'late'): void {
    this.#server.note(passed.server, outcome === 'late' ? 'neither' : outcome);
    if (outcome === 'late') {
      const breaker = this.#grants.get(grantId) ?? new Breaker(this.#options);
      this.#grants.set(grantId, breaker);
      breaker.note(passed.grant, 'failed');
    } else if (outcome === 'answered') {
      this.#grants.delete(grantId);
    } else {
      const failedProbe = outcome === 'failed' && passed.grant === 'probe';
      this.#grants.get(grantId)?.note(passed.grant, failedProbe ? 'failed' : 'neither');
    }
  }
}
