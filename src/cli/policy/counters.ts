import type { PolicyDocument } from '../../policy/index.ts';
import { nearest } from '../../policy/nearest.ts';

/** Every counter of a policy; a category's short form counts under the name of the called tool. */
function countersOf({ all_tools, tools, categories }: PolicyDocument, tool: string): Set<string> {
  const named = Object.entries(tools ?? {});
  const byCategory = Object.values(categories ?? {});
  const holders = [all_tools ?? {}, ...named.map(([, rule]) => rule), ...byCategory];
  const counters = holders.flatMap(({ limits }) => (limits ?? []).map(({ counter }) => counter));
  for (const [name, rule] of named)
    if (rule.rate_limit !== undefined) counters.push(`${name}_rate`);
  if (byCategory.some((rule) => rule.rate_limit !== undefined)) counters.push(`${tool}_rate`);
  return new Set(counters);
}

/** What is wrong with counters that are said to be used: the policy has none of that name. */
export function unknownCounter(
  document: PolicyDocument,
  tool: string,
  used: Iterable<string>,
): string | null {
  const known = countersOf(document, tool);
  for (const name of used) {
    if (known.has(name)) continue;
    const near = nearest(name, known);
    const all = [...known].join(', ');
    const others = all === '' ? 'it has none' : `it has ${all}`;
    const hint = near === null ? others : `did you mean \`${near}\`?`;
    return `the policy has no counter \`${name}\`; ${hint}`;
  }
  return null;
}
