import type { Approvals } from '../approvals/approvals.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Recording } from '../audit/recorded-value.ts';
import type { Digest } from '../audit/redact.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { JsonLimits } from '../base/strict-json.ts';
import type { Counters } from '../counters/counters.ts';
import type { Snapshot } from '../registry/snapshot.ts';
import type { LiveState } from './live.ts';
import type { LoopLimits } from './loops.ts';
import type { Upstream } from './upstream/upstream.ts';

/** Everything the data path is given. It knows no control plane and opens nothing itself. */
export interface Gateway {
  snapshot(): Snapshot;
  /** The way to a server of the snapshot, or null when there is none of that name. */
  upstream(server: string): Upstream | null;
  /**
   * Waits, within a bound, until the server's tools were read and pinned; false when they were not.
   * Whoever waits for `all` servers waits less long for each; that they were read `once` is enough
   * for whoever only asks which tools there are.
   */
  toolsReady(server: string, need?: 'one' | 'all' | 'once'): Promise<boolean>;
  /** Whether the server, when it was last read, spoke 2026-07-28. */
  speaksModern(server: string): boolean;
  /** The server says, or shows, that its tools changed: read them again soon. */
  toolsChanged(server: string): void;
  readonly counters: Counters;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /**
   * The later of the wall clock and of one that is never put back, in milliseconds since the epoch:
   * what expires has expired by either.
   */
  latestMs(): number;
  readonly log: Log;
  /** Digests arguments under the audit log's key. */
  readonly digest: Digest;
  /** What the operator wants on record beyond names and digests; absent for nothing. */
  readonly recording?: Recording | null;
  /** Seals session ids. */
  readonly installationKey: Uint8Array;
  readonly limits: GatewayLimits;
  readonly live: LiveState;
  /** Calls that wait for people; null where nobody can be asked. */
  readonly approvals: Approvals | null;
  /** Where a person answers an approval, or null where there is no such page. */
  approvalPage(approvalId: string): string | null;
}

/** Bounds of the data path. Sizes in bytes, times in milliseconds. */
export interface GatewayLimits extends LoopLimits {
  readonly json: JsonLimits;
  /** An answer, or one event of a stream. */
  readonly answerBytesMax: number;
  /** Until the first byte of an answer to a request. */
  readonly answerTimeoutMs: number;
  /** How long one server may keep waiting what was asked of all of them, and is answered without it. */
  readonly amongAllMs: number;
  /** Open streams of one grant. */
  readonly streamsPerGrantMax: number;
  /** Sessions of one grant on the endpoint of all servers. */
  readonly sessionsPerGrantMax: number;
  /** How long a filtered list may be kept by a modern client, at most. */
  readonly listTtlMs: number;
  /** How long a call that waits for a person keeps its client waiting, at most. */
  readonly holdMs: number;
}

export const defaultGatewayLimits: GatewayLimits = {
  json: { bytesMax: 1_048_576, depthMax: 64, valuesMax: 20_000, stringMax: 1_048_576 },
  answerBytesMax: 33_554_432,
  answerTimeoutMs: 60_000,
  // Clients give up after a minute; a server that starts for the first time takes half of that.
  amongAllMs: 30_000,
  streamsPerGrantMax: 2_000,
  sessionsPerGrantMax: 1_000,
  listTtlMs: 5_000,
  holdMs: 45_000,
  sameCallsMax: 100,
  sameCallsMs: 60_000,
};

/** Reverse-DNS key of what the gateway adds to `_meta`. */
export const decisionMetaKey = 'io.portcullis/decision';
