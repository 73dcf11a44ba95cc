import { hash } from 'node:crypto';

import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { risks, type Category, type Risk } from '../policy/index.ts';
import type { ChangeKind } from './entry.ts';

/** What is compared of a tool from one reading to the next. */
export interface Known {
  readonly name: string;
  readonly slug: string;
  readonly digest: string;
  /** Digest of the definition without its name: a renamed tool keeps it. */
  readonly body: string;
  readonly category: Category;
  readonly risk: Risk;
}

/** A difference between two readings of one server. */
export interface Difference {
  readonly kind: ChangeKind;
  readonly tool: Pick<Known, 'name' | 'slug'>;
  readonly detail: string;
}

/** Digests of a definition, whole and without its name. */
export function digestsOf(definition: JsonObject): Pick<Known, 'digest' | 'body'> {
  const { name: _, ...body } = definition;
  return { digest: sha256(definition), body: sha256(body) };
}

/** What changed from `before` to `after`: pure, in the order of the second reading, then what is gone. */
export function differences(
  before: readonly Known[],
  after: readonly Known[],
): readonly Difference[] {
  const old = new Map(before.map((tool) => [tool.slug, tool]));
  const present = new Set(after.map((tool) => tool.slug));
  const gone = new Map(
    before.filter((tool) => !present.has(tool.slug)).map((tool) => [tool.body, tool]),
  );
  const renamed = new Set<string>();
  const found = after.flatMap((tool): Difference[] => {
    const was = old.get(tool.slug);
    if (was !== undefined) return changeOf(was, tool);
    const earlier = gone.get(tool.body);
    if (earlier === undefined || renamed.has(earlier.slug)) {
      return [{ kind: 'new', tool, detail: `${tool.category}, ${tool.risk} risk` }];
    }
    renamed.add(earlier.slug);
    return [{ kind: 'renamed', tool, detail: `was called ${earlier.name}` }];
  });
  const lost = before.filter((tool) => !present.has(tool.slug) && !renamed.has(tool.slug));
  return [
    ...found,
    ...lost.map((tool) => ({ kind: 'gone' as const, tool, detail: 'is no longer listed' })),
  ];
}

function changeOf(was: Known, is: Known): Difference[] {
  if (was.digest === is.digest) return [];
  const step = risks.indexOf(is.risk) - risks.indexOf(was.risk);
  const said = `${was.category}, ${was.risk} risk before; now ${is.category}, ${is.risk} risk`;
  if (step > 0) return [{ kind: 'riskier', tool: is, detail: said }];
  if (step < 0) return [{ kind: 'safer', tool: is, detail: said }];
  return [{ kind: 'changed', tool: is, detail: 'another definition of the same risk' }];
}

function sha256(value: JsonObject): string {
  return hash('sha256', JSON.stringify(ordered(value)), 'hex');
}

// The order of members is no change of a definition.
function ordered(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(ordered);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, ordered(member)]));
}

function isList(value: JsonObject | readonly JsonValue[]): value is readonly JsonValue[] {
  return Array.isArray(value);
}
