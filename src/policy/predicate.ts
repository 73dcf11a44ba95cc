import { assert } from '../base/assert.ts';
import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import type { Condition, Predicate } from './document.ts';
import { compileOperator } from './operators/operators.ts';
import { holdsNull, isList, isObject } from './operators/compare.ts';
import type { Operator } from './operators/compare.ts';
import { costOf } from './operators/cost.ts';
import type { Cost } from './operators/cost.ts';
import type { Outcome } from './operators/outcome.ts';
import { parsePath } from './path.ts';
import type { Path, Root, Step } from './path.ts';
import { pointerToken } from './problem.ts';
import type { AccessRequest } from './request.ts';
import { spend } from './work.ts';
import type { Work } from './work.ts';

/** One entry of a `require`, `deny_if` or `approve_if` list, ready to be asked. */
export interface CompiledPredicate {
  /** The rule id that a decision names. */
  readonly rule: string;
  readonly message: string | null;
  /** Whether it looks at nothing but the pinned tool, so that it can be asked without a call. */
  readonly toolOnly: boolean;
  readonly test: Test;
}

/**
 * Judges one call. `args` are the arguments after `null` and missing became `{}`. What the decision
 * cannot pay for any more cannot be told.
 */
export type Test = (request: AccessRequest, args: JsonObject, work: Work) => Outcome;

/** `every` element must hold in a `require`; `any` is enough in a `deny_if` and an `approve_if`. */
export type Quantifier = 'every' | 'any';

/** Prepares a predicate of a checked document; `list` is the rule id of the list it stands in. */
export function compilePredicate(
  predicate: Predicate,
  place: { readonly list: string; readonly index: number },
  quantifier: Quantifier,
): CompiledPredicate {
  const conditions = conditionsOf(predicate);
  return {
    rule: `${place.list}/${pointerToken(predicateName(predicate, place.index))}`,
    message: predicate.on_deny || null,
    toolOnly: conditions.every((condition) => condition.path.startsWith('tool.')),
    test: compileAll(conditions.map((condition) => compileCondition(condition, quantifier))),
  };
}

/** The conditions of a predicate, whichever of its two forms it has. */
export function conditionsOf(predicate: Predicate): readonly Condition[] {
  return 'conditions' in predicate ? predicate.conditions : [predicate];
}

/** What the rule id of a predicate ends with: its id, its first comparison, or its index. */
export function predicateName(predicate: Predicate, index: number): string {
  if (predicate.id !== undefined) return predicate.id;
  const [first] = conditionsOf(predicate);
  return first === undefined ? String(index) : `${first.path}-${first.op}`;
}

/** All must hold; one that does not decides; else one that cannot be told makes the whole so. */
function compileAll(tests: readonly Test[]): Test {
  const [only] = tests;
  if (only !== undefined && tests.length === 1) return only;
  return (request, args, work) => {
    let outcome: Outcome = 'holds';
    for (const test of tests) {
      const part = test(request, args, work);
      if (part === 'does-not-hold') return part;
      if (part === 'cannot-tell') outcome = part;
    }
    return outcome;
  };
}

/** Prepares one comparison of a checked document. */
export function compileCondition(condition: Condition, quantifier: Quantifier): Test {
  const path = parsePath(condition.path);
  const operator = compileOperator(condition.op, condition.value);
  assert(path.ok && operator.ok, 'conditions are checked before they are compiled');
  const judge: Judge = {
    operator: operator.value,
    cost: costOf(condition.op, condition.value),
    nullIsValue: holdsNull(condition.value),
    whenAbsent: condition.op === 'exists' && condition.value === false ? 'holds' : 'does-not-hold',
  };
  if (path.value.many) return compileMany(path.value, judge, quantifier);
  const argument = singleArgument(path.value);
  if (argument !== null) return compileArgument(argument, judge);
  const read = compileRead(path.value);
  return (request, args, work) => {
    const value = read(request, args);
    return value === wrongKind ? 'cannot-tell' : judgeValue(judge, value, work);
  };
}

/** The key of a path that is one argument, as most are; null for all others. */
function singleArgument({ root, steps }: Path): string | null {
  const [first, second] = steps;
  return root === 'args' && first?.kind === 'key' && second === undefined ? first.key : null;
}

/** The common case in one closure: what a decision touches is what it costs. */
function compileArgument(key: string, { operator, cost, nullIsValue, whenAbsent }: Judge): Test {
  return (_request, args, work) => {
    if (!Object.hasOwn(args, key)) return whenAbsent;
    const value = args[key] ?? null;
    if (value === null && !nullIsValue) return whenAbsent;
    return cost === null || pays(work, cost, value) ? operator(value) : 'cannot-tell';
  };
}

interface Judge {
  readonly operator: Operator;
  readonly cost: Cost | null;
  /** Whether null in the call is looked at, instead of counting as absent. */
  readonly nullIsValue: boolean;
  readonly whenAbsent: Outcome;
}

function judgeValue(judge: Judge, value: JsonValue | undefined, work: Work): Outcome {
  if (value === undefined) return judge.whenAbsent;
  if (value === null && !judge.nullIsValue) return judge.whenAbsent;
  const { cost, operator } = judge;
  return cost === null || pays(work, cost, value) ? operator(value) : 'cannot-tell';
}

/** What a question costs is itself counted over the value: not when nothing is left to pay with. */
function pays(work: Work, cost: Cost, value: JsonValue): boolean {
  return work.left > 0 && spend(work, cost(value));
}

/** A parent that is there but of the wrong kind: nothing can be told about what is inside. */
export const wrongKind: unique symbol = Symbol('wrong kind');

/** What a path names: a value, `undefined` when absent, or `wrongKind`. */
export type Found = JsonValue | undefined | typeof wrongKind;

export type Read = (request: AccessRequest, args: JsonObject) => Found;

/** Prepares a path without `[*]`. */
export function compileRead(path: Path): Read {
  return readSteps(readers[path.root], path.steps);
}

function readSteps(root: RootRead, steps: readonly Step[]): Read {
  if (steps.length === 0) return root;
  return (request, args) => {
    let value: JsonValue | undefined = root(request, args);
    for (const step of steps) {
      const next = take(value ?? null, step);
      if (next === undefined || next === wrongKind) return next;
      value = next;
    }
    return value;
  };
}

/** One step into a value. Inside null, as inside nothing, everything is absent. */
function take(value: JsonValue, step: Step): Found {
  if (value === null) return undefined;
  if (step.kind === 'key') {
    if (!isObject(value)) return wrongKind;
    return Object.hasOwn(value, step.key) ? value[step.key] : undefined;
  }
  if (!isList(value)) return wrongKind;
  return step.kind === 'index' ? value[step.index] : undefined;
}

/** Prepares a path with `[*]`: one element that cannot be told makes the whole not to be told. */
function compileMany(path: Path, judge: Judge, quantifier: Quantifier): Test {
  const root = readers[path.root];
  return (request, args, work) => {
    const tally: Tally = { holds: false, fails: false, unsure: false };
    const visit = (value: Found): boolean => {
      count(tally, judge, value, work);
      return !tally.unsure;
    };
    walk(root(request, args), { steps: path.steps, visit }, 0);
    if (tally.unsure) return 'cannot-tell';
    const holds = quantifier === 'every' ? !tally.fails : tally.holds;
    return holds ? 'holds' : 'does-not-hold';
  };
}

interface Tally {
  holds: boolean;
  fails: boolean;
  unsure: boolean;
}

/** Units of finding one of the values that a path names. */
const VISIT_UNITS = 2;

function count(tally: Tally, judge: Judge, value: Found, work: Work): void {
  const told = spend(work, VISIT_UNITS) && value !== wrongKind;
  const outcome = told ? judgeValue(judge, value, work) : 'cannot-tell';
  if (outcome === 'holds') tally.holds = true;
  else if (outcome === 'does-not-hold') tally.fails = true;
  else tally.unsure = true;
}

interface Walk {
  readonly steps: readonly Step[];
  /** Whether another value can still matter. */
  readonly visit: (value: Found) => boolean;
}

/**
 * Visits the values that the steps from `at` on name, until a visit says that no other can matter;
 * returns what the last one said. An empty list is one absent value.
 */
function walk(value: JsonValue | undefined, walked: Walk, at: number): boolean {
  const { steps, visit } = walked;
  const step = steps[at];
  if (step === undefined) return visit(value);
  if (value === undefined || value === null) return visit(undefined);
  if (step.kind !== 'each') {
    const next = take(value, step);
    return next === wrongKind ? visit(next) : walk(next, walked, at + 1);
  }
  if (!isList(value)) return visit(wrongKind);
  if (value.length === 0) return visit(undefined);
  for (const element of value) if (!walk(element, walked, at + 1)) return false;
  return true;
}

type RootRead = (request: AccessRequest, args: JsonObject) => JsonValue | undefined;

const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** Where each root's value comes from. The epoch was a Thursday; weekdays are ISO 8601's, 1 to 7. */
const readers: Readonly<Record<Root, RootRead>> = {
  args: (_request, args) => args,
  'principal.id': (request) => request.principal.id,
  'principal.kind': (request) => request.principal.kind,
  'grant.label': (request) => request.grantLabel,
  'server.name': (request) => request.serverName,
  'tool.name': (request) => request.toolName,
  'tool.category': (request) => request.tool?.category,
  'tool.risk': (request) => request.tool?.risk,
  'time.hour': (request) => remainder(Math.floor(request.timeMs / hourMs), 24),
  'time.weekday': (request) => remainder(Math.floor(request.timeMs / dayMs) + 3, 7) + 1,
  'session.labels': (request) => request.labels,
};

function remainder(dividend: number, divisor: number): number {
  return ((dividend % divisor) + divisor) % divisor;
}
