import type { Clock } from '../../base/clock.ts';
import { failedExchange } from './exchange.ts';
import { keyOf, spanAt, textOf, type Frame } from './frame.ts';
import { StdioAnswer } from './stdio-answer.ts';
import { notTaken, type ChannelEvents, type MessageChannel } from './message-channel.ts';
import type { StdioLimits } from './stdio-limits.ts';
import { adapterReplies, replyTo } from './stdio-reply.ts';
import type {
  Headers,
  UpstreamExchange,
  UpstreamFailure,
  UpstreamListener,
  UpstreamMessage,
  UpstreamRequest,
} from './upstream.ts';

interface InFlight {
  /** Null once its listener has left: the answer, if it comes, is dropped. */
  answer: StdioAnswer | null;
  readonly tokenKey: string | null;
  readonly opensSession: boolean;
}

/** What a session needs: its own way to the server, bounds, and the time. */
export interface SessionContext {
  readonly limits: StdioLimits;
  readonly clock: Clock;
  openChannel(events: ChannelEvents): MessageChannel;
}

/**
 * One legacy session: one channel to the server, one `initialize`, the client's own ids. The era's rule holds
 * that a client that goes away does not cancel; the server runs on and its answer is dropped.
 */
export class LegacySession {
  readonly id: string;
  readonly #context: SessionContext;
  readonly #channel: MessageChannel;
  readonly #onGone: () => void;
  readonly #inFlight = new Map<string, InFlight>();
  /** Notifications and responses that the server does not have yet. */
  readonly #telling = new Set<StdioAnswer>();
  #stream: StdioAnswer | null = null;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #pressed = 0;
  #usedMs: number;
  #gone = false;

  constructor(context: SessionContext, id: string, onGone: () => void) {
    this.id = id;
    this.#context = context;
    this.#onGone = onGone;
    this.#usedMs = context.clock.monotonicMs();
    this.#channel = context.openChannel({
      frame: (frame) => this.#receive(frame),
      gone: (failure) => this.#end(failure),
    });
  }

  /** Nothing is open, and nothing has been for `idleMs`. */
  idle(nowMs: number, idleMs: number): boolean {
    if (this.#stream !== null || this.#latestAnswer() !== null) return false;
    return nowMs - this.#usedMs >= idleMs;
  }

  exchange(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    this.#usedMs = this.#context.clock.monotonicMs();
    if (request.method === 'GET') return this.#openStream(listener);
    const { body, message } = request;
    if (body === null || message === null) return replyTo(listener, adapterReplies.notOneMessage);
    if (message.kind === 'request') return this.#ask(request, body, { message, listener });
    return this.#tell(request, body, listener);
  }

  stop(): Promise<void> {
    return this.#channel.stop();
  }

  #ask(
    request: UpstreamRequest,
    body: Uint8Array,
    to: { readonly message: UpstreamMessage; readonly listener: UpstreamListener },
  ): UpstreamExchange {
    const { message, listener } = to;
    const key = message.id === null ? null : keyOf(message.id);
    if (key === null) return replyTo(listener, adapterReplies.notOneMessage);
    if (this.#inFlight.has(key)) return replyTo(listener, adapterReplies.idInUse);
    if (!this.#makeRoom()) return failedExchange(listener, tooMany);
    const taken = this.#channel.write(body, (failure) => {
      if (failure !== null) this.#unsent(key, failure);
    });
    if (taken !== 'taken') return this.#refuse(listener, taken);

    const opensSession = message.method === 'initialize' && request.sessionId === null;
    const headers: Headers = opensSession ? { 'mcp-session-id': this.id } : {};
    const tokenKey = message.progressToken === null ? null : keyOf(message.progressToken);
    const entry: InFlight = { answer: null, tokenKey, opensSession };
    const answer = this.#newAnswer(listener, request.timeoutMs, {
      headers,
      left: () => this.#leave(entry),
    });
    entry.answer = answer;
    this.#inFlight.set(key, entry);
    this.#flushTo(answer);
    return answer.state;
  }

  /** Notifications and responses: accepted once the process has them. */
  #tell(request: UpstreamRequest, body: Uint8Array, listener: UpstreamListener): UpstreamExchange {
    const answer = this.#newAnswer(listener, request.timeoutMs, {
      headers: {},
      left: () => this.#telling.delete(answer),
    });
    const taken = this.#channel.write(body, (failure) => {
      this.#telling.delete(answer);
      if (failure === null) answer.status(202);
      else answer.fail(failure);
    });
    if (taken === 'taken') this.#telling.add(answer);
    if (taken === 'taken') return answer.state;
    answer.state.abort();
    return this.#refuse(listener, taken);
  }

  /** A process that is ending takes its session with it. */
  #refuse(listener: UpstreamListener, result: 'full' | 'gone'): UpstreamExchange {
    if (result === 'gone') return replyTo(listener, adapterReplies.unknownSession);
    return failedExchange(listener, notTaken(result));
  }

  #openStream(listener: UpstreamListener): UpstreamExchange {
    if (this.#stream !== null) return replyTo(listener, adapterReplies.streamOpen);
    const answer = this.#newAnswer(listener, 0, {
      headers: {},
      left: () => {
        if (this.#stream === answer) this.#stream = null;
      },
    });
    this.#stream = answer;
    queueMicrotask(() => {
      if (this.#stream !== answer) return;
      answer.open();
      this.#flushTo(answer);
    });
    return answer.state;
  }

  #newAnswer(
    listener: UpstreamListener,
    timeoutMs: number,
    more: { readonly headers: Headers; left(): void },
  ): StdioAnswer {
    return new StdioAnswer(listener, timeoutMs, {
      headers: more.headers,
      bufferBytesMax: this.#context.limits.bufferBytesMax,
      events: {
        stopped: () => {
          this.#usedMs = this.#context.clock.monotonicMs();
          more.left();
        },
        // One client alone is behind this process, so the process can be held back for it.
        pressed: () => {
          this.#pressed += 1;
          this.#channel.pause();
        },
        relieved: () => {
          this.#pressed -= 1;
          if (this.#pressed === 0) this.#channel.resume();
        },
      },
    });
  }

  #leave(entry: InFlight): void {
    const begun = entry.answer?.begun ?? false;
    entry.answer = null;
    // Nobody learnt the id of this session, so nobody could ever end it.
    if (entry.opensSession && !begun) void this.stop();
  }

  /** The server did not take a request, so no answer to it will come. */
  #unsent(key: string, failure: UpstreamFailure): void {
    const entry = this.#inFlight.get(key);
    this.#inFlight.delete(key);
    entry?.answer?.fail(failure);
    if (entry?.opensSession === true) void this.stop();
  }

  /** True when one more request fits, giving up the memory of an abandoned one if need be. */
  #makeRoom(): boolean {
    if (this.#inFlight.size < this.#context.limits.inFlightMax) return true;
    for (const [key, entry] of this.#inFlight) {
      if (entry.answer !== null) continue;
      this.#inFlight.delete(key);
      return true;
    }
    return false;
  }

  #receive(frame: Frame): void {
    if (frame.kind === 'response') this.#respond(frame);
    else this.#route(frame);
  }

  #respond(frame: Frame): void {
    const key = frame.id === null ? null : keyOf(textOf(frame.bytes, frame.id));
    const entry = key === null ? undefined : this.#inFlight.get(key);
    if (key === null || entry === undefined) {
      this.#channel.stray(null);
      return;
    }
    this.#inFlight.delete(key);
    this.#usedMs = this.#context.clock.monotonicMs();
    if (entry.opensSession && frame.error !== null) {
      entry.answer?.finish(frame.bytes, 200, {});
      void this.stop();
      return;
    }
    entry.answer?.finish(frame.bytes);
  }

  /** Progress goes where its token says; the rest to the client's open stream, or waits for one. */
  #route(frame: Frame): void {
    const owner = this.#byToken(frame);
    if (owner !== null && owner.answer === null) return this.#channel.stray(frame.method);
    const to = owner?.answer ?? this.#latestAnswer() ?? this.#stream;
    if (to !== null) {
      to.event(frame.bytes);
      return;
    }
    const { queuedMax, queuedBytesMax } = this.#context.limits;
    const bytes = this.#queuedBytes + frame.bytes.length;
    if (this.#queue.length >= queuedMax || bytes > queuedBytesMax) {
      this.#channel.stray(frame.method);
      return;
    }
    this.#queue.push(Buffer.from(frame.bytes));
    this.#queuedBytes = bytes;
  }

  /** The request that a progress notification reports on, whether or not anyone still listens. */
  #byToken(frame: Frame): InFlight | null {
    if (frame.method !== 'notifications/progress') return null;
    const span = spanAt(frame.bytes, frame.params, ['progressToken']);
    const key = span === null ? null : keyOf(textOf(frame.bytes, span));
    if (key === null) return null;
    for (const entry of this.#inFlight.values()) {
      if (entry.tokenKey === key) return entry;
    }
    return null;
  }

  #latestAnswer(): StdioAnswer | null {
    let latest: StdioAnswer | null = null;
    for (const entry of this.#inFlight.values()) latest = entry.answer ?? latest;
    return latest;
  }

  #flushTo(answer: StdioAnswer): void {
    if (this.#queue.length === 0) return;
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    queueMicrotask(() => {
      for (const message of queue) answer.event(message);
    });
  }

  #end(failure: UpstreamFailure): void {
    if (this.#gone) return;
    this.#gone = true;
    const answers = [...this.#inFlight.values()].map((entry) => entry.answer);
    this.#inFlight.clear();
    this.#onGone();
    for (const answer of [...answers, ...this.#telling, this.#stream]) answer?.fail(failure);
    this.#telling.clear();
    this.#stream = null;
  }
}

const tooMany: UpstreamFailure = {
  kind: 'overloaded',
  reached: false,
  detail: 'too many requests of this session wait for an answer',
};
