import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { ControlProblem } from './problem.ts';

const freeFailures = 5;
const firstWaitMs = 2_000;
const waitMsMax = 300_000;
const namesMax = 10_000;
/** Passwords that are compared at once: each takes 32 MB and a core. */
const atOnceMax = 4;

interface Failures {
  readonly count: number;
  readonly untilMs: number;
}

/** One comparison under a name, or how long to wait before it may be made. */
export async function tryOnce(
  throttle: Throttle,
  name: string,
  compare: () => Promise<boolean>,
): Promise<Result<boolean, ControlProblem>> {
  const waitMs = throttle.waitMs(name);
  if (waitMs === 0) return ok(await throttle.try(name, compare));
  const message = `too many tries: wait ${Math.ceil(waitMs / 1000)} seconds, then try again`;
  return err({ code: 'too-many', message });
}

/** Slows down whoever guesses: after five failures a name waits, twice as long each time. */
export class Throttle {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failures>();
  #running = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until this name may try again; 0 when it may now. */
  waitMs(name: string): number {
    if (this.#running >= atOnceMax) return 1_000;
    const known = this.#failures.get(name);
    return known === undefined ? 0 : Math.max(0, known.untilMs - this.#clock.monotonicMs());
  }

  /** Runs one comparison; what it says is counted for the name. */
  async try(name: string, compare: () => Promise<boolean>): Promise<boolean> {
    this.#running += 1;
    // Counted before the answer is known: guesses that run together are guesses each.
    this.#fail(name);
    const right = await compare().finally(() => {
      this.#running -= 1;
    });
    if (right) this.#failures.delete(name);
    return right;
  }

  #fail(name: string): void {
    const count = (this.#failures.get(name)?.count ?? 0) + 1;
    const over = count - freeFailures;
    const waitMs = over < 0 ? 0 : Math.min(waitMsMax, firstWaitMs * 2 ** over);
    this.#failures.delete(name);
    this.#failures.set(name, { count, untilMs: this.#clock.monotonicMs() + waitMs });
    if (this.#failures.size <= namesMax) return;
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined) this.#failures.delete(oldest);
  }
}
