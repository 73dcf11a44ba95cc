import { peekAnswer, type Answer } from '../mcp/answer.ts';
import { createSseDecoder, encodeSseEvent, type SseDecoder, type SseEvent } from '../mcp/sse.ts';
import { eventHeaders, jsonHeaders, type DownstreamWatcher } from './downstream.ts';
import type { UnderWay } from './live.ts';
import { asJudged, isEvent, mediaType, reEncoded, sameId, stoppedFailure } from './relay-event.ts';
import { releaseAsIs, type Conclusion, type Release, type RelaySpec } from './relay-spec.ts';
import type { Entry } from './roster.ts';
import { stopOf } from './stopped.ts';
import type {
  Headers,
  UpstreamExchange,
  UpstreamFailure,
  UpstreamListener,
  UpstreamRequest,
} from './upstream/upstream.ts';

/**
 * Sends a request and relays what comes back; resolves when the exchange is over on both sides.
 * Rejects for a bug alone: the edge then ends the exchange.
 */
export function relay(spec: RelaySpec): Promise<void> {
  return new Promise((resolve, reject) => {
    new Relay(spec, { done: resolve, bug: reject }).start();
  });
}

/** These concern the gateway's own credential at the server and never reach a client. */
const ownStatuses: ReadonlySet<number> = new Set([401, 403, 407]);
const queuedEventsMax = 64;
/** How long a server may keep a stream open after its answer, in milliseconds. */
const lingerMs = 2_000;
/** How long the answer of a cancelled request is still waited for, in milliseconds. */
const cancelGraceMs = 2_000;
/** How long a request goes on whose client has gone, in milliseconds. */
const abandonedMs = 600_000;

interface Settle {
  readonly done: () => void;
  readonly bug: (reason: unknown) => void;
}

/** One exchange in progress. */
class Relay implements UpstreamListener, DownstreamWatcher, UnderWay, Entry {
  place = -1;
  readonly #spec: RelaySpec;
  readonly #settle: Settle;
  /** Made when the answer turns out to be a stream. */
  #decoder: SseDecoder | null = null;
  readonly #queue: SseEvent[] = [];
  readonly #held: SseEvent[] = [];
  #exchange: UpstreamExchange | null = null;
  #mode: 'waiting' | 'body' | 'events' = 'waiting';
  #status = 0;
  #headers: Headers = {};
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #pumping = false;
  #ended = false;
  #concluded = false;
  #isOver = false;
  #concluding: Promise<Release> | null = null;
  #resumable = false;
  #paused = false;
  #clientFull = false;
  #clientGone = false;
  #unwanted = false;
  #forget: (() => void) | null = null;
  #deadline: NodeJS.Timeout | null = null;

  constructor(spec: RelaySpec, settle: Settle) {
    this.#spec = spec;
    this.#settle = settle;
  }

  start(): void {
    this.#run(this.#send());
  }

  /** Async for what it may throw alone: it waits for nothing. */
  async #send(): Promise<void> {
    const { gateway, downstream, upstream, request } = this.#spec;
    downstream.watch(this);
    // The client may be gone already: nothing is sent then, and nobody has to find what is over.
    if (this.#concluded) return;
    this.#forget = this.#spec.announce?.(this) ?? null;
    gateway.live.exchanges.add(this);
    if (request.owner !== undefined && stopOf(gateway, request.owner) !== null) {
      return this.failed(stoppedFailure(false));
    }
    this.#exchange = upstream.exchange(request, this);
    if (this.#concluded) this.#exchange.abort();
  }

  head(status: number, headers: Headers): void {
    this.#status = status;
    this.#headers = headers;
    const isStream = status === 200 && mediaType(headers) === 'text/event-stream';
    this.#mode = isStream ? 'events' : 'body';
    if (isStream && !this.#spec.holdHead) this.#spec.downstream.open(eventHeaders);
  }

  data(chunk: Uint8Array): void {
    if (this.#concluded) return;
    this.#bytes += chunk.length;
    const isKept = this.#spec.holdHead || this.#mode === 'body';
    if (isKept && this.#bytes > this.#spec.gateway.limits.answerBytesMax) {
      return this.#fail({ kind: 'broken', reached: true, detail: 'the answer is too large' });
    }
    if (this.#mode === 'events') return this.#events(chunk);
    this.#chunks.push(chunk);
  }

  end(): void {
    this.#ended = true;
    if (this.#concluded) return;
    this.#run(this.#mode === 'body' ? this.#body() : this.#pump());
  }

  failed(failure: UpstreamFailure): void {
    if (this.#concluded) return;
    if (this.#mode === 'events' && this.#resumable) {
      this.#ended = true;
      return this.#run(this.#pump());
    }
    this.#run(this.#finish({ kind: 'failed', failure }, null));
  }

  get owner(): UpstreamRequest['owner'] {
    return this.#spec.request.owner;
  }

  /** An operator stopped it: what the server still says is not waited for. */
  stop(): void {
    if (this.#concluded) return;
    this.#fail(stoppedFailure(true));
  }

  /** The answer may be on its way: it is waited for a little, then the request counts as over. */
  cancelled(): void {
    if (this.#unwanted) return;
    this.#unwanted = true;
    this.#giveUpIn(cancelGraceMs, { kind: 'cancelled' });
  }

  /** The server gives the rest to one stream alone: the lost one must be closed before the next. */
  letGo(): boolean {
    if (this.#concluded || !this.#clientGone || !this.#resumable) return false;
    this.#run(this.moved());
    return true;
  }

  /** The answer came on a stream that the client opened for the rest before it left this one. */
  async moved(): Promise<boolean> {
    if (this.#concluding !== null) return (await this.#concluding).replacement === null;
    if (!this.#resumable) return false;
    this.#exchange?.abort();
    await this.#finish({ kind: 'unanswered', resumable: true }, null);
    return true;
  }

  /** A bug in what judges or concludes must neither leave the client waiting nor end the process. */
  #run(work: Promise<unknown>): void {
    work.catch((reason: unknown) => {
      this.#concluded = true;
      this.#spec.gateway.live.exchanges.remove(this);
      this.#forget?.();
      this.#exchange?.abort();
      this.#end(() => this.#settle.bug(reason));
    });
  }

  /** Once: what judges may still find a bug when the exchange is over. */
  #end(tell: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#spec.settled?.();
    tell();
  }

  #events(chunk: Uint8Array): void {
    const { answerBytesMax } = this.#spec.gateway.limits;
    this.#decoder ??= createSseDecoder({ eventBytesMax: answerBytesMax });
    const events = this.#decoder.push(chunk);
    if (typeof events === 'string') {
      return this.#fail({ kind: 'broken', reached: true, detail: events });
    }
    this.#queue.push(...events.map(asJudged));
    this.#run(this.#pump());
    this.#flow();
  }

  /** Takes the queued events one at a time: an answer waits for its record, what follows waits too. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
      await this.#take(event);
      if (this.#concluded) return;
    }
    this.#pumping = false;
    if (this.#ended) await this.#finish({ kind: 'unanswered', resumable: this.#resumable }, null);
    else this.#flow();
  }

  async #take(event: SseEvent): Promise<void> {
    if (event.id !== null && this.#spec.era === 'legacy') this.#resumable = true;
    if (event.data === null || event.data === '') return this.#pass(event, event.raw);

    const answer = peekAnswer(Buffer.from(event.data));
    if (answer.kind === 'invalid') return;
    const { awaitedId } = this.#spec;
    if (answer.kind === 'response' && awaitedId !== null) {
      if (sameId(answer.id, awaitedId)) {
        await this.#finish(this.#answered(answer, event.raw.length), event);
      }
      return;
    }
    const judged = await this.#spec.judge(answer, event);
    if (judged === null) return;
    if (judged === event.raw) return this.#pass(event, event.raw);
    const data = typeof judged === 'string' ? judged : Buffer.from(judged).toString('utf8');
    this.#pass({ ...event, data }, reEncoded(event, data));
  }

  #pass(event: SseEvent, raw: Uint8Array): void {
    if (this.#spec.holdHead) {
      this.#held.push(event);
      return;
    }
    const { downstream } = this.#spec;
    this.#clientFull = !downstream.event(raw, event.data) && !downstream.ended();
    this.#flow();
  }

  /** Async for what it may throw, too: it is called from the socket's own events. */
  async #body(): Promise<void> {
    const body =
      this.#chunks.length === 1 && this.#chunks[0] !== undefined
        ? this.#chunks[0]
        : Buffer.concat(this.#chunks);
    const readable = !ownStatuses.has(this.#status) && body.length > 0;
    const isJson = readable && mediaType(this.#headers) === 'application/json';
    const answer = isJson ? peekAnswer(body) : null;
    const { awaitedId } = this.#spec;
    if (answer === null || answer.kind !== 'response') {
      await this.#finish({ kind: 'bare', status: this.#status }, null);
      return;
    }
    const idFits =
      sameId(answer.id, awaitedId) || (this.#status >= 400 && answer.errorSpan !== null);
    if (!idFits) {
      this.#fail({ kind: 'broken', reached: true, detail: 'the answer carries another id' });
      return;
    }
    await this.#finish(this.#answered(answer, body.length), body);
  }

  #answered(answer: Answer, bytes: number): Conclusion {
    return { kind: 'answer', answer, headers: this.#headers, bytes };
  }

  #fail(failure: UpstreamFailure): void {
    this.#exchange?.abort();
    this.#run(this.#finish({ kind: 'failed', failure }, null));
  }

  /** Lets the end be recorded, then gives it to the client, in the shape the answer began in. */
  async #finish(conclusion: Conclusion, last: SseEvent | Uint8Array | null): Promise<void> {
    if (this.#concluded) return;
    this.#concluded = true;
    this.#spec.gateway.live.exchanges.remove(this);
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#concluding = this.#spec.conclude(conclusion);
    const release = await this.#concluding;
    this.#forget?.();
    const { downstream } = this.#spec;
    if (!downstream.ended()) {
      if (conclusion.kind === 'cancelled') this.#finishSilently();
      else if (this.#mode === 'events') this.#finishStream(release, last);
      else this.#finishBody(release, last);
    }
    if (this.#mode === 'events' && conclusion.kind === 'answer') this.#letEnd();
    this.#end(this.#settle.done);
  }

  /** What was cancelled gets no answer: the stream ends, or one without events takes its place. */
  #finishSilently(): void {
    if (this.#mode !== 'events') this.#spec.downstream.open(eventHeaders);
    this.#spec.downstream.close();
  }

  #finishStream(release: Release, last: SseEvent | Uint8Array | null): void {
    const { downstream, holdHead } = this.#spec;
    if (holdHead) {
      if (release.replacement !== null) return this.#finishBody(release, last);
      downstream.open({ ...eventHeaders, ...release.headers });
      for (const event of this.#held) downstream.event(event.raw, event.data);
    }
    if (release.replacement !== null && release.replacement.body !== null) {
      const { body } = release.replacement;
      const data = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
      downstream.event(isEvent(last) ? reEncoded(last, data) : encodeSseEvent({ data }), data);
    } else if (isEvent(last)) {
      downstream.event(last.raw, last.data);
    }
    downstream.close();
  }

  #finishBody(release: Release, last: SseEvent | Uint8Array | null): void {
    const { downstream } = this.#spec;
    if (release.replacement !== null) {
      const { status, body } = release.replacement;
      const headers = body === null ? release.headers : { ...jsonHeaders, ...release.headers };
      downstream.answer(status, headers, body);
      return;
    }
    const body = last instanceof Uint8Array ? last : null;
    if (body === null) return downstream.answer(this.#status, release.headers, null);
    const headers = release === releaseAsIs ? jsonHeaders : { ...jsonHeaders, ...release.headers };
    downstream.answer(this.#status, headers, body);
  }

  /** Legacy: a disconnect does not cancel, the call goes on and is recorded. Modern: it cancels. */
  gone(): void {
    if (this.#concluded) return;
    if (this.#spec.era === 'legacy' && this.#spec.awaitedId !== null) {
      this.#clientGone = true;
      if (!this.#unwanted) this.#giveUpIn(abandonedMs, { kind: 'unanswered', resumable: false });
      return this.drained();
    }
    this.#exchange?.abort();
    this.#run(this.#finish({ kind: 'cancelled' }, null));
  }

  #giveUpIn(ms: number, conclusion: Conclusion): void {
    if (this.#concluded) return;
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      this.#exchange?.abort();
      this.#run(this.#finish(conclusion, null));
    }, ms);
    this.#deadline.unref();
  }

  drained(): void {
    this.#clientFull = false;
    this.#flow();
  }

  /** The server waits while the client cannot take more, or while events wait for a record. */
  #flow(): void {
    const wait = this.#clientFull || this.#queue.length > queuedEventsMax;
    if (wait === this.#paused) return;
    this.#paused = wait;
    if (wait) this.#exchange?.pause();
    else this.#exchange?.resume();
  }

  /** A stream normally ends by itself after its answer, and its connection is used again. */
  #letEnd(): void {
    if (this.#ended) return;
    const exchange = this.#exchange;
    setTimeout(() => exchange?.abort(), lingerMs).unref();
  }
}
