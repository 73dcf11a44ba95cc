import { failedExchange } from './exchange.ts';
import { LegacySessions } from './legacy-sessions.ts';
import { StdioChannel, type StdioContext } from './stdio-channel.ts';
import { adapterReplies, replyTo } from './stdio-reply.ts';
import { SharedProcess } from './stdio-shared.ts';
import type {
  Upstream,
  UpstreamExchange,
  UpstreamFailure,
  UpstreamListener,
  UpstreamRequest,
} from './upstream.ts';

/** A stdio server of the operator's file; `newSessionId` gives ids that cannot be guessed. */
export interface StdioUpstreamOptions extends StdioContext {
  newSessionId(): string;
}

/**
 * Presents a stdio server as Streamable HTTP by translating frames and nothing else. Legacy
 * clients get a process for each session, modern ones share one that starts with the first
 * message. Nothing is sent before a client opens with it, so a server sees only what it would
 * see without a gateway.
 */
export function openStdioUpstream(options: StdioUpstreamOptions): Upstream {
  return new StdioUpstream(options);
}

class StdioUpstream implements Upstream {
  readonly #sessions: LegacySessions;
  readonly #shared: SharedProcess;
  #closed = false;

  constructor(options: StdioUpstreamOptions) {
    const { limits, clock } = options;
    this.#sessions = new LegacySessions({
      limits,
      clock,
      newSessionId: () => options.newSessionId(),
      openChannel: (events) => new StdioChannel(options, events),
    });
    this.#shared = new SharedProcess(options);
  }

  exchange(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    if (this.#closed) return failedExchange(listener, closed);
    if (request.era === 'legacy') return this.#sessions.exchange(request, listener);
    if (request.method !== 'POST') return replyTo(listener, adapterReplies.postOnly);
    return this.#shared.exchange(request, listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#shared.stop(), this.#sessions.close()]);
  }
}

const closed: UpstreamFailure = {
  kind: 'unreachable',
  reached: false,
  detail: 'the server is closed',
};
