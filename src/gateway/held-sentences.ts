import type { Approval } from '../approvals/approval.ts';

/** What agents read of calls that wait for people. None of these holds an argument or an address. */
export const busy = 'other calls like this one were let through first; call again';
export const declined = 'the page of the approval was not opened; the call was not made';
export const withdrawn = 'the client did not wait for the answer; the call was not made';
export const expired = 'nobody approved this call in time; call again to ask once more';
export const changed =
  'what this call was approved under has changed; call again to ask under what holds now';
export const grantEnded = 'the grant of this call has ended; it was not made';
export const deniedPlain = 'a person refused this call; it was not made';
export const unavailable =
  'the approval could not be kept, so the call was not made; try again later';
export const stateForeign =
  'the request state does not belong to this call, or was used; call again without it';

/** Nobody has answered: what to do, behind the author's own words. */
export function pending(approval: Approval, reason: string): string {
  return `${reason}; approval pending, decision id ${approval.decisionId}, call again with the same arguments`;
}

/** A person said no, and perhaps why. */
export function denied(approval: Approval): string {
  const comment = approval.votes.find((vote) => vote.answer === 'deny')?.comment ?? null;
  return comment === null ? deniedPlain : `${deniedPlain}: ${comment}`;
}

/** Why nobody was asked. */
export function notAsked(code: 'approval-cap' | 'approval-size' | 'approval-unavailable'): string {
  switch (code) {
    case 'approval-cap':
      return 'too many calls wait for a person already; wait until they are answered';
    case 'approval-size':
      return 'the arguments are too long for a person to judge; make them shorter';
    case 'approval-unavailable':
      return unavailable;
  }
}
