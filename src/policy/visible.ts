import { noArguments } from './arguments.ts';
import { ruleFor } from './compile.ts';
import type { CompiledPolicy, PolicySet } from './compile.ts';
import { checkInputSchema } from './argument-schema.ts';
import type { AccessRequest, PinnedTool } from './request.ts';
import type { CompiledRule } from './rule.ts';
import { startWork } from './work.ts';

/**
 * Whether a tool is in the list that the agent sees: it is pinned, and no document hides it.
 * `decide` refuses exactly the others as `(no policy)`, `(unpinned)` or `(hidden)`.
 */
export function isVisible(set: PolicySet, tool: PinnedTool): boolean {
  if (set.policy === null || tool.state !== 'pinned') return false;
  const request = requestAbout(tool);
  if (isHidden(set.policy, request)) return false;
  return !set.guardrails.some((guardrail) => isHidden(guardrail.policy, request));
}

/** Whether this document hides the tool of the call: `hide`, `action: "hide"`, `hide_denied`. */
export function isHidden(policy: CompiledPolicy, request: AccessRequest): boolean {
  if (policy.hidesAll || policy.hidden.has(request.toolName)) return true;
  const rule = ruleFor(policy, request);
  if (rule.action === 'hide') return true;
  return policy.hidesDenied && canNeverPermit(rule, request);
}

/**
 * Whether no arguments, time or counter could ever make the rule permit a call of this tool. Only
 * the pinned tool is looked at: an outright refusal, a limit too small for one call, a pinned
 * schema that cannot be enforced, predicates on nothing but the tool itself.
 */
export function canNeverPermit(rule: CompiledRule, request: AccessRequest): boolean {
  if (rule.refusal !== null || rule.rateLimit?.max === 0) return true;
  for (const { units, obligation } of rule.limits) {
    if (obligation.max === 0) return true;
    if (units === null && obligation.units > obligation.max) return true;
  }
  if (rule.inputSchemaRule !== null && hasBrokenSchema(request)) return true;
  for (const { toolOnly, test } of rule.require) {
    if (toolOnly && test(request, noArguments, startWork()) !== 'holds') return true;
  }
  for (const { toolOnly, test } of rule.denyIf) {
    if (toolOnly && test(request, noArguments, startWork()) !== 'does-not-hold') return true;
  }
  return false;
}

function hasBrokenSchema(request: AccessRequest): boolean {
  const schema = request.tool === null ? null : request.tool.inputSchema;
  return checkInputSchema(schema, noArguments) === 'broken';
}

/** A question about a tool itself, whoever asks: nothing that looks further is asked of it. */
export function requestAbout(tool: PinnedTool): AccessRequest {
  return {
    principal: { id: '', kind: '' },
    grantLabel: '',
    serverName: '',
    toolName: tool.name,
    tool,
    arguments: undefined,
    timeMs: 0,
    labels: [],
  };
}
