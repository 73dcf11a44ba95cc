import { errorResponse } from '../../mcp/encode.ts';
import { ruleFor } from '../../mcp/method.ts';
import { onOneLine } from '../../mcp/sse.ts';
import type { Answer } from '../../mcp/answer.ts';
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

/** What a client is owed for what it sent. */
export interface AnswerDue {
  /** JSON text of the id that it awaits an answer under, or null. */
  readonly id: string | null;
  /** Nothing that is said of the message itself reaches its client, not even that it is wrong. */
  readonly isSilent: boolean;
}

/**
 * JSON-RPC 2.0, sections 4.1 and 5: a notification has no answer, and neither has an answer. A
 * request that lacks its id is no notification: its client awaits something, and is told.
 */
export function answerTo({ kind, id, method }: Answer): AnswerDue {
  const isSilent = kind === 'response' || (kind === 'notification' && !isRequest(method ?? ''));
  return { id: kind === 'request' ? id : null, isSilent };
}

function isRequest(method: string): boolean {
  return (['legacy', 'modern'] as const).some(
    (era) => ruleFor(method, 'client-to-server', era)?.kind === 'request',
  );
}

/** For what the server sends by itself. */
export const unasked: AnswerDue = { id: null, isSilent: false };

/** Writes every message of an answer to a sink. */
export class MessageDownstream implements Downstream {
  readonly #sink: MessageSink;
  readonly #due: AnswerDue;
  readonly #headSeen: HeadSeen;
  #watcher: DownstreamWatcher | null = null;
  #said = false;
  #ended = false;
  #cut = false;

  constructor(sink: MessageSink, due: AnswerDue, headSeen: HeadSeen) {
    this.#sink = sink;
    this.#due = due;
    this.#headSeen = headSeen;
  }

  answer(status: number, headers: Headers, body: Uint8Array | string | null): void {
    if (this.#ended) return;
    if (body !== null && !this.#due.isSilent)
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
    if (!this.#said && this.#due.id !== null) this.fail('the server gave no answer');
    this.#ended = true;
  }

  /** Ends with an error of the gateway's own. */
  fail(sentence: string): void {
    if (this.#ended) return;
    if (!this.#due.isSilent) {
      this.#write(errorResponse(this.#due.id, codes.upstream, sentence));
    }
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

  #write(text: string): boolean {
    this.#said = true;
    const taken = this.#sink.write(onOneLine(text));
    if (!taken) this.#sink.drained(() => this.#watcher?.drained());
    return taken;
  }
}
