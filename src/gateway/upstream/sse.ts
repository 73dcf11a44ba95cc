import { failedExchange } from './exchange.ts';
import { LegacySessions } from './legacy-sessions.ts';
import { SseChannel, type SseContext } from './sse-channel.ts';
import { adapterReplies, replyTo } from './stdio-reply.ts';
import type { Upstream, UpstreamFailure } from './upstream.ts';

/** A server of the 2024-11-05 transport; `newSessionId` gives ids that cannot be guessed. */
export interface SseUpstreamOptions extends SseContext {
  newSessionId(): string;
}

/**
 * Presents a server of the deprecated HTTP+SSE transport (2024-11-05) as Streamable HTTP. Each
 * legacy session is an event stream of its own. The server's era knows no other clients, so a
 * modern message is answered as a legacy server answers it.
 */
export function openSseUpstream(options: SseUpstreamOptions): Upstream {
  const sessions = new LegacySessions({
    limits: options.limits,
    clock: options.clock,
    newSessionId: () => options.newSessionId(),
    openChannel: (events) => new SseChannel(options, events),
  });
  let isClosed = false;
  return {
    exchange(request, listener) {
      if (isClosed) return failedExchange(listener, closed);
      if (request.era === 'legacy') return sessions.exchange(request, listener);
      if (request.method !== 'POST') return replyTo(listener, adapterReplies.postOnly);
      const id = request.message?.id ?? 'null';
      return replyTo(listener, { status: 400, code: -32_601, message: 'Method not found', id });
    },
    close() {
      isClosed = true;
      return sessions.close();
    },
  };
}

const closed: UpstreamFailure = {
  kind: 'unreachable',
  reached: false,
  detail: 'the server is closed',
};
