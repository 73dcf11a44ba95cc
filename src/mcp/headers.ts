import type { JsonValue } from '../base/strict-json.ts';
import type { NotificationMessage, RequestMessage } from './message.ts';

/** Code of HeaderMismatch, 2026-07-28. */
export type HeaderReason =
  | 'header-missing'
  | 'header-mismatch'
  | 'header-duplicated'
  | 'header-invalid';

export interface HeaderProblem {
  readonly code: -32020;
  readonly reason: HeaderReason;
  /** The header's canonical name; its value is never told. */
  readonly header: string;
}

/** One argument that a header mirrors: `Mcp-Param-<name>` is the argument at `path`. */
export interface MirroredParam {
  readonly header: string;
  readonly path: readonly string[];
  readonly type: 'string' | 'integer' | 'boolean';
}

/** The mirrored arguments of a tool's inputSchema; null when an `x-mcp-header` in it is hostile. */
export declare function mirroredParams(inputSchema: JsonValue): readonly MirroredParam[] | null;
/** `rawHeaders` is name, value, name, value as they came. Only called for the modern era. */
export declare function checkMirroredHeaders(
  rawHeaders: readonly string[],
  message: RequestMessage | NotificationMessage,
  params?: readonly MirroredParam[],
): HeaderProblem | null;
/** The headers towards the server, made from the message alone. Names in lower case. */
export declare function mirroredHeaders(
  message: RequestMessage | NotificationMessage,
  params?: readonly MirroredParam[],
): Readonly<Record<string, string>>;
/** A header value for a text: itself where it is plain, else `=?base64?…?=`. */
export declare function encodeHeaderValue(value: string): string;
/** The text of a header value, or null when it is not well formed. */
export declare function decodeHeaderValue(value: string): string | null;
