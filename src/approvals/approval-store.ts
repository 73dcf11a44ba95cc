import type { Approval } from './approval.ts';
import type { Standing } from './standing.ts';

/**
 * The port of what is kept of approvals. A promise that resolves means that the change survives a
 * kill; it rejects when the store cannot keep it, and then nothing was changed.
 */
export interface ApprovalStore {
  /** Everything that is open, and denials whose time is not over. */
  live(): Promise<readonly Approval[]>;
  /** Keeps a new approval with the exact text of its arguments. */
  insert(approval: Approval, exactArguments: string): Promise<void>;
  /**
   * Replaces an approval if it is still in the state `from`; false when it is not. The arguments of
   * one that ended are forgotten, unless it was used: then those used before it are.
   */
  save(approval: Approval, from: Approval['state']): Promise<boolean>;
  find(id: string): Promise<Approval | null>;
  /** Exact text of the arguments; null when there is no such approval or they were forgotten. */
  argumentsOf(id: string): Promise<string | null>;
  /** The newest one that let a call of this grant to this tool through. */
  lastUsed(grantId: string, server: string, tool: string): Promise<Approval | null>;
  /** The newest that ended, at most `count`. */
  recent(count: number): Promise<readonly Approval[]>;
  standings(): Promise<readonly Standing[]>;
  insertStanding(standing: Standing): Promise<void>;
  saveStanding(standing: Standing): Promise<void>;
  /** Forgets what ended before `beforeMs`. */
  prune(beforeMs: number): Promise<void>;
}
