import { createHmac, timingSafeEqual } from 'node:crypto';

/** Name of the cookie that a signed-in page carries. */
export const cookieName = 'portcullis_session';

/** How long a sign-in lasts, in milliseconds. */
export const sessionMs: number = 12 * 3_600_000;

/** A signed statement that whoever holds it knew the operator's key, until `expiresMs`. */
export function newSession(operatorKey: string, expiresMs: number): string {
  return `${expiresMs}.${seal(operatorKey, expiresMs)}`;
}

/** Whether a cookie's value is a live session under this key. */
export function isSession(operatorKey: string, value: string, nowMs: number): boolean {
  const [expires = '', given = ''] = value.split('.', 2);
  const expiresMs = Number(expires);
  if (!Number.isSafeInteger(expiresMs) || expiresMs <= nowMs) return false;
  return equal(given, seal(operatorKey, expiresMs));
}

/** Compares two secrets in a time that does not depend on where they differ. */
export function equal(given: string, expected: string): boolean {
  const a = createHmac('sha256', 'compare').update(given).digest();
  const b = createHmac('sha256', 'compare').update(expected).digest();
  return timingSafeEqual(a, b);
}

function seal(operatorKey: string, expiresMs: number): string {
  return createHmac('sha256', operatorKey).update(`session ${expiresMs}`).digest('base64url');
}
