import type { ServerResponse } from 'node:http';

import type { Downstream, DownstreamWatcher } from '../downstream.ts';
import type { Headers } from '../upstream/upstream.ts';

/** How long a client may take nothing of what is waiting for it, in milliseconds. */
export const defaultStalledMs = 30_000;
/** Answers up to this size leave in one write with their head. */
export const oneWriteBytes = 16_384;
/** A comment, which clients ignore and proxies count as traffic (SSE §9.2.6). */
export const keepAliveComment = ': keep-alive\n\n';

/** Refusals after which nothing more is read: where a request ends is in doubt, or who sent it. */
const endingStatuses: ReadonlySet<number> = new Set([400, 401, 403, 405, 406, 413, 415]);

/** Whether the connection is closed behind an answer of this status. */
export function endsConnection(status: number): boolean {
  return endingStatuses.has(status);
}

/** An answer over HTTP: what the listener must know and do beside what every sender does. */
export interface HttpAnswer extends Downstream {
  /** Whether something of it may have left already. */
  readonly begun: boolean;
  /** Shows that an open stream is alive. */
  keepAlive(): void;
}

/** The answer to one request that `node:http` read. */
export class HttpDownstream implements HttpAnswer {
  readonly #response: ServerResponse;
  readonly #streams: Set<HttpAnswer>;
  readonly #stalledMs: number;
  #watcher: DownstreamWatcher | null = null;
  #stalled: NodeJS.Timeout | null = null;

  /** `streams` holds the answers that are streams, while they are open. */
  constructor(
    response: ServerResponse,
    streams: Set<HttpAnswer>,
    stalledMs: number = defaultStalledMs,
  ) {
    this.#response = response;
    this.#streams = streams;
    this.#stalledMs = stalledMs;
    response.on('close', () => this.#closed());
  }

  get begun(): boolean {
    return this.#response.headersSent;
  }

  answer(status: number, headers: Headers, body: Uint8Array | string | null): void {
    if (this.ended()) return;
    if (endsConnection(status)) this.#response.shouldKeepAlive = false;
    if (body === null) {
      this.#response.writeHead(status, headerLines(headers, 0));
      this.#response.end();
      return;
    }
    const bytes = bufferOf(body);
    this.#response.writeHead(status, headerLines(headers, bytes.length));
    // One write instead of two: as Latin-1 a text has the bytes it was made of, whatever they are.
    if (bytes.length <= oneWriteBytes) {
      this.#response.end(bytes.toString('latin1'), 'latin1');
      return;
    }
    // The socket's own timer: it starts anew whenever the client took some of the bytes.
    this.#response.setTimeout(this.#stalledMs, () => this.cut());
    this.#response.end(bytes);
  }

  open(headers: Headers): void {
    if (this.ended()) return;
    this.#streams.add(this);
    this.#response.on('drain', () => this.#drained());
    this.#response.on('error', () => this.#closed());
    this.#response.writeHead(200, headers);
    this.#response.flushHeaders();
  }

  event(raw: Uint8Array | string): boolean {
    if (this.ended()) return true;
    const taken = this.#response.write(raw);
    if (!taken && this.#stalled === null) {
      this.#stalled = setTimeout(() => this.cut(), this.#stalledMs);
      this.#stalled.unref();
    }
    return taken;
  }

  keepAlive(): void {
    if (this.ended() || !this.#response.headersSent || this.#stalled !== null) return;
    this.#response.write(keepAliveComment);
  }

  close(): void {
    if (!this.ended()) this.#response.end();
  }

  cut(): void {
    this.#response.destroy();
  }

  ended(): boolean {
    return this.#response.writableEnded || this.#response.destroyed;
  }

  watch(watcher: DownstreamWatcher): void {
    this.#watcher = watcher;
    if (this.#response.destroyed) watcher.gone();
  }

  #drained(): void {
    if (this.#stalled !== null) clearTimeout(this.#stalled);
    this.#stalled = null;
    this.#watcher?.drained();
  }

  #closed(): void {
    this.#streams.delete(this);
    if (this.#stalled !== null) clearTimeout(this.#stalled);
    this.#stalled = null;
    if (!this.#response.writableFinished) this.#watcher?.gone();
    this.#watcher = null;
  }
}

/** Names and values in turn: the form that `writeHead` takes without building another object. */
function headerLines(headers: Headers, contentLength: number): string[] {
  const lines: string[] = [];
  for (const name in headers) lines.push(name, headers[name] ?? '');
  lines.push('content-length', String(contentLength));
  return lines;
}

/** The bytes of a body: a text as UTF-8, bytes as they are. */
export function bufferOf(body: Uint8Array | string): Buffer {
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.length);
}
