import type { Approval } from './approval.ts';
import type { Standing } from './standing.ts';

/** What happened to an approval. */
export type ApprovalEvent =
  | 'asked'
  | 'allowed'
  | 'denied'
  | 'used'
  | 'expired'
  | 'withdrawn'
  | 'void'
  | 'refused'
  | 'standing-given'
  | 'standing-used'
  | 'standing-revoked';

/** One transition as it goes on record. */
export interface Transition {
  readonly event: ApprovalEvent;
  readonly about: Approval | Standing;
  /** The decision id of the call that it was asked for, or that was let through. */
  readonly call: string | null;
  /** Who did it: a principal, or null for the gateway itself. */
  readonly actor: string | null;
  readonly via: string | null;
  readonly comment: string | null;
  /** A word: why an answer was refused, or why an approval ended. */
  readonly reason: string | null;
  readonly atMs: number;
}

/** The port of the audit record: false when the transition could not be made durable. */
export interface Journal {
  record(transition: Transition): Promise<boolean>;
}
