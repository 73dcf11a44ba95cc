import { assert } from '../base/assert.ts';
import type { JsonValue } from '../base/strict-json.ts';
import { addPath, emptyKeyNames, namesNothing } from './ambiguous-key.ts';
import type { KeyNames } from './ambiguous-key.ts';
import type { Allow, ApprovalObligation, Deny, Obligations } from './decision.ts';
import type { Action, Approval, PolicyDocument, Predicate, RateLimit, Rule } from './document.ts';
import { compileLimit, compileRateLimit } from './limit.ts';
import type { CompiledLimit } from './limit.ts';
import { compileSchema } from './argument-schema.ts';
import type { SchemaTest } from './operators/schema.ts';
import { parsePath } from './path.ts';
import { compilePredicate, conditionsOf } from './predicate.ts';
import type { CompiledPredicate, Quantifier } from './predicate.ts';
import { pointerToken } from './problem.ts';
import { addSchemaNames } from './schema-names.ts';

/** What one document asks of the calls of one tool, one category, or the rest; `all_tools` included. */
export interface CompiledRule {
  /** What an allowed call names. */
  readonly id: string;
  readonly action: Action;
  /** The refusal of `action: "deny"` and of `default: "deny"`; null when calls are looked at. */
  readonly refusal: Deny | null;
  /** The keys that predicates, costs and the schema name; null when they name none. */
  readonly names: KeyNames | null;
  /** The rule id to report when the pinned schema is not satisfied; null: it need not be. */
  readonly inputSchemaRule: string | null;
  readonly argumentSchema: SchemaTest | null;
  readonly require: readonly CompiledPredicate[];
  readonly denyIf: readonly CompiledPredicate[];
  readonly blockedBy: readonly LabelRule[];
  readonly holds: Holds;
  readonly limits: readonly CompiledLimit[];
  /** A category's short form: its counter carries the name of the tool that is called. */
  readonly rateLimit: RateLimit | null;
  readonly labels: readonly string[];
  /** The whole answer, when nothing in it depends on the call. */
  readonly allow: Allow | null;
}

export interface LabelRule {
  readonly label: string;
  readonly rule: string;
}

/** What makes a call wait for a person, in the order in which it is looked at. */
export interface Holds {
  readonly byAction: ApprovalObligation | null;
  readonly byPredicate: readonly CompiledPredicate[];
  readonly byLabel: readonly LabelRule[];
  readonly approval: Pick<ApprovalObligation, 'timeoutMs' | 'approvers' | 'quorum'>;
}

/** One empty list for all: a decision among thousands of rules then touches less memory. */
const none: readonly never[] = [];

/** No obligation at all: most calls of most policies. */
export const noObligations: Obligations = { approvals: [], limits: [], labels: [] };

interface Source {
  readonly document: PolicyDocument;
  readonly rule: Rule;
  /** The rule id: a JSON Pointer. */
  readonly id: string;
  /** Null where one rule serves many tools. */
  readonly toolName: string | null;
  /** Names that other rules of the document share: the same few keys come back in most rules. */
  readonly shared: Map<string, KeyNames | null>;
}

/** Prepares one rule of a checked document, together with what `all_tools` adds to it. */
export function compileRule(source: Source): CompiledRule {
  const { rule, id } = source;
  const limits = compileLimits(source);
  const rule0: Omit<CompiledRule, 'allow'> = {
    id,
    action: rule.action ?? 'allow',
    refusal: refusalOf(source),
    names: namesOf(source),
    inputSchemaRule: inputSchemaRule(source),
    argumentSchema: argumentSchemaOf(rule),
    require: compileLists(source, 'require', 'every'),
    denyIf: compileLists(source, 'deny_if', 'any'),
    blockedBy: labelRules(rule.labels?.blocked_by, `${id}/labels/blocked_by`),
    holds: compileHolds(source),
    limits,
    rateLimit: source.toolName === null ? (rule.rate_limit ?? null) : null,
    labels: [...new Set(rule.labels?.adds)],
  };
  return { ...rule0, allow: fixedAllow(rule0) };
}

function refusalOf({ document, rule, id }: Source): Deny | null {
  if (rule.action === 'deny') {
    const message = rule.reason || null;
    return { effect: 'deny', code: 'action-deny', rule: `${id}/action`, message };
  }
  if (id !== '/default' || document.default === 'allow') return null;
  return { effect: 'deny', code: 'default-deny', rule: '(default deny)', message: null };
}

function inputSchemaRule({ document, rule, id }: Source): string | null {
  if (rule.input_schema === 'off') return null;
  if (rule.input_schema === 'enforce') return `${id}/input_schema`;
  return document.input_schema === 'enforce' ? '/input_schema' : null;
}

function argumentSchemaOf(rule: Rule): SchemaTest | null {
  if (rule.arguments === undefined) return null;
  const compiled = compileSchema(rule.arguments);
  assert(compiled.ok, 'schemas are checked before they are compiled');
  return compiled.value;
}

function compileLists(
  { document, rule, id }: Source,
  field: 'require' | 'deny_if',
  quantifier: Quantifier,
): readonly CompiledPredicate[] {
  const all = compileList(document.all_tools?.[field], `/all_tools/${field}`, quantifier);
  const own = compileList(rule[field], `${id}/${field}`, quantifier);
  return all.length === 0 ? own : [...all, ...own];
}

function compileList(
  predicates: readonly Predicate[] | undefined,
  list: string,
  quantifier: Quantifier,
): readonly CompiledPredicate[] {
  if (predicates === undefined || predicates.length === 0) return none;
  return predicates.map((each, index) => compilePredicate(each, { list, index }, quantifier));
}

function compileLimits({ document, rule, id, toolName }: Source): readonly CompiledLimit[] {
  const shared = document.all_tools?.limits ?? [];
  const limits = shared.map((limit) => compileLimit(limit, '/all_tools/limits'));
  for (const limit of rule.limits ?? []) limits.push(compileLimit(limit, `${id}/limits`));
  if (rule.rate_limit !== undefined && toolName !== null) {
    limits.push(compileRateLimit(rule.rate_limit, `${id}/limits`, toolName));
  }
  return limits;
}

function compileHolds({ rule, id }: Source): Holds {
  const approval = {
    timeoutMs: durationMs(rule.approval?.timeout ?? '10m'),
    approvers: approversOf(rule.approval),
    quorum: rule.approval?.quorum ?? 1,
  };
  const held = rule.action === 'require_approval';
  const reason = rule.reason || null;
  return {
    byAction: held ? { rule: `${id}/action`, reason, ...approval } : null,
    byPredicate: compileList(rule.approve_if, `${id}/approve_if`, 'any'),
    byLabel: labelRules(rule.labels?.approved_by, `${id}/labels/approved_by`),
    approval,
  };
}

function approversOf(approval: Approval | undefined): readonly string[] {
  const approvers = approval?.approvers ?? [];
  return typeof approvers === 'string' ? [approvers] : approvers;
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a checked duration such as `30s`. */
export function durationMs(duration: string): number {
  const ms = Number(duration.slice(0, -1)) * (unitMs[duration.slice(-1)] ?? Number.NaN);
  assert(Number.isSafeInteger(ms), 'durations are checked before they are compiled');
  return ms;
}

function labelRules(labels: readonly string[] | undefined, list: string): readonly LabelRule[] {
  if (labels === undefined || labels.length === 0) return none;
  return labels.map((label) => ({ label, rule: `${list}/${pointerToken(label)}` }));
}

function namesOf({ document, rule, shared }: Source): KeyNames | null {
  const all = document.all_tools ?? {};
  const lists = [all.require, all.deny_if, rule.require, rule.deny_if, rule.approve_if];
  const predicates = lists.flatMap((list) => list ?? []);
  const costs = [...(all.limits ?? []), ...(rule.limits ?? [])].map(({ cost, increment_from }) => {
    return cost ?? increment_from;
  });
  const paths = [...predicates.flatMap(conditionsOf).map(({ path }) => path), ...costs];
  const named = [...new Set(paths.filter((path) => typeof path === 'string'))].toSorted();
  if (rule.arguments !== undefined) return keyNames(named, rule.arguments);
  const signature = JSON.stringify(named);
  const known = shared.get(signature);
  if (known !== undefined) return known;
  const names = keyNames(named, null);
  shared.set(signature, names);
  return names;
}

function keyNames(paths: readonly string[], schema: JsonValue): KeyNames | null {
  const names = emptyKeyNames();
  for (const path of paths) addArgumentPath(names, path);
  addSchemaNames(names, schema);
  return namesNothing(names) ? null : names;
}

function addArgumentPath(names: KeyNames, text: string): void {
  const path = parsePath(text);
  if (path.ok && path.value.root === 'args') addPath(names, path.value.steps);
}

function fixedAllow(rule: Omit<CompiledRule, 'allow'>): Allow | null {
  const { holds, limits, labels } = rule;
  const asks = holds.byPredicate.length > 0 || holds.byLabel.length > 0;
  if (rule.rateLimit !== null || (asks && holds.byAction === null)) return null;
  if (limits.some((limit) => limit.units !== null)) return null;
  if (holds.byAction === null && limits.length === 0 && labels.length === 0) {
    return { effect: 'allow', rule: rule.id, obligations: noObligations };
  }
  const approvals = holds.byAction === null ? [] : [holds.byAction];
  const obligations = { approvals, limits: limits.map((limit) => limit.obligation), labels };
  return { effect: 'allow', rule: rule.id, obligations };
}
