/** What is wrong with a document, and where: the text is made here because authors read it. */
export interface PolicyProblem {
  /** JSON Pointer (RFC 6901) into the document; the empty string is the whole document. */
  readonly pointer: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column: number;
  /** What was found and what was expected: lower case, input in backticks. */
  readonly message: string;
  /** What to do, when something near is known. */
  readonly hint: string | null;
}

/** A problem whose line and column are not worked out yet. */
export interface UnplacedProblem {
  readonly pointer: string;
  /** Where it is in the text, in UTF-16 units: at the key when the key is at fault. */
  readonly offset: number;
  readonly message: string;
  readonly hint: string | null;
}

/** Advice on a document that loads: never a reason to refuse it. */
export interface PolicyWarning extends PolicyProblem {
  readonly code: WarningCode;
}

/** Every kind of advice the linter gives. */
export type WarningCode =
  | 'unknown-tool'
  | 'unknown-argument'
  | 'impossible-comparison'
  | 'shadowed-rule'
  | 'idle-limit'
  | 'optional-argument'
  | 'session-scope'
  | 'unused-field'
  | 'ambiguous-rule-id'
  | 'schema-not-enforceable';

/** One escaped reference token of a JSON Pointer (RFC 6901 §3). */
export function pointerToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
