import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';

import { cookieName, sessionMs } from './session.ts';

/** A cookie that the console's pages carry: for this host alone, and never readable by a script. */
export interface Cookie {
  /** As it is called over plain http; over https `__Host-` stands before it. */
  readonly name: string;
  /** Over plain http; over https `/`, as the prefix wants it. */
  readonly path: string;
  /** Milliseconds. */
  readonly lastsMs: number;
}

/** One of them, of one request. */
export interface HeldCookie {
  /** Empty where the browser carries none. */
  readonly value: string;
  /** Has the browser carry this, or nothing more. */
  readonly set: (value: string | null) => void;
}

/** What tells who is signed in. */
export const sessionCookie: Cookie = { name: cookieName, path: '/', lastsMs: sessionMs };

/** What a browser carries of the sign-ins that it has begun: each way of two steps has its own. */
export interface HeldAttempts {
  readonly passkey: HeldCookie;
  readonly oidc: HeldCookie;
}

/** They are for operations of signing in, and last as long as the slowest of them may take. */
const attempt = { path: '/api/v1/session', lastsMs: 600_000 } as const;

/** What this browser carries of them. */
export function holdAttempts(context: Context): HeldAttempts {
  return {
    passkey: holdCookie(context, { ...attempt, name: 'portcullis_passkey' }),
    oidc: holdCookie(context, { ...attempt, name: 'portcullis_oidc' }),
  };
}

/** What the browser carries of it. */
export function holdCookie(context: Context, cookie: Cookie): HeldCookie {
  return {
    value: readCookie(context, cookie),
    set: (value) => write(context, cookie, value),
  };
}

/**
 * The cookie by the name that it has where the page is, empty where there is none. Over https that
 * is the one with the prefix: another host of the domain, or a page that came without TLS, can set
 * the other one, and never this (RFC 6265bis, §4.1.3.2).
 */
export function readCookie(context: Context, { name }: Cookie): string {
  const scheme = schemeOf(context);
  const secure = scheme === 'http:' ? undefined : getCookie(context, secureName(name));
  const plain = scheme === 'https:' ? undefined : getCookie(context, name);
  return secure ?? plain ?? '';
}

function write(context: Context, { name, path, lastsMs }: Cookie, value: string | null): void {
  const common = { httpOnly: true, sameSite: 'Strict' } as const;
  const maxAge = lastsMs / 1000;
  if (schemeOf(context) !== 'https:') {
    if (value === null) deleteCookie(context, name, { ...common, path });
    else setCookie(context, name, value, { ...common, path, maxAge });
    return;
  }
  const secure = { ...common, secure: true, path: '/' };
  if (value === null) deleteCookie(context, secureName(name), secure);
  else setCookie(context, secureName(name), value, { ...secure, maxAge });
  // What stands there without the prefix was planted, or is left from a page without TLS.
  deleteCookie(context, name, { ...common, secure: true, path });
}

function secureName(name: string): string {
  return `__Host-${name}`;
}

/**
 * How the page that asks came to the browser, which may be by a proxy that ends TLS; null where the
 * request does not tell. Browsers name the page in every change and, as the gateway's pages have
 * them do, in what they ask themselves; not when somebody types an address.
 */
function schemeOf(context: Context): string | null {
  const { origin = '', referer = '', host } = context.req.header();
  const asking = URL.parse(origin);
  if (asking !== null) return asking.protocol;
  const before = URL.parse(referer);
  if (before === null) return null;
  // A page of elsewhere may lead here that came without TLS where this one has it.
  return before.protocol === 'https:' || before.host === host ? before.protocol : null;
}
