import { err, ok, type Result } from '../base/result.ts';
import type { Grant } from './grant.ts';
import { hashToken } from './token.ts';

/** Why a token opens nothing. The edge answers all three alike; the record tells them apart. */
export type AuthenticationProblem = 'unknown' | 'revoked' | 'expired';

/**
 * Finds the grant that a token carries. Grants are looked up by the token's digest: the time that
 * a lookup takes depends on bits of a hash, which no guess can steer towards a stored one.
 * `nowMs` is milliseconds since the Unix epoch, by a clock that a step of the wall clock cannot
 * put back.
 */
export function authenticate(
  grants: ReadonlyMap<string, Grant>,
  token: string,
  nowMs: number,
): Result<Grant, AuthenticationProblem> {
  return grantInForce(grants, hashToken(token), nowMs);
}

/** The grant of a token's SHA-256, likewise: asked again after a wait, in which it may have ended. */
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
