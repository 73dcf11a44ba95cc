import type { Take } from './counters.ts';

/** A counter that is looked at, through a limit's own window. */
export type Look = Pick<Take, 'key' | 'windowMs' | 'align'>;

/** What pages show of counters. Nothing that is asked here takes a unit, or refuses a call. */
export interface CountersInUse {
  /** For each look, the units that count now; null where the store does not answer. */
  used(looks: readonly Look[]): readonly number[] | null | Promise<readonly number[] | null>;
  /** Keys that calls of this very process have counted in: a store may hold others besides. */
  keys(): Iterable<string>;
}
