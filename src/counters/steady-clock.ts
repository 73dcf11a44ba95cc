import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';

/**
 * Time that only passes: it starts at the wall clock's time, or at the last recorded one where that
 * is later, and from there the monotonic clock alone moves it. A step of the wall clock, forward or
 * back, changes nothing within a process. Between two processes the wall clock is all there is: put
 * forward while nothing runs, it cannot be told from time that passed.
 */
export interface SteadyClock {
  /** Milliseconds since the Unix epoch, with a fraction where the monotonic clock has one. */
  nowMs(): number;
  /** Moves the time on to `ms` unless it is past that already: after something later was read. */
  notBefore(ms: number): void;
}

/** Starts a steady clock now. */
export function steadyClock(clock: Clock): SteadyClock {
  const startedMs = clock.monotonicMs();
  let anchorMs = clock.nowMs();
  let latestMs = anchorMs;
  assert(Number.isFinite(startedMs) && Number.isFinite(anchorMs), 'a clock tells a finite time');

  function nowMs(): number {
    const elapsedMs = clock.monotonicMs() - startedMs;
    assert(Number.isFinite(elapsedMs), 'a clock tells a finite time');
    latestMs = Math.max(latestMs, anchorMs + elapsedMs);
    return latestMs;
  }

  function notBefore(ms: number): void {
    assert(Number.isFinite(ms), 'a recorded time is finite');
    const behindMs = ms - nowMs();
    if (behindMs <= 0) return;
    anchorMs += behindMs;
    latestMs = Math.max(latestMs, ms);
  }

  return { nowMs, notBefore };
}
