import { failedExchange } from './exchange.ts';
import { FairShare } from './fair-share.ts';
import { LegacySession, type SessionContext } from './legacy-session.ts';
import { adapterReplies, replyStatus, replyTo, type AdapterReply } from './stdio-reply.ts';
import type {
  UpstreamExchange,
  UpstreamFailure,
  UpstreamListener,
  UpstreamRequest,
} from './upstream.ts';

/** What the sessions of one server share; `newSessionId` gives ids that cannot be guessed. */
export interface SessionsOptions extends SessionContext {
  newSessionId(): string;
}

/**
 * The legacy sessions of a server that knows none of HTTP's: `initialize` opens one, its id leads
 * to it, DELETE or idleness ends it.
 */
export class LegacySessions {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, LegacySession>();
  /** Sessions that are ending count until nothing of them is left. */
  readonly #living = new Set<LegacySession>();
  /** Each session is a process, and grants share them. */
  readonly #places: FairShare;
  readonly #sweep: NodeJS.Timeout;

  constructor(options: SessionsOptions) {
    this.#options = options;
    const { sessionsMax, sessionsPerGrantMax } = options.limits;
    this.#places = new FairShare(sessionsMax, sessionsPerGrantMax);
    this.#sweep = setInterval(() => this.#endIdle(), sweepMs(options.limits.sessionIdleMs));
    this.#sweep.unref();
  }

  exchange(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    if (request.sessionId === null) return this.#open(request, listener);
    const session = this.#sessions.get(request.sessionId);
    if (session === undefined) return replyTo(listener, inAnswer(request, 'unknownSession'));
    if (request.method !== 'DELETE') return session.exchange(request, listener);
    this.#end(session);
    return replyStatus(listener, 204);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    this.#sessions.clear();
    await Promise.all([...this.#living].map((session) => session.stop()));
  }

  #open(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    if (request.method !== 'POST' || request.message?.method !== 'initialize') {
      return replyTo(listener, inAnswer(request, 'noSession'));
    }
    if (request.message.kind !== 'request') return replyTo(listener, adapterReplies.notOneMessage);
    const { owner } = request;
    if (!this.#places.take(owner)) return failedExchange(listener, tooManySessions);
    const id = this.#options.newSessionId();
    const session = new LegacySession(this.#options, id, () => {
      this.#sessions.delete(id);
      if (this.#living.delete(session)) this.#places.leave(owner);
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

  /** The id stops working at once; what is behind it takes its time. */
  #end(session: LegacySession): void {
    this.#sessions.delete(session.id);
    void session.stop();
  }
}

/** The reply carries the request's id: over stdio nothing else tells the client what it answers. */
function inAnswer(
  { message }: UpstreamRequest,
  name: 'noSession' | 'unknownSession',
): AdapterReply {
  const id = message?.kind === 'request' ? message.id : null;
  return id === null ? adapterReplies[name] : { ...adapterReplies[name], id };
}

function sweepMs(idleMs: number): number {
  return Math.min(60_000, Math.max(10, idleMs / 4));
}

const tooManySessions: UpstreamFailure = {
  kind: 'overloaded',
  reached: false,
  detail: 'every session of this server is taken, or too many by this grant',
};
