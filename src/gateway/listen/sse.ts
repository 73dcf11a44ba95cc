import type { IncomingMessage, ServerResponse } from 'node:http';

import { newId } from '../../base/id.ts';
import { peekAnswer } from '../../mcp/answer.ts';
import { encodeSseEvent } from '../../mcp/sse.ts';
import { receiveAggregate } from '../aggregate.ts';
import { endParts } from '../aggregate-stream.ts';
import type { Caller } from '../caller.ts';
import { eventHeaders, type Downstream } from '../downstream.ts';
import type { Gateway } from '../gateway.ts';
import { isInForce } from '../in-force.ts';
import type { Grant } from '../../identity/grant.ts';
import { receive, recordForwarded } from '../receive.ts';
import { answerError, codes, internalError } from '../reply.ts';
import { openSession } from '../session.ts';
import { endUnheard, followStream } from '../stream.ts';
import { tooManyStreams } from '../stream-places.ts';
import type { Headers } from '../upstream/upstream.ts';
import { readBody } from './body.ts';
import type { Head } from './heads.ts';
import type { RequestHeaders } from './headers.ts';
import { HttpDownstream } from './http-downstream.ts';
import {
  admit,
  bodyFault,
  callerOf,
  refuse,
  renewed,
  slowed,
  tooLarge,
  type McpListener,
  type Refusal,
} from './http.ts';
import {
  answerTo,
  MessageDownstream,
  unasked,
  type AnswerDue,
  type HeadSeen,
} from './message-downstream.ts';

/** What of HTTP+SSE a path names: the stream, or the endpoint of one session's messages. */
export interface SseRoute {
  readonly server: string | null;
  /** Null for the stream itself. */
  readonly session: string | null;
}

/** Messages of one session that are not answered. */
const pendingMax = 256;

/** `/sse` and `/s/<server>/sse`, or `…/message?session=<id>`, exactly; null for any other path. */
export function sseRouteOf(url: string): SseRoute | null {
  const match =
    /^(?:\/s\/([a-z0-9][a-z0-9-]{0,31}))?\/(?:sse|message\?session=([A-Za-z0-9_-]{1,64}))$/.exec(
      url,
    );
  return match === null ? null : { server: match[1] ?? null, session: match[2] ?? null };
}

/**
 * Serves the HTTP+SSE transport of 2024-11-05: a stream that names an endpoint, to which the client
 * posts its messages; what answers them comes on the stream. The endpoint is always the gateway's
 * own, whatever the server behind it speaks. Host and Origin were judged before.
 */
export class SseListener {
  readonly #mcp: McpListener;
  readonly #sessions = new Map<string, SseSession>();

  constructor(mcp: McpListener) {
    this.#mcp = mcp;
  }

  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    head: Head,
    route: SseRoute,
  ): Promise<void> {
    const { gateway, streams } = this.#mcp;
    const downstream = new HttpDownstream(response, streams);
    try {
      await this.#answer(request, downstream, head, route);
    } catch (error) {
      gateway.log.error('internal error', { detail: String(error) });
      if (downstream.begun) downstream.cut();
      else answerError(downstream, 500, { id: null, ...internal });
    }
  }

  async #answer(
    request: IncomingMessage,
    downstream: HttpDownstream,
    head: Head,
    route: SseRoute,
  ): Promise<void> {
    const { gateway } = this.#mcp;
    const admitted = admit(gateway, head, route);
    if (!admitted.ok) {
      return refuse(gateway, request, downstream, slowed(this.#mcp, request, admitted.error));
    }
    const asked = { ...admitted.value, route };
    if (request.method === (route.session === null ? 'GET' : 'POST')) {
      return route.session === null
        ? this.#open(request, downstream, asked)
        : this.#post(request, downstream, { ...asked, sessionId: route.session });
    }
    return refuse(gateway, request, downstream, route.session === null ? getOnly : postOnly);
  }

  async #open(request: IncomingMessage, downstream: HttpDownstream, asked: Asked): Promise<void> {
    const { gateway } = this.#mcp;
    const { grant, head, headers, route } = asked;
    if ((headers.contentLength ?? 0) !== 0 || headers.transferEncoding !== null) {
      return refuse(gateway, request, downstream, getOnly);
    }
    const caller = plainCaller(callerOf(gateway, grant, route.server ?? '', head));
    if (!(await recordForwarded(gateway, caller, 'GET', downstream, null))) return;
    if (!isInForce(gateway, caller)) return downstream.cut();
    const { streamsPerGrantMax } = gateway.limits;
    if (!gateway.live.addStream(grant.id, downstream, streamsPerGrantMax)) {
      const reason = tooManyStreams(gateway);
      return refuse(gateway, request, downstream, { status: 429, code: 'streams', reason });
    }
    const id = newId('sse_');
    const session = new SseSession(gateway, caller, downstream);
    this.#sessions.set(id, session);
    downstream.watch({
      drained: () => session.drained(),
      gone: () => {
        this.#sessions.delete(id);
        gateway.live.removeStream(grant.id, downstream);
        session.end();
      },
    });
    if (downstream.ended()) return;
    downstream.open(eventHeaders);
    const base = route.server === null ? '' : `/s/${route.server}`;
    downstream.event(encodeSseEvent({ event: 'endpoint', data: `${base}/message?session=${id}` }));
  }

  async #post(
    request: IncomingMessage,
    downstream: HttpDownstream,
    asked: Asked & { readonly sessionId: string },
  ): Promise<void> {
    const { gateway } = this.#mcp;
    const { grant, headers, route, sessionId } = asked;
    // Every answer comes on the stream: what this request accepts says nothing.
    const fault = bodyFault({ ...headers, accept: null }, gateway.limits.json.bytesMax);
    if (fault !== null) return refuse(gateway, request, downstream, fault);
    const body = await readBody(request, gateway.limits.json.bytesMax);
    if (!body.ok) {
      return body.error === 'aborted' ? undefined : refuse(gateway, request, downstream, tooLarge);
    }
    const now = renewed(gateway, grant, route);
    if (!now.ok) return refuse(gateway, request, downstream, now.error);
    const session = this.#sessions.get(sessionId);
    if (session === undefined || !session.belongsTo(now.value, route.server ?? '')) {
      return refuse(gateway, request, downstream, noSession);
    }
    if (session.pending() >= pendingMax) return refuse(gateway, request, downstream, tooManyCalls);
    downstream.answer(202, {}, null);
    session.receive(now.value, body.value);
  }
}

interface Asked {
  readonly grant: Grant;
  readonly head: Head;
  readonly headers: RequestHeaders;
  readonly route: SseRoute;
}

/** What this transport has no headers for is known from its session alone. */
function plainCaller(caller: Caller): Caller {
  return {
    ...caller,
    session: null,
    sessionUnknown: false,
    aggregateId: null,
    protocolVersion: null,
    passedHeaders: {},
    clientDeclared: null,
  };
}

/** One client of the old transport, for as long as its stream is open. */
class SseSession {
  readonly #gateway: Gateway;
  readonly #stream: HttpDownstream;
  readonly #pending = new Set<MessageDownstream>();
  readonly #waiting: (() => void)[] = [];
  #caller: Caller;
  #following: MessageDownstream | null = null;

  constructor(gateway: Gateway, caller: Caller, stream: HttpDownstream) {
    this.#gateway = gateway;
    this.#caller = caller;
    this.#stream = stream;
  }

  belongsTo(grant: Grant, server: string): boolean {
    return this.#caller.grant.id === grant.id && this.#caller.server === server;
  }

  pending(): number {
    return this.#pending.size;
  }

  drained(): void {
    for (const then of this.#waiting.splice(0)) then();
  }

  receive(grant: Grant, bytes: Uint8Array): void {
    this.#caller = { ...this.#caller, grant };
    const asked = peekAnswer(bytes);
    const downstream = this.#downstream(answerTo(asked), (status, headers) =>
      this.#headSeen(status, headers),
    );
    this.#pending.add(downstream);
    void this.#answer(bytes, downstream).finally(() => this.#pending.delete(downstream));
  }

  /** The client has gone: what it awaits is awaited no more, and its session at the server ends. */
  end(): void {
    for (const downstream of this.#pending) downstream.cut();
    this.#following?.cut();
    const caller = this.#caller;
    if (caller.aggregateId !== null) this.#endAggregate(caller.aggregateId);
    if (caller.session !== null) void endUnheard(this.#gateway, caller);
  }

  #endAggregate(id: string): void {
    const { live, clock } = this.#gateway;
    const session = live.aggregates.find(id, this.#caller.grant.id, clock.monotonicMs());
    live.aggregates.end(id);
    if (session !== null) void endParts(this.#gateway, session);
  }

  async #answer(bytes: Uint8Array, downstream: MessageDownstream): Promise<void> {
    const gateway = this.#gateway;
    const received = { bytes, rawHeaders: null };
    try {
      if (this.#caller.server === '') {
        await receiveAggregate(gateway, this.#caller, received, downstream);
      } else await receive(gateway, this.#caller, received, downstream);
    } catch (error) {
      gateway.log.error('internal error', { detail: String(error) });
      downstream.fail(internal.message);
    }
  }

  #downstream(due: AnswerDue, headSeen: HeadSeen): MessageDownstream {
    const sink = {
      write: (text: string) => this.#stream.event(encodeSseEvent({ event: 'message', data: text })),
      drained: (then: () => void) => void this.#waiting.push(then),
    };
    return new MessageDownstream(sink, due, headSeen);
  }

  /** The server opened a session: what it sends by itself is read from now on; or it is dead. */
  #headSeen(status: number, headers: Headers): void {
    if (status === 404 && this.#caller.session !== null) return this.#stream.cut();
    const sealedId = headers['mcp-session-id'];
    if (sealedId === undefined || this.#stream.ended()) return;
    const { grant, server } = this.#caller;
    if (server === '') {
      this.#caller = { ...this.#caller, aggregateId: sealedId };
      return;
    }
    const session = openSession(
      this.#gateway.installationKey,
      { grantId: grant.id, server },
      sealedId,
    );
    if (session === null) return;
    const { protocolVersion } = session;
    this.#following?.cut();
    this.#caller = { ...this.#caller, session, protocolVersion };
    const following = this.#downstream(unasked, () => undefined);
    this.#following = following;
    void this.#follow(following);
  }

  async #follow(following: Downstream): Promise<void> {
    try {
      await followStream(this.#gateway, this.#caller, following);
    } catch (error) {
      this.#gateway.log.error('internal error', { detail: String(error) });
      this.#stream.cut();
    }
  }
}

const internal = { code: codes.internal, message: internalError };
const getOnly: Refusal = { status: 405, code: 'method', reason: 'open this stream with GET' };
const postOnly: Refusal = { status: 405, code: 'method', reason: 'send messages with POST' };
const noSession: Refusal = {
  status: 404,
  code: 'session',
  reason: 'session not found; open the stream again',
};
const tooManyCalls: Refusal = {
  status: 429,
  code: 'pending',
  reason: 'too many messages wait for an answer',
};
