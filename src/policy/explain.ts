import { argumentsOf } from './arguments.ts';
import type { PolicySet } from './compile.ts';
import { decide, inNameOrder } from './decide.ts';
import type { Allow, Decision, LimitObligation } from './decision.ts';
import { documentChecks } from './explain-document.ts';
import type { Check } from './explain-document.ts';
import type { AccessRequest } from './request.ts';
import { isHidden } from './visible.ts';
import { startWork } from './work.ts';

/** Why a call gets its answer: the decision, and every step up to it. */
export interface Explanation {
  readonly decision: Decision;
  readonly steps: readonly ExplainedStep[];
}

/** One step of the language's §4 for one document. */
export interface ExplainedStep {
  /** `policy`, `guardrail:<name>`, or `registry` for what comes before any document. */
  readonly document: string;
  /** The number of the step in the order of evaluation. */
  readonly step: number;
  /** The rule id of what was looked at. */
  readonly rule: string;
  readonly outcome: 'passed' | 'refused' | 'asks' | 'takes' | 'labels';
  /** In words, for people: never the value of an argument. */
  readonly text: string;
}

/** What a counter says of a limit now: units taken in its window; null when it is not known. */
export type LookAtCounter = (limit: LimitObligation) => number | null;

/**
 * Retraces a decision step by step, up to the first refusal. It is slower than deciding and for
 * people: the decision in it is the one that `decide` gives.
 */
export function explain(
  set: PolicySet,
  request: AccessRequest,
  lookAt: LookAtCounter = () => null,
): Explanation {
  const decision = decide(set, request);
  const steps: ExplainedStep[] = [];
  for (const { document, prefix, check } of checksOf(set, request)) {
    const { step, rule, text, passed } = check;
    const outcome = passed ? 'passed' : 'refused';
    steps.push({ document, step, rule: prefix + rule, outcome, text });
    if (!passed) return { decision, steps };
  }
  if (decision.effect === 'allow') steps.push(...obligationSteps(decision, lookAt));
  return { decision, steps };
}

interface PlacedCheck {
  readonly document: string;
  /** What the rule ids of the document start with. */
  readonly prefix: string;
  readonly check: Check;
}

/** Every check, in the order of evaluation; the next one is only made when it is asked for. */
function* checksOf(set: PolicySet, request: AccessRequest): Generator<PlacedCheck> {
  for (const check of registryChecks(set, request)) {
    yield { document: 'registry', prefix: '', check };
  }
  if (set.policy === null) return;
  const documents = [
    ...inNameOrder(set.guardrails).map(({ name, policy }) => ({
      document: `guardrail:${name}`,
      prefix: `guardrail:${name}#`,
      policy,
    })),
    { document: 'policy', prefix: '', policy: set.policy },
  ];
  for (const { document, prefix, policy } of documents) {
    const passed = !isHidden(policy, request);
    const text = passed ? 'nothing here hides the tool' : 'this document hides the tool';
    yield { document, prefix, check: { step: 2, rule: '(hidden)', passed, text } };
  }
  const work = startWork();
  for (const { document, prefix, policy } of documents) {
    for (const check of documentChecks(policy, request, argumentsOf(request.arguments), work)) {
      yield { document, prefix, check };
    }
  }
}

function* registryChecks(set: PolicySet, request: AccessRequest): Generator<Check> {
  const { tool } = request;
  const step = 1;
  const governed = set.policy !== null;
  const policyText = `the grant has ${governed ? 'a' : 'no'} policy for this server`;
  yield { step, rule: '(no policy)', passed: governed, text: policyText };
  const known = tool !== null && tool.name === request.toolName;
  const knownText = `the tool is ${known ? '' : 'not '}in the pinned list of the server`;
  yield { step, rule: '(unknown)', passed: known, text: knownText };
  const pinned = tool?.state === 'pinned';
  const pinnedText = pinned
    ? 'its definition is the reviewed one'
    : 'its definition changed and waits for review';
  yield { step, rule: '(unpinned)', passed: pinned, text: pinnedText };
}

function obligationSteps(decision: Allow, lookAt: LookAtCounter): readonly ExplainedStep[] {
  const { approvals, limits, labels } = decision.obligations;
  const documentOf = (rule: string): string => /^guardrail:[^#]*/.exec(rule)?.[0] ?? 'policy';
  const asked = approvals.map(({ rule, quorum, approvers, timeoutMs }) => ({
    document: documentOf(rule),
    step: 10,
    rule,
    outcome: 'asks' as const,
    text:
      `waits up to ${timeoutMs / 1000} seconds for ${quorum} approval(s)` +
      (approvers.length > 0 ? ` of ${approvers.join(', ')}` : ''),
  }));
  const taken = limits.map((limit) => ({
    document: documentOf(limit.rule),
    step: 10,
    rule: limit.rule,
    outcome: 'takes' as const,
    text: limitText(limit, lookAt(limit)),
  }));
  if (labels.length === 0) return [...asked, ...taken];
  const text = `puts ${labels.map((label) => `\`${label}\``).join(', ')} on the principal`;
  const labelled = { document: 'policy', step: 10, rule: decision.rule, text };
  return [...asked, ...taken, { ...labelled, outcome: 'labels' }];
}

function limitText(limit: LimitObligation, used: number | null): string {
  const { units, max, windowMs, align, scope } = limit;
  const per = windowMs === null ? 'in flight' : `per ${windowMs / 1000} seconds (${align})`;
  const text = `takes ${units} of ${max} ${per}, scope \`${scope}\``;
  if (used === null) return text;
  const fits = max > 0 && used + units <= max ? 'it fits' : 'it does not fit now';
  return `${text}: ${used} taken, ${fits}`;
}
