import { decodeBody, idKey, type DecodeProblem } from '../mcp/decode.ts';
import { errorResponse, rpcCode } from '../mcp/encode.ts';
import { checkMirroredHeaders, type HeaderProblem } from '../mcp/headers.ts';
import type {
  Message,
  NotificationMessage,
  RequestMessage,
  ResponseMessage,
} from '../mcp/message.ts';
import { ruleFor, type MethodRule } from '../mcp/method.ts';
import { judgeFromServer, opens, sessionKey } from './ask.ts';
import { batchParts, discard } from './batch.ts';
import { callTool } from './call.ts';
import { noteCancelled, underWayIn } from './cancel.ts';
import { eventHeaders, jsonHeaders, type Downstream } from './downstream.ts';
import { forwardRequest } from './forward.ts';
import { stateForeign } from './held-sentences.ts';
import { paramsMirrored } from './mirrored.ts';
import type { Caller } from './caller.ts';
import { memberOf } from './client-ability.ts';
import type { Gateway } from './gateway.ts';
import { isInForce } from './in-force.ts';
import { methodRecord } from './records.ts';
import { answerError, codes, unknownTool } from './reply.ts';
import { relay } from './relay.ts';
import { concludeRequest } from './request.ts';
import { roundOf } from './rounds.ts';
import { namesOwnTask } from './tasks.ts';
import { legacyFault, modernFault, type RevisionFault } from './revision.ts';
import { refuseStopped } from './refuse-stopped.ts';
import { stopOf } from './stopped.ts';
import { takeStreamPlace } from './stream-places.ts';
import { relayUnanswered } from './unanswered.ts';

/** One body as it was received, and the header lines it came with (null where there are none). */
export interface Received {
  readonly bytes: Uint8Array;
  readonly rawHeaders: readonly string[] | null;
}

/** Steps 2 to 10 for one body: strict scan, decode, and for each message what its method asks for. */
export function receive(
  gateway: Gateway,
  caller: Caller,
  received: Received,
  downstream: Downstream,
): Promise<void> {
  const body = decodeBody(received.bytes, gateway.limits.json);
  if (!body.ok) return unreadable(gateway, caller, body.error, downstream);
  if (body.value.kind === 'single') {
    return receiveMessage(gateway, caller, body.value.message, received.rawHeaders, downstream);
  }
  return receiveBatch(gateway, caller, body.value.messages, downstream);
}

/**
 * One message of the client's, judged by its method and the grant. Every call passes through here:
 * it only passes promises on.
 */
export function receiveMessage(
  gateway: Gateway,
  caller: Caller,
  message: Message,
  rawHeaders: readonly string[] | null,
  downstream: Downstream,
): Promise<void> {
  const stop = stopOf(gateway, caller);
  if (stop !== null && !isToolCall(message)) {
    const status = message.kind === 'request' ? 200 : 403;
    const about = { stop, method: methodOf(message), id: idOf(message), status };
    return refuseStopped(gateway, caller, about, downstream);
  }
  const oldFault = message.era === 'legacy' ? legacyFault(caller) : null;
  if (oldFault !== null) {
    return refuseRevision(gateway, caller, { message, fault: oldFault }, downstream);
  }
  if (message.kind === 'response') return receiveResponse(gateway, caller, message, downstream);

  const rule = ruleFor(message.method, 'client-to-server', message.era);
  if (rule === null || rule.kind !== message.kind) {
    return refuseMethod(gateway, caller, message, rule, downstream);
  }
  const params = message.era === 'modern' ? paramsMirrored(gateway, caller, message) : undefined;
  if (message.era === 'modern' && rawHeaders !== null) {
    const problem = checkMirroredHeaders(rawHeaders, message, params ?? []);
    if (problem !== null) return refuseMirrored(gateway, caller, { message, problem }, downstream);
  }
  const fault = modernFault(message);
  if (fault !== null) return refuseRevision(gateway, caller, { message, fault }, downstream);
  if (params === null) return refuseAnnotated(gateway, caller, message, downstream);
  if (message.kind === 'notification') {
    return receiveNotification(gateway, caller, { message, rule }, downstream);
  }
  if (rule.ruled === 'tool-call') return callTool(gateway, caller, message, downstream, params);
  return receiveRequest(gateway, caller, { message, rule }, downstream);
}

async function refuseMirrored(
  gateway: Gateway,
  caller: Caller,
  refused: { readonly message: Message; readonly problem: HeaderProblem },
  downstream: Downstream,
): Promise<void> {
  const { message, problem } = refused;
  await refusedAtEdge(gateway, caller, methodOf(message), problem.reason);
  const text = `header ${problem.header} does not agree with the body`;
  answerError(downstream, 400, { id: idOf(message), code: problem.code, message: text });
}

/** A request that is no tool call: recorded, then relayed, where the grant opens its family. */
async function receiveRequest(
  gateway: Gateway,
  caller: Caller,
  { message: received, rule }: { readonly message: RequestMessage; readonly rule: MethodRule },
  downstream: Downstream,
): Promise<void> {
  if (!opens(caller, rule.ruled) || (followsResources(received) && !opens(caller, 'resource'))) {
    await refusedAtEdge(gateway, caller, received.method, 'not-opened');
    const text = `\`${received.method}\` is not opened to this grant`;
    return answerError(downstream, 200, { id: received.id, code: codes.refused, message: text });
  }
  if (rule.ruled === 'task' && !namesOwnTask(gateway, caller, received)) {
    await refusedAtEdge(gateway, caller, received.method, 'task');
    const { id } = received;
    return answerError(downstream, 200, {
      id,
      code: rpcCode.invalidParams,
      message: 'Task not found',
    });
  }
  const round = roundOf(gateway, caller, received);
  if (round === 'foreign') {
    await refusedAtEdge(gateway, caller, received.method, 'request-state');
    const { id } = received;
    return answerError(downstream, 200, { id, code: rpcCode.invalidParams, message: stateForeign });
  }
  const message = round?.message ?? received;
  const recorded = await appendForwarded(gateway, caller, message.method);
  if (!recorded.ok) return refuseUnrecorded(downstream, message.id);
  const upstream = gateway.upstream(caller.server);
  if (upstream === null) {
    return answerError(downstream, 200, {
      id: message.id,
      code: codes.upstream,
      message: 'no such server',
    });
  }
  if (rule.ruled === 'tool-list') await gateway.toolsReady(caller.server);
  const isStream = rule.ruled === 'subscription' && message.method === 'subscriptions/listen';
  const { id: grantId } = caller.grant;
  if (!isInForce(gateway, caller)) return downstream.cut();
  if (isStream && !(await takeStreamPlace(gateway, caller, message, downstream))) return;
  await relay({
    gateway,
    upstream,
    request: forwardRequest(gateway, caller, message, { stream: isStream }),
    downstream,
    era: message.era,
    awaitedId: message.id,
    holdHead: rule.method === 'initialize',
    judge: (answer, event) => judgeFromServer(gateway, caller, answer, event.raw),
    announce: underWayIn(gateway, caller, message),
    conclude: async (conclusion) =>
      concludeRequest(gateway, caller, { message, rule, downstream }, conclusion),
  });
  if (isStream) gateway.live.removeStream(grantId, downstream);
}

/** Whether a request of 2026-07-28 asks to hear of single resources. */
function followsResources({ method, params }: RequestMessage): boolean {
  if (method !== 'subscriptions/listen') return false;
  const asked = memberOf(params?.['notifications'], 'resourceSubscriptions') ?? [];
  return !Array.isArray(asked) || asked.length > 0;
}

async function receiveNotification(
  gateway: Gateway,
  caller: Caller,
  { message, rule }: { readonly message: NotificationMessage; readonly rule: MethodRule },
  downstream: Downstream,
): Promise<void> {
  if (!opens(caller, rule.ruled)) {
    await refusedAtEdge(gateway, caller, message.method, 'not-opened');
    downstream.answer(202, {}, null);
    return;
  }
  const recorded = await appendForwarded(gateway, caller, message.method);
  if (!recorded.ok) return refuseUnrecorded(downstream, null);
  if (!isInForce(gateway, caller)) return downstream.cut();
  await post(gateway, caller, message, downstream);
  noteCancelled(gateway, caller, message);
}

/** A client's answer passes only to a server that asked for it, in this session, once. */
async function receiveResponse(
  gateway: Gateway,
  caller: Caller,
  message: ResponseMessage,
  downstream: Downstream,
): Promise<void> {
  if (gateway.live.answeredOwn(sessionKey(caller), idKey(message.id), message)) {
    downstream.answer(202, {}, null);
    return;
  }
  const asked = gateway.live.questions.answered(sessionKey(caller), idKey(message.id));
  if (asked === null) {
    await refusedAtEdge(gateway, caller, '(response)', 'not-asked');
    downstream.answer(202, {}, null);
    return;
  }
  const recorded = await appendForwarded(gateway, caller, asked);
  if (!recorded.ok) return refuseUnrecorded(downstream, null);
  if (!isInForce(gateway, caller)) return downstream.cut();
  await post(gateway, caller, message, downstream);
}

function post(
  gateway: Gateway,
  caller: Caller,
  message: NotificationMessage | ResponseMessage,
  downstream: Downstream,
): Promise<void> {
  const request = forwardRequest(gateway, caller, message, { stream: false });
  const unanswered = { request, era: message.era, judge: () => null };
  return relayUnanswered(gateway, caller, unanswered, downstream);
}

/** Batches exist in one revision only; there each message is judged and forwarded alone. */
async function receiveBatch(
  gateway: Gateway,
  caller: Caller,
  messages: readonly Message[],
  downstream: Downstream,
): Promise<void> {
  const version =
    caller.session === null
      ? (caller.protocolVersion ?? '2025-03-26')
      : caller.session.protocolVersion;
  const allowed =
    version === '2025-03-26' && messages.every((m) => m.era === 'legacy' && !opensSession(m));
  if (!allowed) {
    await refusedAtEdge(gateway, caller, '(batch)', 'batch');
    return answerError(downstream, 400, {
      id: null,
      code: -32600,
      message: 'batches are not part of this protocol revision; send one message per request',
    });
  }
  if (!messages.some((message) => message.kind === 'request')) {
    for (const message of messages) {
      await receiveMessage(gateway, caller, message, null, discard());
    }
    downstream.answer(202, {}, null);
    return;
  }
  downstream.open(eventHeaders);
  const parts = batchParts(downstream, messages);
  await Promise.all(
    parts.map(([message, part]) => receiveMessage(gateway, caller, message, null, part)),
  );
  downstream.close();
}

function opensSession(message: Message): boolean {
  return message.kind === 'request' && message.method === 'initialize';
}

/** Answers a body that is no message: what was wrong, and where. */
export async function unreadable(
  gateway: Gateway,
  caller: Caller,
  problem: DecodeProblem,
  downstream: Downstream,
): Promise<void> {
  await refusedAtEdge(gateway, caller, '(unreadable)', problem.reason);
  const at = problem.offset === null ? '' : ` at character ${problem.offset}`;
  answerError(downstream, 400, {
    id: problem.id,
    code: problem.code,
    message: `the message was refused: ${problem.reason}${at}`,
  });
}

/** A tool with broken annotations does not exist for modern clients (2026-07-28, tools). */
export async function refuseAnnotated(
  gateway: Gateway,
  caller: Caller,
  message: RequestMessage | NotificationMessage,
  downstream: Downstream,
): Promise<void> {
  await refusedAtEdge(gateway, caller, message.method, 'header-annotation');
  const named = message.params?.['name'];
  const name = caller.askedAs ?? (typeof named === 'string' ? named : '');
  if (message.kind === 'notification') return downstream.answer(400, {}, null);
  downstream.answer(200, jsonHeaders, unknownTool(message, name));
}

/** Answers a message whose revision or session is refused; the record says why. */
export async function refuseRevision(
  gateway: Gateway,
  caller: Caller,
  { message, fault }: { readonly message: Message; readonly fault: RevisionFault },
  downstream: Downstream,
): Promise<void> {
  await refusedAtEdge(gateway, caller, methodOf(message), fault.reason);
  const { status, code, message: text, data } = fault;
  const body = errorResponse(idOf(message), code, text, ...(data === null ? [] : [data]));
  downstream.answer(status, jsonHeaders, body);
}

async function refuseMethod(
  gateway: Gateway,
  caller: Caller,
  message: RequestMessage | NotificationMessage,
  rule: MethodRule | null,
  downstream: Downstream,
): Promise<void> {
  await refusedAtEdge(
    gateway,
    caller,
    message.method,
    rule === null ? 'unknown-method' : 'wrong-kind',
  );
  if (message.kind === 'notification' && rule === null) {
    downstream.answer(202, {}, null);
    return;
  }
  if (message.kind === 'notification') {
    const text = `\`${message.method}\` is a request: it needs an id`;
    return answerError(downstream, 400, { id: null, code: -32600, message: text });
  }
  const status = message.era === 'modern' ? 404 : 200;
  answerError(downstream, status, { id: message.id, code: -32601, message: 'Method not found' });
}

/** Nothing is forwarded that is not on record first. */
export async function recordForwarded(
  gateway: Gateway,
  caller: Caller,
  method: string,
  downstream: Downstream,
  id: string | null,
): Promise<boolean> {
  const recorded = await appendForwarded(gateway, caller, method);
  if (!recorded.ok) refuseUnrecorded(downstream, id);
  return recorded.ok;
}

/**
 * The log's own promise, as a tool call waits for: messages that one client sends behind each other
 * leave in that order, so that no call overtakes the `initialized` before it.
 */
function appendForwarded(
  gateway: Gateway,
  caller: Caller,
  method: string,
): ReturnType<Gateway['audit']['append']> {
  const about = { method, direction: 'to-server', decision: 'allow', code: null } as const;
  return gateway.audit.append(methodRecord(gateway, caller, about));
}

function refuseUnrecorded(downstream: Downstream, id: string | null): void {
  answerError(downstream, 503, {
    id,
    code: codes.refused,
    message: 'records cannot be kept now; nothing was forwarded',
  });
}

/** Records a refusal that no policy was asked about. */
export async function refusedAtEdge(
  gateway: Gateway,
  caller: Caller,
  method: string,
  code: string,
): Promise<void> {
  const about = {
    method: method.slice(0, 128),
    direction: 'to-server',
    decision: 'deny',
    code,
  } as const;
  await gateway.audit.append(methodRecord(gateway, caller, about));
}

/** A tool call is refused as one: its answer is a result that the model reads. */
function isToolCall(message: Message): boolean {
  return message.kind === 'request' && message.method === 'tools/call';
}

function methodOf(message: Message): string {
  return message.kind === 'response' ? '(response)' : message.method;
}

function idOf(message: Message): string | null {
  return message.kind === 'request' ? message.id : null;
}
