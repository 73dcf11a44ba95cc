import { ok, type Result } from '../base/result.ts';
import { notRecorded } from './change.ts';
import type { ControlDeps } from './deps.ts';
import { conflict, type ControlProblem } from './problem.ts';
import type { SealedAttempts } from './sealed-attempts.ts';
import { personOf, type Way } from './sign-in-records.ts';

/** The cookie that a browser carries from the first step of a sign-in to the last. */
export interface AttemptCookie {
  readonly attempt: string;
  readonly setAttempt: (token: string | null) => void;
}

/** Begins an attempt that only this browser can end. */
export function beginAttempt<T extends object>(
  attempts: SealedAttempts<T>,
  value: T,
  { setAttempt }: Pick<AttemptCookie, 'setAttempt'>,
): void {
  setAttempt(attempts.begin(value));
}

/** What this browser began, once; null when it began nothing, or too long ago: see `tooLate`. */
export function endAttempt<T extends object>(
  attempts: SealedAttempts<T>,
  cookie: AttemptCookie,
): T | null {
  const begun = attempts.take(cookie.attempt);
  if (begun !== null) cookie.setAttempt(null);
  return begun;
}

export const tooLate: Result<never, ControlProblem> = conflict(
  'this took too long, or was done before: begin again',
);

/** What a person is told whose authenticator did not verify them (WebAuthn §6.1, flag UV). */
export const notVerified =
  'the authenticator did not ask who you are: use one with a PIN, a fingerprint or a face';

/** Opens a session for a user who has shown who they are, once that is on record. */
export async function letIn(
  { signIn, sessions }: ControlDeps,
  { name, by }: { readonly name: string; readonly by: Way },
  setSession: (token: string) => void,
): Promise<Result<{ readonly ok: boolean }, ControlProblem>> {
  if (!(await signIn.records.opened(personOf(name), by))) return notRecorded;
  setSession(await sessions.open(name));
  return ok({ ok: true });
}
