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
 * Reads names and values in turn, as `node:http` gives them. The result may be kept for as long as a
 * client sends the same lines: what time or a change of the configuration can alter is asked anew
 * each time, and whether a token opens anything is not said here.
 */
export function readHead(rawHeaders: readonly string[]): Head {
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
