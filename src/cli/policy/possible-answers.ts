import { assert } from '../../base/assert.ts';
import type { JsonObject, JsonValue } from '../../base/strict-json.ts';
import { hasAmbiguousKey, namesNothing, type KeyNames } from '../../policy/ambiguous-key.ts';
import { checkInputSchema, compileSchema } from '../../policy/argument-schema.ts';
import { ruleFor } from '../../policy/compile.ts';
import { effectiveRule, placedPredicates, type PlacedPredicate } from '../../policy/effective.ts';
import type { CompiledPolicy, LimitObligation } from '../../policy/index.ts';
import type { CompiledLimit } from '../../policy/limit.ts';
import { isObject } from '../../policy/operators/compare.ts';
import type { SchemaTest } from '../../policy/operators/schema.ts';
import { parsePath } from '../../policy/path.ts';
import type { CompiledRule } from '../../policy/rule.ts';
import { isHidden } from '../../policy/visible.ts';
import { startWork } from '../../policy/work.ts';
import { possibleOutcomes, stand, type KnownCall } from './possible.ts';

/** One answer that a policy could give to a recorded call, limits not yet looked at. */
export interface PossibleAnswer {
  readonly effect: 'allow' | 'hold' | 'deny';
  readonly rule: string;
}

/** Units that a call would take; `units: null` is any number from 0, which only its values say. */
export interface PossibleTake {
  readonly limit: LimitObligation;
  readonly units: number | null;
}

/** Every answer that is possible, and the units of those that are not refusals. */
export interface PossibleAnswers {
  readonly answers: readonly PossibleAnswer[];
  readonly takes: readonly PossibleTake[];
}

/**
 * Steps 2 and 4 to 10 of the order of evaluation, for a call of which the values are not known. The
 * answer that `decide` would have given is always among these: what cannot be told is all of them.
 * No record tells which labels were in force, so a rule that asks for some may go either way.
 */
export function possibleAnswers(policy: CompiledPolicy, call: KnownCall): PossibleAnswers {
  const { request } = call;
  if (isHidden(policy, request)) return only({ effect: 'deny', rule: '(hidden)' });
  const rule = ruleFor(policy, request);
  if (rule.refusal !== null) return only({ effect: 'deny', rule: rule.refusal.rule });

  const found = new Found();
  const unread = !call.schemaKnown && rule.inputSchemaRule !== null;
  if (unread && policy.hidesDenied) found.add('(hidden)', true, true);
  if (call.known.maybeInvalid && call.assume === 'any')
    found.add('(invalid arguments)', true, true);
  argumentRefusals(found, policy, rule, call);
  predicateRefusals(found, policy, call);
  for (const { rule: id } of rule.blockedBy) found.add(id, true, true);
  if (!found.open) return { answers: found.answers, takes: [] };
  const takes = takesOf(found, policy, rule, call);
  if (!found.open) return { answers: found.answers, takes: [] };
  return { answers: [...found.answers, ...permits(policy, rule, call)], takes };
}

function only(answer: PossibleAnswer): PossibleAnswers {
  return { answers: [answer], takes: [] };
}

/** The refusals so far, and whether anything can still get past them. */
class Found {
  readonly answers: PossibleAnswer[] = [];
  open = true;

  add(rule: string, canFail: boolean, canPass: boolean): void {
    if (!this.open) return;
    if (canFail) this.answers.push({ effect: 'deny', rule });
    this.open = canPass;
  }
}

function argumentRefusals(
  found: Found,
  policy: CompiledPolicy,
  rule: CompiledRule,
  call: KnownCall,
): void {
  const { known, request } = call;
  if (rule.names !== null) {
    const twin = hasAmbiguousKey(rule.names, stand(known.keys), startWork());
    const unsure = !known.complete || namesInside(rule.names, known.keys);
    found.add('(ambiguous key)', twin || unsure, !twin);
  }
  if (rule.inputSchemaRule !== null) {
    const id = rule.inputSchemaRule;
    const schema = request.tool?.inputSchema ?? null;
    if (!call.schemaKnown) {
      found.add('(schema)', true, true);
      found.add(id, true, true);
    } else if (checkInputSchema(schema, {}) === 'broken') {
      found.add('(schema)', true, false);
    } else addSchema(found, id, schema, call);
  }
  const own = request.tool === null ? null : effectiveRule(policy.document, request.tool);
  const schema = own?.rule.arguments;
  if (schema !== undefined) addSchema(found, `${rule.id}/arguments`, schema, call);
}

/** Whether a rule names something inside one of these arguments, where a twin may stand. */
function namesInside(names: KeyNames, keys: ReadonlySet<string>): boolean {
  return [...keys].some((key) => {
    const within = names.keys.get(key);
    return within !== undefined && !namesNothing(within);
  });
}

function addSchema(found: Found, rule: string, schema: JsonValue, call: KnownCall): void {
  const { canFail, canPass } = fits(schema, call);
  found.add(rule, canFail, canPass);
}

/** Whether some arguments with these names satisfy a schema, and whether some do not. */
function fits(schema: JsonValue, call: KnownCall): { canFail: boolean; canPass: boolean } {
  const { keys, complete } = call.known;
  if (complete && keys.size === 0) {
    const holds = satisfies(schema, {});
    return { canFail: !holds, canPass: holds };
  }
  const names = complete ? namesAlone(schema) : null;
  if (names === null) return { canFail: true, canPass: true };
  const holds = satisfies(names.schema, stand(keys));
  const told = names.whole && call.assume === 'plain';
  return { canFail: !holds || !told, canPass: holds };
}

/** Compiled once for each schema of a document; a schema that is `true` or `false` is cheap. */
const compiled = new WeakMap<JsonObject, SchemaTest | null>();

function satisfies(schema: JsonValue, args: JsonObject): boolean {
  if (!isObject(schema)) return schema === true;
  const known = compiled.get(schema);
  if (known !== undefined) return known?.(args) === 'holds';
  const made = compileSchema(schema);
  compiled.set(schema, made.ok ? made.value : null);
  return made.ok && made.value(args) === 'holds';
}

const annotations = new Set(['$schema', '$id', '$comment', 'title', 'description', 'examples']);
const aboutNames = new Set(['required', 'minProperties', 'maxProperties']);

/**
 * What a schema asks of the names alone: every value that satisfies the schema satisfies this.
 * `whole`: it asks nothing else. Null when nothing can be said.
 */
function namesAlone(schema: JsonValue): NamesAlone | null {
  if (!isObject(schema) || schema['$ref'] !== undefined) return null;
  const known = projected.get(schema) ?? project(schema);
  projected.set(schema, known);
  return known;
}

interface NamesAlone {
  readonly schema: JsonObject;
  readonly whole: boolean;
}

const projected = new WeakMap<JsonObject, NamesAlone>();

function project(schema: JsonObject): NamesAlone {
  const kept: Record<string, JsonValue> = {};
  let whole = true;
  for (const [keyword, value] of Object.entries(schema)) {
    if (annotations.has(keyword)) continue;
    if (aboutNames.has(keyword)) kept[keyword] = value;
    else if (keyword === 'type' && value === 'object') kept[keyword] = value;
    else if (keyword === 'properties' && isObject(value)) {
      kept[keyword] = Object.fromEntries(Object.keys(value).map((name) => [name, {}]));
      if (!Object.values(value).every(asksNothing)) whole = false;
    } else if (keyword === 'additionalProperties' && !isObject(schema['patternProperties'])) {
      if (value === false) kept[keyword] = false;
      else if (!asksNothing(value)) whole = false;
    } else whole = false;
  }
  const { $schema } = schema;
  return { schema: $schema === undefined ? kept : { $schema, ...kept }, whole };
}

function asksNothing(schema: JsonValue): boolean {
  if (schema === true) return true;
  return isObject(schema) && Object.keys(schema).every((keyword) => annotations.has(keyword));
}

function predicateRefusals(found: Found, policy: CompiledPolicy, call: KnownCall): void {
  const placed = placedOf(policy, call);
  for (const { field, predicate, rule } of placed) {
    if (field !== 'require') continue;
    const outcomes = possibleOutcomes(predicate, 'every', call);
    const holds = outcomes.has('holds');
    found.add(rule, outcomes.size > (holds ? 1 : 0), holds);
  }
  for (const { field, predicate, rule } of placed) {
    if (field !== 'deny_if') continue;
    const outcomes = possibleOutcomes(predicate, 'any', call);
    const passes = outcomes.has('does-not-hold');
    found.add(rule, outcomes.size > (passes ? 1 : 0), passes);
  }
}

/** Predicates of `all_tools`, then of the rule. */
function placedOf({ document }: CompiledPolicy, { request }: KnownCall): PlacedPredicate[] {
  const own = request.tool === null ? null : effectiveRule(document, request.tool);
  return [
    ...placedPredicates(document.all_tools ?? {}, '/all_tools'),
    ...(own === null ? [] : placedPredicates(own.rule, own.base)),
  ];
}

function takesOf(
  found: Found,
  policy: CompiledPolicy,
  rule: CompiledRule,
  call: KnownCall,
): readonly PossibleTake[] {
  const own = call.request.tool === null ? null : effectiveRule(policy.document, call.request.tool);
  const written = [...(policy.document.all_tools?.limits ?? []), ...(own?.rule.limits ?? [])];
  const takes = rule.limits.map((limit, index) => {
    const cost = written[index]?.cost ?? written[index]?.increment_from;
    return takeOf(found, limit, typeof cost === 'string' ? cost : null, call);
  });
  if (rule.rateLimit === null) return takes;
  const { max, window } = rule.rateLimit;
  const counter = `${call.request.toolName}_rate`;
  const limit: LimitObligation = {
    rule: `${rule.id}/limits/${counter.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    counter,
    scope: 'session',
    guardrail: null,
    windowMs: window * 1000,
    align: 'sliding',
    max,
    units: 1,
    onDeny: null,
  };
  return [...takes, { limit, units: 1 }];
}

function takeOf(
  found: Found,
  { obligation, units }: CompiledLimit,
  cost: string | null,
  { request, known }: KnownCall,
): PossibleTake {
  if (units === null) return { limit: obligation, units: obligation.units };
  const path = cost === null ? null : parsePath(cost);
  assert(path !== null && path.ok, 'a cost that is not a number is a path');
  const [first] = path.value.steps;
  const open = path.value.root === 'args' && first?.kind === 'key';
  const present = open && known.keys.has(first.key);
  if (!open || (known.complete && !present)) {
    const exact = units(request, {});
    found.add(obligation.rule, exact === null, exact !== null);
    return { limit: obligation, units: exact };
  }
  found.add(obligation.rule, true, true);
  return { limit: obligation, units: null };
}

/** Allowed, or waiting for a person: both, where only the values say which. */
function permits(
  policy: CompiledPolicy,
  rule: CompiledRule,
  call: KnownCall,
): readonly PossibleAnswer[] {
  if (rule.holds.byAction !== null) return [{ effect: 'hold', rule: rule.holds.byAction.rule }];
  const answers: PossibleAnswer[] = [];
  for (const { field, predicate, rule: id } of placedOf(policy, call)) {
    if (field !== 'approve_if') continue;
    const outcomes = possibleOutcomes(predicate, 'any', call);
    const passes = outcomes.has('does-not-hold');
    if (outcomes.size > (passes ? 1 : 0)) answers.push({ effect: 'hold', rule: id });
    if (!passes) return answers;
  }
  for (const { rule: id } of rule.holds.byLabel) answers.push({ effect: 'hold', rule: id });
  return [...answers, { effect: 'allow', rule: rule.id }];
}
