import { afterSpace } from '../base/json-scan.ts';
import { peekMembers, stringValueOf } from '../base/strict-json.ts';
import type { Member } from '../base/strict-json.ts';
import { decodeUtf8 } from '../base/utf8.ts';
import type { Span } from './message.ts';
import { isLookAlike, resultKeys, rootKeys } from './protocol-key.ts';
import type { ProtocolKeys } from './protocol-key.ts';

/** What a server's message says at its top, without materialising its content. */
export interface Answer {
  readonly kind: 'request' | 'notification' | 'response' | 'invalid';
  /** The decoded text that every span refers to; empty when the bytes are not UTF-8. */
  readonly text: string;
  /** JSON text of the id as written, or null (errors may have none). */
  readonly id: string | null;
  readonly idSpan: Span | null;
  readonly method: string | null;
  readonly paramsSpan: Span | null;
  readonly resultSpan: Span | null;
  readonly errorSpan: Span | null;
  /** `result.isError` is true. */
  readonly isError: boolean;
  readonly errorCode: number | null;
  readonly resultType: string | null;
  /** `result.inputRequests` is present (2026-07-28). */
  readonly inputRequests: boolean;
  /** The value of `result.requestState`, quotes included, or null. */
  readonly requestStateSpan: Span | null;
}

/**
 * Reads the outline of a message that a server sent: which kind, for whom, how it ended. Only the
 * members of the root, of `result` and of `error` are looked at, and unknown ones are let be;
 * what a reader could take in two ways (bytes that are not UTF-8, a byte order mark, a protocol
 * key twice or in another spelling) is invalid. Values are skipped, not validated: whatever must be
 * judged inside them is judged on a text that passed the strict scan.
 */
export function peekAnswer(bytes: Uint8Array): Answer {
  const text = decodeUtf8(bytes);
  if (text === null) return nothingKnown('');
  const root = wholeObject(text);
  const known = nothingKnown(text);
  if (root === null || !isUnambiguous(root, rootKeys)) return known;
  const jsonrpc = find(root, 'jsonrpc');
  if (jsonrpc === null || stringAt(text, jsonrpc) !== '2.0') return known;

  const id = find(root, 'id');
  const idText = id === null ? null : text.slice(id.valueStart, id.valueEnd);
  const isId = idText !== null && isIdText(idText);
  known.id = isId ? idText : null;
  known.idSpan = isId && id !== null ? spanOf(id) : null;
  // An error that answers an unreadable message has the id null (JSON-RPC 2.0, section 5).
  const noId = id === null || idText === 'null';
  if (!isId && !noId) return known;
  return find(root, 'method') === null
    ? peekResponse(known, root)
    : peekCall(known, root, id !== null);
}

/** An answer while it is read: what is filled in here is one object, not a copy for each step. */
type Outline = { -readonly [Member in keyof Answer]: Answer[Member] };

function nothingKnown(text: string): Outline {
  return {
    kind: 'invalid',
    text,
    id: null,
    idSpan: null,
    method: null,
    paramsSpan: null,
    resultSpan: null,
    errorSpan: null,
    isError: false,
    errorCode: null,
    resultType: null,
    inputRequests: false,
    requestStateSpan: null,
  };
}

const NUMBER_ID = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** Whether a text is JSON's for a string or a number: an id is written into messages as it came. */
function isIdText(text: string): boolean {
  if (!text.startsWith('"')) return NUMBER_ID.test(text);
  return !/[\0-\x1f]/.test(text) && stringValueOf(text) !== null;
}

/** The members of the one object that the text is, with nothing around it but white space. */
function wholeObject(text: string): readonly Member[] | null {
  const start = afterSpace(text, 0);
  const members = peekMembers(text, start);
  if (members === null) return null;
  const last = members.at(-1);
  const end = afterSpace(text, last === undefined ? start + 1 : last.valueEnd);
  const isWhole = text.charAt(end) === '}' && afterSpace(text, end + 1) === text.length;
  return isWhole ? members : null;
}

function peekCall(known: Outline, root: readonly Member[], hasId: boolean): Answer {
  const member = find(root, 'method');
  const method = member === null ? null : stringAt(known.text, member);
  const params = find(root, 'params');
  if (method === null || (hasId && known.id === null)) return known;
  if (find(root, 'result') !== null || find(root, 'error') !== null) return known;
  if (params !== null && known.text.charAt(params.valueStart) !== '{') return known;
  known.kind = hasId ? 'request' : 'notification';
  known.method = method;
  known.paramsSpan = params === null ? null : spanOf(params);
  return known;
}

function peekResponse(known: Outline, root: readonly Member[]): Answer {
  const { text } = known;
  const result = find(root, 'result');
  const error = find(root, 'error');
  if (result !== null && error !== null) return known;
  if (error !== null) {
    const members = peekMembers(text, error.valueStart);
    const code = members === null ? null : find(members, 'code');
    const value = code === null ? NaN : Number(text.slice(code.valueStart, code.valueEnd));
    if (!Number.isSafeInteger(value)) return known;
    known.kind = 'response';
    known.errorSpan = spanOf(error);
    known.errorCode = value;
    return known;
  }
  if (result === null || known.id === null) return known;
  const members = peekMembers(text, result.valueStart);
  if (members === null || !isUnambiguous(members, resultKeys)) return known;
  return peekResult(known, { result, members });
}

function peekResult(
  known: Outline,
  { result, members }: { readonly result: Member; readonly members: readonly Member[] },
): Answer {
  const { text } = known;
  const isError = find(members, 'isError');
  const type = find(members, 'resultType');
  const state = find(members, 'requestState');
  const resultType = type === null ? null : stringAt(text, type);
  if (type !== null && resultType === null) return known;
  known.kind = 'response';
  known.resultSpan = spanOf(result);
  known.isError = isError !== null && text.slice(isError.valueStart, isError.valueEnd) === 'true';
  known.resultType = resultType;
  known.inputRequests = find(members, 'inputRequests') !== null;
  known.requestStateSpan = state === null ? null : spanOf(state);
  return known;
}

/** No protocol key comes twice, and none in another spelling. */
function isUnambiguous(members: readonly Member[], keys: ProtocolKeys): boolean {
  // No longer than the protocol has keys.
  const seen: string[] = [];
  for (const { key } of members) {
    if (isLookAlike(key, keys)) return false;
    if (!keys.exact.has(key)) continue;
    if (seen.includes(key)) return false;
    seen.push(key);
  }
  return true;
}

function find(members: readonly Member[], key: string): Member | null {
  return members.find((member) => member.key === key) ?? null;
}

function stringAt(text: string, member: Member): string | null {
  return stringValueOf(text.slice(member.valueStart, member.valueEnd));
}

function spanOf(member: Member): Span {
  return { start: member.valueStart, end: member.valueEnd };
}
