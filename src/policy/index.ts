import type { Risk } from './request.ts';

export type * from './decision.ts';
export type * from './document.ts';
export type * from './problem.ts';
export type * from './request.ts';
export type { CompiledPolicy, NamedPolicy, PolicySet } from './compile.ts';
export { categories, operatorNames, scopes } from './document.ts';
export { parsePolicy, printPolicy } from './parse.ts';
export { compilePolicy } from './compile.ts';
export { decide } from './decide.ts';
export { hasTwinOf } from './ambiguous-key.ts';
export { isVisible } from './visible.ts';
export { explainDeny } from './explain-deny.ts';
export { diffPolicies } from './diff.ts';
export type { ChangeKind, PolicyChange } from './diff.ts';
export { explain } from './explain.ts';
export type { ExplainedStep, Explanation, LookAtCounter } from './explain.ts';
export { limitsOf } from './limits-of.ts';
export type { PolicyLimit } from './limits-of.ts';
export { lintPolicy } from './lint.ts';

/** How bad a misuse of a tool can be, from the least to the worst. */
export const risks: readonly Risk[] = ['Low', 'Medium', 'High', 'Critical'];
