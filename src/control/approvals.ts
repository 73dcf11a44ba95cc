import { isOpen, type AnswerProblem, type Approval, type Approver } from '../approvals/approval.ts';
import type { ApprovalStore } from '../approvals/approval-store.ts';
import type { Answer } from '../approvals/answers.ts';
import type { Approvals } from '../approvals/approvals.ts';
import { isAnswerToken, tokenApprovalId } from '../approvals/webhook.ts';
import type { StandingWish } from '../approvals/standing.ts';
import { err, ok, type Result } from '../base/result.ts';
import {
  approvalView,
  argumentChanges,
  groupOf,
  groupsOf,
  notesOf,
  shownJson,
  standingView,
  type ApprovalChanges,
  type ApprovalDetail,
  type ApprovalList,
  type ApprovalView,
  type StandingView,
} from './approval-view.ts';
import { missing, type ControlProblem } from './problem.ts';

/** What the operations on approvals work on. */
export interface ApprovalControlDeps {
  readonly approvals: Approvals;
  readonly store: ApprovalStore;
  /** The program that answers by signed tokens; null when there is none. */
  readonly webhook: WebhookAnswers | null;
}

/** Whose answers signed tokens are, and the secret that signs them. */
export interface WebhookAnswers {
  readonly secret: string;
  readonly principal: string;
  readonly roles: readonly string[];
}

type Answered<T> = Promise<Result<T, ControlProblem>>;

/** Every operation on held calls: CLI, API, webhook and pages use nothing else. */
export interface ApprovalControl {
  /** What waits, oldest first. */
  list(): ApprovalList;
  /** What ended last, newest first, at most `count`. */
  recent(count: number): Promise<readonly ApprovalView[]>;
  /** One of them, open or ended, by its id, its decision id, or an unmistakable beginning of one. */
  show(name: string): Answered<ApprovalDetail>;
  allow(by: Answering, name: string, wish: AllowWish): Answered<ApprovalView>;
  deny(by: Answering, name: string, wish: DenyWish): Answered<readonly ApprovalView[]>;
  /** A program's answer: the token says to what. */
  answerByToken(token: string, wish: TokenWish): Answered<ApprovalView>;
  standings(): readonly StandingView[];
  revokeStanding(by: Answering, id: string): Answered<StandingView>;
}

/** Who answers, and which way. */
export interface Answering {
  readonly approver: Approver;
  readonly via: Answer['via'];
}

/** What an allow may say beside yes. */
export interface AllowWish {
  readonly comment: string | null;
  /** Also every call of this shape, for a while. */
  readonly standing: StandingWish | null;
}

/** What a deny may say beside no. */
export interface DenyWish {
  readonly comment: string | null;
  /** Every open one of its kind is denied. */
  readonly group: boolean;
}

/** What a program answers with its token. */
export interface TokenWish {
  readonly answer: 'allow' | 'deny';
  readonly comment: string | null;
}

/** The operations over the held calls of one gateway. */
export function createApprovalControl(deps: ApprovalControlDeps): ApprovalControl {
  const { approvals, store } = deps;
  const view = (approval: Approval): ApprovalView =>
    approvalView(approval, approvals.waiting(approval.id));
  return {
    list: () => {
      const open = approvals.live().filter(isOpen).map(view);
      return { approvals: open, groups: groupsOf(open) };
    },
    recent: async (count) => (await store.recent(count)).map(view),
    show: async (name) => {
      const found = await find(deps, name);
      return found.ok ? ok(await detail(deps, found.value)) : found;
    },
    allow: (by, name, wish) => allow(deps, by, { name, wish }),
    deny: (by, name, wish) => deny(deps, by, { name, wish }),
    answerByToken: (token, wish) => answerByToken(deps, token, wish),
    standings: () => approvals.standings().map(standingView),
    revokeStanding: (by, id) => revokeStanding(deps, by, id),
  };
}

async function allow(
  deps: ApprovalControlDeps,
  by: Answering,
  { name, wish }: { readonly name: string; readonly wish: AllowWish },
): Answered<ApprovalView> {
  const found = await find(deps, name);
  if (!found.ok) return found;
  const answer: Answer = { answer: 'allow', via: by.via, ...wish };
  // Those that wait now are those that an allow lets go on.
  const waiting = deps.approvals.waiting(found.value.id);
  const answered = await deps.approvals.answer(found.value.id, by.approver, answer);
  if (!answered.ok) return err(explainAnswer(answered.error));
  return ok(approvalView(answered.value, waiting));
}

async function deny(
  deps: ApprovalControlDeps,
  by: Answering,
  { name, wish }: { readonly name: string; readonly wish: DenyWish },
): Answered<readonly ApprovalView[]> {
  const found = await find(deps, name);
  if (!found.ok) return found;
  const group = groupOf(found.value);
  const alike = deps.approvals
    .live()
    .filter((one) => isOpen(one) && one.id !== found.value.id && groupOf(one) === group);
  const targets = wish.group ? [found.value, ...alike] : [found.value];
  const denied: ApprovalView[] = [];
  const said = {
    answer: 'deny',
    via: by.via,
    comment: wish.comment,
    standing: null,
  } as const;
  for (const target of targets) {
    const answered = await deps.approvals.answer(target.id, by.approver, said);
    if (answered.ok) denied.push(approvalView(answered.value, 0));
    else if (target === found.value) return err(explainAnswer(answered.error));
  }
  return ok(denied);
}

async function answerByToken(
  { approvals, webhook }: ApprovalControlDeps,
  token: string,
  wish: TokenWish,
): Answered<ApprovalView> {
  const id = tokenApprovalId(token);
  const approval = id === null ? null : approvals.find(id);
  if (webhook === null || approval === null || !isAnswerToken(webhook.secret, token, approval)) {
    const message = 'this token answers nothing; its approval may have ended';
    return err({ code: 'forbidden', message });
  }
  const approver = { principal: webhook.principal, roles: webhook.roles };
  const waiting = approvals.waiting(approval.id);
  const answer: Answer = { ...wish, via: 'webhook', standing: null };
  const answered = await approvals.answer(approval.id, approver, answer);
  return answered.ok
    ? ok(approvalView(answered.value, waiting))
    : err(explainAnswer(answered.error));
}

async function revokeStanding(
  deps: ApprovalControlDeps,
  by: Answering,
  id: string,
): Answered<StandingView> {
  const revoked = await deps.approvals.revokeStanding(id, by.approver.principal);
  if (revoked.ok) return ok(standingView(revoked.value));
  if (revoked.error === 'unknown') return missing('standing approval', id);
  return err(explainAnswer({ code: 'not-recorded' }));
}

/** Ids are long: whatever begins only one of them will do. */
async function find(deps: ApprovalControlDeps, name: string): Answered<Approval> {
  const { approvals, store } = deps;
  const live = approvals.live();
  const exact = live.find((one) => one.id === name || one.decisionId === name);
  if (exact !== undefined) return ok(exact);
  const begun = live.filter(
    (one) => name.length >= 8 && (one.id.startsWith(name) || one.decisionId.startsWith(name)),
  );
  const [only] = begun;
  if (begun.length === 1 && only !== undefined) return ok(only);
  if (begun.length > 1) {
    return err({ code: 'invalid', message: `\`${name}\` begins several ids; write more of it` });
  }
  const ended = name.startsWith('apr_') ? await store.find(name) : null;
  return ended === null ? missing('approval', name) : ok(ended);
}

async function detail(deps: ApprovalControlDeps, approval: Approval): Promise<ApprovalDetail> {
  const exact = await deps.store.argumentsOf(approval.id);
  return {
    ...approvalView(approval, deps.approvals.waiting(approval.id)),
    arguments: exact,
    shown: exact === null ? null : shownJson(exact),
    notes: exact === null ? [] : notesOf(exact),
    changes: await changesOf(deps, approval, exact),
  };
}

async function changesOf(
  { store }: ApprovalControlDeps,
  approval: Approval,
  exact: string | null,
): Promise<ApprovalChanges | null> {
  const last = await store.lastUsed(approval.grantId, approval.server, approval.tool);
  if (last === null || last.id === approval.id) return null;
  const before = await store.argumentsOf(last.id);
  return {
    sinceId: last.id,
    sinceMs: last.endedMs ?? last.askedMs,
    arguments: before === null || exact === null ? null : argumentChanges(before, exact),
    definition: last.pin !== approval.pin,
    policy: last.policy !== approval.policy || last.policyVersion !== approval.policyVersion,
  };
}

/** Why an answer does not count, for a person. */
export function explainAnswer(problem: AnswerProblem): ControlProblem {
  switch (problem.code) {
    case 'unknown':
      return {
        code: 'not-found',
        message: 'there is no such approval; it may have ended long ago',
      };
    case 'ended':
      return { code: 'conflict', message: endedSentences[problem.state] };
    case 'self':
      return {
        code: 'forbidden',
        message: 'nobody approves a call of their own; ask another approver',
      };
    case 'agent':
      return { code: 'forbidden', message: 'an agent approves nothing; a person must answer' };
    case 'not-approver': {
      const whom = problem.approvers.map((name) => `\`${name}\``).join(', ');
      return {
        code: 'forbidden',
        message: `the policy asks ${whom}; this approver is none of them`,
      };
    }
    case 'answered-already':
      return { code: 'conflict', message: 'this approver has said yes already; others are needed' };
    case 'changed':
      return {
        code: 'conflict',
        message: `${changeSentences[problem.reason] ?? 'what it was asked under has changed'}; the call must be made anew`,
      };
    case 'standing-quorum':
      return {
        code: 'invalid',
        message: 'an approval that needs several people cannot stand; approve this call alone',
      };
    case 'standing-names':
      return { code: 'invalid', message: `the call has no argument \`${problem.name}\`` };
    case 'not-recorded':
      return {
        code: 'not-recorded',
        message: 'the answer could not be put on record, so it does not count; try again',
      };
  }
}

const endedSentences: Readonly<Record<Approval['state'], string>> = {
  pending: 'it waits still',
  allowed: 'it is approved already, and waits for its call',
  denied: 'it was denied',
  used: 'its call has been let through already',
  expired: 'its time is over; nothing was run',
  withdrawn: 'the client did not wait, so nothing will run; it may call again',
  void: 'its policy, tool or grant has changed, so nothing will run; the client may call again',
};

const changeSentences: Readonly<Record<string, string>> = {
  'grant-ended': 'its grant has ended',
  stopped: 'its calls are stopped',
  'policy-changed': 'its policy has changed',
  'definition-changed': 'the definition of its tool has changed',
};
