import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import { assert } from '../../base/assert.ts';
import { jsonHeaders, type DownstreamWatcher } from '../downstream.ts';
import type { Headers } from '../upstream/upstream.ts';
import type { Gateway } from '../gateway.ts';
import type { McpListener } from './http.ts';
import {
  bufferOf,
  defaultStalledMs,
  endsConnection,
  keepAliveComment,
  oneWriteBytes,
  type HttpAnswer,
} from './http-downstream.ts';

/** What the connection is told by the answer that it carries. */
export interface AnswerEvents {
  /** Every byte of the answer was taken by the socket; `last` when the connection ends behind it. */
  given(last: boolean): void;
}

/** What an answer needs of the listener: the clock, and where open streams are kept. */
export type AnsweredFor = Pick<McpListener, 'streams'> & {
  readonly gateway: Pick<Gateway, 'clock'>;
};

/** How long a client may keep a connection without a request, in seconds. */
export const keepAliveSeconds = 65;

/** The answer to one plain request, written as HTTP/1.1 (RFC 9112 §6, §7.1). */
export class PlainDownstream implements HttpAnswer {
  readonly #socket: Socket;
  readonly #mcp: AnsweredFor;
  readonly #events: AnswerEvents;
  readonly #stalledMs: number;
  #phase: 'due' | 'open' | 'said' | 'over' = 'due';
  #watcher: DownstreamWatcher | null = null;
  #stalled: NodeJS.Timeout | null = null;

  constructor(
    socket: Socket,
    mcp: AnsweredFor,
    events: AnswerEvents,
    stalledMs: number = defaultStalledMs,
  ) {
    this.#socket = socket;
    this.#mcp = mcp;
    this.#events = events;
    this.#stalledMs = stalledMs;
  }

  get begun(): boolean {
    return this.#phase !== 'due';
  }

  answer(status: number, headers: Headers, body: Uint8Array | string | null): void {
    if (this.#phase !== 'due') return;
    const last = endsConnection(status);
    const bytes = body === null ? null : bufferOf(body);
    const head = this.#head(status, headers, { last, length: bytes?.length ?? 0 });
    this.#phase = 'said';
    if (bytes !== null && bytes.length > oneWriteBytes) {
      this.#socket.write(head, 'latin1');
      this.#socket.write(bytes);
    } else {
      // One write instead of two: as Latin-1 a text has the bytes it was made of, whatever they are.
      this.#socket.write(bytes === null ? head : head + bytes.toString('latin1'), 'latin1');
    }
    this.#say(last);
  }

  open(headers: Headers): void {
    if (this.#phase !== 'due') return;
    const head = this.#head(200, headers, { last: false, length: null });
    this.#phase = 'open';
    this.#mcp.streams.add(this);
    this.#socket.write(head, 'latin1');
  }

  event(raw: Uint8Array | string): boolean {
    if (this.#phase !== 'open') return true;
    const taken = this.#chunk(raw);
    if (!taken && this.#stalled === null) this.#expectDrain();
    return taken;
  }

  keepAlive(): void {
    if (this.#phase === 'open' && this.#stalled === null) this.#chunk(keepAliveComment);
  }

  close(): void {
    if (this.#phase === 'due') return this.answer(200, {}, null);
    if (this.#phase !== 'open') return;
    this.#phase = 'said';
    this.#mcp.streams.delete(this);
    this.#socket.write('0\r\n\r\n', 'latin1');
    this.#say(false);
  }

  cut(): void {
    // The connection of an answer that was given may carry the next one.
    if (this.#phase === 'over') return;
    this.#socket.destroy();
    this.gone();
  }

  ended(): boolean {
    return this.#phase === 'said' || this.#phase === 'over';
  }

  watch(watcher: DownstreamWatcher): void {
    if (this.#phase === 'over') return watcher.gone();
    this.#watcher = watcher;
  }

  /** The socket took everything that waited. */
  drained(): void {
    this.#unstall();
    if (this.#phase === 'open') this.#watcher?.drained();
  }

  /** The connection is lost. */
  gone(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#mcp.streams.delete(this);
    this.#unstall();
    const watcher = this.#watcher;
    this.#watcher = null;
    watcher?.gone();
  }

  #head(status: number, headers: Headers, ending: Ending): string {
    return headOf(status, headers, ending, dateLine(this.#mcp.gateway.clock.nowMs()));
  }

  #chunk(raw: Uint8Array | string): boolean {
    const bytes = bufferOf(raw);
    // A chunk without bytes would end the answer.
    if (bytes.length === 0) return true;
    return this.#socket.write(
      `${bytes.length.toString(16)}\r\n${bytes.toString('latin1')}\r\n`,
      'latin1',
    );
  }

  /** The connection is free once its socket has handed the last byte on. */
  #say(last: boolean): void {
    if (this.#socket.writableLength === 0) return this.#given(last);
    const cut = (): void => this.cut();
    // The socket's own timer: it starts anew whenever the client took some of the bytes.
    this.#socket.setTimeout(this.#stalledMs, cut);
    this.#socket.write('', () => {
      this.#socket.setTimeout(0, cut);
      this.#given(last);
    });
  }

  #given(last: boolean): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#watcher = null;
    this.#unstall();
    this.#events.given(last);
  }

  #expectDrain(): void {
    this.#stalled = setTimeout(() => this.cut(), this.#stalledMs);
    this.#stalled.unref();
  }

  #unstall(): void {
    if (this.#stalled !== null) clearTimeout(this.#stalled);
    this.#stalled = null;
  }
}

interface Ending {
  /** Whether the connection ends behind the answer. */
  readonly last: boolean;
  /** Bytes of the body; null for one in chunks. */
  readonly length: number | null;
}

const usualHead = lineOf(200) + headerOf('content-type', jsonHeaders['content-type'] ?? '');
const staying = `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}\r\n`;

/** The lines that `node:http` writes, in its order. */
function headOf(status: number, headers: Headers, { last, length }: Ending, date: string): string {
  let head = usualHead;
  if (status !== 200 || headers !== jsonHeaders) {
    head = lineOf(status);
    for (const name in headers) head += headerOf(name, headers[name] ?? '');
  }
  if (length !== null) head += `content-length: ${length}\r\n`;
  head += date + (last ? 'Connection: close\r\n' : staying);
  return head + (length === null ? 'Transfer-Encoding: chunked\r\n\r\n' : '\r\n');
}

function lineOf(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
}

function headerOf(name: string, value: string): string {
  const isOneLine =
    /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
  assert(isOneLine, 'a header of an answer is one line');
  return `${name}: ${value}\r\n`;
}

const date = { second: -1, line: '' };

/** Formatted once a second (RFC 9110 §6.6.1). */
function dateLine(nowMs: number): string {
  const second = Math.floor(nowMs / 1_000);
  if (second !== date.second) {
    date.second = second;
    date.line = `Date: ${new Date(nowMs).toUTCString()}\r\n`;
  }
  return date.line;
}
