import { err, ok, type Result } from '../base/result.ts';
import { notRecorded } from './change.ts';
import type { HeldCookie } from './cookies.ts';
import type { ControlDeps } from './deps.ts';
import { conflict, type ControlProblem } from './problem.ts';
import type { SealedAttempts } from './sealed-attempts.ts';
import { personOf, type Way } from './sign-in-records.ts';

/** Tabs of one browser that can be under way at once; of more, what was begun first is forgotten. */
const tabsMax = 4;
/** Between the tokens of a cookie; none has it. */
const between = '.';

/** Begins an attempt that only this browser can end, beside what its other tabs have begun. */
export function beginAttempt<T extends object>(
  attempts: SealedAttempts<T>,
  value: T,
  cookie: HeldCookie,
): void {
  const tokens = [...openIn(attempts, cookie), attempts.begin(value)];
  cookie.set(tokens.slice(-tabsMax).join(between));
}

/** An attempt that was taken, and the token by which it is completed. */
interface Ended<T> {
  readonly begun: T;
  readonly token: string;
}

/**
 * What this browser began, once; null when it began nothing, or too long ago: see `tooLate`. Of
 * several it is the one that the answer is meant for. An answer to none of them is for the newest,
 * and spends it: no answer is tried without an attempt.
 */
export function endAttempt<T extends object>(
  attempts: SealedAttempts<T>,
  cookie: HeldCookie,
  isMeant: (begun: T) => boolean,
): Ended<T> | null {
  const open = openIn(attempts, cookie);
  const meant = open.find((one) => {
    const begun = attempts.look(one);
    return begun !== null && isMeant(begun);
  });
  const token = meant ?? open.at(-1) ?? '';
  const begun = attempts.take(token);
  if (begun === null) return null;
  const others = open.filter((one) => one !== token);
  cookie.set(others.length === 0 ? null : others.join(between));
  return { begun, token };
}

/** Tokens of what can still be ended, the newest last. */
function openIn<T extends object>(attempts: SealedAttempts<T>, { value }: HeldCookie): string[] {
  const tokens = value.split(between).slice(-tabsMax);
  return tokens.filter((token) => attempts.look(token) !== null);
}

export const tooLate: Result<never, ControlProblem> = conflict(
  'this took too long, or was done before: begin again',
);

/** What a person is told whose authenticator did not verify them (WebAuthn §6.1, flag UV). */
export const notVerified =
  'the authenticator did not ask who you are: use one with a PIN, a fingerprint or a face';

/** Uses an attempt up that was ended by whoever has this name, before they are let in. */
export function completeAttempt<T extends object>(
  attempts: SealedAttempts<T>,
  { token }: Ended<T>,
  name: string,
): Result<null, ControlProblem> {
  const done = attempts.complete(token, name);
  if (done.ok) return done;
  if (done.error === 'over') return tooLate;
  const seconds = Math.ceil(done.error.waitMs / 1000);
  const message = `you signed in very often within minutes: wait ${seconds} seconds, then begin again; a session that is open stays open`;
  return err({ code: 'too-many', message });
}

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
