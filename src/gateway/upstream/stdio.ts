import { failedExchange } from './exchange.ts';
import type { StdioContext } from './stdio-channel.ts';
import { adapterReplies, replyStatus, replyTo } from './stdio-reply.ts';
import { StdioSession } from './stdio-session.ts';
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
  readonly #options: StdioUpstreamOptions;
  readonly #sessions = new Map<string, StdioSession>();
  /** Sessions that are ending count until their processes are gone. */
  readonly #living = new Set<StdioSession>();
  readonly #shared: SharedProcess;
  readonly #sweep: NodeJS.Timeout;
  #closed = false;

  constructor(options: StdioUpstreamOptions) {
    this.#options = options;
    this.#shared = new SharedProcess(options);
    this.#sweep = setInterval(() => this.#endIdle(), sweepMs(options.limits.sessionIdleMs));
    this.#sweep.unref();
  }

  exchange(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    if (this.#closed) return failedExchange(listener, closed);
    if (request.era === 'modern') {
      if (request.method !== 'POST') return replyTo(listener, adapterReplies.postOnly);
      return this.#shared.exchange(request, listener);
    }
    if (request.sessionId === null) return this.#open(request, listener);
    const session = this.#sessions.get(request.sessionId);
    if (session === undefined) return replyTo(listener, adapterReplies.unknownSession);
    if (request.method !== 'DELETE') return session.exchange(request, listener);
    this.#end(session);
    return replyStatus(listener, 204);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweep);
    this.#sessions.clear();
    await Promise.all([this.#shared.stop(), ...[...this.#living].map((one) => one.stop())]);
  }

  #open(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    if (request.method !== 'POST' || request.message?.method !== 'initialize') {
      return replyTo(listener, adapterReplies.noSession);
    }
    if (request.message.kind !== 'request') return replyTo(listener, adapterReplies.notOneMessage);
    if (this.#living.size >= this.#options.limits.sessionsMax) {
      return failedExchange(listener, tooManySessions);
    }
    const id = this.#options.newSessionId();
    const session = new StdioSession(this.#options, id, () => {
      this.#sessions.delete(id);
      this.#living.delete(session);
    });
    this.#sessions.set(id, session);
    this.#living.add(session);
    return session.exchange(request, listener);
  }

  #endIdle(): void {
    const now = this.#options.clock.monotonicMs();
    for (const session of this.#sessions.values()) {
      if (session.idle(now, this.#options.limits.sessionIdleMs)) this.#end(session);
    }
  }

  /** The id stops working at once; the process takes its time. */
  #end(session: StdioSession): void {
    this.#sessions.delete(session.id);
    void session.stop();
  }
}

function sweepMs(idleMs: number): number {
  return Math.min(60_000, Math.max(10, idleMs / 4));
}

const closed: UpstreamFailure = {
  kind: 'unreachable',
  reached: false,
  detail: 'the server is closed',
};

const tooManySessions: UpstreamFailure = {
  kind: 'overloaded',
  reached: false,
  detail: 'every session of this server is taken; each is a process',
};
