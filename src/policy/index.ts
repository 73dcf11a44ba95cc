import type { Result } from '../base/result.ts';
import type { Decision, Deny } from './decision.ts';
import type { PolicyDocument } from './document.ts';
import type { PolicyProblem, PolicyWarning } from './problem.ts';
import type { AccessRequest, PinnedTool, Risk } from './request.ts';

export type * from './decision.ts';
export type * from './document.ts';
export type * from './problem.ts';
export type * from './request.ts';
export { categories } from './document.ts';

export const risks: readonly Risk[] = ['Low', 'Medium', 'High', 'Critical'];

/** The compiled form of one document: opaque to callers. */
export interface CompiledPolicy {
  readonly document: PolicyDocument;
}

export interface NamedPolicy {
  readonly name: string;
  readonly policy: CompiledPolicy;
}

export interface PolicySet {
  readonly policy: CompiledPolicy | null;
  readonly guardrails: readonly NamedPolicy[];
}

export declare function parsePolicy(text: string): Result<PolicyDocument, readonly PolicyProblem[]>;
export declare function printPolicy(document: PolicyDocument): string;
export declare function compilePolicy(
  document: PolicyDocument,
): Result<CompiledPolicy, readonly PolicyProblem[]>;
export declare function decide(set: PolicySet, request: AccessRequest): Decision;
export declare function isVisible(set: PolicySet, tool: PinnedTool): boolean;
export declare function explainDeny(deny: Deny): string;
export declare function lintPolicy(
  document: PolicyDocument,
  tools: readonly PinnedTool[],
): readonly PolicyWarning[];
