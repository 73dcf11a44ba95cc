import { errorResponse } from '../../mcp/encode.ts';
import type { Downstream, DownstreamWatcher } from '../downstream.ts';
import { codes } from '../reply.ts';
import type { Headers } from '../upstream/upstream.ts';

/** A client to whom single messages are written, without HTTP's shape. */
export interface MessageSink {
  /** Takes one message as one line of JSON text; false asks to wait for `drained`. */
  write(text: string): boolean;
  /** Calls once, when the client can take more. */
  drained(then: () => void): void;
}

/** The head of an answer, as far as it concerns a whole session. */
export type HeadSeen = (status: number, headers: Headers) => void;

/** Writes every message of an answer to a sink; `id` is JSON text, or null where none is awaited. */
export class MessageDownstream implements Downstream {
  readonly #sink: MessageSink;
  readonly #id: string | null;
  readonly #headSeen: HeadSeen;
  #watcher: DownstreamWatcher | null = null;
  #said = false;
  #ended = false;
  #cut = false;

  constructor(sink: MessageSink, id: string | null, headSeen: HeadSeen) {
    this.#sink = sink;
    this.#id = id;
    this.#headSeen = headSeen;
  }

  answer(status: number, headers: Headers, body: Uint8Array | string | null): void {
    if (this.#ended) return;
    if (body !== null)
      this.#write(typeof body === 'string' ? body : Buffer.from(body).toString('utf8'));
    this.#headSeen(status, headers);
    this.close();
  }

  open(headers: Headers): void {
    this.#headSeen(200, headers);
  }

  event(_raw: Uint8Array | string, data: string | null): boolean {
    if (this.#ended || data === null || data === '') return true;
    return this.#write(data);
  }

  close(): void {
    if (!this.#said && this.#id !== null) this.fail('the server gave no answer');
    this.#ended = true;
  }

  /** Ends with an error of the gateway's own. */
  fail(sentence: string): void {
    if (this.#ended) return;
    this.#write(errorResponse(this.#id, codes.upstream, sentence));
    this.#ended = true;
  }

  cut(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cut = true;
    this.#watcher?.gone();
  }

  ended(): boolean {
    return this.#ended;
  }

  watch(watcher: DownstreamWatcher): void {
    this.#watcher = watcher;
    if (this.#cut) watcher.gone();
  }

  /** Newlines between the tokens of JSON are white space; within strings they cannot stand. */
  #write(text: string): boolean {
    this.#said = true;
    const taken = this.#sink.write(text.replaceAll(/[\r\n]+/g, ' '));
    if (!taken) this.#sink.drained(() => this.#watcher?.drained());
    return taken;
  }
}
