import type { MirroredParam } from '../mcp/headers.ts';
import type { RequestMessage } from '../mcp/message.ts';
import { judgeFromServer } from './ask.ts';
import { underWayIn } from './cancel.ts';
import { jsonHeaders, type Downstream } from './downstream.ts';
import { enforce, refused, type Refused } from './enforce.ts';
import { forwardRequest } from './forward.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import { concludeCall, giveBack, micros, type Intended } from './outcome.ts';
import { stateQuestion, type ToolCall } from './question.ts';
import { intentRecord, refusalRecord } from './records.ts';
import { relay, type Conclusion, type Release } from './relay.ts';
import { refusalBody } from './reply.ts';
import * as sentences from './sentences.ts';

/** The life of one `tools/call`: state the question, decide and enforce, record, forward. */
export async function callTool(
  gateway: Gateway,
  caller: Caller,
  message: RequestMessage,
  downstream: Downstream,
  params?: readonly MirroredParam[],
): Promise<void> {
  const call = await stateQuestion(gateway, caller, message);
  const enforcement = await enforce(gateway, call);
  if (enforcement.effect !== 'permitted') return refuse(gateway, call, enforcement, downstream);

  const decidedMs = gateway.clock.monotonicMs();
  const recorded = await gateway.audit.append(intentRecord(gateway, call, enforcement));
  if (!recorded.ok) {
    await giveBack(gateway, enforcement);
    answerRefusal(call, refused('not-recorded', '(record)', sentences.notRecorded), downstream);
    return;
  }
  const sentMs = gateway.clock.monotonicMs();
  const decideUs = micros(decidedMs - call.startMs);
  const recordUs = micros(sentMs - decidedMs);
  await forward(
    gateway,
    { call, permitted: enforcement, decideUs, recordUs, sentMs },
    downstream,
    params,
  );
}

async function refuse(
  gateway: Gateway,
  call: ToolCall,
  refusal: Refused,
  downstream: Downstream,
): Promise<void> {
  const recorded = await gateway.audit.append(refusalRecord(gateway, call, refusal));
  const told = recorded.ok ? refusal : refused('not-recorded', '(record)', sentences.notRecorded);
  answerRefusal(call, told, downstream);
}

function answerRefusal(call: ToolCall, refusal: Refused, downstream: Downstream): void {
  downstream.answer(200, jsonHeaders, refusalBody(call, refusal));
}

async function forward(
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
    const release = await conclude({ kind: 'failed', failure });
    downstream.answer(200, jsonHeaders, release.replacement?.body ?? null);
    return;
  }
  const ended = gateway.live.beginAnswer(caller.grant.id, downstream);
  await relay({
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
    conclude,
  }).finally(ended);
}
