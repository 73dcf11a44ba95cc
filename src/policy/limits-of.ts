import type { CompiledPolicy } from './compile.ts';
import type { LimitObligation } from './decision.ts';
import { compileRateLimit } from './limit.ts';
import type { PinnedTool } from './request.ts';
import type { CompiledRule } from './rule.ts';

/** A limit that a document puts on calls. */
export interface PolicyLimit {
  /** As the first rule that has it names it. Its `units` say nothing here: no call was made. */
  readonly limit: LimitObligation;
  /** The tools whose own rules have it; empty where it is for a category, or for all. */
  readonly tools: readonly string[];
}

/**
 * Every limit of a document: one for each counter and each max, however many rules share it.
 * `tools` are those of the server that calls go to, since the short form of a category counts each
 * of them by itself.
 */
export function limitsOf(
  policy: CompiledPolicy,
  tools: ReadonlyMap<string, PinnedTool> | null,
): readonly PolicyLimit[] {
  const found = new Map<string, { readonly limit: LimitObligation; readonly tools: Set<string> }>();
  const add = (limit: LimitObligation, tool: string | null): void => {
    const { counter, scope, windowMs, align, max } = limit;
    const key = JSON.stringify([counter, scope, windowMs, align, max]);
    const known = found.get(key) ?? { limit, tools: new Set() };
    found.set(key, known);
    if (tool !== null) known.tools.add(tool);
  };
  const addRule = (rule: CompiledRule, tool: string | null): void => {
    if (rule.refusal !== null) return;
    for (const { obligation } of rule.limits) {
      // What stands in `all_tools` is part of every rule, and of no tool's own.
      add(obligation, obligation.rule.startsWith(`${rule.id}/`) ? tool : null);
    }
  };
  for (const [name, rule] of policy.tools) addRule(rule, name);
  for (const [category, rule] of policy.categories) {
    addRule(rule, null);
    if (rule.rateLimit === null || rule.refusal !== null) continue;
    for (const tool of tools?.values() ?? []) {
      if (tool.category !== category || policy.tools.has(tool.name)) continue;
      add(compileRateLimit(rule.rateLimit, `${rule.id}/limits`, tool.name).obligation, tool.name);
    }
  }
  addRule(policy.fallback, null);
  return [...found.values()].map(({ limit, tools: own }) => ({ limit, tools: [...own] }));
}
