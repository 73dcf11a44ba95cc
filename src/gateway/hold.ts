import type { Approval } from '../approvals/approval.ts';
import type { Asked } from '../approvals/answers.ts';
import type { Approvals } from '../approvals/approvals.ts';
import { grantInForce } from '../identity/authenticate.ts';
import { abilityOf } from './client-ability.ts';
import type { Downstream } from './downstream.ts';
import { enforce, refused, type Permitted, type Refused } from './enforce.ts';
import type { Gateway } from './gateway.ts';
import { elicit, inputRequired } from './held-ask.ts';
import { askedCall, type AskedCall } from './held-call.ts';
import { HeldDownstream } from './held-downstream.ts';
import * as heldSentences from './held-sentences.ts';
import { modernAbility, rungOf, type Rung } from './ladder.ts';
import { giveBack } from './outcome.ts';
import { stateApproval, type OwnState } from './own-state.ts';
import { stateQuestion, type ToolCall } from './question.ts';
import { waitForPeople } from './wait.ts';

/** A call that a person must approve, and what it came back with; null for a first call. */
export interface HeldCallIn {
  readonly call: ToolCall;
  readonly held: Refused;
  readonly own: OwnState | null;
}

/** What happens to a held call in the end. */
export interface HeldEnds {
  carryOut(call: ToolCall, permitted: Permitted, downstream: Downstream): Promise<void>;
  /** Records a refusal and answers with it, or with `body` where there is one. */
  refuse(call: ToolCall, refusal: Refused, downstream: Downstream, body?: string): Promise<void>;
}

interface Hold extends HeldCallIn, HeldEnds {
  readonly gateway: Gateway;
  readonly desk: Approvals;
  readonly downstream: HeldDownstream;
  readonly asked: AskedCall;
  readonly rung: Rung;
  /** Monotonic milliseconds at which the client is told to come again. */
  readonly untilMs: number;
}

/** How often one call may find that another used the approval it waited for. */
const roundsMax = 8;

/**
 * Puts a call before people and lets it through, once, when they say yes while its client waits or
 * when the same call comes again. Nothing is sent to the server before that, and everything is
 * judged anew then.
 */
export async function holdCall(
  gateway: Gateway,
  { call, held, own }: HeldCallIn,
  inner: Downstream,
  ends: HeldEnds,
): Promise<void> {
  const desk = gateway.approvals;
  if (desk === null) return ends.refuse(call, held, inner);
  const downstream = new HeldDownstream(inner, call.message.id);
  const hold: Hold = {
    ...ends,
    gateway,
    desk,
    call,
    held,
    own,
    downstream,
    asked: askedCall(gateway, call, held.needs ?? []),
    rung: rungFor(gateway, call),
    untilMs: gateway.clock.monotonicMs() + gateway.limits.holdMs,
  };
  const forget = gateway.live.beginAnswer(call.caller.grant.id, downstream);
  await settle(hold).finally(forget);
}

/** Whether a state of ours belongs to the very call that carries it: if not, it releases nothing. */
export function isOwnCall(gateway: Gateway, call: ToolCall, own: OwnState): boolean {
  return stateApproval(gateway, call, own) !== null;
}

async function settle(hold: Hold): Promise<void> {
  const { desk, asked } = hold;
  for (let round = 0; round < roundsMax; round += 1) {
    const answered = await desk.ask(asked.held, asked.arguments);
    if (await carriedOn(hold, answered)) return;
  }
  return refuse(hold, 'held', 'approval', heldSentences.busy);
}

/** False when another call was let through in this one's place: it must be asked for anew. */
async function carriedOn(hold: Hold, asked: Asked): Promise<boolean> {
  switch (asked.kind) {
    case 'refused': {
      const sentence = heldSentences.notAsked(asked.code);
      await refuse(hold, 'refused', asked.code, sentence, asked.retryAfterMs);
      return true;
    }
    case 'standing': {
      const { id } = asked.standing;
      const use = async (call: string): Promise<Used> =>
        (await hold.desk.useStanding(id, call)) ? 'used' : 'gone';
      return execute(hold, use);
    }
    case 'approval':
      return withApproval(hold, asked.approval);
  }
}

async function withApproval(hold: Hold, approval: Approval): Promise<boolean> {
  if (hold.own?.declined === true) {
    await hold.desk.withdraw(approval.id, 'declined');
    await refuse(hold, 'refused', 'approval-declined', heldSentences.declined);
    return true;
  }
  if (approval.state !== 'pending') return decided(hold, approval);
  if (hold.rung === 'input-required' && hold.own === null) {
    await answerPending(hold, approval);
    return true;
  }
  const forget = hold.rung === 'elicit' ? await elicit(hold, approval) : null;
  const waited = await waitForPeople(hold, approval.id, forget?.declined ?? null);
  forget?.done();
  switch (waited.kind) {
    case 'changed':
      return waited.approval === null ? false : decided(hold, waited.approval);
    case 'time':
    case 'stopping':
      await answerPending(hold, approval);
      return true;
    case 'gone':
      await hold.desk.withdraw(approval.id, waited.how);
      await refuse(hold, 'held', 'approval-withdrawn', heldSentences.withdrawn);
      return true;
  }
}

async function decided(hold: Hold, approval: Approval): Promise<boolean> {
  const { id, binding } = approval;
  switch (approval.state) {
    case 'pending':
    case 'used':
      return false;
    case 'allowed':
      return execute(hold, async (call) => {
        const used = await hold.desk.use(id, binding, call);
        return used.ok ? 'used' : used.error;
      });
    case 'denied':
      await refuse(hold, 'refused', 'approval-denied', heldSentences.denied(approval));
      return true;
    case 'expired':
      await refuse(hold, 'held', 'approval-expired', heldSentences.expired);
      return true;
    case 'withdrawn':
    case 'void':
      await refuse(hold, 'held', 'approval-void', heldSentences.changed);
      return true;
  }
}

/** Nobody has answered yet: the client learns how to come again. */
async function answerPending(hold: Hold, approval: Approval): Promise<void> {
  const { gateway, call, downstream, held } = hold;
  const refusal: Refused = {
    ...held,
    message: heldSentences.pending(approval, held.message),
    approvalId: approval.id,
  };
  const body = hold.rung === 'input-required' ? inputRequired(gateway, call, approval) : null;
  await hold.refuse(call, refusal, downstream, ...(body === null ? [] : [body]));
}

type Used = 'used' | 'gone' | 'denied' | 'changed' | 'unavailable';

/**
 * Judges the call anew, as everything stands now: grant, pins, policy, limits. Then the approval is
 * spent, and only then the call leaves.
 */
async function execute(hold: Hold, use: (callId: string) => Promise<Used>): Promise<boolean> {
  const { gateway, call, downstream } = hold;
  if (downstream.ended()) return true;
  const again = await restated(hold);
  if (again === null) {
    await refuse(hold, 'refused', 'approval-void', heldSentences.grantEnded);
    return true;
  }
  const enforcement = await enforce(gateway, again);
  if (enforcement.effect !== 'permitted') {
    if (enforcement.effect === 'refused') await hold.refuse(again, enforcement, downstream);
    else await refuse(hold, 'held', 'approval-void', heldSentences.changed);
    return true;
  }
  const used = await use(call.id);
  if (used === 'used' && !downstream.ended()) {
    await hold.carryOut(again, enforcement, downstream);
    return true;
  }
  await giveBack(gateway, enforcement);
  if (used === 'gone') return false;
  const [effect, code, sentence] = notUsed[used];
  await refuse(hold, effect, code, sentence);
  return true;
}

const notUsed: Readonly<
  Record<Exclude<Used, 'gone'>, readonly [Refused['effect'], string, string]>
> = {
  used: ['held', 'approval-withdrawn', heldSentences.withdrawn],
  denied: ['refused', 'approval-denied', heldSentences.deniedPlain],
  changed: ['held', 'approval-void', heldSentences.changed],
  unavailable: ['refused', 'approval-unavailable', heldSentences.unavailable],
};

/** The question as it stands now, under the grant as it is now; null when the grant has ended. */
async function restated({ gateway, call, asked }: Hold): Promise<ToolCall | null> {
  const { grant, server } = call.caller;
  const { grantsByToken } = gateway.snapshot();
  const now = grantInForce(grantsByToken, grant.tokenSha256, gateway.latestMs());
  if (!now.ok || now.value.id !== grant.id || !now.value.servers.includes(server)) return null;
  const caller = { ...call.caller, grant: now.value };
  const again = await stateQuestion(gateway, caller, call.message);
  const round = call.round === undefined ? {} : { round: call.round };
  return { ...again, id: call.id, approved: asked.held.binding, ...round };
}

function refuse(
  hold: Hold,
  effect: Refused['effect'],
  code: string,
  sentence: string,
  retryAfterMs: number | null = null,
): Promise<void> {
  const refusal = { ...refused(code, hold.held.rule, sentence), effect, retryAfterMs };
  return hold.refuse(hold.call, refusal, hold.downstream);
}

function rungFor(gateway: Gateway, call: ToolCall): Rung {
  // A server's own state must come back to it: the client cannot carry two.
  if (gateway.approvalPage('') === null || carriesState(call)) return 'hold';
  if (call.message.era === 'modern') return rungOf(call, modernAbility(call));
  const seal = call.caller.session?.seal;
  const declared = seal === undefined ? abilityOf(undefined) : gateway.live.abilityOf(seal);
  return rungOf(call, declared);
}

function carriesState({ message }: ToolCall): boolean {
  const { params, era } = message;
  return era === 'modern' && (params?.['requestState'] ?? params?.['inputResponses']) !== undefined;
}
