import type { MirroredParam } from '../mcp/headers.ts';
import { rpcCode } from '../mcp/encode.ts';
import type { RequestMessage } from '../mcp/message.ts';
import { judgeFromServer } from './ask.ts';
import { underWayIn } from './cancel.ts';
import { jsonHeaders, type Downstream } from './downstream.ts';
import { enforce, refused, type Enforcement, type Permitted, type Refused } from './enforce.ts';
import { forwardRequest } from './forward.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import { stateForeign } from './held-sentences.ts';
import { holdCall, isOwnCall } from './hold.ts';
import { isInForce } from './in-force.ts';
import { concludeCall, endByBug, giveBack, micros, type Intended } from './outcome.ts';
import { ownState, type OwnState } from './own-state.ts';
import { stateQuestion, type ToolCall } from './question.ts';
import { intentRecord, refusalRecord } from './records.ts';
import { relay } from './relay.ts';
import type { Conclusion, Release } from './relay-spec.ts';
import { answerError, refusalBody } from './reply.ts';
import { keepPass, roundOf, type Round } from './rounds.ts';
import * as sentences from './sentences.ts';
import { stopOf, stopSentence } from './stopped.ts';

/** The life of one `tools/call`: state the question, decide and enforce, record, forward. */
export async function callTool(
  gateway: Gateway,
  caller: Caller,
  received: RequestMessage,
  downstream: Downstream,
  params?: readonly MirroredParam[],
): Promise<void> {
  const own = ownState(received);
  const round = own === null ? roundOf(gateway, caller, received) : null;
  if (round !== null) return callAgain(gateway, caller, { received, round }, downstream, params);
  const stated = stateQuestion(gateway, caller, own?.message ?? received);
  // Here and below what is there already is not awaited: every call would pay for what few need.
  const call = stated instanceof Promise ? await stated : stated;
  if (own !== null && (own.message === null || !isOwnCall(gateway, call, own))) {
    return refuseState(gateway, call, downstream);
  }
  const enforced = enforce(gateway, call);
  const enforcement = enforced instanceof Promise ? await enforced : enforced;
  // Awaited and not returned: an async function that returns a promise waits for it three times.
  await actOn(gateway, { call, own, enforcement }, downstream, params);
}

/** A later round: judged like the first, and counted with it. */
async function callAgain(
  gateway: Gateway,
  caller: Caller,
  { received, round }: { readonly received: RequestMessage; readonly round: Round | 'foreign' },
  downstream: Downstream,
  params: readonly MirroredParam[] | undefined,
): Promise<void> {
  if (round === 'foreign') {
    const call = await stateQuestion(gateway, caller, received);
    return refuseState(gateway, call, downstream);
  }
  const stated = await stateQuestion(gateway, caller, round.message);
  const approved = round.pass?.approved ?? null;
  const call = { ...stated, round, ...(approved === null ? {} : { approved }) };
  const enforcement = await enforce(gateway, call);
  return actOn(gateway, { call, own: null, enforcement }, downstream, params);
}

interface Judged {
  readonly call: ToolCall;
  readonly own: OwnState | null;
  readonly enforcement: Enforcement;
}

function actOn(
  gateway: Gateway,
  { call, own, enforcement }: Judged,
  downstream: Downstream,
  params: readonly MirroredParam[] | undefined,
): Promise<void> {
  if (enforcement.effect === 'permitted') {
    return carryOut(gateway, call, enforcement, downstream, params);
  }
  if (enforcement.effect === 'held') {
    return holdCall(gateway, { call, held: enforcement, own }, downstream, {
      carryOut: (approved, permitted, held) => carryOut(gateway, approved, permitted, held, params),
      refuse: (held, refusal, waiting, body) => refuse(gateway, held, refusal, waiting, body),
    });
  }
  return refuse(gateway, call, enforcement, downstream);
}

/** Steps 7 to 10: record the intent, forward, record the outcome, answer. */
async function carryOut(
  gateway: Gateway,
  call: ToolCall,
  permitted: Permitted,
  downstream: Downstream,
  params: readonly MirroredParam[] | undefined,
): Promise<void> {
  const decidedMs = gateway.clock.monotonicMs();
  const intent = intentRecord(gateway, call, permitted);
  const recorded = await gateway.audit.append(intent);
  if (!recorded.ok) {
    await giveBack(gateway, permitted);
    if (call.round !== undefined) keepPass(gateway, call.round);
    answerRefusal(call, refused('not-recorded', '(record)', sentences.notRecorded), downstream);
    return;
  }
  const sentMs = gateway.clock.monotonicMs();
  const decideUs = micros(decidedMs - call.startMs);
  const recordUs = micros(sentMs - decidedMs);
  const intended = { call, permitted, intent, decideUs, recordUs, sentMs, hasOutcome: false };
  await makeCall(gateway, intended, downstream, params).catch((bug: unknown) =>
    endByBug(gateway, intended, bug),
  );
}

/** Async for what it may throw at once, too: a call that is on record ends by its outcome alone. */
async function makeCall(
  gateway: Gateway,
  intended: Intended,
  downstream: Downstream,
  params: readonly MirroredParam[] | undefined,
): Promise<void> {
  const ended = endedMeanwhile(gateway, intended.call.caller);
  if (ended === null) await forward(gateway, intended, downstream, params);
  else await withdraw(gateway, intended, ended, downstream);
}

/** A call that is on record and is not made after all. */
async function withdraw(
  gateway: Gateway,
  intended: Intended,
  refusal: Refused,
  downstream: Downstream,
): Promise<void> {
  const release = await concludeCall(gateway, intended, { kind: 'withdrawn', refusal });
  downstream.answer(200, jsonHeaders, release.replacement?.body ?? null);
}

/** Whoever ends or stops a grant ends what is under way: a call that was being recorded is not yet. */
function endedMeanwhile(gateway: Gateway, caller: Caller): Refused | null {
  const stop = stopOf(gateway, caller);
  if (stop !== null) return refused('stopped', '(stopped)', stopSentence(stop));
  if (isInForce(gateway, caller)) return null;
  return refused('grant-ended', '(grant)', sentences.grantEnded);
}

async function refuse(
  gateway: Gateway,
  call: ToolCall,
  refusal: Refused,
  downstream: Downstream,
  body?: string,
): Promise<void> {
  if (call.round !== undefined) keepPass(gateway, call.round);
  const recorded = await gateway.audit.append(refusalRecord(gateway, call, refusal));
  const told = recorded.ok ? refusal : refused('not-recorded', '(record)', sentences.notRecorded);
  if (body !== undefined && recorded.ok) downstream.answer(200, jsonHeaders, body);
  else answerRefusal(call, told, downstream);
}

/** A state that was made for another call, or is spent, releases nothing (2026-07-28, B-173). */
async function refuseState(
  gateway: Gateway,
  call: ToolCall,
  downstream: Downstream,
): Promise<void> {
  const refusal = refused('request-state', '(request state)', stateForeign);
  await gateway.audit.append(refusalRecord(gateway, call, refusal));
  const { id } = call.message;
  answerError(downstream, 200, { id, code: rpcCode.invalidParams, message: stateForeign });
}

function answerRefusal(call: ToolCall, refusal: Refused, downstream: Downstream): void {
  downstream.answer(200, jsonHeaders, refusalBody(call, refusal));
}

/** Resolves when the exchange is over; what is awaited of it is awaited once, by its caller. */
function forward(
  gateway: Gateway,
  intended: Intended,
  downstream: Downstream,
  params: readonly MirroredParam[] | undefined,
): Promise<void> {
  const { caller, message } = intended.call;
  const upstream = gateway.upstream(caller.server);
  const conclude = (conclusion: Conclusion): Promise<Release> =>
    concludeCall(gateway, intended, conclusion);
  if (upstream === null) {
    const failure = { kind: 'unreachable', reached: false, detail: 'no such server' } as const;
    return conclude({ kind: 'failed', failure }).then(({ replacement }) => {
      downstream.answer(200, jsonHeaders, replacement?.body ?? null);
    });
  }
  return relay({
    gateway,
    upstream,
    request: forwardRequest(gateway, caller, message, {
      stream: false,
      ...(params === undefined ? {} : { params }),
    }),
    downstream,
    era: message.era,
    awaitedId: message.id,
    holdHead: false,
    judge: (answer, event) => judgeFromServer(gateway, caller, answer, event.raw),
    announce: underWayIn(gateway, caller, message),
    settled: gateway.live.beginAnswer(caller.grant.id, downstream),
    conclude,
  });
}
