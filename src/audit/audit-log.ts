import type { Result } from '../base/result.ts';
import type { IntentRecord, RecordBody } from './record.ts';

/** Why a record could not be made durable. Whatever needed it is refused. */
export interface AuditProblem {
  readonly code: 'full' | 'failed' | 'closed' | 'overloaded';
}

/** Where a durable record stands. */
export interface AuditPosition {
  readonly seq: number;
}

/**
 * The port of the audit log. `append` settles when the record survives what the configured
 * durability promises; it never throws and never drops: a full or failing store is an error value.
 * Whoever appends an outcome hands over the intent that it ends, for those who look on.
 */
export interface AuditLog {
  append(record: RecordBody, ends?: IntentRecord): Promise<Result<AuditPosition, AuditProblem>>;
  /** False while records cannot be made durable: readiness goes red, new calls are refused. */
  healthy(): boolean;
  close(): Promise<void>;
}
