import type { Result } from '../base/result.ts';
import type { StoredRecord } from './chain.ts';
import type { VerifyReport } from './verify.ts';

/** Why the log of a data directory could not be read. */
export interface AuditFilesProblem {
  readonly code:
    | 'no-log'
    | 'unreadable'
    | 'bad-key'
    | 'missing'
    | 'folder'
    | 'no-heads'
    | 'no-digest-key';
  /** The file it is about. */
  readonly path: string;
}

/** What is known of an intent that has, or has not, its outcome. */
export type CallState =
  | 'done'
  /** The gateway is running, and the call is younger than its start. */
  | 'in-flight'
  /** The gateway stopped before it recorded an outcome: the server may or may not have run it. */
  | 'unknown-outcome';

/** A record, and for an intent what became of it. */
export interface FoundRecord extends StoredRecord {
  /** Null for every kind but `intent`. */
  readonly state: CallState | null;
}

/** Records that one search answers with at most. */
export const foundMax = 10_000;

/** Every member narrows; absent members do not. */
export interface AuditQuery {
  readonly grant?: string;
  readonly principal?: string;
  readonly server?: string;
  readonly tool?: string;
  readonly rule?: string;
  /** `allow`, `deny`, `refused`, or `held`: calls that people were asked about, whatever came of it. */
  readonly decision?: string;
  readonly argumentsDigest?: string;
  /** An argument's value, as text or JSON: looked for by its digest under the installation's key. */
  readonly value?: string;
  /** Milliseconds since the Unix epoch, inclusive. */
  readonly sinceMs?: number;
  /** Milliseconds since the Unix epoch, exclusive. */
  readonly untilMs?: number;
  /** Records at most, newest first; 100 when absent, `foundMax` at most. */
  readonly limit?: number;
}

export interface SearchAnswer {
  readonly records: readonly FoundRecord[];
  /** False when the index had not caught up with the log in time: newer records may be missing. */
  readonly complete: boolean;
}

/** Everything that the log says of one id, oldest first. */
export interface ShownCall {
  readonly records: readonly FoundRecord[];
}

export interface VerifyOptions {
  /** A directory with segments in it, other than the data directory's own. */
  readonly directory?: string;
  /** File with the public key, in PEM, that the signed heads must be made with. */
  readonly keyFile?: string;
  /** File with signed heads that were kept elsewhere, beside those next to the segments. */
  readonly checkpointFile?: string;
}

/** What was verified, and against which key. */
export interface VerifyAnswer extends VerifyReport {
  /** The raw public key, base64url; null when no key was found and each head named its own. */
  readonly key: string | null;
}

/** The port through which commands and pages read a log: its files alone, no running gateway. */
export interface AuditFiles {
  /** The last records, oldest first. */
  tail(count: number): Promise<Result<readonly FoundRecord[], AuditFilesProblem>>;
  /**
   * Gives every record after number `afterSeq`, then each new one, until `signal` aborts; each when
   * the one before it was taken, so that a log is never read faster than it is wanted.
   */
  follow(
    afterSeq: number,
    each: (record: StoredRecord) => void | Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
  search(query: AuditQuery): Promise<Result<SearchAnswer, AuditFilesProblem>>;
  show(id: string): Promise<Result<ShownCall, AuditFilesProblem>>;
  /** Gives every record, oldest first; the value is how many. */
  everyRecord(each: (record: StoredRecord) => void): Promise<Result<number, AuditFilesProblem>>;
  verify(options: VerifyOptions): Promise<Result<VerifyAnswer, AuditFilesProblem>>;
  close(): void;
}
