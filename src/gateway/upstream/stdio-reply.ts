import type { UpstreamExchange, UpstreamListener } from './upstream.ts';

/**
 * An answer that the adapter gives in place of a server it cannot ask: a status of HTTP and, with
 * it, a JSON-RPC error. The listener hears it on a later turn.
 */
export interface AdapterReply {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  /** JSON text of the id that the error answers. */
  readonly id?: string;
}

type ReplyName =
  | 'noSession'
  | 'unknownSession'
  | 'streamOpen'
  | 'idInUse'
  | 'notOneMessage'
  | 'postOnly';

/** Codes -32000 and -32001 are what servers of the legacy era say in these places. */
export const adapterReplies: Readonly<Record<ReplyName, AdapterReply>> = {
  noSession: { status: 400, code: -32_000, message: 'no session; send initialize first' },
  unknownSession: { status: 404, code: -32_001, message: 'session not found' },
  streamOpen: { status: 409, code: -32_000, message: 'the session has an event stream already' },
  idInUse: { status: 400, code: -32_600, message: 'the id belongs to a request in flight' },
  notOneMessage: { status: 400, code: -32_600, message: 'send one JSON-RPC message' },
  postOnly: { status: 405, code: -32_000, message: 'use POST' },
};

/** Answers an exchange without a server. */
export function replyTo(listener: UpstreamListener, reply: AdapterReply): UpstreamExchange {
  return answerLater(listener, reply.status, errorBody(reply));
}

/** Answers an exchange with a status alone. */
export function replyStatus(listener: UpstreamListener, status: number): UpstreamExchange {
  return answerLater(listener, status, null);
}

/** The JSON-RPC error of a reply. */
export function errorBody(reply: AdapterReply): Buffer {
  const error = JSON.stringify({ code: reply.code, message: reply.message });
  return Buffer.from(`{"jsonrpc":"2.0","id":${reply.id ?? 'null'},"error":${error}}`);
}

function answerLater(
  listener: UpstreamListener,
  status: number,
  body: Buffer | null,
): UpstreamExchange {
  let aborted = false;
  queueMicrotask(() => {
    if (aborted) return;
    const allow = status === 405 ? { allow: 'POST' } : {};
    const type = body === null ? {} : { 'content-type': 'application/json' };
    listener.head(status, { ...type, ...allow });
    if (body !== null && !aborted) listener.data(body);
    if (!aborted) listener.end();
  });
  return {
    pause() {},
    resume() {},
    abort() {
      aborted = true;
    },
  };
}
