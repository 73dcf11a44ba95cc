import type { JsonValue } from '../base/strict-json.ts';
import type { Limit, PolicyDocument, Rule } from './document.ts';
import { effectiveRule, placedLimits, placedPredicates } from './effective.ts';
import type { PlacedPredicate } from './effective.ts';
import { impliesPredicate, isTighterLimit, sameJson } from './implication.ts';
import { conditionsOf } from './predicate.ts';
import { pointerToken } from './problem.ts';
import type { PinnedTool } from './request.ts';

/** One thing that stops some calls of a tool: comparable with what another document stops. */
export interface Barrier {
  readonly rule: string;
  readonly effect: 'refuses' | 'holds' | 'labels';
  /** What it does, to be read after "now" or "no longer". */
  readonly text: string;
  /** Whether every call that this one stops is stopped by the other one too. */
  readonly isCoveredBy: (other: Barrier) => boolean;
  readonly what: What;
}

type What =
  | { readonly kind: 'predicate'; readonly placed: PlacedPredicate; readonly approval: JsonValue }
  | { readonly kind: 'limit'; readonly limit: Limit }
  /** Compared as a whole: equal, or not known. */
  | { readonly kind: 'fact'; readonly name: string; readonly value: JsonValue };

/** Everything that stands between a call of this tool and its server, `all_tools` included. */
export function barriersOf(document: PolicyDocument, tool: PinnedTool): readonly Barrier[] {
  const effective = effectiveRule(document, tool) ?? { rule: {}, base: '/default' };
  const holders = [
    { rule: document.all_tools ?? {}, base: '/all_tools' },
    { rule: effective.rule, base: effective.base },
  ];
  return [
    ...holders.flatMap(({ rule, base }) =>
      placedPredicates(rule, base).map((placed) =>
        predicateBarrier(placed, approvalValue(effective.rule)),
      ),
    ),
    ...holders.flatMap(({ rule, base }) =>
      placedLimits(rule, base, tool.name).map(({ limit, rule: id }) => limitBarrier(limit, id)),
    ),
    ...ruleFacts(document, effective.rule, effective.base),
  ];
}

function predicateBarrier(placed: PlacedPredicate, approval: JsonValue): Barrier {
  const { field, rule, predicate } = placed;
  const parts = conditionsOf(predicate).map(({ path, op, value }) => {
    return `${path} ${op} ${JSON.stringify(value)}`;
  });
  const text = parts.length === 0 ? 'always' : parts.join(' and ');
  const verbs = { require: 'refused unless', deny_if: 'refused if', approve_if: 'asked if' };
  return {
    rule,
    effect: field === 'approve_if' ? 'holds' : 'refuses',
    text: `${verbs[field]} ${text}`,
    what: { kind: 'predicate', placed, approval },
    isCoveredBy: ({ what }) => {
      if (placed.field !== 'approve_if') {
        return what.kind === 'predicate' && coversPredicate(what.placed, placed);
      }
      // Who is asked matters as much as when.
      if (what.kind === 'fact') return what.name === 'action' && sameJson(what.value, approval);
      const alike = what.kind === 'predicate' && sameJson(what.approval, approval);
      return alike && coversPredicate(what.placed, placed);
    },
  };
}

/** What fails a weaker `require` fails a stronger one; what fires a stronger `deny_if` fires a weaker. */
function coversPredicate(other: PlacedPredicate, placed: PlacedPredicate): boolean {
  if (other.field !== placed.field) return false;
  return placed.field === 'require'
    ? impliesPredicate(other.predicate, placed.predicate)
    : impliesPredicate(placed.predicate, other.predicate);
}

function limitBarrier(limit: Limit, rule: string): Barrier {
  const size = limit.concurrent === undefined ? `${limit.max} per ${limit.window}` : 'in flight';
  return {
    rule,
    effect: 'refuses',
    text: `limited by \`${limit.counter}\` to ${size}, scope ${limit.scope}`,
    what: { kind: 'limit', limit },
    isCoveredBy: ({ what }) => what.kind === 'limit' && isTighterLimit(what.limit, limit),
  };
}

function ruleFacts(document: PolicyDocument, rule: Rule, base: string): readonly Barrier[] {
  const facts: Barrier[] = [];
  const add = (effect: Barrier['effect'], name: string, fact: Omit<Fact, 'name'>): void => {
    facts.push(factBarrier(effect, { name, ...fact }));
  };
  if ((rule.input_schema ?? document.input_schema) === 'enforce') {
    const at = rule.input_schema === undefined ? '/input_schema' : `${base}/input_schema`;
    add('refuses', 'schema', { rule: at, value: true, text: 'held to the pinned schema' });
  }
  if (rule.arguments !== undefined) {
    const text = 'held to the schema in `arguments`';
    add('refuses', 'arguments', { rule: `${base}/arguments`, value: rule.arguments, text });
  }
  for (const label of rule.labels?.blocked_by ?? []) {
    const at = `${base}/labels/blocked_by/${pointerToken(label)}`;
    add('refuses', 'blocked_by', {
      rule: at,
      value: label,
      text: `refused under label \`${label}\``,
    });
  }
  for (const label of rule.labels?.adds ?? []) {
    const at = `${base}/labels/adds`;
    add('labels', 'adds', {
      rule: at,
      value: label,
      text: `puts label \`${label}\` on its principal`,
    });
  }
  for (const label of rule.labels?.approved_by ?? []) {
    const at = `${base}/labels/approved_by/${pointerToken(label)}`;
    const value = [label, approvalValue(rule)];
    add('holds', 'approved_by', { rule: at, value, text: `asked under label \`${label}\`` });
  }
  if (rule.action === 'require_approval') {
    const text = 'asked, whatever the arguments';
    add('holds', 'action', { rule: `${base}/action`, value: approvalValue(rule), text });
  }
  return facts;
}

interface Fact {
  readonly name: string;
  readonly rule: string;
  readonly value: JsonValue;
  readonly text: string;
}

function factBarrier(effect: Barrier['effect'], { name, rule, value, text }: Fact): Barrier {
  return {
    rule,
    effect,
    text,
    what: { kind: 'fact', name, value },
    isCoveredBy: ({ what }) =>
      what.kind === 'fact' && what.name === name && sameJson(what.value, value),
  };
}

/** Who is asked, and how: a change of it is a change of what holds the call. */
function approvalValue({ approval }: Rule): JsonValue {
  const approvers = approval?.approvers ?? [];
  return {
    timeout: approval?.timeout ?? '10m',
    approvers: typeof approvers === 'string' ? [approvers] : approvers,
    quorum: approval?.quorum ?? 1,
  };
}
