/** What one decision may still spend on questions whose cost grows with the call. */
export interface Work {
  left: number;
}

/**
 * Units of one decision, each some 40 ns at most (`operators/cost.ts`): a policy and a call that
 * multiply each other must not keep the process from everything else for 50 ms.
 */
const UNITS_MAX = 1_100_000;

/** The whole of it, for one call and all documents that judge it. */
export function startWork(): Work {
  return { left: UNITS_MAX };
}

/** Takes units; false when they are not there, and from then on for whatever else costs any. */
export function spend(work: Work, units: number): boolean {
  work.left -= units;
  return work.left >= 0;
}
