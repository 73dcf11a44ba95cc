import type { JsonValue } from '../base/strict-json.ts';
import type { Scope } from './decision.ts';
import type { Category, Risk } from './request.ts';

/**
 * A policy as its author wrote it, after the strict parse: short forms stay short forms, so that
 * printing a parsed document gives the same document. Meaning is given by `compilePolicy`.
 */
export interface PolicyDocument {
  readonly version: '1';
  /** Text for people. */
  readonly description?: string;
  /** For tools that nothing names. */
  readonly default: 'deny' | 'allow';
  /** Exact tool names that are left out of lists and refused; `*` hides every tool. */
  readonly hide?: readonly string[];
  /** Whether tools that this document can never permit are hidden too. */
  readonly hide_denied?: boolean;
  /** Whether arguments must satisfy the tool's own pinned schema. */
  readonly input_schema?: 'enforce';
  readonly all_tools?: AllTools;
  /** Exact tool names; a key is never a pattern. Read own members only. */
  readonly tools?: Readonly<Record<string, Rule>>;
  /** For tools that `tools` does not name, by their pinned category. */
  readonly categories?: Readonly<Partial<Record<Category, Rule>>>;
}

/** What every admitted call must satisfy, whatever admitted it. */
export interface AllTools {
  readonly require?: readonly Predicate[];
  readonly deny_if?: readonly Predicate[];
  readonly limits?: readonly Limit[];
}

export type Action = 'allow' | 'deny' | 'hide' | 'require_approval';

/** What one tool, or one category, may do. */
export interface Rule {
  readonly action?: Action;
  /** Shown to the agent when `action` refuses or holds. */
  readonly reason?: string;
  readonly input_schema?: 'enforce' | 'off';
  /** A JSON Schema that the arguments must satisfy. */
  readonly arguments?: JsonValue;
  readonly require?: readonly Predicate[];
  readonly deny_if?: readonly Predicate[];
  readonly approve_if?: readonly Predicate[];
  readonly approval?: Approval;
  readonly limits?: readonly Limit[];
  readonly rate_limit?: RateLimit;
  readonly labels?: Labels;
}

/** Who is asked, and for how long (`30s`, `10m`, `2h`; ten minutes when absent). */
export interface Approval {
  readonly timeout?: string;
  /** A role, a principal, or a list of them. */
  readonly approvers?: string | readonly string[];
  /** How many of them must say yes; 1 when absent. */
  readonly quorum?: number;
}

/** Up to `max` calls in any `window` seconds of one session. */
export interface RateLimit {
  readonly max: number;
  /** Seconds. */
  readonly window: number;
}

/** How data may flow from one tool to another. */
export interface Labels {
  readonly adds?: readonly string[];
  readonly blocked_by?: readonly string[];
  readonly approved_by?: readonly string[];
}

/** Conditions that must all hold, or the short form of a single one. */
export type Predicate = LongPredicate | ShortPredicate;

export interface LongPredicate {
  /** The last part of the rule id, instead of `<path>-<op>`. */
  readonly id?: string;
  readonly conditions: readonly Condition[];
  /** What the agent is told, instead of the engine's sentence. */
  readonly on_deny?: string;
}

export interface ShortPredicate extends Condition {
  readonly id?: string;
  readonly on_deny?: string;
}

/** One comparison: the value at `path`, the operator, the literal. */
export interface Condition {
  readonly path: string;
  readonly op: OperatorName;
  readonly value: JsonValue;
}

/** Every operator of the language, in the order of its table. */
export const operatorNames = [
  'eq',
  'neq',
  'in',
  'not_in',
  'lt',
  'lte',
  'gt',
  'gte',
  'regex',
  'not_regex',
  'contains',
  'not_contains',
  'exists',
  'length_lte',
  'length_gte',
  'path_within',
  'url_host_in',
  'email_domain_in',
  'sql_only',
] as const;

export type OperatorName = (typeof operatorNames)[number];

export type WindowName = 'minute' | 'hour' | 'day' | 'month';

/** Units admitted in a window, or calls in flight at once. */
export interface Limit {
  readonly counter: string;
  /** A name or a number of seconds; absent when `concurrent` is given. */
  readonly window?: WindowName | number;
  /** Units per window; absent when `concurrent` is a number. */
  readonly max?: number;
  readonly scope: Scope;
  /** Units that one call takes, or the path to them; 1 when absent. */
  readonly cost?: number | string;
  /** Older name of `cost` with a path. */
  readonly increment_from?: string;
  readonly align?: 'calendar';
  /** Calls in flight at once: the number, or `true` beside `max`. */
  readonly concurrent?: number | true;
  readonly on_deny?: string;
}

/** How bad a misuse of a tool can be, from the least to the worst. */
export const risks: readonly Risk[] = ['Low', 'Medium', 'High', 'Critical'];

/** How careful one has to be with a category, from the least to the most: what is unclear counts. */
export const gravity: readonly Category[] = [
  'Read',
  'Write',
  'Execute',
  'Unclassified',
  'Destructive',
  'Financial',
];

/** The five categories and the honest sixth, in order of severity. */
export const categories: readonly Category[] = [
  'Read',
  'Write',
  'Execute',
  'Destructive',
  'Financial',
  'Unclassified',
];

/** The scopes of a limit, from the narrowest to the widest. */
export const scopes: readonly Scope[] = ['session', 'grant', 'principal', 'server', 'everyone'];
