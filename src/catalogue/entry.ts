import type { JsonObject } from '../base/strict-json.ts';
import type { Hit, Signal } from '../classify/tool.ts';
import type { Category, Risk } from '../policy/index.ts';
import type { Grade } from './grade.ts';
import type { Posture } from './observation.ts';
import type { Suspicion } from './suspicion.ts';

/** How an entry came into the catalogue: from a live server, from a file, or shipped with us. */
export type Source = 'scan' | 'import' | 'seed';

/** Where a server comes from, as far as it is known. */
export interface Identity {
  /** Name in a package registry, or null. */
  readonly package: string | null;
  readonly licence: string | null;
  readonly homepage: string | null;
}

/** A server as lists show it. */
export interface ServerSummary {
  readonly slug: string;
  readonly name: string;
  readonly version: string | null;
  readonly source: Source;
  readonly grade: Grade;
  readonly tools: number;
  /** Estimated tokens of all its definitions. */
  readonly tokens: number;
  readonly scannedMs: number;
}

/** A server with everything but the definitions of its tools. */
export interface ServerEntry extends ServerSummary {
  readonly identity: Identity;
  readonly posture: Posture;
  readonly instructions: string | null;
  readonly counts: {
    readonly category: Readonly<Record<string, number>>;
    readonly risk: Readonly<Record<string, number>>;
  };
  readonly firstSeenMs: number;
  /** In the server's order. */
  readonly listed: readonly ToolSummary[];
  readonly policy: JsonObject;
}

/** A tool as lists show it. */
export interface ToolSummary {
  readonly server: { readonly slug: string; readonly name: string };
  readonly slug: string;
  readonly name: string;
  readonly category: Category;
  readonly risk: Risk;
  readonly signals: readonly Signal['id'][];
  /** The beginning of its description. */
  readonly about: string;
}

/** A tool with all that is known of it. */
export interface ToolEntry extends ToolSummary {
  readonly definition: JsonObject;
  readonly digest: string;
  readonly classRisk: Risk;
  readonly raising: readonly Signal[];
  readonly evidence: readonly Hit[];
  readonly sentence: string;
  readonly suspicions: readonly Suspicion[];
  readonly tokens: number;
  /** The rule under `"default": "deny"`. */
  readonly policy: JsonObject;
  /** What a person decided instead, kept apart from the classifier's answer. */
  readonly override: Override | null;
  readonly firstSeenMs: number;
  readonly changedMs: number;
  readonly related: readonly ToolSummary[];
  readonly history: readonly Change[];
}

/** A category that a person gave, with who and why. */
export interface Override {
  readonly category: Category;
  readonly risk: Risk;
  readonly by: string;
  readonly why: string;
  readonly atMs: number;
  /** The definition has changed since: the graver of both answers holds. */
  readonly outdated: boolean;
}

export type ChangeKind =
  | 'server-new'
  | 'new'
  | 'changed'
  | 'riskier'
  | 'safer'
  | 'renamed'
  | 'gone';

/** One line of the feed of changes. */
export interface Change {
  readonly atMs: number;
  readonly kind: ChangeKind;
  readonly server: { readonly slug: string; readonly name: string };
  /** Null for what concerns the server as a whole. */
  readonly tool: { readonly slug: string; readonly name: string } | null;
  /** What happened, for a person. */
  readonly detail: string;
}

/** What is asked of the catalogue; null and empty ask for everything. */
export interface Search {
  readonly text: string;
  readonly category: Category | null;
  readonly risk: Risk | null;
  readonly offset: number;
  readonly limit: number;
}

/** One page of what was found. */
export interface Found<T> {
  readonly items: readonly T[];
  /** How many there are in all, counted as far as `countMax`. */
  readonly total: number;
}

/** Further than this nothing is counted: it is said to be more. */
export const countMax = 1_000;
