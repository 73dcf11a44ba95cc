import type { LimitObligation } from '../policy/index.ts';

/** What agents read. None of these holds an argument, a secret or an address. */
export const listMissing =
  "the server's tool list could not be read, so its tools cannot be judged; try again later";
export const noLabels =
  'the labels that this call depends on cannot be kept now; it was not made, try again later';
export const loop =
  'this same call, with the same arguments, was made so often that it looks like a loop; it was not made again: use the answers you have, or ask for something else';
export const noCounters = 'the limits of this call cannot be counted now; try again later';
export const held = 'this call waits for a person to approve it; it was not made';
export const notRecorded =
  'the call could not be put on record, so it was not made; try again later';
export const grantEnded = 'the grant of this call ended before it was made; it was not made';
export const outcomeNotRecorded =
  'the call was made, but its outcome could not be put on record; do not repeat it blindly';
export const inputNotAllowed =
  'the server asked for something that this grant does not let it ask for';
export const notReached = 'the server could not be reached; the call was not made';
export const noPlace =
  'too many calls, sessions or streams are open with this server, or too many by this grant; nothing was sent: let some end, then try again';
export const answerBroken =
  'the server did not answer properly; whether it ran the call is unknown';
export const stoppedBefore = 'the operator stopped this call before it was made';
export const stoppedUnderWay =
  'the operator stopped this call while it was under way; whether the server ran it is unknown';
export const resultUnknown =
  'the server answered with a kind of result that this gateway does not know';
export const answerLate = 'the server did not answer in time; whether it ran the call is unknown';

/** The sentence of a spent limit. */
export function limit(spent: LimitObligation, retryAfterMs: number | null): string {
  const what =
    spent.windowMs === null
      ? `at most ${spent.max} of these calls may run at once`
      : `the limit of ${spent.max} in ${inWords(spent.windowMs)} is reached`;
  return retryAfterMs === null ? what : `${what}; try again in ${inWords(retryAfterMs)}`;
}

function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.ceil(seconds / 60)} min`;
  return `${Math.ceil(seconds / 3600)} h`;
}
