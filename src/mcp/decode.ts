import { canonicalNumber } from '../base/decimal.ts';
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import {
  elementsAt,
  membersAt,
  parseScanned,
  scanJson,
  stringValueOf,
} from '../base/strict-json.ts';
import type {
  JsonLimits,
  JsonObject,
  JsonProblem,
  JsonProblemCode,
  JsonText,
  JsonValue,
  Member,
} from '../base/strict-json.ts';
import type { Message, ResponseMessage, Span } from './message.ts';
import {
  PROTOCOL_VERSION_KEY,
  isLookAlike,
  metaKeys,
  paramKeys,
  rootKeys,
} from './protocol-key.ts';

/** Why a message was refused, as a code word. */
export type DecodeReason =
  | JsonProblemCode
  | 'not-an-object'
  | 'member-variant'
  | 'jsonrpc-version'
  | 'id-invalid'
  | 'id-missing'
  | 'method-invalid'
  | 'params-invalid'
  | 'meta-invalid'
  | 'not-one-kind'
  | 'result-or-error'
  | 'batch-empty'
  | 'batch-nested'
  | 'batch-too-long'
  | 'batch-duplicate-id'
  | 'batch-modern'
  | 'batch-initialize';

/** `id` is the JSON text of the id where it could be told; `offset` is in UTF-16 units. */
export interface DecodeProblem {
  readonly code: -32700 | -32600 | -32602;
  readonly reason: DecodeReason;
  readonly id: string | null;
  readonly offset: number | null;
}

/** A body is one message or a batch; each message of a batch carries its own text slice. */
export type Body =
  | { readonly kind: 'single'; readonly message: Message }
  | { readonly kind: 'batch'; readonly messages: readonly Message[] };

/** Longest id that is taken, in UTF-16 units as it was written, quotes included. */
export const ID_LENGTH_MAX = 1024;
/** Longest method name, in UTF-16 units. */
export const METHOD_LENGTH_MAX = 256;
/** Most messages in one batch (2025-03-26 only). */
export const BATCH_LENGTH_MAX = 100;

/**
 * Scans and decodes one body. A batch is refused as a whole when one of its messages is: whoever
 * splits it can rely on every element. Whether batches are due at all is the session's revision.
 */
export function decodeBody(bytes: Uint8Array, limits: JsonLimits): Result<Body, DecodeProblem> {
  const scanned = scanJson(bytes, limits);
  if (!scanned.ok) return err(scanProblem(scanned.error));
  const text = scanned.value;
  if (text.text.charAt(text.start) === '[') return decodeBatch(text);
  const message = decodeMessage(text);
  return message.ok ? ok({ kind: 'single', message: message.value }) : message;
}

/**
 * Decodes one JSON-RPC 2.0 message by MCP's rules (basic protocol, messages): an object, never a
 * null id, params always an object. Era is modern exactly where `params._meta` names a revision.
 */
export function decodeMessage(text: JsonText): Result<Message, DecodeProblem> {
  if (text.text.charAt(text.start) !== '{') return invalid('not-an-object', text.start);
  const root = readRoot(text);
  const id = root.id === null ? null : idOf(text.text, root.id);
  const knownId = id === null ? null : id.text;
  const fault = (reason: DecodeReason, member: Member | null) =>
    invalid(reason, member === null ? text.start : member.keyStart, knownId);

  if (root.lookAlike !== null) return fault('member-variant', root.lookAlike);
  if (!hasVersion2(text.text, root.jsonrpc)) return fault('jsonrpc-version', root.jsonrpc);
  if (root.id !== null && id === null) return fault('id-invalid', root.id);
  if (root.method === null) return decodeResponse(text, root, id);
  if (root.result !== null || root.error !== null) return fault('not-one-kind', root.method);

  const method = methodOf(text.text, root.method);
  if (method === null) return fault('method-invalid', root.method);
  const params = paramsOf(text, root.params);
  if (params.reason !== null) {
    const offset = root.params === null ? null : root.params.valueStart;
    return err({ code: -32602, reason: params.reason, id: knownId, offset });
  }

  const { value, protocolVersion } = params;
  const call = {
    text,
    era: protocolVersion === null ? 'legacy' : 'modern',
    protocolVersion,
    method,
    methodSpan: spanOf(root.method),
    params: value,
    paramsSpan: root.params === null ? null : spanOf(root.params),
  } as const;
  if (id === null) return ok({ ...call, kind: 'notification' });
  return ok({ ...call, kind: 'request', id: id.text, idSpan: id.span });
}

/**
 * One spelling for every spelling of one id (`1` and `1.0`; `"a"` and `"\u0061"`): a key for maps,
 * because a server may write an id in another way than the client did. `id` is JSON text.
 */
export function idKey(id: string): string {
  if (!id.startsWith('"')) return canonicalNumber(id);
  return id.includes('\\') ? JSON.stringify(stringValueOf(id) ?? id) : id;
}

interface Root {
  jsonrpc: Member | null;
  id: Member | null;
  method: Member | null;
  params: Member | null;
  result: Member | null;
  error: Member | null;
  lookAlike: Member | null;
}

function readRoot(text: JsonText): Root {
  const root: Root = {
    jsonrpc: null,
    id: null,
    method: null,
    params: null,
    result: null,
    error: null,
    lookAlike: null,
  };
  for (const member of membersAt(text.text, text.start)) {
    if (member.key === 'jsonrpc') root.jsonrpc = member;
    else if (member.key === 'id') root.id = member;
    else if (member.key === 'method') root.method = member;
    else if (member.key === 'params') root.params = member;
    else if (member.key === 'result') root.result = member;
    else if (member.key === 'error') root.error = member;
    else if (isLookAlike(member.key, rootKeys)) root.lookAlike ??= member;
  }
  return root;
}

interface Id {
  readonly text: string;
  readonly span: Span;
}

/** MCP takes strings and numbers, `0` and `""` among them; null is no id. */
function idOf(text: string, member: Member): Id | null {
  const literal = text.slice(member.valueStart, member.valueEnd);
  if (literal.length > ID_LENGTH_MAX) return null;
  const isString = literal.startsWith('"');
  if (!isString && !Number.isFinite(Number(literal))) return null;
  // `null`, `true`, `[1]` and `{}` are no numbers, whatever Number() makes of some of them.
  if (!isString && !/^[-0-9]/.test(literal)) return null;
  return { text: literal, span: spanOf(member) };
}

function hasVersion2(text: string, member: Member | null): boolean {
  return member !== null && stringOf(text, member) === '2.0';
}

function methodOf(text: string, member: Member): string | null {
  const method = stringOf(text, member);
  return method === null || method === '' || method.length > METHOD_LENGTH_MAX ? null : method;
}

function stringOf(text: string, member: Member): string | null {
  return stringValueOf(text.slice(member.valueStart, member.valueEnd));
}

function decodeResponse(
  text: JsonText,
  root: Root,
  id: Id | null,
): Result<ResponseMessage, DecodeProblem> {
  const { result, error } = root;
  const outcome = result ?? error;
  if (outcome === null) return invalid('method-invalid', text.start, id?.text ?? null);
  if (id === null) return invalid('id-missing', text.start);
  const oneOutcome = result === null || error === null;
  if (!oneOutcome || root.params !== null || text.text.charAt(outcome.valueStart) !== '{') {
    return invalid('result-or-error', outcome.keyStart, id.text);
  }
  return ok({
    kind: 'response',
    text,
    era: 'legacy',
    protocolVersion: null,
    id: id.text,
    idSpan: id.span,
    outcome: result === null ? 'error' : 'result',
  });
}

type Params =
  | {
      readonly reason: null;
      readonly value: JsonObject | undefined;
      readonly protocolVersion: string | null;
    }
  | { readonly reason: 'params-invalid' | 'member-variant' | 'meta-invalid' };

function paramsOf(text: JsonText, member: Member | null): Params {
  if (member === null) return { reason: null, value: undefined, protocolVersion: null };
  if (text.text.charAt(member.valueStart) !== '{') return { reason: 'params-invalid' };
  const value = parseScanned(text, member.valueStart, member.valueEnd);
  if (!isObject(value)) return { reason: 'params-invalid' };
  if (hasLookAlike(value, paramKeys)) return { reason: 'member-variant' };
  if (!Object.hasOwn(value, '_meta')) return { reason: null, value, protocolVersion: null };

  const meta = value['_meta'];
  if (!isObject(meta)) return { reason: 'meta-invalid' };
  if (hasLookAlike(meta, metaKeys)) return { reason: 'member-variant' };
  if (!Object.hasOwn(meta, PROTOCOL_VERSION_KEY)) {
    return { reason: null, value, protocolVersion: null };
  }
  const version = meta[PROTOCOL_VERSION_KEY];
  if (typeof version !== 'string') return { reason: 'meta-invalid' };
  return { reason: null, value, protocolVersion: version };
}

function hasLookAlike(object: JsonObject, keys: typeof paramKeys): boolean {
  return Object.keys(object).some((key) => isLookAlike(key, keys));
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decodeBatch(text: JsonText): Result<Body, DecodeProblem> {
  const elements = elementsAt(text.text, text.start);
  if (elements.length === 0) return invalid('batch-empty', text.start);
  if (elements.length > BATCH_LENGTH_MAX) return invalid('batch-too-long', text.start);
  const messages: Message[] = [];
  const ids = new Set<string>();
  for (const { start, end } of elements) {
    if (text.text.charAt(start) === '[') return invalid('batch-nested', start);
    const decoded = decodeMessage(sliceOf(text, start, end));
    if (!decoded.ok) return decoded;
    const message = decoded.value;
    const reason = batchReason(message, ids);
    if (reason !== null) return invalid(reason, start);
    messages.push(message);
  }
  return ok({ kind: 'batch', messages });
}

/** Only 2025-03-26 has batches: none is modern, and `initialize` MUST NOT be part of one. */
function batchReason(message: Message, ids: Set<string>): DecodeReason | null {
  if (message.era === 'modern') return 'batch-modern';
  if (message.kind !== 'request') return null;
  if (message.method === 'initialize') return 'batch-initialize';
  const size = ids.size;
  ids.add(idKey(message.id));
  return ids.size === size ? 'batch-duplicate-id' : null;
}

function sliceOf(text: JsonText, start: number, end: number): JsonText {
  const slice = text.text.slice(start, end);
  // Encoding gives back the very bytes: the text was UTF-8 and holds no lone surrogate.
  const bytes = new TextEncoder().encode(slice);
  return { ...text, bytes, text: slice, start: 0 };
}

function spanOf(member: Member): Span {
  return { start: member.valueStart, end: member.valueEnd };
}

/** What no parser reads is a parse error; what parsers read differently is an invalid request. */
function scanProblem(problem: JsonProblem): DecodeProblem {
  const unreadable: readonly JsonProblemCode[] = [
    'syntax',
    'invalid-utf8',
    'byte-order-mark',
    'lone-surrogate',
  ];
  const code = unreadable.includes(problem.code) ? -32700 : -32600;
  return { code, reason: problem.code, id: null, offset: problem.offset };
}

function invalid(
  reason: DecodeReason,
  offset: number,
  id: string | null = null,
): Result<never, DecodeProblem> {
  return err({ code: -32600, reason, id, offset });
}
