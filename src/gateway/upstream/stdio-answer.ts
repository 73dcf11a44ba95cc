import { ExchangeState, type ExchangeSource } from './exchange.ts';
import { eventOf } from './framing.ts';
import type { Headers, UpstreamFailure, UpstreamListener } from './upstream.ts';

/** What the owner of an answer must know about it. */
export interface AnswerEvents {
  /** The listener left, or was told that time is up. */
  stopped(reason: 'aborted' | 'timeout'): void;
  /** More than the bound waits for a paused listener. */
  pressed(): void;
  /** What waited has been delivered. */
  relieved(): void;
}

const jsonHeaders: Headers = { 'content-type': 'application/json' };
const eventHeaders: Headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
};

/**
 * The answer to one exchange with a stdio server in the shape of Streamable HTTP. Plain JSON when
 * the response is the first thing that comes, an event stream when anything comes before it.
 */
export class StdioAnswer implements ExchangeSource {
  readonly state: ExchangeState;
  readonly #events: AnswerEvents;
  readonly #headers: Headers;
  readonly #bufferBytesMax: number;
  #begun = false;
  #ended = false;
  #pressed = false;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(
    listener: UpstreamListener,
    timeoutMs: number,
    options: {
      readonly events: AnswerEvents;
      /** Added to the head, such as the id of a new session. */
      readonly headers: Headers;
      readonly bufferBytesMax: number;
    },
  ) {
    this.state = new ExchangeState(listener, this, timeoutMs);
    this.#events = options.events;
    this.#headers = options.headers;
    this.#bufferBytesMax = options.bufferBytesMax;
  }

  /** The head is out. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Opens an event stream although nothing is there to send yet. */
  open(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.state.head(200, { ...eventHeaders, ...this.#headers }, true);
  }

  /** A message that comes before, or without, a response. */
  event(message: Buffer): void {
    this.open();
    this.#send(eventOf(message));
  }

  /** The response: the end of the answer. `status` counts only where it is plain JSON. */
  finish(message: Buffer, status: number = 200, headers: Headers = this.#headers): void {
    if (this.#begun) {
      this.#send(eventOf(message));
    } else {
      this.#begun = true;
      this.state.head(status, { ...jsonHeaders, ...headers }, false);
      this.#send(message);
    }
    this.end();
  }

  /** Ends the answer as HTTP alone: no message belongs to it. */
  status(status: number): void {
    this.#begun = true;
    this.state.head(status, {}, false);
    this.end();
  }

  end(): void {
    this.#ended = true;
    if (this.#waiting.length === 0) this.state.end();
  }

  fail(failure: UpstreamFailure): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.state.fail(failure);
  }

  stop(reason: 'aborted' | 'timeout'): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#relieve();
    this.#events.stopped(reason);
  }

  pause(): void {
    // The state knows; what comes now waits here.
  }

  resume(): void {
    while (this.#waiting.length > 0 && !this.state.paused && !this.state.done) {
      const chunk = this.#waiting.shift();
      if (chunk === undefined) break;
      this.#waitingBytes -= chunk.length;
      this.state.data(chunk);
    }
    if (this.#waiting.length > 0) return;
    this.#relieve();
    if (this.#ended) this.state.end();
  }

  reached(): boolean {
    return true;
  }

  #send(chunk: Buffer): void {
    if (this.state.done) return;
    if (!this.state.paused && this.#waiting.length === 0) {
      this.state.data(chunk);
      return;
    }
    // A copy: a short line would otherwise keep the whole chunk of the pipe that it came in.
    this.#waiting.push(Buffer.from(chunk));
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes <= this.#bufferBytesMax || this.#pressed) return;
    this.#pressed = true;
    this.#events.pressed();
  }

  #relieve(): void {
    if (!this.#pressed) return;
    this.#pressed = false;
    this.#events.relieved();
  }
}
