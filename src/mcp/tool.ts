import type { Result } from '../base/result.ts';
import type { JsonObject, JsonText } from '../base/strict-json.ts';
import type { Span } from './message.ts';

/** One entry of `result.tools`, in its place in the text of the answer. */
export interface ToolEntry {
  readonly name: string;
  /** The whole definition. */
  readonly span: Span;
  /** The value of its `name` member, quotes included. */
  readonly nameSpan: Span;
  readonly definition: JsonObject;
}

export interface ToolList {
  readonly text: JsonText;
  readonly resultSpan: Span;
  readonly toolsSpan: Span;
  readonly tools: readonly ToolEntry[];
  /** The opaque cursor; "" is a cursor, null is none. */
  readonly nextCursor: string | null;
  readonly ttlMsSpan: Span | null;
  readonly cacheScopeSpan: Span | null;
}

export type ToolListProblem =
  | 'not-a-result'
  | 'tools-missing'
  | 'tool-not-an-object'
  | 'tool-name-invalid'
  | 'tool-name-twice'
  | 'next-cursor-invalid';

/** What becomes of each tool: false removes it, a string renames it, true keeps it. */
export type ToolChoice = boolean | string;

export interface ToolListEdit {
  readonly choose: (tool: ToolEntry) => ToolChoice;
  /** Relabels the answer `cacheScope: "private"` with a capped `ttlMs` (modern era); null leaves it. */
  readonly cacheTtlMsMax: number | null;
}

export declare function readToolList(text: JsonText): Result<ToolList, ToolListProblem>;
export declare function editToolList(list: ToolList, edit: ToolListEdit): Uint8Array;
export declare function isToolName(name: string): boolean;
export declare function aggregatedName(server: string, tool: string, sha256Hex: (text: string) => string): string;
