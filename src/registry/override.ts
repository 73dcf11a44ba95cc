import { gravity, risks } from '../policy/index.ts';
import type { Category, CompiledPolicy, Risk } from '../policy/index.ts';
import type { PinOverride, PinRow } from './registry-store.ts';

/** What a tool is taken for. */
export interface Kind {
  readonly category: Category;
  readonly risk: Risk;
}

/**
 * What a tool is taken for by policies: what a person said, else what the classifier says.
 * INVARIANT: a word about one definition never makes another one look milder. When the definition
 * has changed since, the graver of both holds until a person has said it again.
 */
export function kindOf(row: PinRow): Kind {
  const { override, category, risk } = row;
  if (override === undefined) return { category, risk };
  if (!isOutdated(row)) return { category: override.category, risk: override.risk };
  return {
    category: graver(gravity, category, override.category),
    risk: graver(risks, risk, override.risk),
  };
}

/** Whether the definition has changed since a person said what the tool is. */
export function isOutdated({ override, digest }: PinRow): boolean {
  return override !== undefined && override.digest !== digest;
}

/** Whether a document decides by what tools are taken for, and not by their names alone. */
export function goesByKind({ document, categories }: CompiledPolicy): boolean {
  return categories.size > 0 || /"tool\.(?:category|risk)/.test(JSON.stringify(document));
}

/** The row with what a person says, or, with null, as the classifier says. */
export function withOverride(row: PinRow, override: PinOverride | null): PinRow {
  const { override: _, ...rest } = row;
  return override === null ? rest : { ...rest, override };
}

function graver<T>(order: readonly T[], one: T, other: T): T {
  return order.indexOf(one) > order.indexOf(other) ? one : other;
}
