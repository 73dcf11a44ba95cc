import type { IncomingMessage, ServerResponse } from 'node:http';

import { assert, AssertionError } from '../../base/assert.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { grantInForce, type AuthenticationProblem } from '../../identity/authenticate.ts';
import type { Grant } from '../../identity/grant.ts';
import { followAggregate, receiveAggregate } from '../aggregate.ts';
import { jsonHeaders } from '../downstream.ts';
import type { Caller } from '../caller.ts';
import type { Gateway } from '../gateway.ts';
import { receive, type Received } from '../receive.ts';
import { methodRecord } from '../records.ts';
import { answerError, codes, internalError } from '../reply.ts';
import { endSession, openStream } from '../stream.ts';
import { readBody } from './body.ts';
import type { Head } from './heads.ts';
import { acceptsAnswers, isJsonType, type RequestHeaders } from './headers.ts';
import { HttpDownstream, type HttpAnswer } from './http-downstream.ts';
import { WrongTokens } from './wrong-tokens.ts';

/** Where a request goes: one server's endpoint, or (null) all servers of the grant. */
export interface Route {
  readonly server: string | null;
}

/** A refusal before any message was read. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly code: string;
  /** Milliseconds until it is worth another try. */
  readonly retryAfterMs?: number;
}

/** A POST whose token is good, before its body was read. */
export interface Posted {
  readonly grant: Grant;
  readonly head: Head;
  readonly headers: RequestHeaders;
  readonly route: Route;
}

const keepAliveMs = 25_000;

/**
 * The endpoint that a path names: `/mcp` or `/s/<server>/mcp`, exactly, and `/registry/mcp` for the
 * server of that name; null for any other.
 */
export function routeOf(url: string): Route | null {
  if (url === '/mcp') return { server: null };
  if (url === '/registry/mcp') return { server: 'registry' };
  if (!url.startsWith('/s/') || !url.endsWith('/mcp')) return null;
  const server = url.slice(3, -4);
  return /^[a-z0-9][a-z0-9-]{0,31}$/.test(server) ? { server } : null;
}

/** Serves MCP over Streamable HTTP. Host and Origin were judged before. */
export class McpListener {
  readonly gateway: Gateway;
  /** The answers that are streams, while they are open. */
  readonly streams: Set<HttpAnswer> = new Set();
  readonly wrongTokens: WrongTokens = new WrongTokens();
  readonly #ticker: NodeJS.Timeout;

  constructor(gateway: Gateway) {
    this.gateway = gateway;
    this.#ticker = setInterval(() => this.#keepAlive(), keepAliveMs);
    this.#ticker.unref();
  }

  close(): void {
    clearInterval(this.#ticker);
    for (const stream of this.streams) stream.cut();
  }

  /** Answers one request. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    head: Head,
    route: Route,
  ): Promise<void> {
    const downstream = new HttpDownstream(response, this.streams);
    return this.#guarded(downstream, () => this.#answer(request, downstream, head, route));
  }

  /** Answers one POST that was read whole and whose head was admitted. */
  serve(posted: Posted, received: Received, downstream: HttpAnswer): Promise<void> {
    return this.#guarded(downstream, () => this.#receive(posted, received, downstream));
  }

  /** What goes wrong in here is a bug, and answered as such. */
  async #guarded(downstream: HttpAnswer, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const detail = error instanceof AssertionError ? error.message : String(error);
      this.gateway.log.error('internal error', {
        detail,
        stack: error instanceof Error ? String(error.stack) : '',
      });
      if (downstream.begun) downstream.cut();
      else answerError(downstream, 500, { id: null, code: codes.internal, message: internalError });
    }
  }

  /** A promise of its own for each step would be paid by every call: this one only passes on. */
  #answer(
    request: IncomingMessage,
    downstream: HttpDownstream,
    head: Head,
    route: Route,
  ): Promise<void> {
    const gateway = this.gateway;
    const admitted = admit(gateway, head, route);
    if (!admitted.ok)
      return refuse(gateway, request, downstream, slowed(this, request, admitted.error));

    const { method } = request;
    const { grant, headers } = admitted.value;
    if (method === 'POST') return this.#post(request, downstream, admitted.value);
    if (method !== 'GET' && method !== 'DELETE')
      return refuse(gateway, request, downstream, notAllowed);
    if (headers.protocolVersion === '2026-07-28')
      return refuse(gateway, request, downstream, notAllowed);
    if (hasBody(headers)) return refuse(gateway, request, downstream, bodyNotDue);
    const caller = callerOf(gateway, grant, route.server ?? '', head);
    if (route.server === null) return followAggregate(gateway, caller, method, downstream);
    if (caller.sessionUnknown) return refuse(gateway, request, downstream, sessionNotFound);
    if (method === 'GET') return openStream(gateway, caller, downstream);
    return endSession(gateway, caller, downstream);
  }

  async #post(request: IncomingMessage, downstream: HttpDownstream, posted: Posted): Promise<void> {
    const gateway = this.gateway;
    const { bytesMax } = gateway.limits.json;
    const fault = bodyFault(posted.headers, bytesMax);
    if (fault !== null) return refuse(gateway, request, downstream, fault);
    const body = await readBody(request, bytesMax);
    if (!body.ok) {
      return body.error === 'aborted' ? undefined : refuse(gateway, request, downstream, tooLarge);
    }
    // A body may take a minute to come in: the grant counts as it is now, not as it was before.
    const now = renewed(gateway, posted.grant, posted.route);
    if (!now.ok) return refuse(gateway, request, downstream, now.error);
    const received = { bytes: body.value, rawHeaders: request.rawHeaders };
    // Awaited and not returned: an async function that returns a promise waits for it three times.
    await this.#receive({ ...posted, grant: now.value }, received, downstream);
  }

  #receive(
    { grant, head, route }: Posted,
    received: Received,
    downstream: HttpAnswer,
  ): Promise<void> {
    const caller = callerOf(this.gateway, grant, route.server ?? '', head);
    return route.server === null
      ? receiveAggregate(this.gateway, caller, received, downstream)
      : receive(this.gateway, caller, received, downstream);
  }

  #keepAlive(): void {
    for (const stream of this.streams) stream.keepAlive();
  }
}

export const notFound: Refusal = {
  status: 404,
  code: 'not-found',
  reason: 'no such endpoint for this grant',
};
const notAllowed: Refusal = { status: 405, code: 'method', reason: 'method not allowed' };
const bodyNotDue: Refusal = { status: 400, code: 'body', reason: 'only POST carries a message' };
const sessionNotFound: Refusal = {
  status: 404,
  code: 'session',
  reason: 'session not found; initialize again',
};
export const tooLarge: Refusal = {
  status: 413,
  code: 'too-large',
  reason: 'the body is too large',
};

function hasBody(headers: RequestHeaders): boolean {
  return headers.transferEncoding !== null || (headers.contentLength ?? 0) !== 0;
}

export function bodyFault(headers: RequestHeaders, bytesMax: number): Refusal | null {
  if (!isJsonType(headers.contentType)) {
    return { status: 415, code: 'content-type', reason: 'send Content-Type: application/json' };
  }
  if (headers.contentEncoding !== null && headers.contentEncoding.toLowerCase() !== 'identity') {
    return { status: 415, code: 'content-encoding', reason: 'send the body without compression' };
  }
  // `node:http` undoes chunks alone: of `gzip, chunked` it would hand over packed bytes.
  const transfer = headers.transferEncoding;
  if (transfer !== null && transfer.toLowerCase() !== 'chunked') {
    return { status: 415, code: 'transfer-encoding', reason: 'send the body without compression' };
  }
  if (headers.contentLength !== null && !(headers.contentLength <= bytesMax)) {
    return tooLarge;
  }
  if (!acceptsAnswers(headers.accept)) {
    return {
      status: 406,
      code: 'accept',
      reason: 'send Accept: application/json, text/event-stream',
    };
  }
  return null;
}

/** What a head opens: asked anew with every request, as a grant may end at any time. */
export function admit(gateway: Gateway, head: Head, route: Route): Result<Posted, Refusal> {
  const { headers } = head;
  if (!headers.ok) return err({ ...headers.error, code: 'header-twice' });
  const grant = authenticated(gateway, head);
  if (!grant.ok) return grant;
  if (!servedBy(gateway, grant.value, route)) return err(notFound);
  return ok({ grant: grant.value, head, headers: headers.value, route });
}

export function authenticated(gateway: Gateway, { tokenSha256 }: Head): Result<Grant, Refusal> {
  const token = tokenSha256;
  if (!token.ok) {
    if (token.error === 'repeated') {
      return err({
        status: 400,
        code: 'header-twice',
        reason: 'header `authorization` stands twice',
      });
    }
    return err({
      status: 401,
      code: `token-${token.error}`,
      reason: 'send Authorization: Bearer <token>',
    });
  }
  const { grantsByToken } = gateway.snapshot();
  const grant = grantInForce(grantsByToken, token.value, gateway.latestMs());
  return grant.ok ? ok(grant.value) : err(unauthorized(grant.error));
}

/** The refusal of a token, or of so many that the address must wait; on record it is the same. */
export function slowed(
  { gateway, wrongTokens }: McpListener,
  { socket }: IncomingMessage,
  refusal: Refusal,
): Refusal {
  if (refusal.status !== 401) return refusal;
  const address = socket.remoteAddress ?? '';
  const retryAfterMs = wrongTokens.note(address, gateway.clock.monotonicMs());
  if (retryAfterMs === null) return refusal;
  const reason = 'too many wrong tokens came from this address; wait before the next';
  return { ...refusal, status: 429, reason, retryAfterMs };
}

/** The same grant as the snapshot has it now, or why it opens this no more. */
export function renewed(gateway: Gateway, grant: Grant, route: Route): Result<Grant, Refusal> {
  const { grantsByToken } = gateway.snapshot();
  const now = grantInForce(grantsByToken, grant.tokenSha256, gateway.latestMs());
  if (!now.ok) return err(unauthorized(now.error));
  return servedBy(gateway, now.value, route) ? now : err(notFound);
}

/** The client learns only that the token opens nothing; the record says why. */
function unauthorized(problem: AuthenticationProblem): Refusal {
  return { status: 401, code: `token-${problem}`, reason: 'this token opens nothing here' };
}

/** A server that the grant does not name looks exactly like one that is not there. */
export function servedBy(gateway: Gateway, grant: Grant, route: Route): boolean {
  if (route.server === null) return true;
  return grant.servers.includes(route.server) && gateway.snapshot().servers.has(route.server);
}

export function callerOf(gateway: Gateway, grant: Grant, server: string, head: Head): Caller {
  assert(head.headers.ok, 'a head with a line that stands twice was refused');
  const headers = head.headers.value;
  const { sessionId } = headers;
  const owner = { grantId: grant.id, server };
  const session =
    sessionId === null ? null : head.session(gateway.installationKey, owner, sessionId);
  return {
    grant,
    server,
    session,
    sessionUnknown: server !== '' && sessionId !== null && session === null,
    aggregateId: server === '' ? sessionId : null,
    isPart: false,
    protocolVersion: headers.protocolVersion,
    passedHeaders: headers.passed,
    clientDeclared: session === null ? null : gateway.live.declaredClient(session.seal),
  };
}

export async function refuse(
  gateway: Gateway,
  request: IncomingMessage,
  downstream: HttpDownstream,
  refusal: Refusal,
): Promise<void> {
  await gateway.audit.append(
    methodRecord(gateway, null, {
      method: `${request.method ?? ''} ${shownPath(gateway, request.url ?? '')}`,
      direction: 'to-server',
      decision: 'deny',
      code: refusal.code,
      source: request.socket.remoteAddress ?? '',
    }),
  );
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: null,
    error: { code: codes.refused, message: refusal.reason },
  });
  const challenge =
    refusal.status === 401 ? { 'www-authenticate': 'Bearer realm="portcullis"' } : {};
  const allow = refusal.status === 405 ? { allow: 'POST, GET, DELETE' } : {};
  const { status, retryAfterMs } = refusal;
  const unread = status === 413 || retryAfterMs !== undefined ? { connection: 'close' } : {};
  const retry =
    retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) };
  const headers = { ...jsonHeaders, ...challenge, ...allow, ...unread, ...retry };
  downstream.answer(status, headers, body);
  if (!request.complete) request.resume();
}

/** What a client writes behind the path, or calls a server that is not there, may be a secret. */
function shownPath(gateway: Gateway, url: string): string {
  const [path = ''] = url.split('?', 1);
  const server = /^\/s\/([^/]*)/.exec(path)?.[1];
  if (server === undefined || gateway.snapshot().servers.has(server)) return path.slice(0, 64);
  return '/s/(unknown)';
}
