import { parsePolicy, printPolicy, type Rule } from '../policy/index.ts';

/**
 * A document with another rule for one tool, or without one; the rest is as its author wrote it.
 * Null when the document does not load. What comes out is judged when it is saved.
 */
export function withRule(
  document: string,
  tool: string,
  rule: Readonly<Record<string, unknown>> | null,
): string | null {
  const parsed = parsePolicy(document);
  if (!parsed.ok) return null;
  const kept = Object.entries(parsed.value.tools ?? {});
  const others = kept.filter(([name]) => name !== tool);
  const at = kept.findIndex(([name]) => name === tool);
  // What a caller sent as JSON; the parser of policies judges it before it is saved.
  const entry: [string, Rule] = [tool, rule as Rule];
  const tools = rule === null ? others : others.toSpliced(at < 0 ? others.length : at, 0, entry);
  return printPolicy({ ...parsed.value, tools: Object.fromEntries(tools) });
}
