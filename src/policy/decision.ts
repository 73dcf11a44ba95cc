/** Whose units a counter counts. */
export type Scope = 'grant' | 'session' | 'principal' | 'server' | 'everyone';

/** A limit that this call must still pass: carried out by the caller, all together or not at all. */
export interface LimitObligation {
  /** The rule id to report when the limit refuses. */
  readonly rule: string;
  readonly counter: string;
  readonly scope: Scope;
  /** Null for policies; the guardrail's name where the counter spans servers. */
  readonly guardrail: string | null;
  /** Milliseconds; null for `concurrent`. */
  readonly windowMs: number | null;
  /** `month` windows have no fixed length: windowMs is 31 days when sliding, the calendar month when aligned. */
  readonly align: 'sliding' | 'minute' | 'hour' | 'day' | 'month';
  readonly max: number;
  /** Units this call takes. */
  readonly units: number;
  readonly onDeny: string | null;
}

/** A person must say yes before this call is forwarded. */
export interface ApprovalObligation {
  readonly rule: string;
  readonly reason: string | null;
  readonly timeoutMs: number;
  readonly approvers: readonly string[];
  readonly quorum: number;
}

export interface Obligations {
  readonly approvals: readonly ApprovalObligation[];
  readonly limits: readonly LimitObligation[];
  /** Labels that the call puts on the principal before any byte of the answer is released. */
  readonly labels: readonly string[];
}

/** Why `decide` said no. The sentence is made at the edge, from the code and the fields. */
export type DenyCode =
  | 'no-policy'
  | 'unknown'
  | 'unpinned'
  | 'hidden'
  | 'default-deny'
  | 'action-deny'
  | 'invalid-arguments'
  | 'ambiguous-key'
  | 'schema'
  | 'arguments'
  | 'require'
  | 'deny-if'
  | 'label'
  | 'limit-cost';

export interface Allow {
  readonly effect: 'allow';
  readonly rule: string;
  readonly obligations: Obligations;
}

export interface Deny {
  readonly effect: 'deny';
  readonly code: DenyCode;
  /** A JSON Pointer into the document, or one of the words in parentheses of the language. */
  readonly rule: string;
  /** The author's own words (`on_deny`, `reason`), or null: then the engine's sentence is used. */
  readonly message: string | null;
}

export type Decision = Allow | Deny;
