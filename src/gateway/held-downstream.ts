import { errorResponse, notification } from '../mcp/encode.ts';
import { encodeSseComment, encodeSseEvent } from '../mcp/sse.ts';
import { eventHeaders, type Downstream, type DownstreamWatcher } from './downstream.ts';
import type { Headers } from './upstream/upstream.ts';

/**
 * The answer to a call that waits: a stream from the moment that it has to say something before the
 * answer, and the whole answer as its last event. What comes after the wait, a relay included, need
 * not know that the stream is open already.
 */
export class HeldDownstream implements Downstream {
  readonly #inner: Downstream;
  readonly #id: string;
  #opened = false;

  /** `id` is JSON text of the request's id. */
  constructor(inner: Downstream, id: string) {
    this.#inner = inner;
    this.#id = id;
  }

  /** A comment that keeps the connection in use (SSE §9.2.6). */
  keepAlive(): void {
    this.open(eventHeaders);
    this.#inner.event(encodeSseComment('waiting for a person'), null);
  }

  /** A message of the gateway's own, before the answer. */
  say(json: string): void {
    this.open(eventHeaders);
    this.#inner.event(encodeSseEvent({ data: json }), json);
  }

  /** `token` is JSON text of the progress token that the client gave. */
  progress(token: string, seconds: number): void {
    const text = '"waiting for a person to approve this call"';
    const params = `{"progressToken":${token},"progress":${seconds},"message":${text}}`;
    this.say(notification('notifications/progress', params));
  }

  open(headers: Headers): void {
    if (this.#opened) return;
    this.#opened = true;
    this.#inner.open(headers);
  }

  answer(status: number, headers: Headers, body: Uint8Array | string | null): void {
    if (!this.#opened) return this.#inner.answer(status, headers, body);
    const text = body ?? errorResponse(this.#id, -32001, 'Session not found');
    const data = typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
    this.#inner.event(encodeSseEvent({ data }), data);
    this.#inner.close();
  }

  event(raw: Uint8Array | string, data: string | null): boolean {
    return this.#inner.event(raw, data);
  }

  close(): void {
    this.#inner.close();
  }

  cut(): void {
    this.#inner.cut();
  }

  ended(): boolean {
    return this.#inner.ended();
  }

  watch(watcher: DownstreamWatcher): void {
    this.#inner.watch(watcher);
  }
}
