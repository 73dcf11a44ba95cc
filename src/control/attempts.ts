import type { Clock } from '../base/clock.ts';

/** Open at once; past it the oldest is forgotten, and whoever began it begins again. */
const openMax = 10_000;

interface Open<T> {
  readonly value: T;
  readonly untilMs: number;
}

/** What somebody who is signed in began and must end: soon, once. */
export class Attempts<T> {
  readonly #clock: Clock;
  readonly #lastMs: number;
  readonly #open = new Map<string, Open<T>>();

  /** `lastMs`: how long an attempt may take, in milliseconds. */
  constructor(clock: Clock, lastMs: number) {
    this.#clock = clock;
    this.#lastMs = lastMs;
  }

  /** Begins one; what the same key began before is forgotten. */
  begin(key: string, value: T): void {
    this.#open.delete(key);
    this.#open.set(key, { value, untilMs: this.#clock.monotonicMs() + this.#lastMs });
    if (this.#open.size <= openMax) return;
    const [oldest] = this.#open.keys();
    if (oldest !== undefined) this.#open.delete(oldest);
  }

  /** What was begun by this key; null when nothing was, it is too old, or it was taken before. */
  take(key: string): T | null {
    const found = this.#open.get(key);
    this.#open.delete(key);
    return found === undefined || found.untilMs <= this.#clock.monotonicMs() ? null : found.value;
  }
}
