import type { IntentRecord, OutcomeRecord, OutcomeStatus } from '../audit/record.ts';
import { idKey } from '../mcp/decode.ts';
import { errorResponse, toolRefusal } from '../mcp/encode.ts';
import type { Answer } from '../mcp/answer.ts';
import { answerStatus, isKnownResult } from './answer-status.ts';
import { inputRequestsAllowed, sessionKey } from './ask.ts';
import type { Permitted, Refused } from './enforce.ts';
import { decisionMetaKey, type Gateway } from './gateway.ts';
import type { ToolCall } from './question.ts';
import { labelUnits } from './records.ts';
import { releaseAsIs, type Conclusion, type Release } from './relay-spec.ts';
import { codes, refusalBody } from './reply.ts';
import { keepPass, sealedAnswer } from './rounds.ts';
import { noteTask } from './tasks.ts';
import * as sentences from './sentences.ts';
import type { UpstreamFailure } from './upstream/upstream.ts';

/** How long a call may wait for its client to ask for the answer, in milliseconds. */
const detachedMs = 600_000;

/** A permitted call that is on record: what its outcome needs. */
export interface Intended {
  readonly call: ToolCall;
  readonly permitted: Permitted;
  readonly intent: IntentRecord;
  readonly decideUs: number;
  readonly recordUs: number;
  /** Monotonic milliseconds when it was forwarded. */
  readonly sentMs: number;
  /**
   * Whether its outcome is on its way to the log, or another stream's to give. INVARIANT: an intent
   * has one outcome, whoever comes first: a bug may end a call that is ending already.
   */
  hasOutcome: boolean;
}

/** A call that is on record and was not forwarded after all, with what its client is told. */
export interface Withdrawn {
  readonly kind: 'withdrawn';
  readonly refusal: Refused;
}

/** Step 9: the outcome goes on record before the end of the answer leaves. */
export async function concludeCall(
  gateway: Gateway,
  intended: Intended,
  conclusion: Conclusion | Withdrawn,
): Promise<Release> {
  const { call, permitted } = intended;
  if (conclusion.kind === 'unanswered' && conclusion.resumable && detach(gateway, intended)) {
    intended.hasOutcome = true;
    return releaseAsIs;
  }
  const reached = wasReached(conclusion);
  if (!reached) await giveBack(gateway, permitted);
  else {
    for (const receipt of permitted.receipts) {
      const released = gateway.counters.release(receipt);
      if (released instanceof Promise) await released;
    }
  }
  if (!reached && call.round !== undefined) keepPass(gateway, call.round);
  if (intended.hasOutcome) return releaseAsIs;

  const recorded = await appendOutcome(gateway, intended, conclusion);
  if (!recorded.ok)
    return replaced(
      errorResponse(call.message.id, codes.outcomeNotRecorded, sentences.outcomeNotRecorded),
    );
  return releaseOf(gateway, intended, conclusion);
}

function appendOutcome(
  gateway: Gateway,
  intended: Intended,
  conclusion: Conclusion | Withdrawn,
): ReturnType<Gateway['audit']['append']> {
  const reached = wasReached(conclusion);
  const { status, code } = statusOf(conclusion);
  const ended: OutcomeRecord = {
    kind: 'outcome',
    id: intended.call.id,
    time: gateway.clock.nowMs(),
    status,
    code,
    answerBytes: conclusion.kind === 'answer' ? conclusion.bytes : 0,
    decideUs: intended.decideUs,
    recordUs: intended.recordUs,
    upstreamUs: micros(gateway.clock.monotonicMs() - intended.sentMs),
    givenBack: !reached,
  };
  const units = reached ? labelUnits(intended.permitted.receipts) : null;
  const outcome = units === null ? ended : { ...ended, units };
  intended.hasOutcome = true;
  return gateway.audit.append(outcome, intended.intent);
}

/**
 * A bug ended a call behind its intent: what it holds is let go of, and its outcome is recorded as
 * broken, unless it has one. Rejects with the bug, which the edge answers.
 */
export async function endByBug(gateway: Gateway, intended: Intended, bug: unknown): Promise<never> {
  const broken = { kind: 'unanswered', resumable: false } as const;
  // What lets go may be what has the bug: the record does without it then.
  if (!intended.hasOutcome) await concludeCall(gateway, intended, broken).catch(() => null);
  if (!intended.hasOutcome) await appendOutcome(gateway, intended, broken);
  throw bug;
}

/** False only when it is certain that the server saw nothing of the call. */
function wasReached(conclusion: Conclusion | Withdrawn): boolean {
  if (conclusion.kind === 'withdrawn') return false;
  return conclusion.kind !== 'failed' || conclusion.failure.reached;
}

/** What the client is given: the server's own answer, or a sentence where there was none. */
function releaseOf(
  gateway: Gateway,
  { call, permitted }: Intended,
  conclusion: Conclusion | Withdrawn,
): Release {
  switch (conclusion.kind) {
    case 'withdrawn':
      return replaced(refusalBody(call, conclusion.refusal));
    case 'answer':
      if (!isKnownResult(call.message.era, conclusion.answer)) {
        return replaced(failureBody(call, 'upstream', sentences.resultUnknown));
      }
      noteTask(gateway, call.caller, conclusion.answer);
      if (
        conclusion.answer.inputRequests &&
        !inputRequestsAllowed(call.caller, conclusion.answer)
      ) {
        return replaced(failureBody(call, 'input-refused', sentences.inputNotAllowed));
      }
      return conclusion.answer.resultType === 'input_required'
        ? nextRound(gateway, call, permitted, conclusion.answer)
        : releaseAsIs;
    case 'failed':
      gateway.log.warn('upstream failed', {
        server: call.caller.server,
        kind: conclusion.failure.kind,
        detail: conclusion.failure.detail,
      });
      return replaced(
        failureBody(
          call,
          conclusion.failure.kind === 'stopped' ? 'stopped' : 'upstream',
          failureSentence(conclusion.failure),
        ),
      );
    case 'bare':
      if (conclusion.status === 404 && call.caller.session !== null) return releaseAsIs;
      return replaced(failureBody(call, 'upstream', sentences.answerBroken));
    case 'unanswered':
      return replaced(failureBody(call, 'upstream', sentences.answerBroken));
    case 'cancelled':
      return releaseAsIs;
  }
}

/** The server asks for more: the next round is known by its state, and what was taken holds for it. */
function nextRound(
  gateway: Gateway,
  call: ToolCall,
  permitted: Permitted,
  answer: Answer,
): Release {
  const paid = permitted.receipts.length > 0 || call.approved !== undefined;
  const carried = call.round?.pass ?? null;
  const pass = paid || carried !== null ? { approved: call.approved ?? null } : null;
  const body = sealedAnswer(gateway, call, answer, pass);
  return body === null ? releaseAsIs : replaced(body);
}

function failureSentence(failure: { readonly kind: string; readonly reached: boolean }): string {
  if (failure.kind === 'stopped') {
    return failure.reached ? sentences.stoppedUnderWay : sentences.stoppedBefore;
  }
  if (failure.kind === 'overloaded' && !failure.reached) return sentences.noPlace;
  if (!failure.reached) return sentences.notReached;
  return failure.kind === 'timeout' ? sentences.answerLate : sentences.answerBroken;
}

function failureBody(call: ToolCall, code: string, sentence: string): string {
  const { id, era } = call.message;
  const meta = { [decisionMetaKey]: { decisionId: call.id, code } };
  return toolRefusal({ id, era, text: `[GATEWAY] ${sentence}`, meta });
}

function replaced(body: string): Release {
  return { replacement: { status: 200, body }, headers: {} };
}

function statusOf(conclusion: Conclusion | Withdrawn): {
  status: OutcomeStatus;
  code: number | null;
} {
  switch (conclusion.kind) {
    case 'withdrawn':
      return { status: 'not-sent', code: null };
    case 'answer':
      return answerStatus(conclusion.answer);
    case 'failed':
      if (!conclusion.failure.reached) return { status: 'not-sent', code: null };
      return { status: failedStatus[conclusion.failure.kind], code: null };
    case 'bare':
      return { status: 'broken', code: conclusion.status };
    case 'unanswered':
      return { status: 'broken', code: null };
    case 'cancelled':
      return { status: 'cancelled', code: null };
  }
}

/** What the outcome is of a call that reached its server and failed. */
const failedStatus: Readonly<Record<UpstreamFailure['kind'], OutcomeStatus>> = {
  timeout: 'timeout',
  stopped: 'cancelled',
  unreachable: 'broken',
  broken: 'broken',
  overloaded: 'broken',
  refused: 'broken',
};

/**
 * The answer will come on another stream of the session; its outcome is recorded there, or as
 * broken when nobody asked for it in time.
 */
function detach(gateway: Gateway, intended: Intended): boolean {
  const { call, permitted, intent, decideUs, recordUs, sentMs } = intended;
  const session = sessionKey(call.caller);
  const id = idKey(call.message.id);
  const waiting = {
    intent,
    receipts: permitted.receipts,
    sinceMs: sentMs,
    decideUs,
    recordUs,
  };
  if (!gateway.live.detach(session, id, waiting)) return false;
  const giveUp = (): void => {
    if (!gateway.live.giveUpDetached(session, id, waiting)) return;
    const late = { ...intended, hasOutcome: false };
    void concludeCall(gateway, late, { kind: 'unanswered', resumable: false })
      .catch((bug: unknown) => endByBug(gateway, late, bug))
      .catch((bug: unknown) => gateway.log.error('internal error', { detail: String(bug) }));
  };
  setTimeout(giveUp, detachedMs).unref();
  return true;
}

/** Only where it is certain that the server did not run the call. */
export async function giveBack(gateway: Gateway, permitted: Permitted): Promise<void> {
  for (const receipt of permitted.receipts) await gateway.counters.giveBack(receipt);
}

/** Whole microseconds of a span in milliseconds. */
export function micros(ms: number): number {
  return Math.round(ms * 1000);
}
