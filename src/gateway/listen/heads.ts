import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import { ok, type Result } from '../../base/result.ts';
import { hashToken, parseBearer, type BearerProblem } from '../../identity/token.ts';
import { openSession, type Session, type SessionOwner } from '../session.ts';
import { isKnownHost, isKnownOrigin, type HostPolicy } from './hosts.ts';
import { readHeaders, type HeaderFault, type RequestHeaders } from './headers.ts';

/** What the header lines of one request say. */
export interface Head {
  readonly headers: Result<RequestHeaders, HeaderFault>;
  /** Values of `Host` and `Origin`; `repeated` for a line that stands twice. */
  readonly host: string | null;
  readonly origin: string | null;
  /** Whether the listener is called by its name, from a page that may call it. */
  isServed(hosts: HostPolicy): boolean;
  /** SHA-256 of the bearer token, hexadecimal. */
  readonly tokenSha256: Result<string, BearerProblem>;
  /** The session that its id stands for, or null: the last one that was asked for is remembered. */
  session(key: Uint8Array, owner: SessionOwner, sealedId: string): Session | null;
}

/** Stands for a header that came twice: no value can be it, as it holds a line end. */
export const repeated = '\r\n';

/**
 * Reads the head of a request. A client sends the same lines with each call, the length of the
 * body aside: what they say is remembered with the connection and found again by comparing the
 * lines, which costs a tenth of reading them. Nothing that time or a change of the configuration
 * can alter is remembered: whether a token opens anything is asked with every request.
 */
export function headOf(request: IncomingMessage): Head {
  const { rawHeaders } = request;
  // The mark is this module's own: no other code can name the symbol.
  const socket = request.socket as Remembering;
  const known = socket[remembered];
  if (known !== undefined) {
    if (known.lines === rawHeaders) return known.head;
    if (sameLines(known, rawHeaders)) {
      const length = known.lengthAt === -1 ? null : rawHeaders[known.lengthAt];
      known.lines = rawHeaders;
      if (length !== undefined && length !== null) known.head = withLength(known.head, length);
      return known.head;
    }
  }
  const head = read(rawHeaders);
  socket[remembered] = { lines: rawHeaders, lengthAt: lengthAt(rawHeaders), head };
  return head;
}

interface Remembered {
  lines: readonly string[];
  /** Where the value of `Content-Length` stands; -1 where there is none, or more than one. */
  readonly lengthAt: number;
  head: Head;
}

/** What the last request of a connection said in its head. */
const remembered: unique symbol = Symbol('remembered');
type Remembering = Socket & { [remembered]?: Remembered };

function sameLines({ lines, lengthAt: except }: Remembered, others: readonly string[]): boolean {
  if (lines.length !== others.length) return false;
  for (let index = 0; index < lines.length; index += 1) {
    if (index !== except && lines[index] !== others[index]) return false;
  }
  return true;
}

function lengthAt(rawHeaders: readonly string[]): number {
  let found = -1;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (!isNamed(rawHeaders[index], 'content-length')) continue;
    if (found !== -1) return -1;
    found = index + 1;
  }
  return found;
}

function withLength(head: Head, length: string): Head {
  if (!head.headers.ok) return head;
  const contentLength = Number(length);
  const { value } = head.headers;
  if (value.contentLength === contentLength) return head;
  return { ...head, headers: ok({ ...value, contentLength }) };
}

function read(rawHeaders: readonly string[]): Head {
  const token = parseBearer(rawHeaders);
  const host = onlyHeader(rawHeaders, 'host');
  const origin = onlyHeader(rawHeaders, 'origin');
  let servedBy: HostPolicy | null = null;
  let last: { owner: SessionOwner; key: Uint8Array; session: Session } | null = null;
  return {
    headers: readHeaders(rawHeaders),
    host,
    origin,
    isServed: (hosts) => {
      if (servedBy === hosts) return true;
      const isServed = isKnownHost(hosts, host) && isKnownOrigin(hosts, origin);
      if (isServed) servedBy = hosts;
      return isServed;
    },
    tokenSha256: token.ok ? ok(hashToken(token.value)) : token,
    session: (key, owner, sealedId) => {
      const isLast =
        last?.session.sealedId === sealedId &&
        last.owner.grantId === owner.grantId &&
        last.owner.server === owner.server &&
        last.key === key;
      if (isLast) return last?.session ?? null;
      const session = openSession(key, owner, sealedId);
      if (session !== null) last = { owner, key, session };
      return session;
    },
  };
}

function onlyHeader(rawHeaders: readonly string[], name: string): string | null {
  let value: string | null = null;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (!isNamed(rawHeaders[index], name)) continue;
    if (value !== null) return repeated;
    value = rawHeaders[index + 1] ?? '';
  }
  return value;
}

function isNamed(raw: string | undefined, name: string): boolean {
  return raw !== undefined && raw.length === name.length && raw.toLowerCase() === name;
}
