import type { JsonObject } from '../base/strict-json.ts';
import { hasAmbiguousKey } from './ambiguous-key.ts';
import { argumentsOf } from './arguments.ts';
import { ruleFor } from './compile.ts';
import type { CompiledPolicy, NamedPolicy, PolicySet } from './compile.ts';
import type {
  Allow,
  ApprovalObligation,
  Decision,
  Deny,
  DenyCode,
  LimitObligation,
} from './decision.ts';
import { checkInputSchema } from './argument-schema.ts';
import { compileRateLimit } from './limit.ts';
import type { CompiledPredicate } from './predicate.ts';
import type { AccessRequest } from './request.ts';
import type { CompiledRule, LabelRule } from './rule.ts';
import { isHidden } from './visible.ts';
import { startWork } from './work.ts';
import type { Work } from './work.ts';

/**
 * Answers whether a call may go out, in the order of the language's §4: the first refusal is the
 * answer. The same documents and the same request give the same decision, for ever.
 */
export function decide(set: PolicySet, request: AccessRequest): Decision {
  // 1. There is a policy, and the tool is pinned.
  const { tool } = request;
  if (set.policy === null) return noPolicy;
  if (tool === null || tool.name !== request.toolName) return unknownTool;
  if (tool.state !== 'pinned') return unpinnedTool;

  // 2. Visibility, across all documents.
  const guardrails = inNameOrder(set.guardrails);
  for (const guardrail of guardrails) {
    if (isHidden(guardrail.policy, request)) return under(guardrail.name, hiddenTool);
  }
  if (isHidden(set.policy, request)) return hiddenTool;

  // 3. The guardrails, then the policy: all must permit, and obligations add up.
  const work = startWork();
  if (guardrails.length === 0) return judge(set.policy, request, work);
  const permits: Allow[] = [];
  for (const guardrail of guardrails) {
    const decision = judge(guardrail.policy, request, work);
    if (decision.effect === 'deny') return under(guardrail.name, decision);
    permits.push(underGuardrail(guardrail.name, decision));
  }
  const decision = judge(set.policy, request, work);
  return decision.effect === 'deny' ? decision : together(permits, decision);
}

/** Steps 4 to 10, for one document. */
function judge(policy: CompiledPolicy, request: AccessRequest, work: Work): Decision {
  // 4 and 5. The rule, and whether it refuses outright.
  const rule = ruleFor(policy, request);
  if (rule.refusal !== null) return rule.refusal;

  // 6. The arguments as a whole.
  const args = argumentsOf(request.arguments);
  if (args === null) return invalidArguments;
  if (rule.names !== null && hasAmbiguousKey(rule.names, args, work)) return ambiguousKey;
  const misfit = checkSchemas(rule, { request, args, work });
  if (misfit !== null) return misfit;

  // 7 and 8. What must hold, and what must not.
  for (const predicate of rule.require) {
    if (predicate.test(request, args, work) !== 'holds') return refuse('require', predicate);
  }
  for (const predicate of rule.denyIf) {
    if (predicate.test(request, args, work) !== 'does-not-hold')
      return refuse('deny-if', predicate);
  }

  // 9. Where the data comes from.
  const blocked = labelInForce(rule.blockedBy, request);
  if (blocked !== null) return refuse('label', { rule: blocked.rule, message: null });

  // 10. What must still be done.
  return rule.allow ?? allowWith(rule, { request, args, work });
}

function checkSchemas(rule: CompiledRule, { request, args, work }: Question): Deny | null {
  if (rule.inputSchemaRule !== null) {
    const schema = request.tool === null ? null : request.tool.inputSchema;
    const outcome = checkInputSchema(schema, args, work);
    if (outcome === 'broken') return brokenSchema;
    if (outcome !== 'holds') return refuse('schema', { rule: rule.inputSchemaRule, message: null });
  }
  if (rule.argumentSchema === null || rule.argumentSchema(args, work) === 'holds') return null;
  return refuse('arguments', { rule: `${rule.id}/arguments`, message: null });
}

interface Question {
  readonly request: AccessRequest;
  readonly args: JsonObject;
  readonly work: Work;
}

function allowWith(rule: CompiledRule, question: Question): Decision {
  const { request, args } = question;
  const approval = approvalFor(rule, question);
  const limits: LimitObligation[] = [];
  for (const { obligation, units } of rule.limits) {
    if (units === null) {
      limits.push(obligation);
      continue;
    }
    const taken = units(request, args);
    if (taken === null) return refuse('limit-cost', { rule: obligation.rule, message: null });
    limits.push({ ...obligation, units: taken });
  }
  if (rule.rateLimit !== null) {
    const list = `${rule.id}/limits`;
    limits.push(compileRateLimit(rule.rateLimit, list, request.toolName).obligation);
  }
  const approvals = approval === null ? [] : [approval];
  return {
    effect: 'allow',
    rule: rule.id,
    obligations: { approvals, limits, labels: rule.labels },
  };
}

/** One question for each document: the first reason to ask is the one that people read. */
function approvalFor(
  rule: CompiledRule,
  { request, args, work }: Question,
): ApprovalObligation | null {
  const { byAction, byPredicate, byLabel, approval } = rule.holds;
  if (byAction !== null) return byAction;
  for (const predicate of byPredicate) {
    if (predicate.test(request, args, work) === 'does-not-hold') continue;
    return { rule: predicate.rule, reason: predicate.message, ...approval };
  }
  const label = labelInForce(byLabel, request);
  return label === null ? null : { rule: label.rule, reason: null, ...approval };
}

function labelInForce(rules: readonly LabelRule[], request: AccessRequest): LabelRule | null {
  for (const rule of rules) if (request.labels.includes(rule.label)) return rule;
  return null;
}

function refuse(code: DenyCode, by: Pick<CompiledPredicate, 'rule' | 'message'>): Deny {
  return { effect: 'deny', code, rule: by.rule, message: by.message };
}

const noPolicy: Deny = refuse('no-policy', { rule: '(no policy)', message: null });
const unknownTool: Deny = refuse('unknown', { rule: '(unknown)', message: null });
const unpinnedTool: Deny = refuse('unpinned', { rule: '(unpinned)', message: null });
const hiddenTool: Deny = refuse('hidden', { rule: '(hidden)', message: null });
const brokenSchema: Deny = refuse('schema', { rule: '(schema)', message: null });
const ambiguousKey: Deny = refuse('ambiguous-key', { rule: '(ambiguous key)', message: null });
const invalidArguments: Deny = refuse('invalid-arguments', {
  rule: '(invalid arguments)',
  message: null,
});

/** Callers keep guardrails sorted; when they do not, the order of the language still holds. */
export function inNameOrder(guardrails: readonly NamedPolicy[]): readonly NamedPolicy[] {
  for (let index = 1; index < guardrails.length; index += 1) {
    const [before, after] = [guardrails[index - 1], guardrails[index]];
    if (before === undefined || after === undefined || before.name <= after.name) continue;
    return guardrails.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }
  return guardrails;
}

function under(guardrail: string, deny: Deny): Deny {
  return { ...deny, rule: `guardrail:${guardrail}#${deny.rule}` };
}

function underGuardrail(guardrail: string, allow: Allow): Allow {
  const prefix = `guardrail:${guardrail}#`;
  const { approvals, limits, labels } = allow.obligations;
  const obligations = {
    approvals: approvals.map((each) => ({ ...each, rule: prefix + each.rule })),
    limits: limits.map((each) => ({ ...each, rule: prefix + each.rule, guardrail })),
    labels,
  };
  return { effect: 'allow', rule: prefix + allow.rule, obligations };
}

/** The policy's answer with the obligations of all: guardrails' first. */
function together(permits: readonly Allow[], policy: Allow): Allow {
  const all = [...permits, policy].map((allow) => allow.obligations);
  const obligations = {
    approvals: all.flatMap((each) => each.approvals),
    limits: all.flatMap((each) => each.limits),
    labels: [...new Set(all.flatMap((each) => each.labels))],
  };
  return { ...policy, obligations };
}
