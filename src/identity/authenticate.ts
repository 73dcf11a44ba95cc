import { err, ok, type Result } from '../base/result.ts';
import type { Grant } from './grant.ts';

/** Why a token opens nothing. The edge answers all three alike; the record tells them apart. */
export type AuthenticationProblem = 'unknown' | 'revoked' | 'expired';

/**
 * Finds the grant of a token by the token's SHA-256, hexadecimal: the time that a lookup takes
 * depends on bits of a hash, which no guess can steer towards a stored one. After a wait, in which
 * the grant may have ended, it is asked again. `nowMs` is milliseconds since the Unix epoch, by a
 * clock that a step of the wall clock cannot put back.
 */
export function grantInForce(
  grants: ReadonlyMap<string, Grant>,
  tokenSha256: string,
  nowMs: number,
): Result<Grant, AuthenticationProblem> {
  const grant = grants.get(tokenSha256);
  if (grant === undefined) return err('unknown');
  if (grant.revokedMs !== null) return err('revoked');
  if (isExpired(grant, nowMs)) return err('expired');
  return ok(grant);
}

/** Whether a grant's time is over. A clock that cannot say what time it is (NaN) ends it. */
export function isExpired(grant: Grant, nowMs: number): boolean {
  return grant.expiresMs !== null && !(nowMs < grant.expiresMs);
}
