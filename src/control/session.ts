import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';

import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import { isPassword } from '../identity/password.ts';
import type { User, UserStore } from '../identity/user.ts';
import type { ControlProblem } from './problem.ts';
import type { Actor } from './roles.ts';
import { Throttle, tryOnce } from './throttle.ts';

/** Name of the cookie that a signed-in page carries. */
export const cookieName = 'portcullis_session';

/** How long a session lasts, and how long without a request. Milliseconds. */
export const sessionMs: number = 12 * 3_600_000;
export const idleMs: number = 2 * 3_600_000;

const touchMs = 60_000;
/** Stands for the operator's key in a session: no user can have this name. */
export const operatorName = '*operator';

export interface SessionDeps {
  readonly users: UserStore;
  readonly clock: Clock;
  readonly operatorKey: string;
  /** The OpenID provider by which people sign in, or null: sessions of another's are over. */
  readonly oidcIssuer: () => string | null;
  /** The approver whose token this is, or null. */
  readonly approverOf?: (token: string) => Actor | null;
}

/** Who is signed in, and how one gets in. Sessions are kept by their hashes. */
export class Sessions {
  readonly #deps: SessionDeps;
  readonly #throttle: Throttle;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    this.#throttle = new Throttle(deps.clock);
  }

  /** Who carries this key or this cookie; null for nobody that is known. */
  async actorOf(authorization: string, cookie: string): Promise<Actor | null> {
    if (authorization !== '') {
      if (!authorization.startsWith('Bearer ')) return null;
      const token = authorization.slice(7);
      if (this.isKey(token)) return { name: 'operator', role: 'admin', session: null };
      return this.#deps.approverOf?.(token) ?? null;
    }
    return cookie === '' ? null : this.#actorOfSession(cookie);
  }

  /** Whether this is the operator's key. */
  isKey(text: string): boolean {
    return equal(text, this.#deps.operatorKey);
  }

  /** Whether this is the password of that name. A name that nobody has takes as long. */
  confirm(
    name: string,
    user: Pick<User, 'password'> | null,
    password: string,
  ): Promise<Result<null, ControlProblem>> {
    return this.#attempt(name, () => isPassword(user?.password ?? null, password));
  }

  /** Whether this is the operator's key, slowed down like a password. */
  confirmKey(key: string): Promise<Result<null, ControlProblem>> {
    return this.#attempt(operatorName, () => Promise.resolve(this.isKey(key)));
  }

  /** A fresh session: what the browser carried before is not looked at. */
  async open(userName: string): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    const nowMs = this.#deps.clock.nowMs();
    const session = { tokenSha256: digest(token), userName, createdMs: nowMs, seenMs: nowMs };
    await this.#deps.users.removeOldSessions(nowMs - sessionMs, nowMs - idleMs);
    await this.#deps.users.insertSession(session);
    return token;
  }

  /** Whether the way by which this user comes in is open. */
  #maySignIn({ oidc, password }: User): boolean {
    return oidc === null ? password !== null : oidc.issuer === this.#deps.oidcIssuer();
  }

  async #attempt(
    name: string,
    compare: () => Promise<boolean>,
  ): Promise<Result<null, ControlProblem>> {
    const right = await tryOnce(this.#throttle, name, compare);
    if (!right.ok) return right;
    if (right.value) return ok(null);
    return err({ code: 'unauthorized', message: 'this is not the name and its password' });
  }

  async #actorOfSession(token: string): Promise<Actor | null> {
    const { users, clock } = this.#deps;
    const tokenSha256 = digest(token);
    const session = await users.findSession(tokenSha256);
    const nowMs = clock.nowMs();
    if (session === null) return null;
    const { userName, createdMs, seenMs } = session;
    if (nowMs - createdMs >= sessionMs || nowMs - seenMs >= idleMs) return null;
    if (nowMs - seenMs > touchMs) await users.touchSession(tokenSha256, nowMs);
    const ref = { userName, tokenSha256, csrf: csrfOf(token) };
    if (userName === operatorName) return { name: 'operator', role: 'admin', session: ref };
    const user = await users.find(userName);
    if (user === null || !this.#maySignIn(user)) return null;
    return { name: `person:${userName}`, role: user.role, session: ref };
  }
}

/** Compares two secrets in a time that does not depend on where they differ. */
export function equal(given: string, expected: string): boolean {
  const a = createHmac('sha256', 'compare').update(given).digest();
  const b = createHmac('sha256', 'compare').update(expected).digest();
  return timingSafeEqual(a, b);
}

/** SHA-256 of a token, hexadecimal. */
export function digest(token: string): string {
  return hash('sha256', token, 'hex');
}

function csrfOf(token: string): string {
  return createHmac('sha256', token).update('csrf').digest('base64url');
}
