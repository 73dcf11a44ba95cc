import type { Answer } from '../mcp/answer.ts';
import { membersAt, stringValueOf } from '../base/strict-json.ts';
import { errorResponse } from '../mcp/encode.ts';
import type { RequestMessage } from '../mcp/message.ts';
import type { MethodRule } from '../mcp/method.ts';
import { isKnownResult } from './answer-status.ts';
import { abilityOf } from './client-ability.ts';
import { inputRequestsAllowed } from './ask.ts';
import type { Caller } from './caller.ts';
import type { Downstream } from './downstream.ts';
import type { Gateway } from './gateway.ts';
import { filterAnswer } from './list.ts';
import { methodRecord } from './records.ts';
import { releaseAsIs, type Conclusion, type Release } from './relay-spec.ts';
import { codes } from './reply.ts';
import { sealedAnswer } from './rounds.ts';
import { sealSession, type Session } from './session.ts';
import { endUnheard } from './stream.ts';
import * as sentences from './sentences.ts';
import { filterTasks } from './tasks.ts';
import type { Headers, UpstreamFailure } from './upstream/upstream.ts';

/** A request that is no tool call, how it is ruled, and who waits for its answer. */
interface Concluded {
  readonly message: RequestMessage;
  readonly rule: MethodRule;
  readonly downstream: Pick<Downstream, 'ended'>;
}

/** What a client is given at the end of a request that is no tool call. */
export function concludeRequest(
  gateway: Gateway,
  caller: Caller,
  concluded: Concluded,
  conclusion: Conclusion,
): Promise<Release> | Release {
  const { message } = concluded;
  switch (conclusion.kind) {
    case 'answer':
      return concludeAnswer(gateway, caller, concluded, conclusion);
    case 'bare':
      return concludeBare(message, conclusion.status);
    case 'failed':
      return concludeFailed(gateway, caller, message, conclusion.failure);
    case 'unanswered':
      return conclusion.resumable || message.method === 'subscriptions/listen'
        ? releaseAsIs
        : failed(message, sentences.answerBroken);
    case 'cancelled':
      return releaseAsIs;
  }
}

async function concludeFailed(
  gateway: Gateway,
  caller: Caller,
  { id, method }: RequestMessage,
  { kind, reached, detail }: UpstreamFailure,
): Promise<Release> {
  gateway.log.warn('upstream failed', { server: caller.server, kind, detail });
  if (kind !== 'overloaded' || reached) {
    return failed({ id }, reached ? sentences.answerBroken : sentences.notReached);
  }
  const about = { method, direction: 'to-server', decision: 'deny', code: 'places' } as const;
  await gateway.audit.append(methodRecord(gateway, caller, about));
  return failed({ id }, sentences.noPlace);
}

async function concludeAnswer(
  gateway: Gateway,
  caller: Caller,
  { message, rule, downstream }: Concluded,
  { answer, headers }: Extract<Conclusion, { kind: 'answer' }>,
): Promise<Release> {
  if (answer.errorSpan !== null) return releaseAsIs;
  if (message.method === 'initialize') {
    const session = sessionOf(gateway, caller, answer, headers);
    if (session === null) return releaseAsIs;
    // Nobody is there any more to learn its id: nobody could use it, or end it.
    if (downstream.ended()) {
      const { protocolVersion } = session;
      void endUnheard(gateway, { ...caller, session, protocolVersion });
    } else declareClient(gateway, session, message);
    return { replacement: null, headers: { 'mcp-session-id': session.sealedId } };
  }
  if (!isKnownResult(message.era, answer)) return failed(message, sentences.resultUnknown);
  if (answer.inputRequests && !inputRequestsAllowed(caller, answer)) {
    return failed(message, sentences.inputNotAllowed);
  }
  // INVARIANT: a list is filtered whatever its answer calls itself, `input_required` among others.
  if (rule.method === 'tasks/list') {
    const own = filterTasks(gateway, caller, answer);
    if (!own.ok) return failed(message, `the server's list of tasks was refused: ${own.error}`);
    return replaced(own.value);
  }
  if (rule.ruled === 'tool-list') {
    const filtered = await filterAnswer(gateway, caller, answer, message.era);
    if (filtered.ok) return replaced(filtered.value);
    return failed(message, `the server's tool list was refused: ${filtered.error}`);
  }
  const body = sealedAnswer(gateway, { caller, message }, answer, null);
  return body === null ? releaseAsIs : replaced(body);
}

/** The session that an answer opened, its id bound to the grant; null where there is none. */
function sessionOf(
  gateway: Gateway,
  caller: Caller,
  answer: Answer,
  headers: Headers,
): Session | null {
  const id = headers['mcp-session-id'];
  if (id === undefined) return null;
  const owner = { grantId: caller.grant.id, server: caller.server };
  const upstream = { id, protocolVersion: negotiatedVersion(answer) };
  return sealSession(gateway.installationKey, owner, upstream);
}

function declareClient(gateway: Gateway, { seal }: Session, message: RequestMessage): void {
  const declared = declaredName(message);
  if (declared !== null) gateway.live.declare(seal, declared);
  gateway.live.declareAbility(seal, abilityOf(message.params?.['capabilities']));
}

function declaredName(message: RequestMessage): string | null {
  const info = message.params?.['clientInfo'];
  if (typeof info !== 'object' || info === null || !('name' in info)) return null;
  return typeof info.name === 'string' ? info.name.slice(0, 128) : null;
}

/** The revision that an `initialize` answer settles on, or null. */
function negotiatedVersion(answer: Answer): string | null {
  if (answer.resultSpan === null || answer.text[answer.resultSpan.start] !== '{') return null;
  const { text } = answer;
  const member = membersAt(text, answer.resultSpan.start).find((m) => m.key === 'protocolVersion');
  return member === undefined
    ? null
    : stringValueOf(text.slice(member.valueStart, member.valueEnd));
}

/**
 * An HTTP answer without a message. A dead session stays a 404, so that the client opens a new one;
 * a server's 401 or 403 concerns the gateway's own credential and never reads as the client's.
 */
function concludeBare(message: RequestMessage, status: number): Release {
  if (status === 404 || status === 405 || status === 400) return releaseAsIs;
  return failed(message, sentences.answerBroken);
}

function failed(message: Pick<RequestMessage, 'id'>, sentence: string): Release {
  return replaced(errorResponse(message.id, codes.upstream, sentence));
}

function replaced(body: string | Uint8Array): Release {
  return { replacement: { status: 200, body }, headers: {} };
}
