import type { Clock } from '../../base/clock.ts';
import { createSseDecoder, type SseEvent } from '../../mcp/sse.ts';
import { checkTarget, type Target } from './egress.ts';
import { readBatch, readFrame } from './frame.ts';
import { EventWindow } from './framing.ts';
import { openHttpUpstream, type HttpUpstreamOptions } from './http.ts';
import { isEventStream } from './headers.ts';
import type { ChannelEvents, MessageChannel, WriteResult } from './message-channel.ts';
import type { StdioLimits } from './stdio-limits.ts';
import type { Upstream, UpstreamExchange, UpstreamFailure, UpstreamRequest } from './upstream.ts';

/** What every session with such a server shares. `http.target` is where its event stream is. */
export interface SseContext {
  readonly http: HttpUpstreamOptions;
  readonly limits: StdioLimits;
  readonly clock: Clock;
  /** Until the server has named its endpoint, and until it has taken one message. */
  readonly endpointTimeoutMs: number;
  readonly postTimeoutMs: number;
}

interface Waiting {
  readonly message: Uint8Array;
  readonly settled: ((failure: UpstreamFailure | null) => void) | undefined;
}

const waitingMax = 32;
const batchMax = 1_000;

/**
 * One session with a server of the 2024-11-05 transport: an event stream on which everything
 * comes, and an endpoint, named by its first event, to which everything is posted. The endpoint
 * must be of the stream's own origin: any other would take the gateway's credential elsewhere.
 */
export class SseChannel implements MessageChannel {
  readonly #context: SseContext;
  readonly #events: ChannelEvents;
  readonly #stream: Upstream;
  readonly #reading: UpstreamExchange;
  readonly #stray: EventWindow;
  readonly #noise: EventWindow;
  readonly #deadline: NodeJS.Timeout;
  #endpoint: Upstream | null = null;
  #waiting: Waiting[] = [];
  #gone = false;

  constructor(context: SseContext, events: ChannelEvents) {
    const { limits, clock, http } = context;
    this.#context = context;
    this.#events = events;
    this.#stray = new EventWindow(clock, limits.strayPerTenSecondsMax, 10_000);
    this.#noise = new EventWindow(clock, limits.noisePerMinuteMax, 60_000);
    this.#stream = openHttpUpstream({ ...http, callsMax: 1, streamsMax: 1 });
    this.#deadline = setTimeout(
      () => this.#end({ kind: 'timeout', reached: false, detail: 'no endpoint in time' }),
      context.endpointTimeoutMs,
    );
    this.#reading = this.#read();
  }

  write(message: Uint8Array, settled?: (failure: UpstreamFailure | null) => void): WriteResult {
    if (this.#gone) return 'gone';
    if (this.#endpoint !== null) {
      this.#post(this.#endpoint, message, settled);
      return 'taken';
    }
    if (this.#waiting.length >= waitingMax) return 'full';
    this.#waiting.push({ message, settled });
    return 'taken';
  }

  pause(): void {
    this.#reading.pause();
  }

  resume(): void {
    this.#reading.resume();
  }

  stray(): void {
    if (this.#stray.exceeded()) this.#end(broken('too many messages that belong to nobody'));
  }

  async stop(): Promise<void> {
    this.#end(broken('stopped'));
    await Promise.all([this.#stream.close(), this.#endpoint?.close()]);
  }

  #read(): UpstreamExchange {
    const decoder = createSseDecoder({ eventBytesMax: this.#context.limits.lineBytesMax });
    return this.#stream.exchange(request('GET', null, 0), {
      head: (status, headers) => {
        if (status === 200 && isEventStream(headers['content-type'])) return;
        this.#end({ kind: 'refused', reached: true, detail: `no event stream (${status})` });
      },
      data: (chunk) => {
        if (this.#gone) return;
        const events = decoder.push(chunk);
        if (typeof events === 'string') return this.#end(broken(events));
        for (const event of events) this.#take(event);
      },
      end: () => this.#end(broken('the event stream ended')),
      failed: (failure) => this.#end(failure),
    });
  }

  #take(event: SseEvent): void {
    if (this.#gone || event.data === null) return;
    if (event.event === 'endpoint') return this.#open(event.data);
    if (event.event !== null && event.event !== 'message') return;
    const bytes = Buffer.from(event.data);
    const frame = readFrame(bytes);
    if (frame !== null) return this.#events.frame(frame);
    for (const element of readBatch(bytes, batchMax) ?? [bytes]) {
      const inner = element === bytes ? null : readFrame(element);
      if (inner !== null) this.#events.frame(inner);
      else if (this.#noise.exceeded()) this.#end(broken('too many events that are no message'));
    }
  }

  /** The first endpoint holds; a later event does not move a session elsewhere. */
  #open(reference: string): void {
    if (this.#endpoint !== null) return;
    const { http } = this.#context;
    const target = sameOrigin(reference, http.target);
    if (target === null) {
      this.#end({ kind: 'refused', reached: true, detail: 'the endpoint is of another origin' });
      return;
    }
    clearTimeout(this.#deadline);
    const endpoint = openHttpUpstream({ ...http, target });
    this.#endpoint = endpoint;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { message, settled } of waiting) this.#post(endpoint, message, settled);
  }

  #post(endpoint: Upstream, message: Uint8Array, settled: Waiting['settled']): void {
    let status = 0;
    endpoint.exchange(request('POST', message, this.#context.postTimeoutMs), {
      head: (answered) => (status = answered),
      data: () => {},
      end: () => {
        const isTaken = status >= 200 && status < 300;
        settled?.(isTaken ? null : broken(`the endpoint answered ${status}`));
      },
      failed: (failure) => settled?.(failure),
    });
  }

  #end(failure: UpstreamFailure): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#deadline);
    // The session exists once its constructor has returned: the end is told on a later turn.
    queueMicrotask(() => {
      this.#reading.abort();
      this.#waiting = [];
      void this.#stream.close();
      void this.#endpoint?.close();
      this.#events.gone(failure);
    });
  }
}

/** The endpoint as a target, or null when it is not of the stream's origin. */
function sameOrigin(reference: string, base: Target): Target | null {
  const from = `${base.origin}${base.path}`;
  if (!URL.canParse(reference, from)) return null;
  const url = new URL(reference, from);
  if (url.origin !== base.origin) return null;
  const target = checkTarget(url.href, base.allowPrivate);
  return target.ok ? target.value : null;
}

function request(
  method: 'GET' | 'POST',
  body: Uint8Array | null,
  timeoutMs: number,
): UpstreamRequest {
  return { method, headers: {}, body, message: null, sessionId: null, era: 'legacy', timeoutMs };
}

function broken(detail: string): UpstreamFailure {
  return { kind: 'broken', reached: true, detail };
}
