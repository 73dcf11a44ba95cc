import type { AuditFiles } from '../audit/audit-files.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Clock } from '../base/clock.ts';
import type { Registry } from '../registry/registry.ts';
import type { ApprovalControl } from './approvals.ts';
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
  /** False while calls would be refused because nothing can be recorded. */
  readonly ready: () => boolean;
  readonly version: string;
}
