import type { AllTools, Limit, PolicyDocument, Predicate, Rule } from './document.ts';
import { predicateName } from './predicate.ts';
import { pointerToken } from './problem.ts';
import type { Category } from './request.ts';

/** What a document says of one tool, as its author wrote it: for explaining, linting, comparing. */
export interface EffectiveRule {
  readonly rule: Rule;
  /** JSON Pointer of the rule; `/default` when nothing names the tool. */
  readonly base: string;
}

/** The rule of a tool: by name, else by category; null when `default` decides. */
export function effectiveRule(
  document: PolicyDocument,
  tool: { readonly name: string; readonly category: Category },
): EffectiveRule | null {
  const named = own(document.tools, tool.name);
  if (named !== undefined) return { rule: named, base: `/tools/${pointerToken(tool.name)}` };
  const byCategory = own(document.categories, tool.category);
  if (byCategory === undefined) return null;
  return { rule: byCategory, base: `/categories/${tool.category}` };
}

function own<T>(map: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
}

export type PredicateField = 'require' | 'deny_if' | 'approve_if';

/** A predicate with both of its addresses. */
export interface PlacedPredicate {
  readonly predicate: Predicate;
  readonly field: PredicateField;
  /** Where it stands in the document. */
  readonly pointer: string;
  /** What a decision calls it. */
  readonly rule: string;
}

/** The predicates of one holder, in the order in which they are looked at. */
export function placedPredicates(
  holder: AllTools | Rule,
  base: string,
): readonly PlacedPredicate[] {
  const lists: readonly (readonly [PredicateField, readonly Predicate[] | undefined])[] = [
    ['require', holder.require],
    ['deny_if', holder.deny_if],
    ['approve_if', 'approve_if' in holder ? holder.approve_if : undefined],
  ];
  return lists.flatMap(([field, predicates]) =>
    (predicates ?? []).map((predicate, index) => ({
      predicate,
      field,
      pointer: `${base}/${field}/${index}`,
      rule: `${base}/${field}/${pointerToken(predicateName(predicate, index))}`,
    })),
  );
}

/** A limit with both of its addresses; a `rate_limit` is written out. */
export interface PlacedLimit {
  readonly limit: Limit;
  readonly pointer: string;
  readonly rule: string;
}

/** The limits of one holder; `toolName` completes the counter of a `rate_limit`. */
export function placedLimits(
  holder: AllTools | Rule,
  base: string,
  toolName: string,
): readonly PlacedLimit[] {
  const placed = (holder.limits ?? []).map((limit, index) => ({
    limit,
    pointer: `${base}/limits/${index}`,
    rule: `${base}/limits/${pointerToken(limit.counter)}`,
  }));
  const rate = 'rate_limit' in holder ? holder.rate_limit : undefined;
  if (rate === undefined) return placed;
  const counter = `${toolName}_rate`;
  const limit: Limit = { counter, window: rate.window, max: rate.max, scope: 'session' };
  const rule = `${base}/limits/${pointerToken(counter)}`;
  return [...placed, { limit, pointer: `${base}/rate_limit`, rule }];
}
