import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { decodeUtf8 } from '../base/utf8.ts';
import type { NotificationMessage, RequestMessage } from './message.ts';
import { ruleFor } from './method.ts';
import { mirroredParams } from './mirrored-param.ts';
import type { MirroredParam } from './mirrored-param.ts';

export { mirroredParams };
export type { MirroredParam };

export type HeaderReason =
  | 'header-missing'
  | 'header-mismatch'
  | 'header-duplicated'
  | 'header-invalid';

/** A disagreement of headers and body: HTTP 400 and this code (2026-07-28, Streamable HTTP). */
export interface HeaderProblem {
  readonly code: -32020;
  readonly reason: HeaderReason;
  /** The header's name in lower case; its value is never told. */
  readonly header: string;
}

type Call = RequestMessage | NotificationMessage;

/**
 * Checks that the headers of a modern message say what its body says; the body is what is judged.
 * `rawHeaders` is name, value, name, value as they came, so that a header that was sent twice is
 * seen. A request must carry `MCP-Protocol-Version`, `Mcp-Method` and, by the table of methods,
 * `Mcp-Name`; a notification need not, but what it carries must agree. `params` are those of the
 * called tool; a `Mcp-Param-*` that none of them names is let be.
 */
export function checkMirroredHeaders(
  rawHeaders: readonly string[],
  message: Call,
  params: readonly MirroredParam[] = [],
): HeaderProblem | null {
  const headers = mirrorsIn(rawHeaders);
  if (!(headers instanceof Map)) return headers;
  const required = message.kind === 'request';
  return (
    checkOne(headers, { header: VERSION, body: message.protocolVersion, required, plain: true }) ??
    checkOne(headers, { header: METHOD, body: message.method, required, plain: true }) ??
    checkName(headers, message, required) ??
    checkParams(headers, message, params)
  );
}

/**
 * The headers that mirror a modern message, made from its body alone, in lower case: what goes to
 * the server is never what the client wrote.
 */
export function mirroredHeaders(
  message: Call,
  params: readonly MirroredParam[] = [],
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = { [METHOD]: encodeHeaderValue(message.method) };
  if (message.protocolVersion !== null) {
    headers[VERSION] = encodeHeaderValue(message.protocolVersion);
  }
  const name = nameOf(message);
  if (typeof name === 'string') headers[NAME] = encodeHeaderValue(name);
  for (const param of params) {
    const text = headerText(valueAt(argumentsOf(message), param.path));
    if (text !== null) headers[param.header] = encodeHeaderValue(text);
  }
  return headers;
}

/** A header value for a text: itself where it is plain, else `=?base64?…?=` of its UTF-8. */
export function encodeHeaderValue(value: string): string {
  const plain = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !isSentinel(value);
  if (plain) return value;
  let binary = '';
  for (const byte of new TextEncoder().encode(value)) binary += String.fromCharCode(byte);
  return `${SENTINEL}${btoa(binary)}?=`;
}

/** The text of a header value, or null where it is not ASCII or its base64 is not canonical. */
export function decodeHeaderValue(value: string): string | null {
  if (!/^[\t\x20-\x7e]*$/.test(value)) return null;
  if (!isSentinel(value)) return value;
  const base64 = value.slice(SENTINEL.length, -2);
  if (!BASE64.test(base64)) return null;
  const binary = atob(base64);
  if (btoa(binary) !== base64) return null;
  return decodeUtf8(Uint8Array.from(binary, (c) => c.charCodeAt(0)));
}

const VERSION = 'mcp-protocol-version';
const METHOD = 'mcp-method';
const NAME = 'mcp-name';
const PARAM_PREFIX = 'mcp-param-';
const SENTINEL = '=?base64?';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function isSentinel(value: string): boolean {
  return value.length >= SENTINEL.length + 2 && value.startsWith(SENTINEL) && value.endsWith('?=');
}

/** The mirroring headers by lower-case name, without white space around their values. */
function mirrorsIn(rawHeaders: readonly string[]): Map<string, string> | HeaderProblem {
  const headers = new Map<string, string>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const header = (rawHeaders[at] ?? '').toLowerCase();
    const mirrors = header === VERSION || header === METHOD || header === NAME;
    if (!mirrors && !header.startsWith(PARAM_PREFIX)) continue;
    if (headers.has(header)) return problem('header-duplicated', header);
    headers.set(header, withoutPadding(rawHeaders[at + 1] ?? ''));
  }
  return headers;
}

/** Without the spaces and tabs around it; in linear time, whatever is inside. */
function withoutPadding(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isPadding(value.charAt(start))) start += 1;
  while (end > start && isPadding(value.charAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

function isPadding(c: string): boolean {
  return c === ' ' || c === '\t';
}

interface Mirror {
  readonly header: string;
  /** What the body says, or null where it says nothing. */
  readonly body: string | null;
  readonly required: boolean;
  /** The value is never encoded: versions and methods are plain. */
  readonly plain: boolean;
}

function checkOne(headers: ReadonlyMap<string, string>, mirror: Mirror): HeaderProblem | null {
  const { header, body } = mirror;
  const value = headers.get(header);
  if (value === undefined) {
    return mirror.required && body !== null ? problem('header-missing', header) : null;
  }
  const decoded = decodeHeaderValue(value);
  if (decoded === null || (mirror.plain && isSentinel(value))) {
    return problem('header-invalid', header);
  }
  return decoded === body ? null : problem('header-mismatch', header);
}

function checkName(
  headers: ReadonlyMap<string, string>,
  message: Call,
  required: boolean,
): HeaderProblem | null {
  const name = nameOf(message);
  // A method that names nothing needs no header, and none is forwarded: there is nothing to check.
  if (name === undefined) return null;
  const body = typeof name === 'string' ? name : null;
  return checkOne(headers, { header: NAME, body, required, plain: false });
}

/** What `Mcp-Name` mirrors: undefined for methods without, null where the body lacks it. */
function nameOf(message: Call): JsonValue | undefined {
  const rule = ruleFor(message.method, 'client-to-server', 'modern');
  if (rule === null || rule.nameParam === null) return undefined;
  return ownMember(message.params ?? null, rule.nameParam) ?? null;
}

function checkParams(
  headers: ReadonlyMap<string, string>,
  message: Call,
  params: readonly MirroredParam[],
): HeaderProblem | null {
  for (const param of params) {
    const body = valueAt(argumentsOf(message), param.path);
    // No header stands for an argument that is absent or null: one that is there says too much.
    const text = body === undefined || body === null ? null : headerText(body);
    const mirror = { header: param.header, body: text, required: true, plain: false };
    const found = sameInteger(headers.get(param.header), body, param)
      ? null
      : checkOne(headers, mirror);
    if (found !== null) return found;
  }
  return null;
}

/** Integers are compared as numbers: `42.0` is `42`. */
function sameInteger(
  value: string | undefined,
  body: JsonValue | undefined,
  param: MirroredParam,
): boolean {
  if (param.type !== 'integer' || typeof body !== 'number' || value === undefined) return false;
  const decoded = decodeHeaderValue(value);
  return (
    decoded !== null && /^-?[0-9]{1,17}(?:\.0{1,17})?$/.test(decoded) && Number(decoded) === body
  );
}

/** How a primitive argument is written in a header; null for what no header can carry. */
function headerText(value: JsonValue | undefined): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? null : String(value);
}

function argumentsOf(message: Call): JsonValue | undefined {
  return ownMember(message.params ?? null, 'arguments');
}

function valueAt(root: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  let value = root;
  for (const key of path) value = ownMember(value ?? null, key);
  return value;
}

function ownMember(value: JsonValue, key: string): JsonValue | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problem(reason: HeaderReason, header: string): HeaderProblem {
  return { code: -32020, reason, header };
}
