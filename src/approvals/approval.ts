import type { ApprovalObligation } from '../policy/index.ts';

/**
 * Where a held call stands. `pending` and `allowed` are open; `denied` stays known until it expires,
 * so that the same call is not asked about again at once. `used` let one call through; `withdrawn`
 * is what nobody waits for any more; `void` is what a change of policy, tool or grant ended.
 */
export type ApprovalState =
  | 'pending'
  | 'allowed'
  | 'denied'
  | 'used'
  | 'expired'
  | 'withdrawn'
  | 'void';

/** Who answers: a principal and the roles that it has here. */
export interface Approver {
  /** As in `person:anna`; `operator` is whoever holds the operator's key. */
  readonly principal: string;
  readonly roles: readonly string[];
}

/** Which way an answer came. */
export type Via = 'cli' | 'api' | 'page' | 'webhook';

/** One person's answer. */
export interface Vote {
  readonly by: string;
  readonly roles: readonly string[];
  readonly answer: 'allow' | 'deny';
  readonly via: Via;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly comment: string | null;
}

/** The call that waits, without the values of its arguments. */
export interface HeldCall {
  /** The decision id of the call that asked first. */
  readonly decisionId: string;
  readonly grantId: string;
  readonly grantLabel: string;
  readonly principal: string;
  readonly server: string;
  readonly tool: string;
  /** Digest of the pinned definition. */
  readonly pin: string;
  readonly policy: string | null;
  readonly policyVersion: number | null;
  readonly policyHash: string | null;
  /** Every document's question: all of them must be satisfied. */
  readonly needs: readonly ApprovalObligation[];
  /** Everything but the values of the arguments: see `binding.ts`. */
  readonly frame: string;
  /** The frame and the exact arguments. */
  readonly binding: string;
  readonly argumentNames: readonly string[];
  /** As it stands in records of the same call. */
  readonly argumentsDigest: string | null;
}

/** A held call and the answers to it. */
export interface Approval extends HeldCall {
  readonly id: string;
  /** Random, single use: part of what carries an approval outside this process. */
  readonly nonce: string;
  readonly state: ApprovalState;
  /** Milliseconds since the Unix epoch, by the later of the two clocks. */
  readonly askedMs: number;
  readonly expiresMs: number;
  readonly endedMs: number | null;
  /** Why it ended, in a word; null while it is open. */
  readonly reason: string | null;
  readonly votes: readonly Vote[];
  /** How many identical calls asked. */
  readonly asks: number;
}

/** Why an answer does not count. */
export type AnswerProblem =
  | { readonly code: 'unknown' }
  | { readonly code: 'ended'; readonly state: ApprovalState; readonly reason: string | null }
  | { readonly code: 'self' }
  | { readonly code: 'agent' }
  | { readonly code: 'not-approver'; readonly approvers: readonly string[] }
  | { readonly code: 'answered-already' }
  | { readonly code: 'changed'; readonly reason: string }
  | { readonly code: 'standing-quorum' }
  | { readonly code: 'standing-names'; readonly name: string }
  | { readonly code: 'not-recorded' };

/** Whether a call may still come for it, or a person may still answer. */
export function isOpen(approval: Approval): boolean {
  return approval.state === 'pending' || approval.state === 'allowed';
}

/** Whether its time is over; a clock that cannot say what time it is (NaN) ends it. */
export function isOver(approval: { readonly expiresMs: number }, nowMs: number): boolean {
  return !(nowMs < approval.expiresMs);
}

/** Why this approver's answer would not count, or null. Deny may come until the call has left. */
export function answerProblem(
  approval: Approval,
  approver: Approver,
  { answer, nowMs }: { readonly answer: Vote['answer']; readonly nowMs: number },
): AnswerProblem | null {
  if (approver.principal.startsWith('agent:')) return { code: 'agent' };
  if (isSame(approver.principal, approval.principal)) return { code: 'self' };
  if (!approval.needs.some((need) => mayAnswer(need, approver))) {
    return { code: 'not-approver', approvers: approval.needs.flatMap((need) => need.approvers) };
  }
  if (isOver(approval, nowMs)) return { code: 'ended', state: 'expired', reason: 'time' };
  const { state, reason } = approval;
  if (!isOpen(approval)) return { code: 'ended', state, reason };
  if (answer === 'deny') return null;
  if (state === 'allowed') return { code: 'ended', state, reason };
  const voted = approval.votes.some((vote) => isSame(vote.by, approver.principal));
  return voted ? { code: 'answered-already' } : null;
}

/** The approval with one more answer, which `answerProblem` let pass. */
export function withVote(approval: Approval, vote: Vote): Approval {
  const votes = [...approval.votes, vote];
  if (vote.answer === 'deny') {
    return { ...approval, votes, state: 'denied', endedMs: vote.atMs, reason: 'denied' };
  }
  const satisfied = approval.needs.every((need) => givenTo(need, votes) >= need.quorum);
  return { ...approval, votes, state: satisfied ? 'allowed' : 'pending' };
}

/** How many of those whom a question is put to have said yes. */
export function givenTo(need: ApprovalObligation, votes: readonly Vote[]): number {
  const yes = votes.filter((vote) => vote.answer === 'allow' && mayAnswer(need, approverOf(vote)));
  return new Set(yes.map((vote) => personOf(vote.by))).size;
}

/** An open approval that ends without an answer. */
export function ended(
  approval: Approval,
  how: {
    readonly state: 'used' | 'expired' | 'withdrawn' | 'void';
    readonly reason: string;
    readonly atMs: number;
  },
): Approval {
  return { ...approval, state: how.state, reason: how.reason, endedMs: how.atMs };
}

/** A question that names nobody may be answered by any approver; names with a colon are principals. */
function mayAnswer(need: ApprovalObligation, approver: Approver): boolean {
  if (need.approvers.length === 0) return true;
  return need.approvers.some((name) =>
    name.includes(':') ? name === approver.principal : approver.roles.includes(name),
  );
}

function approverOf(vote: Vote): Approver {
  return { principal: vote.by, roles: vote.roles };
}

/** A person is the same whether the console or a grant names them: `user:anna`, `person:anna`. */
function isSame(approver: string, principal: string): boolean {
  return approver === principal || personOf(approver) === personOf(principal);
}

function personOf(principal: string): string {
  return principal.replace(/^user:/, 'person:');
}
