import type { Attack } from '../../attacks/attack.ts';
import type { LastRun } from '../../attacks/last-run.ts';

/** The port of the attack database. */
export interface AttackDatabase {
  /** Every entry; none when the database cannot be read. */
  attacks(): Promise<readonly Attack[]>;
  /** The last replay on this installation; null when there is none. */
  lastRun(): Promise<LastRun | null>;
}
