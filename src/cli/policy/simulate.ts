import { counterKey } from '../../counters/key.ts';
import {
  categories,
  risks,
  type AccessRequest,
  type CompiledPolicy,
  type LimitObligation,
  type PinnedTool,
} from '../../policy/index.ts';
import { BoundedCounters, type Bounds } from './bounded-counters.ts';
import {
  possibleAnswers,
  type PossibleAnswer,
  type PossibleAnswers,
  type PossibleTake,
} from './possible-answers.ts';
import type { Assumption } from './possible.ts';
import { knownArguments, type RecordedCall } from './traffic.ts';

/** What a replay is made with, beside the calls. */
export interface Replay {
  readonly policy: CompiledPolicy;
  /** The reviewed tools of the server; null when they are not known. */
  readonly tools: readonly PinnedTool[] | null;
  /** Grant id -> label; null when they are not known. */
  readonly labels: ReadonlyMap<string, string> | null;
}

/** What was done with a call then. `stopped`: refused or held, the record does not say which. */
export type Before = 'allow' | 'deny' | 'hold' | 'stopped';

/** One call under the draft. */
export interface ReplayedCall {
  readonly call: RecordedCall;
  readonly was: Before;
  readonly wasRule: string;
  /** Null when the record does not tell. */
  readonly becomes: 'allow' | 'deny' | 'hold' | null;
  /** Every rule that could answer; one, when the answer is told exactly. */
  readonly rules: readonly string[];
  /** Told only where no value was null, unsafe or too large to validate. */
  readonly plainOnly: boolean;
}

/** Whether the draft answers otherwise; null when it cannot be told. */
export function changes({ was, becomes }: ReplayedCall): boolean | null {
  if (becomes === null) return null;
  return was === 'stopped' ? becomes === 'allow' : was !== becomes;
}

/**
 * Puts recorded calls to a draft, in their order, with counters that start empty at the first one.
 * Twice: taking nothing for granted of the values that were not kept, and taking them for plain.
 */
export function replay(calls: readonly RecordedCall[], parts: Replay): readonly ReplayedCall[] {
  const strict = replayUnder(calls, parts, 'any');
  const plain = replayUnder(calls, parts, 'plain');
  return calls.map((call, index) => {
    const sure = told(strict[index] ?? []);
    const likely = told(plain[index] ?? []);
    const answers = sure === null ? plain[index] : strict[index];
    return {
      call,
      ...before(call),
      becomes: sure ?? likely,
      rules: [...new Set((answers ?? []).map(({ rule }) => rule))],
      plainOnly: sure === null && likely !== null,
    };
  });
}

/** The one effect of all possible answers, or null. */
function told(answers: readonly PossibleAnswer[]): PossibleAnswer['effect'] | null {
  const [first, ...others] = answers;
  if (first === undefined) return null;
  return others.every(({ effect }) => effect === first.effect) ? first.effect : null;
}

function before({ record }: RecordedCall): { readonly was: Before; readonly wasRule: string } {
  const wasRule = record.rule;
  if (record.kind === 'refusal') {
    return { was: record.enforcement === 'held' ? 'hold' : 'deny', wasRule };
  }
  return { was: record.decision === 'allow' ? 'allow' : 'stopped', wasRule };
}

function replayUnder(
  calls: readonly RecordedCall[],
  parts: Replay,
  assume: Assumption,
): readonly (readonly PossibleAnswer[])[] {
  const counters = new BoundedCounters();
  const looksAtTools = dependsOnTools(parts.policy);
  let nowMs = 0;
  return calls.map((call) => {
    nowMs = Math.max(nowMs, call.record.time);
    if (isBeyondPolicy(call)) return [{ effect: 'deny', rule: call.record.rule }];
    const candidates = toolsOf(call, parts.tools, looksAtTools).map((tool) =>
      possibleAnswers(parts.policy, {
        request: requestOf(call, parts, tool.tool),
        known: knownArguments(call.record),
        labelKnown: parts.labels?.has(call.record.grant) === true,
        schemaKnown: tool.schemaKnown,
        assume,
      }),
    );
    return withLimits(call, candidates, { counters, nowMs });
  });
}

/** Refusals that are the policy's to give; every other one stands, whatever the policy says. */
const policyCodes = new Set([
  'no-policy',
  'hidden',
  'default-deny',
  'action-deny',
  'ambiguous-key',
  'schema',
  'arguments',
  'require',
  'deny-if',
  'label',
  'label-unavailable',
  'limit-cost',
  'limit',
  'approval',
]);

function isBeyondPolicy({ record }: RecordedCall): boolean {
  if (record.kind === 'intent') return false;
  return record.rule.startsWith('guardrail:') || !policyCodes.has(record.code);
}

interface Candidate {
  readonly tool: PinnedTool;
  readonly schemaKnown: boolean;
}

/** The tool as it was then, or every tool that it could have been. */
function toolsOf(
  { record }: RecordedCall,
  tools: readonly PinnedTool[] | null,
  looksAtTools: boolean,
): readonly Candidate[] {
  const known = tools?.find((tool) => tool.name === record.tool);
  if (known !== undefined && known.digest === record.pin) {
    return [{ tool: { ...known, state: 'pinned' }, schemaKnown: true }];
  }
  const digest = record.pin ?? '';
  const any = { name: record.tool, state: 'pinned', inputSchema: {}, digest } as const;
  if (!looksAtTools) {
    return [{ tool: { ...any, category: 'Unclassified', risk: 'High' }, schemaKnown: true }];
  }
  return categories.flatMap((category) =>
    risks.map((risk) => ({ tool: { ...any, category, risk }, schemaKnown: false })),
  );
}

/** Whether a document says anything about categories, risks or pinned schemas. */
function dependsOnTools({ document }: CompiledPolicy): boolean {
  const text = JSON.stringify(document);
  return (
    document.categories !== undefined || text.includes('"tool.') || text.includes('"input_schema"')
  );
}

function requestOf({ record }: RecordedCall, parts: Replay, tool: PinnedTool): AccessRequest {
  const { principal, grant, server } = record;
  return {
    principal: { id: principal, kind: principal.split(':', 1)[0] ?? '' },
    grantLabel: parts.labels?.get(grant) ?? '',
    serverName: server,
    toolName: record.tool,
    tool,
    arguments: undefined,
    timeMs: record.time,
    labels: [],
  };
}

interface Clock {
  readonly counters: BoundedCounters;
  readonly nowMs: number;
}

/** Adds what limits may refuse, and counts the units of what may be admitted. */
function withLimits(
  call: RecordedCall,
  candidates: readonly PossibleAnswers[],
  clock: Clock,
): readonly PossibleAnswer[] {
  const found = new Map<string, PossibleAnswer>();
  const certain = candidates.length === 1 || candidates.every((each) => each.takes.length === 0);
  const admitted = new Map<string, Wanted>();
  for (const { answers, takes } of candidates) {
    const wanted = wantedOf(call, takes);
    const fit = fits(wanted, clock);
    for (const answer of answers) {
      if (answer.effect === 'deny' || fit.maybe) found.set(JSON.stringify(answer), answer);
      if (answer.effect === 'deny' || fit.refusedBy === null) continue;
      const refusal: PossibleAnswer = { effect: 'deny', rule: fit.refusedBy };
      found.set(JSON.stringify(refusal), refusal);
    }
    if (!fit.maybe || !answers.some(({ effect }) => effect === 'allow')) continue;
    for (const want of wanted) {
      const most = Math.max(want.units.most, admitted.get(want.key)?.units.most ?? 0);
      admitted.set(want.key, { ...want, units: { least: want.units.least, most } });
    }
  }
  const answers = [...found.values()];
  const sure = certain && told(answers) === 'allow';
  for (const { key, units, limit } of admitted.values()) {
    const counted = { least: sure ? units.least : 0, most: units.most };
    clock.counters.admit(key, counted, { nowMs: clock.nowMs, limit, end: call.end });
  }
  return answers;
}

/** Units wanted of one counter, for every limit that shares it. */
interface Wanted {
  readonly key: string;
  readonly limit: LimitObligation;
  /** Rule and maximum of each limit. */
  readonly limits: readonly LimitObligation[];
  readonly units: Bounds;
}

function wantedOf(call: RecordedCall, takes: readonly PossibleTake[]): readonly Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const { limit, units } of takes) {
    const key = keyOf(call, limit);
    const known = wanted.get(key);
    const least = Math.max(units ?? 0, known?.units.least ?? 0);
    const most = Math.max(units ?? Number.POSITIVE_INFINITY, known?.units.most ?? 0);
    const limits = [...(known?.limits ?? []), limit];
    wanted.set(key, { key, limit, limits, units: { least, most } });
  }
  return [...wanted.values()];
}

function fits(
  wanted: readonly Wanted[],
  { counters, nowMs }: Clock,
): { readonly maybe: boolean; readonly refusedBy: string | null } {
  let maybe = true;
  let refusedBy: string | null = null;
  for (const { key, limits, units } of wanted) {
    const held = counters.held(key, nowMs);
    for (const limit of limits) {
      const never = limit.max === 0;
      if (never || held.least + units.least > limit.max) maybe = false;
      if (never || held.most + units.most > limit.max) refusedBy ??= limit.rule;
    }
  }
  return { maybe, refusedBy };
}

function keyOf({ record }: RecordedCall, limit: LimitObligation): string {
  const key = counterKey({
    server: record.server,
    scope: limit.scope,
    who: whoOf(record, limit.scope),
    counter: limit.counter,
    guardrail: null,
    observe: false,
  });
  return limit.windowMs === null ? `${key} in flight` : key;
}

function whoOf(record: RecordedCall['record'], scope: LimitObligation['scope']): string {
  const { grant, principal, server } = record;
  const session = record.era === 'modern' ? null : record.session;
  switch (scope) {
    case 'grant':
      return grant;
    case 'session':
      return session === null ? grant : `${grant} ${session}`;
    case 'principal':
      return principal;
    case 'server':
      return server;
    case 'everyone':
      return '';
  }
}
