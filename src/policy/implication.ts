import type { JsonValue } from '../base/strict-json.ts';
import type { Condition, Limit, Predicate } from './document.ts';
import { holdsNull, isList, isObject } from './operators/compare.ts';
import { compileLimit } from './limit.ts';
import { conditionsOf } from './predicate.ts';

/**
 * Whether one predicate holds, or cannot be told, wherever another does: worked out from the
 * documents. `false` means that it is not known.
 */
export function impliesPredicate(stronger: Predicate, weaker: Predicate): boolean {
  const given = conditionsOf(stronger);
  return conditionsOf(weaker).every((condition) =>
    given.some((each) => impliesCondition(each, condition)),
  );
}

/** The same for single comparisons: equal ones, and comparisons of one path with sets of literals. */
export function impliesCondition(stronger: Condition, weaker: Condition): boolean {
  if (stronger.path !== weaker.path) return false;
  if (stronger.op === weaker.op && sameJson(stronger.value, weaker.value)) return true;
  if (weaker.op === 'exists' && weaker.value === true) {
    return stronger.op !== 'exists' && !holdsNull(stronger.value);
  }
  const [inner, outer] = [admittedBy(stronger), admittedBy(weaker)];
  return inner !== null && outer !== null && inner.type === outer.type && isSubset(inner, outer);
}

/**
 * The values of one JSON type for which a comparison holds; values of other types cannot be told.
 * Either listed points, or all but them, or the numbers of an interval.
 */
type Admitted =
  | { readonly kind: 'points'; readonly type: 'string' | 'number'; readonly points: Points }
  | { readonly kind: 'all-but'; readonly type: 'string' | 'number'; readonly points: Points }
  | ({ readonly kind: 'interval'; readonly type: 'number' } & Interval);

type Points = ReadonlySet<string | number>;

interface Interval {
  readonly low: number;
  readonly lowIncluded: boolean;
  readonly high: number;
  readonly highIncluded: boolean;
}

function admittedBy({ op, value }: Condition): Admitted | null {
  const points = pointsOf(op === 'eq' || op === 'neq' ? [value] : value);
  switch (op) {
    case 'eq':
    case 'in':
      return points && { kind: 'points', ...points };
    case 'neq':
    case 'not_in':
      return points && { kind: 'all-but', ...points };
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return typeof value === 'number' ? intervalOf(op, value) : null;
    default:
      return null;
  }
}

function pointsOf(
  literals: Condition['value'],
): { readonly type: 'string' | 'number'; readonly points: Points } | null {
  if (!isList(literals) || literals.length === 0) return null;
  const texts = literals.filter((each) => typeof each === 'string');
  if (texts.length === literals.length) return { type: 'string', points: new Set(texts) };
  const numbers = literals.filter((each) => typeof each === 'number');
  return numbers.length === literals.length ? { type: 'number', points: new Set(numbers) } : null;
}

function intervalOf(op: 'lt' | 'lte' | 'gt' | 'gte', bound: number): Admitted {
  const below = op === 'lt' || op === 'lte';
  const included = op === 'lte' || op === 'gte';
  return {
    kind: 'interval',
    type: 'number',
    low: below ? Number.NEGATIVE_INFINITY : bound,
    lowIncluded: !below && included,
    high: below ? bound : Number.POSITIVE_INFINITY,
    highIncluded: below && included,
  };
}

function isSubset(inner: Admitted, outer: Admitted): boolean {
  if (inner.kind === 'points') return [...inner.points].every((point) => admits(outer, point));
  if (outer.kind === 'all-but') {
    return [...outer.points].every((point) => !admits(inner, point));
  }
  if (inner.kind !== 'interval' || outer.kind !== 'interval') return false;
  const lowFits =
    inner.low > outer.low || (inner.low === outer.low && (outer.lowIncluded || !inner.lowIncluded));
  const highFits =
    inner.high < outer.high ||
    (inner.high === outer.high && (outer.highIncluded || !inner.highIncluded));
  return lowFits && highFits;
}

function admits(admitted: Admitted, value: string | number): boolean {
  if (admitted.kind === 'points') return admitted.points.has(value);
  if (admitted.kind === 'all-but') return !admitted.points.has(value);
  if (typeof value !== 'number') return false;
  const { low, lowIncluded, high, highIncluded } = admitted;
  const above = value > low || (lowIncluded && value === low);
  return above && (value < high || (highIncluded && value === high));
}

/** Whether two JSON values are one, whatever the order of their keys. */
export function sameJson(a: JsonValue, b: JsonValue): boolean {
  return JSON.stringify(inKeyOrder(a)) === JSON.stringify(inKeyOrder(b));
}

function inKeyOrder(value: JsonValue): JsonValue {
  if (isList(value)) return value.map(inKeyOrder);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, inKeyOrder(each)]));
}

/** Whether every call that the looser limit stops is stopped by the tighter one, on one counter. */
export function isTighterLimit(tighter: Limit, looser: Limit): boolean {
  const [a, b] = [compileLimit(tighter, '').obligation, compileLimit(looser, '').obligation];
  const costs = [tighter, looser].map((limit) => limit.cost ?? limit.increment_from ?? 1);
  return (
    costs[0] === costs[1] &&
    a.counter === b.counter &&
    a.scope === b.scope &&
    a.windowMs === b.windowMs &&
    a.align === b.align &&
    a.max <= b.max
  );
}
