import type { JsonObject } from '../base/strict-json.ts';
import type { Condition, PolicyDocument, Predicate } from './document.ts';
import { placedPredicates } from './effective.ts';
import type { PlacedPredicate } from './effective.ts';
import { impliesPredicate } from './implication.ts';
import { neverHolds } from './lint-types.ts';
import { refusesAlways } from './lint-place.ts';
import type { Advice, Place } from './lint-place.ts';
import { nearest } from './nearest.ts';
import { isList, isObject } from './operators/compare.ts';
import { parsePath } from './path.ts';
import type { Path } from './path.ts';
import { conditionsOf } from './predicate.ts';
import { declaredAt } from './schema-lookup.ts';

/** Predicates against the pinned schemas of the tools that they judge, and against each other. */
export function lintPredicates(document: PolicyDocument, place: Place): readonly Advice[] {
  if (refusesAlways(place.rule)) return [];
  const own = placedPredicates(place.rule, place.base);
  const shared = document.all_tools ?? {};
  const before = place.base === '/all_tools' ? [] : placedPredicates(shared, '/all_tools');
  return [
    ...own.flatMap((placed) => conditionAdvice(placed, place)),
    ...own.flatMap((placed) => slippery(placed, place, [...before, ...own])),
    ...shadowed(own, before),
    ...sameIds(own),
  ];
}

interface PlacedCondition {
  readonly condition: Condition;
  readonly pointer: string;
  readonly path: Path;
}

function conditionsIn({ predicate, pointer }: PlacedPredicate): readonly PlacedCondition[] {
  const short = !('conditions' in predicate);
  return conditionsOf(predicate).flatMap((condition, index) => {
    const path = parsePath(condition.path);
    const at = short ? pointer : `${pointer}/conditions/${index}`;
    return path.ok ? [{ condition, pointer: at, path: path.value }] : [];
  });
}

function conditionAdvice(placed: PlacedPredicate, place: Place): readonly Advice[] {
  return conditionsIn(placed).flatMap((each) => {
    const unknown = unknownArgument(each, place);
    if (unknown !== null) return [unknown];
    const why = neverHolds(each.condition, each.path, place.tools);
    if (why === null) return [];
    const { message, hint } = why;
    return [{ code: 'impossible-comparison', pointer: each.pointer, message, hint }];
  });
}

/** An argument that no tool of the rule declares: a slip of the pen, or a rule that guards nothing. */
function unknownArgument({ path, pointer }: PlacedCondition, place: Place): Advice | null {
  if (path.root !== 'args' || path.steps.length === 0 || place.tools.length === 0) return null;
  const declared = place.tools.map((tool) => declaredAt(tool.inputSchema, path.steps));
  const missing = declared.find((each) => each.kind === 'undeclared');
  if (missing?.kind !== 'undeclared' || declared.some((each) => each.kind !== 'undeclared')) {
    return null;
  }
  const near = nearest(missing.key, missing.known);
  const known = missing.known.slice(0, 10).join(', ');
  return {
    code: 'unknown-argument',
    pointer: `${pointer}/path`,
    message: `the schema of the tool declares no \`${missing.key}\``,
    hint:
      near === null ? (known === '' ? null : `declared: ${known}`) : `did you mean \`${near}\`?`,
  };
}

/** A `deny_if` that does not fire when an argument that may be left out is left out. */
function slippery(
  placed: PlacedPredicate,
  place: Place,
  around: readonly PlacedPredicate[],
): readonly Advice[] {
  if (placed.field !== 'deny_if') return [];
  return conditionsIn(placed).flatMap(({ condition, path, pointer }) => {
    if (path.root !== 'args' || path.steps.length === 0 || condition.op === 'exists') return [];
    if (!mayBeLeftOut(path, place)) return [];
    const closing: Condition = { path: presentPath(path), op: 'exists', value: true };
    const closed = around.some(
      ({ field, predicate }) => field === 'require' && impliesPredicate(predicate, closing),
    );
    if (closed) return [];
    const message = `a call without \`${closing.path}\` slips past this \`deny_if\``;
    const hint = `add to \`require\`: ${JSON.stringify(closing)}`;
    return [{ code: 'optional-argument', pointer, message, hint } as const];
  });
}

/** The path up to its first `[*]`: there is no element to ask for in a list that is not there. */
function presentPath(path: Path): string {
  const star = path.text.indexOf('[*]');
  return star === -1 ? path.text : path.text.slice(0, star);
}

function mayBeLeftOut(path: Path, place: Place): boolean {
  const [first] = path.steps;
  const demanded = isObject(place.rule.arguments) ? place.rule.arguments : null;
  if (first?.kind !== 'key' || requires(demanded, first.key)) return false;
  if (place.tools.length === 0) return true;
  return place.tools.some(({ inputSchema }) => {
    return !requires(isObject(inputSchema) ? inputSchema : null, first.key);
  });
}

function requires(schema: JsonObject | null, key: string): boolean {
  return schema !== null && isList(schema.required) && schema.required.includes(key);
}

/** Predicates that can change nothing, because one before them already decides the same calls. */
function shadowed(
  own: readonly PlacedPredicate[],
  before: readonly PlacedPredicate[],
): readonly Advice[] {
  return own.flatMap((placed, index) => {
    const earlier = [...before, ...own.slice(0, index)].filter(
      (each) => each.field === placed.field,
    );
    const cover = earlier.find((each) => covers(each.predicate, placed.predicate, placed.field));
    if (cover === undefined) return [];
    const message = `${cover.rule} already decides every call that this one would`;
    const hint = 'remove it, or move it before the other if its message matters';
    return [{ code: 'shadowed-rule', pointer: placed.pointer, message, hint } as const];
  });
}

function covers(earlier: Predicate, later: Predicate, field: PlacedPredicate['field']): boolean {
  if (field === 'require') return impliesPredicate(earlier, later);
  return conditionsOf(earlier).length === 0 || impliesPredicate(later, earlier);
}

function sameIds(own: readonly PlacedPredicate[]): readonly Advice[] {
  const seen = new Set<string>();
  return own.flatMap(({ rule, pointer }) => {
    const known = seen.has(rule);
    seen.add(rule);
    if (!known) return [];
    const message = `decisions cannot tell this predicate from another one: both are \`${rule}\``;
    return [
      { code: 'ambiguous-rule-id', pointer, message, hint: 'give one of them an `id`' } as const,
    ];
  });
}
