import type { Log } from '../base/log.ts';
import type { Approval } from './approval.ts';
import type { ApprovalStore } from './approval-store.ts';
import type { Journal } from './journal.ts';
import type { ApprovalLimits } from './live-approvals.ts';
import type { Standing } from './standing.ts';

/** What approvals are made of. */
export interface ApprovalsDeps {
  readonly store: ApprovalStore;
  readonly journal: Journal;
  /** Milliseconds since the epoch by the later of the two clocks. */
  readonly latestMs: () => number;
  readonly log: Log;
  readonly limits: ApprovalLimits;
  /** Why an approval is good for nothing any more (its policy, tool or grant changed), or null. */
  readonly staleness: (about: Approval | Standing) => string | null;
  /** Told of every call that begins to wait. */
  readonly asked: (approval: Approval) => void;
}
