import { assert } from '../base/assert.ts';
import type { PolicyDocument, Rule } from './document.ts';
import { offsetOf, placesOf, readJsonTree } from './json-tree.ts';
import { lintLimits } from './lint-limits.ts';
import type { Advice, Place } from './lint-place.ts';
import { lintPredicates } from './lint-predicates.ts';
import { lintStructure } from './lint-structure.ts';
import { printPolicy } from './parse.ts';
import { pointerToken } from './problem.ts';
import type { PolicyWarning } from './problem.ts';
import type { PinnedTool } from './request.ts';

/**
 * Advice on a document that loads, from the document and the live tools of its server (an empty
 * list when they are not known). Lines and columns are those of `text`, the author's own text, or
 * of the printed document when it is not given. Nothing here is a reason to refuse a document.
 */
export function lintPolicy(
  document: PolicyDocument,
  tools: readonly PinnedTool[],
  text: string = printPolicy(document),
): readonly PolicyWarning[] {
  const places = placesIn(document, tools);
  const advice = [
    ...lintStructure(document, tools, places),
    ...places.flatMap((place) => lintPredicates(document, place)),
    ...lintLimits(document, places),
  ];
  return placeAdvice(text, advice);
}

function placeAdvice(text: string, advice: readonly Advice[]): readonly PolicyWarning[] {
  const tree = readJsonTree(text);
  assert(tree.ok, 'a document that loads is JSON');
  const placeOf = placesOf(text);
  const placed = advice.map((each) => ({ each, offset: offsetOf(tree.value, each.pointer) }));
  const inOrder = placed.toSorted((a, b) => a.offset - b.offset);
  return inOrder.map(({ each, offset }) => ({ ...each, ...placeOf(offset) }));
}

function placesIn(document: PolicyDocument, tools: readonly PinnedTool[]): readonly Place[] {
  const everywhere = document.input_schema === 'enforce';
  const named = new Set(Object.keys(document.tools ?? {}));
  const places: Place[] = [];
  if (document.all_tools !== undefined) {
    const { all_tools: rule } = document;
    places.push({ base: '/all_tools', rule, tools, enforced: everywhere });
  }
  for (const [name, rule] of Object.entries(document.tools ?? {})) {
    const base = `/tools/${pointerToken(name)}`;
    const enforced = isEnforced(rule, everywhere);
    places.push({ base, rule, tools: tools.filter((tool) => tool.name === name), enforced });
  }
  for (const [category, rule] of Object.entries(document.categories ?? {})) {
    const inside = tools.filter((tool) => tool.category === category && !named.has(tool.name));
    const enforced = isEnforced(rule, everywhere);
    places.push({ base: `/categories/${category}`, rule, tools: inside, enforced });
  }
  return places;
}

function isEnforced(rule: Rule, everywhere: boolean): boolean {
  return rule.input_schema === undefined ? everywhere : rule.input_schema === 'enforce';
}
