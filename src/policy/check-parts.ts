import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { operatorNames } from './document.ts';
import type { OperatorName } from './document.ts';
import { isList, isObject } from './operators/compare.ts';
import { compileOperator } from './operators/operators.ts';
import { parsePath, roots } from './path.ts';
import { pointerToken } from './problem.ts';

/**
 * What shapes alone cannot say. Every check runs beside the others, on parts that may be wrong in
 * other ways, so that all problems of a document are found at once.
 */
export interface Finding {
  /** Below the part that was checked; empty for the part itself. */
  readonly pointer: string;
  readonly message: string;
  readonly hint: string | null;
}

/** A path that a predicate may use. */
export function checkPath(text: string): readonly Finding[] {
  const path = parsePath(text);
  return path.ok ? [] : [{ pointer: '', ...path.error }];
}

/** A path that names one number. */
export function checkCostPath(text: string): readonly Finding[] {
  const path = parsePath(text);
  if (!path.ok) return [{ pointer: '', ...path.error }];
  if (path.value.many) return [finding('', 'a cost is one number: `[*]` names many values')];
  const type = roots[path.value.root];
  if (type === 'number' || type === 'object') return [];
  return [finding('', `\`${text}\` is never a number: use a path such as \`args.amount\``)];
}

/** The literal of a comparison fits its operator: asked of the operator itself. */
export function checkCondition(condition: JsonObject): readonly Finding[] {
  const { op, value } = condition;
  if (!isOperator(op) || value === undefined) return [];
  const compiled = compileOperator(op, value);
  if (compiled.ok) return [];
  return [finding('/value', `\`${op}\` expects ${compiled.error}`)];
}

function isOperator(op: JsonValue | undefined): op is OperatorName {
  // The list is of names; only its element type is narrower than the question.
  return typeof op === 'string' && (operatorNames as readonly string[]).includes(op);
}

/** A limit has one way to count, and one maximum. */
export function checkLimit(limit: JsonObject): readonly Finding[] {
  const { window, max, concurrent, align } = limit;
  const findings: Finding[] = [];
  if (limit.cost !== undefined && limit.increment_from !== undefined) {
    findings.push(
      finding('/increment_from', '`increment_from` is read as `cost`: keep one of them'),
    );
  }
  if (concurrent !== undefined) return [...findings, ...checkConcurrent(limit)];
  if (window === undefined) findings.push(finding('', '`window` is missing'));
  if (max === undefined) findings.push(finding('', '`max` is missing'));
  if (align !== undefined && typeof window === 'number') {
    findings.push(finding('/align', '`calendar` needs `minute`, `hour`, `day` or `month`'));
  }
  return findings;
}

function checkConcurrent(limit: JsonObject): readonly Finding[] {
  const findings: Finding[] = [];
  for (const key of ['window', 'cost', 'increment_from', 'align']) {
    if (limit[key] === undefined) continue;
    findings.push(
      finding(`/${key}`, `\`${key}\` does not go with \`concurrent\`: keep one of them`),
    );
  }
  if (limit.concurrent === true && limit.max === undefined) {
    findings.push(finding('', '`max` is missing: how many calls may be in flight'));
  }
  if (typeof limit.concurrent === 'number' && limit.max !== undefined) {
    findings.push(finding('/max', '`concurrent` is already the number: keep one of them'));
  }
  return findings;
}

/** Limits that share a counter agree on window, alignment and scope. */
export function checkCounters(document: JsonObject): readonly Finding[] {
  const first = new Map<string, CounterUse>();
  const findings: Finding[] = [];
  const uses = counterUses(document);
  for (const use of uses) {
    const known = first.get(use.counter);
    if (known === undefined) first.set(use.counter, use);
    else if (known.way !== use.way) findings.push(disagreement(use, known));
  }
  return [...findings, ...checkCategoryRates(document, uses)];
}

interface CounterUse {
  readonly counter: string;
  readonly pointer: string;
  /** Window, alignment and scope in one text. */
  readonly way: string;
}

function disagreement(use: CounterUse, known: CounterUse): Finding {
  return {
    pointer: use.pointer,
    message: `counter \`${use.counter}\` counts by ${use.way} here and by ${known.way} at ${known.pointer}`,
    hint: 'make window, alignment and scope alike, or give one of them another counter',
  };
}

function counterUses(document: JsonObject): readonly CounterUse[] {
  const uses = limitUses(document.all_tools, '/all_tools/limits');
  for (const [tool, rule] of entries(document.tools)) {
    const base = `/tools/${pointerToken(tool)}`;
    uses.push(...limitUses(rule, `${base}/limits`));
    const way = rateWay(rule);
    if (way !== null) uses.push({ counter: `${tool}_rate`, pointer: `${base}/rate_limit`, way });
  }
  for (const [category, rule] of entries(document.categories)) {
    uses.push(...limitUses(rule, `/categories/${pointerToken(category)}/limits`));
  }
  return uses;
}

/** A category's `rate_limit` names a counter for each tool that `tools` does not name. */
function checkCategoryRates(document: JsonObject, uses: readonly CounterUse[]): readonly Finding[] {
  const named = new Set(entries(document.tools).map(([tool]) => `${tool}_rate`));
  const findings: Finding[] = [];
  for (const [category, rule] of entries(document.categories)) {
    const way = rateWay(rule);
    if (way === null) continue;
    const pointer = `/categories/${pointerToken(category)}/rate_limit`;
    const other = uses.find(
      (use) => use.counter.endsWith('_rate') && !named.has(use.counter) && use.way !== way,
    );
    if (other === undefined) continue;
    findings.push(disagreement({ counter: other.counter, pointer, way }, other));
  }
  return findings;
}

function limitUses(holder: JsonValue | undefined, pointer: string): CounterUse[] {
  if (!isObject(holder) || !isList(holder.limits)) return [];
  return holder.limits.flatMap((limit, index) => {
    if (!isObject(limit) || typeof limit.counter !== 'string') return [];
    return [{ counter: limit.counter, pointer: `${pointer}/${index}`, way: limitWay(limit) }];
  });
}

const windowSeconds: Readonly<Record<string, number>> = {
  minute: 60,
  hour: 3600,
  day: 86_400,
  month: 2_678_400,
};

function limitWay(limit: JsonObject): string {
  const scope = typeof limit.scope === 'string' ? `scope \`${limit.scope}\`` : 'no scope';
  if (limit.concurrent !== undefined) return `calls in flight, ${scope}`;
  const { window } = limit;
  const seconds = typeof window === 'string' ? (windowSeconds[window] ?? window) : window;
  const align = limit.align === undefined ? 'sliding' : 'calendar';
  return `${align} windows of ${JSON.stringify(seconds)} seconds, ${scope}`;
}

function rateWay(rule: JsonValue): string | null {
  if (!isObject(rule) || !isObject(rule.rate_limit)) return null;
  return limitWay({ window: rule.rate_limit.window ?? null, scope: 'session' });
}

function entries(map: JsonValue | undefined): readonly (readonly [string, JsonValue])[] {
  return isObject(map) ? Object.entries(map) : [];
}

function finding(pointer: string, message: string): Finding {
  return { pointer, message, hint: null };
}
