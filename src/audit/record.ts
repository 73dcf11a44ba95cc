/** What is kept of every call and of every change: one JSON line each, linked by hashes. */
export type RecordBody =
  | IntentRecord
  | RefusalRecord
  | OutcomeRecord
  | MethodRecord
  | ApprovalRecord
  | AdminRecord
  | SystemRecord;

/** Units that a call took from one counter, so that the log alone rebuilds the counters. */
export interface UnitsTaken {
  /** The counter's key, as the counters store knows it. */
  readonly key: string;
  readonly units: number;
  /** Milliseconds; null for a count of calls in flight. */
  readonly windowMs: number | null;
  /** What counted against the limit before this call; absent where the store does not tell. */
  readonly before?: number | undefined;
  /** The limit: at most this much, the call's own units included. */
  readonly max?: number | undefined;
}

/** The limit that refused a call. */
export interface LimitReached {
  /** The counter's key, as the counters store knows it. */
  readonly key: string;
  /** Units that the call would have taken; none were. */
  readonly asked: number;
  /** Milliseconds; null for a count of calls in flight. */
  readonly windowMs: number | null;
  /** What counted against the limit; absent where the store does not tell. */
  readonly before?: number | undefined;
  readonly max: number;
}

/** A value of JSON, as it is kept in a record. */
export type RecordedValue =
  | string
  | number
  | boolean
  | null
  | readonly RecordedValue[]
  | { readonly [name: string]: RecordedValue };

interface CallFields {
  /** The decision id: the same in the answer's `_meta`. */
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly grant: string;
  readonly principal: string;
  readonly server: string;
  readonly tool: string;
  /** Digest of the pinned definition; null when the tool is unknown. */
  readonly pin: string | null;
  readonly policy: string | null;
  readonly policyVersion: number | null;
  readonly rule: string;
  readonly mode: 'enforce' | 'observe';
  readonly era: 'legacy' | 'modern';
  /** The client's name as it declared it: never used for a decision. */
  readonly clientDeclared: string | null;
  readonly session: string | null;
  /** Top-level argument names, at most 64 of them; values are not kept. */
  readonly argumentKeys: readonly string[];
  /** HMAC-SHA-256 of the canonical arguments under the installation's key, hexadecimal. */
  readonly argumentsDigest: string | null;
  /** W3C Trace Context (level 1, §3.2) as the client declared it in `_meta`. */
  readonly traceparent?: string;
  /** By top-level argument: the keyed digest of its value, where the operator asks for it. */
  readonly valueDigests?: Readonly<Record<string, string>>;
  /** The arguments, redacted and cut, where the operator asks for values. */
  readonly arguments?: RecordedValue;
}

/** Durable before anything is forwarded. */
export interface IntentRecord extends CallFields {
  readonly kind: 'intent';
  readonly decision: 'allow' | 'deny';
  readonly units: readonly UnitsTaken[];
  /** Labels that the call puts on its principal; absent where it puts none. */
  readonly labels?: readonly string[];
  /** In `observe` mode: the refusal that enforcement would have given. */
  readonly wouldRefuse: string | null;
}

/** A call that was not forwarded. */
export interface RefusalRecord extends CallFields {
  readonly kind: 'refusal';
  readonly enforcement: 'refused' | 'held';
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs: number | null;
  /** Where a limit refused it. */
  readonly limit?: LimitReached;
}

export type OutcomeStatus =
  | 'ok'
  | 'tool-error'
  | 'protocol-error'
  | 'not-sent'
  | 'timeout'
  | 'broken'
  | 'cancelled'
  | 'input-required';

/** Durable before the final answer leaves. Joined to its intent by `id`. */
export interface OutcomeRecord {
  readonly kind: 'outcome';
  readonly id: string;
  readonly time: number;
  readonly status: OutcomeStatus;
  /** JSON-RPC error code, or HTTP status, where there was one. */
  readonly code: number | null;
  readonly answerBytes: number;
  /** Microseconds: decide and enforce, record the intent, wait for the server. */
  readonly decideUs: number;
  readonly recordUs: number;
  readonly upstreamUs: number;
  /** Units were given back: it is certain that the server did not run the call. */
  readonly givenBack: boolean;
  /** The labels that the call has set, by their keys: they last from here. Absent without any. */
  readonly units?: readonly UnitsTaken[];
}

/** Any other request or refusal at the edge: lighter, one record. */
export interface MethodRecord {
  readonly kind: 'method';
  readonly id: string;
  readonly time: number;
  readonly grant: string | null;
  readonly principal: string | null;
  readonly server: string | null;
  readonly method: string;
  readonly direction: 'to-server' | 'to-client';
  readonly decision: 'allow' | 'deny';
  readonly code: string | null;
  /** The address that a request without a valid token came from. */
  readonly source?: string;
  /** So many refusals alike, from `sinceMs` to `time`, that have no record of their own. */
  readonly count?: number;
  readonly sinceMs?: number;
}

/** What happened to a call that waits for people, or to a standing approval. */
export interface ApprovalRecord {
  readonly kind: 'approval';
  /** The approval's id: the same in each of its records. */
  readonly id: string;
  readonly time: number;
  readonly event:
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
  /** The decision id of the call that asked, or that was let through. */
  readonly call: string | null;
  readonly grant: string;
  readonly principal: string;
  readonly server: string;
  readonly tool: string;
  readonly pin: string | null;
  readonly policy: string | null;
  readonly policyVersion: number | null;
  readonly rule: string;
  readonly argumentsDigest: string | null;
  /** Who answered; null for the gateway itself. */
  readonly actor: string | null;
  /** Which way the answer came: `cli`, `api`, `page`, `webhook`. */
  readonly via: string | null;
  readonly comment: string | null;
  /** A word: why an answer was refused, or why the approval ended. */
  readonly reason: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly expiresMs: number;
}

/** Who changed what. */
export interface AdminRecord {
  readonly kind: 'admin';
  readonly id: string;
  readonly time: number;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  /** What changed, in fields that hold no secret. */
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

/**
 * `pruned`: retention is about to delete the segments before `detail.firstKept`. `sink`: the copy
 * kept elsewhere fell behind, or caught up. `webhook`: a held call was announced to nobody.
 */
export type SystemEvent =
  | 'start'
  | 'stop'
  | 'recovered'
  | 'segment'
  | 'counters'
  | 'config'
  | 'pruned'
  | 'sink'
  | 'webhook';

/** Starts, stops, recoveries, and snapshots of the counters at the head of a segment. */
export interface SystemRecord {
  readonly kind: 'system';
  readonly id: string;
  readonly time: number;
  readonly event: SystemEvent;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
  /** For `counters`: what each live counter still holds. */
  readonly counters?: readonly CounterEntry[];
}

/** `units` admitted at `time` (ms since the epoch) into the counter `key`. */
export interface CounterEntry {
  readonly key: string;
  readonly windowMs: number;
  readonly time: number;
  readonly units: number;
}
