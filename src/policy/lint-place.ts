import type { Rule } from './document.ts';
import type { WarningCode } from './problem.ts';
import type { PinnedTool } from './request.ts';

/** One piece of advice, before its line and column are known. */
export interface Advice {
  readonly code: WarningCode;
  readonly pointer: string;
  readonly message: string;
  readonly hint: string | null;
}

/** One holder of predicates and limits, and the live tools that it speaks of. */
export interface Place {
  /** JSON Pointer: `/all_tools`, `/tools/<name>`, `/categories/<name>`. */
  readonly base: string;
  readonly rule: Rule;
  /** Empty when none is known. */
  readonly tools: readonly PinnedTool[];
  /** Whether the pinned schemas are enforced here. */
  readonly enforced: boolean;
}

/** Whether nothing inside a rule is ever looked at, because its action refuses every call. */
export function refusesAlways(rule: Rule): boolean {
  return rule.action === 'deny' || rule.action === 'hide';
}
