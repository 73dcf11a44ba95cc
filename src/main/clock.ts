import type { Clock } from '../base/clock.ts';

/** The machine's clocks: the only place where the program reads the time. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
