import type { LimitReached } from '../audit/record.ts';
import type { Mark, Receipt, Take, TakeResult } from '../counters/counters.ts';
import { counterKey, labelOwner } from '../counters/key.ts';
import {
  decide,
  explainDeny,
  type Allow,
  type ApprovalObligation,
  type Deny,
  type LimitObligation,
} from '../policy/index.ts';
import { assert } from '../base/assert.ts';
import type { Gateway } from './gateway.ts';
import { bindingOf } from './held-call.ts';
import { permissive } from './permissive.ts';
import { readsLabels, type ToolCall } from './question.ts';
import * as sentences from './sentences.ts';
import { stopOf, stopSentence } from './stopped.ts';

/** What was done about a decision. */
export type Enforcement = Permitted | Refused;

export interface Permitted {
  readonly effect: 'permitted';
  readonly decision: 'allow' | 'deny';
  readonly rule: string;
  /** Units that were taken, of this policy and, in `observe` mode, of the observed one. */
  readonly receipts: readonly Receipt[];
  /** In `observe` mode: the rule that would have refused. */
  readonly wouldRefuse: string | null;
}

export interface Refused {
  readonly effect: 'refused' | 'held';
  readonly code: string;
  readonly rule: string;
  /** One sentence for the agent. */
  readonly message: string;
  readonly retryAfterMs: number | null;
  /** Where it was a limit. */
  readonly limit?: LimitReached;
  /** Whom a held call must be put to. */
  readonly needs?: readonly ApprovalObligation[];
  /** The approval that a held call waits for. */
  readonly approvalId?: string;
}

/**
 * Decides and enforces: steps 5 and 6 of a call's life. What cannot be carried out is refused. A
 * promise only where a store of another process must be asked.
 */
export function enforce(gateway: Gateway, call: ToolCall): Enforcement | Promise<Enforcement> {
  const stop = stopOf(gateway, call.caller);
  if (stop !== null) return refused('stopped', '(stopped)', stopSentence(stop));
  if (call.listMissing) {
    return refused('server-unavailable', '(unknown)', sentences.listMissing);
  }
  if (call.labelsMissing) return refused('label-unavailable', '(labels)', sentences.noLabels);
  if (call.caller.grant.mode === 'observe') return observe(gateway, call);

  const decision = decide(call.policies, call.question);
  return decision.effect === 'deny' ? denied(decision) : oblige(gateway, call, decision, 'enforce');
}

/** Refusals that `observe` does not relax: they are not the policy's to give. */
const alwaysRefused: ReadonlySet<Deny['code']> = new Set([
  'no-policy',
  'unknown',
  'unpinned',
  'invalid-arguments',
]);

/** Guardrails refuse as ever; what the policy would have done goes on the record. */
async function observe(gateway: Gateway, call: ToolCall): Promise<Enforcement> {
  const { policy, guardrails } = call.policies;
  const labels = await observedLabels(gateway, call);
  if (labels === null) return refused('label-unavailable', '(labels)', sentences.noLabels);
  const observed = decide({ policy, guardrails: [] }, { ...call.question, labels });
  if (observed.effect === 'deny' && alwaysRefused.has(observed.code)) return denied(observed);

  const guarded = decide({ policy: permissive, guardrails }, call.question);
  if (guarded.effect === 'deny') return denied(guarded);
  const allowed = await oblige(gateway, call, guarded, 'enforce');
  if (allowed.effect !== 'permitted') return allowed;

  const would =
    observed.effect === 'deny'
      ? denied(observed)
      : await oblige(gateway, call, observed, 'observe');
  if (would.effect === 'permitted') {
    return { ...would, receipts: [...allowed.receipts, ...would.receipts] };
  }
  return { ...allowed, decision: 'deny', rule: would.rule, wouldRefuse: would.rule };
}

/** What would be in force if this grant were enforced: the real labels, and those it set here. */
async function observedLabels(gateway: Gateway, call: ToolCall): Promise<readonly string[] | null> {
  const { labels } = call.question;
  if (!readsLabels({ policy: call.policies.policy, guardrails: [] })) return labels;
  const own = await gateway.counters.labels(labelOwner(call.caller.grant.principal.id, true));
  return own === null ? null : [...new Set([...labels, ...own])].sort();
}

/** Limits are looked at before a person is asked, and taken last. */
function oblige(
  gateway: Gateway,
  call: ToolCall,
  decision: Allow,
  mode: 'enforce' | 'observe',
): Enforcement | Promise<Enforcement> {
  if (mode === 'enforce' && call.approved === undefined && !isPaid(call)) {
    const waitMs = loopMs(gateway, call);
    if (waitMs !== null) return { ...looping, retryAfterMs: waitMs };
  }
  const { approvals, limits: all, labels } = decision.obligations;
  const limits = isPaid(call) ? all.filter(({ windowMs }) => windowMs === null) : all;
  const takes = limits.map((limit) => takeOf(call, limit, mode));
  const approval = approvals[0];
  if (approval !== undefined && !isApproved(gateway, call, approvals)) {
    return hold(gateway, { limits, takes }, { needs: approvals, approval });
  }
  if (takes.length === 0 && labels.length === 0) return permitted(decision.rule, []);
  // INVARIANT: labels are set here, so they are on record before the server can answer.
  const marks = labels.length === 0 ? undefined : marksOf(call, labels, mode);
  const taken = gateway.counters.take(takes, marks);
  const asked = { limits, takes };
  return taken instanceof Promise
    ? taken.then((result) => afterTake(asked, decision.rule, result))
    : afterTake(asked, decision.rule, taken);
}

/** A call that waits for people takes nothing yet; one that has no room left is not shown to them. */
async function hold(
  gateway: Gateway,
  asked: Asked,
  held: { readonly needs: readonly ApprovalObligation[]; readonly approval: ApprovalObligation },
): Promise<Enforcement> {
  const look = asked.takes.length === 0 ? null : await gateway.counters.peek(asked.takes);
  if (look !== null && !look.ok) return spent(asked, look);
  const { needs, approval } = held;
  return {
    effect: 'held',
    code: 'approval',
    rule: approval.rule,
    message: approval.reason ?? sentences.held,
    retryAfterMs: null,
    needs,
  };
}

function afterTake(asked: Asked, rule: string, taken: TakeResult): Enforcement {
  if (taken.ok) return permitted(rule, [taken.receipt]);
  if (asked.limits.length > 0) return spent(asked, taken);
  return refused('label-unavailable', rule, sentences.noLabels);
}

function permitted(rule: string, receipts: readonly Receipt[]): Permitted {
  return { effect: 'permitted', decision: 'allow', rule, receipts, wouldRefuse: null };
}

/** A call of several rounds counts once; what it runs at the same time as counts in each. */
function isPaid({ round }: ToolCall): boolean {
  return round !== undefined && round.pass !== null;
}

/** People said yes to this very call, under these very questions. */
function isApproved(
  gateway: Gateway,
  call: ToolCall,
  needs: readonly ApprovalObligation[],
): boolean {
  return call.approved !== undefined && call.approved === bindingOf(gateway, call, needs);
}

const looping = refused('loop', '(loop)', sentences.loop);

/** How long this call is to be left alone because it was made too often; null for no loop. */
function loopMs(gateway: Gateway, call: ToolCall): number | null {
  const { caller, question, argumentsDigest: digest, startMs } = call;
  const same = { grantId: caller.grant.id, server: caller.server, tool: question.toolName, digest };
  return gateway.live.loops.note(same, gateway.limits, startMs);
}

function takeOf(call: ToolCall, limit: LimitObligation, mode: 'enforce' | 'observe'): Take {
  const key = counterKey({
    server: call.question.serverName,
    scope: limit.scope,
    who: whoOf(call, limit.scope),
    counter: limit.counter,
    guardrail: limit.guardrail,
    observe: mode === 'observe',
  });
  return { key, windowMs: limit.windowMs, align: limit.align, units: limit.units, max: limit.max };
}

/** How long a label stays unless the grant says otherwise, in milliseconds. */
const labelsMsDefault = 3_600_000;

/** Labels belong to the principal, whatever grant, session or server set them. */
function marksOf(
  { caller }: ToolCall,
  labels: readonly string[],
  mode: 'enforce' | 'observe',
): readonly Mark[] {
  const { principal, labelsMs } = caller.grant;
  const owner = labelOwner(principal.id, mode === 'observe');
  return labels.map((label) => ({ owner, label, forMs: labelsMs ?? labelsMsDefault }));
}

/** Whose units a scope counts: always of the authenticated grant, never what a client names. */
function whoOf(call: ToolCall, scope: LimitObligation['scope']): string {
  const { grant } = call.caller;
  // The modern era has no sessions: a client of it that names one does not open another count.
  const session = call.message.era === 'modern' ? null : call.caller.session;
  switch (scope) {
    case 'grant':
      return grant.id;
    case 'session':
      return session === null ? grant.id : `${grant.id} ${session.seal}`;
    case 'principal':
      return grant.principal.id;
    case 'server':
      return call.question.serverName;
    case 'everyone':
      return '';
  }
}

type NotTaken = Extract<TakeResult, { ok: false }>;

/** `takes` are those of the limits, in their order. */
interface Asked {
  readonly limits: readonly LimitObligation[];
  readonly takes: readonly Take[];
}

function spent({ limits, takes }: Asked, result: NotTaken): Refused {
  const index = result.reason === 'exhausted' ? result.index : 0;
  const limit = limits[index];
  const take = takes[index];
  assert(limit !== undefined && take !== undefined, 'a refused take belongs to a limit');
  if (result.reason === 'unreachable') {
    return refused('limit-unreachable', limit.rule, sentences.noCounters);
  }
  const message = limit.onDeny ?? sentences.limit(limit, result.retryAfterMs);
  const { key, units: asked, windowMs, max } = take;
  const reached = { key, asked, windowMs, before: result.before, max };
  const { retryAfterMs } = result;
  return { ...refused('limit', limit.rule, message), retryAfterMs, limit: reached };
}

function denied(decision: Deny): Refused {
  return refused(decision.code, decision.rule, decision.message ?? explainDeny(decision));
}

/** A refusal that time alone does not lift. */
export function refused(code: string, rule: string, message: string): Refused {
  return { effect: 'refused', code, rule, message, retryAfterMs: null };
}
