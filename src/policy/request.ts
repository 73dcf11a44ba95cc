import type { JsonValue } from '../base/strict-json.ts';

/** The five categories a tool can have, and the honest sixth. */
export type Category = 'Read' | 'Write' | 'Execute' | 'Destructive' | 'Financial' | 'Unclassified';

/** How bad a misuse of the tool can be. */
export type Risk = 'Low' | 'Medium' | 'High' | 'Critical';

/** A tool as it was pinned: reviewed facts, never what the server claims at call time. */
export interface PinnedTool {
  readonly name: string;
  readonly state: 'pinned' | 'quarantined';
  readonly category: Category;
  readonly risk: Risk;
  /** The pinned `inputSchema`, as parsed JSON; null when the server gave none. */
  readonly inputSchema: JsonValue;
  /** SHA-256 of the canonical whole definition, hexadecimal. */
  readonly digest: string;
}

/** Who acts. */
export interface PrincipalRef {
  readonly id: string;
  readonly kind: string;
}

/** The question that `decide` answers. Everything it may look at is here; there is nothing else. */
export interface AccessRequest {
  readonly principal: PrincipalRef;
  readonly grantLabel: string;
  readonly serverName: string;
  /** The name as the client wrote it, without an aggregate's prefix. */
  readonly toolName: string;
  /** The pinned definition, or null when the server's pinned list has no such tool. */
  readonly tool: PinnedTool | null;
  /** `params.arguments` as parsed after the strict scan; undefined when missing. Unsafe numbers are NaN. */
  readonly arguments: JsonValue | undefined;
  /** Milliseconds since the Unix epoch: for `time.hour` and `time.weekday` only. */
  readonly timeMs: number;
  /** Labels in force for the principal. */
  readonly labels: readonly string[];
}
