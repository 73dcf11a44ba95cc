import type { Era } from '../mcp/message.ts';
import type { Caller } from './caller.ts';
import type { Downstream } from './downstream.ts';
import type { Gateway } from './gateway.ts';
import { relay } from './relay.ts';
import { releaseAsIs, type RelaySpec } from './relay-spec.ts';
import { answerError, codes } from './reply.ts';
import type { UpstreamRequest } from './upstream/upstream.ts';

/** An exchange that no JSON-RPC answer ends. */
export interface Unanswered {
  readonly request: UpstreamRequest;
  readonly era: Era;
  /** Rules what the server sends meanwhile. */
  readonly judge: RelaySpec['judge'];
}

/**
 * Relays what has no answer: a notification, a client's own answer, a stream, the end of a session.
 * The server's status is passed on; a server that is not there, or fails, is a 502.
 */
export async function relayUnanswered(
  gateway: Gateway,
  caller: Caller,
  { request, era, judge }: Unanswered,
  downstream: Downstream,
): Promise<void> {
  const upstream = gateway.upstream(caller.server);
  if (upstream === null) {
    return answerError(downstream, 502, {
      id: null,
      code: codes.upstream,
      message: 'no such server',
    });
  }
  await relay({
    gateway,
    upstream,
    request,
    downstream,
    era,
    awaitedId: null,
    holdHead: false,
    judge,
    announce: null,
    conclude: (conclusion) => {
      if (conclusion.kind !== 'failed') return Promise.resolve(releaseAsIs);
      return Promise.resolve({ replacement: { status: 502, body: null }, headers: {} });
    },
  });
}
