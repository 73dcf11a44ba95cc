import type { AuditFiles } from '../audit/audit-files.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Clock } from '../base/clock.ts';
import type { UserStore } from '../identity/user.ts';
import type { Registry } from '../registry/registry.ts';
import type { AttackDatabase } from './attacks/database.ts';
import type { ApprovalControl } from './approvals.ts';
import type { CountersView } from './limit-stands.ts';
import type { Sessions } from './session.ts';
import type { SignInParts } from './sign-in-parts.ts';
import type { Simulate } from './simulation.ts';

/** What the operations work on. */
export interface ControlDeps {
  readonly registry: Registry;
  readonly audit: AuditLog;
  /** Calls that wait for people. */
  readonly approvals: ApprovalControl;
  readonly clock: Clock;
  /** Reads the audit log. */
  readonly files: AuditFiles;
  /** Puts recorded calls to a draft. */
  readonly simulate: Simulate;
  readonly users: UserStore;
  readonly sessions: Sessions;
  readonly signIn: SignInParts;
  /** What the link of the first start carries; null where none was printed. */
  readonly setupToken: string | null;
  readonly upstream: UpstreamView;
  /** The counters of limits: looked at, never changed. */
  readonly counters: CountersView;
  /** Whether a server may be added whose address is private: the operator's file says so. */
  readonly privateServers: boolean;
  /** False while calls would be refused because nothing can be recorded. */
  readonly ready: () => boolean;
  /** The attack database; absent where nothing is asked of it. */
  readonly attackDatabase?: AttackDatabase;
  readonly version: string;
  /** Aborted when the gateway stops: streams end. */
  readonly stopping: AbortSignal;
}

/** What the control plane may know of the way to servers, which is not its own. */
export interface UpstreamView {
  /** Why an address may not be asked; null when it may. Nothing is sent to it. */
  checkAddress(url: string, allowPrivate: boolean): Promise<string | null>;
  /** How the last reading of a server's tools went. */
  healthOf(server: string): ServerHealth;
  /** Reads a server's tools now; false when they cannot be read. */
  readTools(server: string): Promise<boolean>;
}

/** `problem`: in words, when the state is `failing`. */
export interface ServerHealth {
  readonly state: 'unknown' | 'reading' | 'ok' | 'failing';
  readonly problem: string | null;
}

/** The members that are there: an absent one and one that is undefined mean the same to us. */
export function removeUndefined<T extends object>(
  value: T,
): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const kept = Object.entries(value).filter(([, one]) => one !== undefined);
  // Only members that are undefined were left out.
  return Object.fromEntries(kept) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}
