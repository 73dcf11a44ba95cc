import { failedExchange } from './exchange.ts';
import { overloaded, Places } from './places.ts';
import { readFrame, spanAt, spliceBytes, textOf, type ByteEdit, type Frame } from './frame.ts';
import { StdioAnswer } from './stdio-answer.ts';
import { notTaken } from './message-channel.ts';
import { StdioChannel, type StdioContext } from './stdio-channel.ts';
import { adapterReplies, errorBody, replyStatus, replyTo } from './stdio-reply.ts';
import type {
  UpstreamExchange,
  UpstreamFailure,
  UpstreamListener,
  UpstreamRequest,
} from './upstream.ts';

interface InFlight {
  readonly answer: StdioAnswer;
  /** Gives back its place among the exchanges of this server. */
  readonly leave: () => void;
  readonly method: string | null;
  /** JSON texts as the client wrote them, put back byte for byte. */
  readonly id: string;
  readonly progressToken: string | null;
}

interface Running {
  readonly channel: StdioChannel;
  readonly sinceMs: number;
  /** It has said something that was a message. */
  spoke: boolean;
}

const subscriptionKey = 'io.modelcontextprotocol/subscriptionId';
/** A process that held out so long has recovered: the next end starts the waits afresh. */
const stableMs = 60_000;

/**
 * The one process that serves all modern clients of a server. Their ids and progress tokens
 * collide, so each request gets a number of its own, and every message that comes back gets the
 * client's texts put back in its place. A message that names no exchange belongs to nobody and
 * is dropped: handing it to a guess could show one client what is another's. Closing an answer
 * cancels its request, as the era says.
 */
export class SharedProcess {
  readonly #context: StdioContext;
  readonly #inFlight = new Map<number, InFlight>();
  readonly #places: Places;
  #running: Running | null = null;
  #stopped = false;
  #failures = 0;
  #restartMs = 0;
  #diedMute = false;
  #sequence = 0;

  constructor(context: StdioContext) {
    this.#context = context;
    const { inFlightMax: callsMax, streamsMax } = context.limits;
    this.#places = new Places({ callsMax, streamsMax });
  }

  exchange(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    const { body, message } = request;
    if (body === null || message === null) return replyTo(listener, adapterReplies.notOneMessage);
    const frame = readFrame(body);
    if (frame === null || frame.kind === 'response') {
      return replyTo(listener, adapterReplies.notOneMessage);
    }
    const running = this.#ensureRunning();
    if (typeof running === 'number') return this.#refuseWhileDown(frame, listener, running);
    if (frame.kind === 'notification') return tell(running, frame, listener);
    return this.#ask(running, frame, { request, listener });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running?.channel.stop();
  }

  #ask(
    running: Running,
    frame: Frame,
    to: { readonly request: UpstreamRequest; readonly listener: UpstreamListener },
  ): UpstreamExchange {
    const { id, bytes, params } = frame;
    if (id === null) return replyTo(to.listener, adapterReplies.notOneMessage);
    const leave = this.#places.take(to.request);
    if (leave === null) return failedExchange(to.listener, overloaded);
    this.#sequence += 1;
    const number = this.#sequence;
    const token = spanAt(bytes, params, ['_meta', 'progressToken']);
    const edits: ByteEdit[] = [{ ...id, text: String(number) }];
    if (token !== null) edits.push({ ...token, text: String(number) });
    const line = spliceBytes(bytes, edits);
    const taken = running.channel.write(line);
    if (taken !== 'taken') {
      leave();
      return failedExchange(to.listener, notTaken(taken));
    }

    const answer = new StdioAnswer(to.listener, to.request.timeoutMs, {
      headers: {},
      bufferBytesMax: this.#context.limits.bufferBytesMax,
      events: {
        stopped: (reason) => this.#cancel(number, reason),
        // Others share the process: one slow listener is let go before it holds them back.
        pressed: () => {
          this.#cancel(number, 'the listener is too slow');
          answer.fail({ kind: 'broken', reached: true, detail: 'the listener is too slow' });
        },
        relieved: () => {},
      },
    });
    this.#inFlight.set(number, {
      answer,
      leave,
      method: frame.method,
      id: textOf(bytes, id),
      progressToken: token === null ? null : textOf(bytes, token),
    });
    return answer.state;
  }

  #cancel(number: number, reason: string): void {
    const entry = this.#inFlight.get(number);
    if (entry === undefined) return;
    this.#inFlight.delete(number);
    entry.leave();
    const params = { requestId: number, reason };
    const text = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
    this.#running?.channel.write(Buffer.from(text));
  }

  /** The process, or the milliseconds until the next one may be started. */
  #ensureRunning(): Running | number {
    if (this.#running !== null) return this.#running;
    const now = this.#context.clock.monotonicMs();
    if (this.#stopped) return Number.POSITIVE_INFINITY;
    if (now < this.#restartMs) return this.#restartMs - now;
    const channel = new StdioChannel(this.#context, {
      frame: (frame) => {
        running.spoke = true;
        this.#receive(running, frame);
      },
      gone: (failure) => this.#gone(running, failure),
    });
    const running: Running = { channel, sinceMs: now, spoke: false };
    this.#running = running;
    return running;
  }

  #receive(running: Running, frame: Frame): void {
    if (frame.kind === 'response') {
      const number = numberAt(frame, frame.id);
      const entry = number === null ? undefined : this.#inFlight.get(number);
      if (number === null || entry === undefined) return running.channel.stray(null);
      this.#inFlight.delete(number);
      entry.leave();
      entry.answer.finish(restoreAnswer(frame, number, entry), statusOf(frame, entry));
      return;
    }
    // A server of this era asks nothing of a client; what it needs, it puts into a result.
    const routed = frame.kind === 'notification' ? this.#restoreNotification(frame) : null;
    if (routed === null) return running.channel.stray(frame.method);
    routed.answer.event(routed.message);
  }

  #restoreNotification(
    frame: Frame,
  ): { readonly answer: StdioAnswer; readonly message: Buffer } | null {
    for (const correlation of correlations) {
      const span = spanAt(frame.bytes, frame.params, correlation.path);
      const number = numberAt(frame, span);
      const entry = number === null ? undefined : this.#inFlight.get(number);
      if (span === null || entry === undefined) continue;
      const text = correlation.original(entry);
      if (text === null) continue;
      return { answer: entry.answer, message: spliceBytes(frame.bytes, [{ ...span, text }]) };
    }
    return null;
  }

  #gone(running: Running, failure: UpstreamFailure): void {
    if (this.#running !== running) return;
    this.#running = null;
    const { clock, limits } = this.#context;
    const now = clock.monotonicMs();
    if (now - running.sinceMs >= stableMs) this.#failures = 0;
    const waitMs = Math.min(limits.backoffMaxMs, limits.backoffMinMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#restartMs = now + waitMs;
    this.#diedMute = failure.reached && !running.spoke;

    const entries = [...this.#inFlight.values()];
    this.#inFlight.clear();
    for (const entry of entries) {
      entry.leave();
      if (this.#diedMute && entry.method === 'server/discover') {
        entry.answer.finish(notModern(entry.id), 400);
      } else {
        entry.answer.fail(failure);
      }
    }
  }

  #refuseWhileDown(frame: Frame, listener: UpstreamListener, waitMs: number): UpstreamExchange {
    if (this.#diedMute && frame.method === 'server/discover' && frame.id !== null) {
      const id = textOf(frame.bytes, frame.id);
      return replyTo(listener, { status: 400, code: -32_601, message: 'Method not found', id });
    }
    const detail = Number.isFinite(waitMs)
      ? `the process ended and is started again in ${Math.ceil(waitMs)} ms at the earliest`
      : 'the server is closed';
    return failedExchange(listener, { kind: 'unreachable', reached: false, detail });
  }
}

/** Where a notification says which exchange it belongs to, and what the client called it. */
const correlations: readonly {
  readonly path: readonly string[];
  original(entry: InFlight): string | null;
}[] = [
  { path: ['progressToken'], original: (entry) => entry.progressToken },
  { path: ['_meta', subscriptionKey], original: (entry) => entry.id },
  { path: ['requestId'], original: (entry) => entry.id },
];

/**
 * Notifications of a client. Those that name a request are not passed on: the numbers are not the
 * client's, so it could end or steer the request of another.
 */
function tell(running: Running, frame: Frame, listener: UpstreamListener): UpstreamExchange {
  const names = correlations.some(({ path }) => spanAt(frame.bytes, frame.params, path) !== null);
  if (names || frame.method === 'notifications/cancelled') return replyStatus(listener, 202);
  const taken = running.channel.write(frame.bytes);
  if (taken !== 'taken') return failedExchange(listener, notTaken(taken));
  return replyStatus(listener, 202);
}

function restoreAnswer(frame: Frame, number: number, entry: InFlight): Buffer {
  const edits: ByteEdit[] = [];
  if (frame.id !== null) edits.push({ ...frame.id, text: entry.id });
  if (entry.method === 'subscriptions/listen') {
    const span = spanAt(frame.bytes, frame.result, ['_meta', subscriptionKey]);
    if (span !== null && numberAt(frame, span) === number) edits.push({ ...span, text: entry.id });
  }
  return spliceBytes(frame.bytes, edits);
}

/**
 * The status that Streamable HTTP gives an error of the protocol itself. A probe that fails is
 * answered as a legacy server would, so that the client falls back to that era.
 */
function statusOf(frame: Frame, entry: InFlight): number {
  if (frame.error === null) return 200;
  if (entry.method === 'server/discover') return 400;
  const code = numberAt(frame, spanAt(frame.bytes, frame.error, ['code']));
  return (code === null ? undefined : statusByCode.get(code)) ?? 200;
}

const statusByCode: ReadonlyMap<number, number> = new Map([
  [-32_601, 404],
  [-32_700, 400],
  [-32_600, 400],
  [-32_020, 400],
  [-32_021, 400],
  [-32_022, 400],
]);

function numberAt(
  frame: Frame,
  span: { readonly start: number; readonly end: number } | null,
): number | null {
  if (span === null) return null;
  const text = textOf(frame.bytes, span);
  return /^-?\d{1,15}$/u.test(text) ? Number(text) : null;
}

function notModern(id: string): Buffer {
  return errorBody({ status: 400, code: -32_601, message: 'Method not found', id });
}
