import type { JsonObject, JsonValue } from '../../base/strict-json.ts';
import { parsePolicy } from '../../policy/index.ts';
import { pointerToken } from '../../policy/problem.ts';

/** Something that was not taken over as it was written. */
export interface ImportNote {
  /** Where it stands in the YAML document, as a JSON Pointer. */
  readonly pointer: string;
  /** `denied`: it did not translate, and now refuses. `differs`: it means a little else here. */
  readonly kind: 'denied' | 'differs';
  readonly text: string;
}

/** What became of the rules of one tool, or of `*`. */
export interface ImportedRule {
  readonly require: readonly JsonObject[];
  readonly deny_if: readonly JsonObject[];
  readonly limits: readonly JsonObject[];
  readonly action: 'deny' | 'require_approval' | null;
  readonly reason: string | null;
}

/** Everything that one rule became, or why it refuses now. */
type Part =
  | {
      readonly ok: true;
      readonly value: Partial<ImportedRule>;
      readonly differs: readonly string[];
    }
  | { readonly ok: false; readonly why: string };

/**
 * Translates the entry of one tool. All its rules must let a call pass, in the source and here. A
 * rule that does not translate refuses every call of its tool.
 */
export function importRule(
  tool: string,
  entry: unknown,
): { readonly rule: ImportedRule; readonly notes: readonly ImportNote[] } {
  const base = `/tools/${pointerToken(tool)}`;
  const notes: ImportNote[] = [];
  const parts: Partial<ImportedRule>[] = [];
  const deny = (pointer: string, why: string): void => {
    notes.push({ pointer, kind: 'denied', text: `${why}: calls are refused` });
    const on_deny = `an imported rule was not understood: ${why}`;
    parts.push(tool === '*' ? { deny_if: [{ conditions: [], on_deny }] } : denied(on_deny));
  };
  const rules = rulesIn(entry);
  if (rules === null) deny(base, 'the entry is no list of `rules`');
  for (const [index, rule] of (rules ?? []).entries()) {
    const pointer = `${base}/rules/${index}`;
    const part = partOf(tool, rule);
    if (!part.ok) {
      deny(pointer, part.why);
      continue;
    }
    parts.push(part.value);
    for (const text of part.differs) notes.push({ pointer, kind: 'differs', text });
  }
  return { rule: joined(parts), notes };
}

function denied(reason: string): Partial<ImportedRule> {
  return { action: 'deny', reason };
}

function joined(parts: readonly Partial<ImportedRule>[]): ImportedRule {
  const refusal = parts.find(({ action }) => action === 'deny');
  const asks = parts.find(({ action }) => action === 'require_approval');
  const decisive = refusal ?? asks;
  return {
    require: parts.flatMap(({ require = [] }) => require),
    deny_if: parts.flatMap(({ deny_if = [] }) => deny_if),
    limits: parts.flatMap(({ limits = [] }) => limits),
    action: decisive?.action ?? null,
    reason: decisive?.reason ?? null,
  };
}

function rulesIn(entry: unknown): readonly unknown[] | null {
  if (entry === null) return [];
  if (!isMap(entry)) return null;
  const { rules = [], ...unknown } = entry;
  if (Object.keys(unknown).length > 0) return null;
  if (rules === null) return [];
  return Array.isArray(rules) ? rules : null;
}

function partOf(tool: string, rule: unknown): Part {
  if (!isMap(rule)) return { ok: false, why: 'the rule is no map' };
  const { name: _, action = 'evaluate', on_deny, ...rest } = rule;
  if (on_deny !== undefined && typeof on_deny !== 'string') {
    return { ok: false, why: '`on_deny` is no text' };
  }
  const part = byAction(tool, { action, rest, message: on_deny ?? null });
  return part.ok ? loadable(part) : part;
}

interface RuleParts {
  readonly action: unknown;
  readonly rest: Readonly<Record<string, unknown>>;
  readonly message: string | null;
}

function byAction(tool: string, { action, rest, message }: RuleParts): Part {
  const { conditions, state, rate_limit, ...unknown } = rest;
  const [strange] = Object.keys(unknown);
  if (strange !== undefined) return { ok: false, why: `\`${strange}\` has no meaning here` };
  const plain = conditions === undefined && state === undefined && rate_limit === undefined;
  if (action === 'deny' || action === 'require_approval') {
    if (!plain) return { ok: false, why: `\`${action}\` stands beside conditions or limits` };
    if (tool !== '*') return done({ action, reason: message });
    if (action === 'require_approval') return { ok: false, why: '`*` asks a person' };
    return done({ deny_if: [{ conditions: [], ...said(message) }] });
  }
  if (action !== 'evaluate')
    return { ok: false, why: `the action \`${String(action)}\` is not known` };
  if (rate_limit !== undefined) {
    if (conditions !== undefined || state !== undefined) {
      return { ok: false, why: '`rate_limit` stands beside `conditions` or `state`' };
    }
    return rateLimit(tool, rate_limit, message);
  }
  return evaluated(tool, { conditions, state, message });
}

function done(value: Partial<ImportedRule>, ...differs: string[]): Part {
  return { ok: true, value, differs };
}

function said(message: string | null): JsonObject {
  return message === null || message === '' ? {} : { on_deny: message };
}

const sharedCounter =
  'the counter is kept for the whole server, whoever calls, and resets with the UTC clock, as in ' +
  'the source; calls that the server fails are counted here';

function rateLimit(tool: string, value: unknown, message: string | null): Part {
  const match = /^([1-9][0-9]{0,14})\/(minute|hour|day)$/.exec(String(value));
  if (match === null) return { ok: false, why: `\`rate_limit: ${String(value)}\` is not N/window` };
  const [, max, window = ''] = match;
  const counter = `${tool === '*' ? '_global' : tool}_rate_${window}`;
  const limit = { counter, window, max: Number(max), scope: 'server', align: 'calendar' };
  return done({ limits: [{ ...limit, ...said(message) }] }, sharedCounter);
}

interface Evaluated {
  readonly conditions: unknown;
  readonly state: unknown;
  readonly message: string | null;
}

function evaluated(tool: string, { conditions, state, message }: Evaluated): Part {
  if (!Array.isArray(conditions) || conditions.length === 0) {
    return { ok: false, why: 'the rule has no conditions' };
  }
  const read: readonly (Comparison | null)[] = conditions.map(comparisonOf);
  const comparisons = read.filter((each) => each !== null);
  if (comparisons.length < read.length) return { ok: false, why: 'a condition cannot be read' };
  const onArguments = comparisons.filter(({ path }) => path.startsWith('args.'));
  const onState = comparisons.filter(({ path }) => path.startsWith('state.'));
  if (onArguments.length + onState.length < comparisons.length) {
    return { ok: false, why: 'a path starts with neither `args.` nor `state.`' };
  }
  const limits = limitsOf(tool, { onState, state, message });
  if (typeof limits === 'string') return { ok: false, why: limits };
  const translated = onArguments.map(({ path, op, value }) => ({ path: pathOf(path), op, value }));
  const require = translated.length === 0 ? [] : [{ conditions: translated, ...said(message) }];
  const differs = limits.length > 0 ? [sharedCounter] : [];
  if (onArguments.some(({ op }) => op === 'eq' || op === 'neq' || op === 'in' || op === 'not_in')) {
    differs.push('values are compared without converting their type, and an absent one refuses');
  }
  return done({ require, limits }, ...differs);
}

interface Comparison {
  readonly path: string;
  readonly op: string;
  readonly value: JsonValue;
}

function comparisonOf(condition: unknown): Comparison | null {
  if (!isMap(condition)) return null;
  const { path, op, value, ...unknown } = condition;
  if (typeof path !== 'string' || typeof op !== 'string') return null;
  if (value === undefined || Object.keys(unknown).length > 0) return null;
  // What YAML's core schema gives is what JSON can say; the parser of policies checks the rest.
  return { path, op, value: value as JsonValue };
}

/** `args.a.b-c` as this language writes it: every dot of the source is one step down. */
function pathOf(path: string): string {
  const keys = path.slice('args.'.length).split('.');
  const step = (key: string): string =>
    /^[A-Za-z_][A-Za-z0-9_-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  return `args${keys.map(step).join('')}`;
}

interface Counted {
  readonly onState: readonly Comparison[];
  readonly state: unknown;
  readonly message: string | null;
}

/** The limits that a `state` block and its comparisons stand for, or why there are none. */
function limitsOf(
  tool: string,
  { onState, state, message }: Counted,
): readonly JsonObject[] | string {
  if (state === undefined) {
    return onState.length === 0 ? [] : 'a condition reads a counter that its rule does not keep';
  }
  if (!isMap(state)) return '`state` is no map';
  const { counter, window, increment = 1, increment_from, ...unknown } = state;
  if (typeof counter !== 'string' || typeof window !== 'string') return '`state` is incomplete';
  if (Object.keys(unknown).length > 0) return `\`state.${Object.keys(unknown)[0]}\` is not known`;
  if (onState.length === 0) return '`state` counts what no condition reads';
  const from = increment_from ?? null;
  if (from !== null && (typeof from !== 'string' || !from.startsWith('args.'))) {
    return '`increment_from` names no argument';
  }
  const owner = tool === '*' ? '_global' : tool;
  const cost = from === null ? increment : pathOf(from);
  const limits: JsonObject[] = [];
  for (const { path, op, value } of onState) {
    if (path !== `state.${owner}.${counter}`) return `\`${path}\` is another rule's counter`;
    const max = maxOf(op, value);
    if (max === null) return `\`${op}\` on a counter is no upper bound`;
    const named = { counter: `${owner}_${counter}`, window, max, scope: 'server' };
    // The parser of policies checks that the cost is a number or a path.
    const costs = cost === 1 ? {} : { cost: cost as JsonValue };
    limits.push({ ...named, align: 'calendar', ...costs, ...said(message) });
  }
  return limits;
}

/** The whole units that the source admits: it compares the count after adding the call's own. */
function maxOf(op: string, value: JsonValue): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return null;
  if (op === 'lte') return Math.floor(value);
  return op === 'lt' ? Math.max(0, Math.ceil(value) - 1) : null;
}

/** A rule that the parser of policies does not take refuses instead. */
function loadable(part: Part & { ok: true }): Part {
  const { require = [], deny_if = [], limits = [] } = part.value;
  const document = { version: '1', default: 'deny', all_tools: { require, deny_if, limits } };
  const parsed = parsePolicy(JSON.stringify(document));
  if (parsed.ok) return part;
  return { ok: false, why: parsed.error[0]?.message ?? 'it does not load' };
}

/** Whether a value is a map, as YAML calls it. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
