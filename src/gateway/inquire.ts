import { err, ok, type Result } from '../base/result.ts';
import { peekAnswer, type Answer } from '../mcp/answer.ts';
import { errorResponse } from '../mcp/encode.ts';
import { createSseDecoder } from '../mcp/sse.ts';
import type { Era } from '../mcp/message.ts';
import type { ExchangeOwner, Headers, Upstream, UpstreamExchange } from './upstream/upstream.ts';

/** A request of the gateway's own to a server. */
export interface Inquiry {
  readonly upstream: Upstream;
  readonly era: Era;
  /** JSON-RPC text; its id is `id`, or null for a notification. */
  readonly body: string;
  readonly id: string | null;
  readonly method: string;
  readonly sessionId: string | null;
  readonly protocolVersion: string | null;
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
  /** For whom it is put, who shares the server's places with others; absent for the gateway itself. */
  readonly owner?: ExchangeOwner;
  /** Hears the methods that the server asks back. */
  readonly asked?: (method: string) => void;
}

/** The whole answer; a notification's answer is null. */
export interface Inquired {
  readonly status: number;
  readonly headers: Headers;
  readonly answer: Answer | null;
}

/** Questions that a server may put back while it answers one request: each is answered, and recorded. */
export const askedBackMax = 256;

/** Puts a request to a server and waits for the answer; why there is none is a word for the log. */
export function inquire(inquiry: Inquiry): Promise<Result<Inquired, string>> {
  return new Promise((resolve) => {
    const { upstream, answerBytesMax } = inquiry;
    let exchange: UpstreamExchange | null = null;
    let status = 0;
    let headers: Headers = {};
    let bytes = 0;
    let asked = 0;
    const chunks: Uint8Array[] = [];
    const decoder = createSseDecoder({ eventBytesMax: answerBytesMax });
    const deadline = setTimeout(() => stop(err('timeout')), inquiry.timeoutMs);
    const settle = (result: Result<Inquired, string>): void => {
      clearTimeout(deadline);
      resolve(result);
    };
    const stop = (result: Result<Inquired, string>): void => {
      exchange?.abort();
      settle(result);
    };
    const readEvents = (chunk: Uint8Array): void => {
      const events = decoder.push(chunk);
      if (typeof events === 'string') return stop(err(events));
      for (const event of events) {
        if (event.data === null) continue;
        const answer = peekAnswer(Buffer.from(event.data));
        if (answer.kind === 'request') {
          asked += 1;
          if (asked > askedBackMax) return stop(err('asks too much'));
          inquiry.asked?.(answer.method ?? '');
          declineRequest(inquiry, headers, answer);
        } else if (answer.kind === 'response') return settle(ok({ status, headers, answer }));
      }
    };
    exchange = upstream.exchange(requestOf(inquiry), {
      head(headStatus, headHeaders) {
        status = headStatus;
        headers = headHeaders;
      },
      data(chunk) {
        bytes += chunk.length;
        if (bytes > answerBytesMax) return stop(err('too-large'));
        if ((headers['content-type'] ?? '').startsWith('text/event-stream')) readEvents(chunk);
        else chunks.push(chunk);
      },
      end: () => settle(whole(inquiry, { status, headers }, Buffer.concat(chunks))),
      failed: (failure) => settle(err(`${failure.kind}: ${failure.detail}`)),
    });
  });
}

function whole(
  inquiry: Inquiry,
  head: { readonly status: number; readonly headers: Headers },
  body: Uint8Array,
): Result<Inquired, string> {
  if (inquiry.id === null && head.status < 300) return ok({ ...head, answer: null });
  const answer = body.length === 0 ? null : peekAnswer(body);
  if (answer === null || answer.kind !== 'response') return err(`http ${head.status}`);
  return ok({ ...head, answer });
}

function requestOf(inquiry: Inquiry): Parameters<Upstream['exchange']>[0] {
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(inquiry.protocolVersion === null
        ? {}
        : { 'mcp-protocol-version': inquiry.protocolVersion }),
      ...(inquiry.sessionId === null ? {} : { 'mcp-session-id': inquiry.sessionId }),
      // A modern server may refuse any request without it; a legacy one has no use for it.
      'mcp-method': inquiry.method,
    },
    body: Buffer.from(inquiry.body),
    message: {
      kind: inquiry.id === null ? 'notification' : 'request',
      id: inquiry.id,
      method: inquiry.method,
      progressToken: null,
    },
    sessionId: inquiry.sessionId,
    era: inquiry.era,
    timeoutMs: inquiry.timeoutMs,
    ...(inquiry.owner === undefined ? {} : { owner: inquiry.owner }),
  };
}

/** A server that asks something back is told that nobody answers, so that it does not wait. */
function declineRequest(inquiry: Inquiry, answered: Headers, asked: Answer): void {
  const id = asked.id ?? 'null';
  const body = errorResponse(id, -32601, 'not answered by the gateway');
  const sessionId = inquiry.sessionId ?? answered['mcp-session-id'] ?? null;
  const base = requestOf({ ...inquiry, sessionId, body });
  const { 'mcp-method': _asked, ...headers } = base.headers;
  inquiry.upstream.exchange(
    { ...base, headers, message: { kind: 'response', id, method: null, progressToken: null } },
    { head() {}, data() {}, end() {}, failed() {} },
  );
}
