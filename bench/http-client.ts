import { connect, type Socket } from 'node:net';

const HEADERS_END = Buffer.from('\r\n\r\n');
const CHUNKED_END = Buffer.from('0\r\n\r\n');

/** One answer. The body is complete, with any chunked framing taken off. */
export interface HttpAnswer {
  readonly status: number;
  /** The head as text, for the few fields that are ever looked at. */
  readonly head: string;
  readonly body: string;
}

/**
 * A connection that carries one request at a time: just enough HTTP/1.1 (a length or chunks) to
 * cost the load generator as little as possible.
 */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #path: string;
  #received: Buffer = Buffer.alloc(0);
  #waiting: {
    readonly done: (answer: HttpAnswer) => void;
    readonly failed: (error: Error) => void;
  } | null = null;

  private constructor(socket: Socket, url: URL) {
    this.#socket = socket;
    this.#host = url.host;
    this.#path = url.pathname;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  /** Opens a connection; rejects when nobody listens. */
  static open(url: URL): Promise<HttpConnection> {
    return new Promise((done, failed) => {
      const socket = connect(Number(url.port), url.hostname);
      socket.once('error', failed);
      socket.once('connect', () => {
        socket.removeListener('error', failed);
        done(new HttpConnection(socket, url));
      });
    });
  }

  /** Sends one POST; rejects when the connection breaks. `headers` are whole lines with their ends. */
  post(headers: string, body: string): Promise<HttpAnswer> {
    return new Promise((done, failed) => {
      this.#waiting = { done, failed };
      this.#socket.write(
        `POST ${this.#path} HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Type: application/json\r\n` +
          `Accept: application/json, text/event-stream\r\n${headers}` +
          `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    });
  }

  close(): void {
    this.#waiting = null;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const answer = readAnswer(this.#received);
    if (answer === null) return;
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.done(answer);
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.failed(error);
  }
}

/** The answer that the bytes hold, or null when they do not hold all of it yet. */
export function readAnswer(bytes: Buffer): HttpAnswer | null {
  const headEnd = bytes.indexOf(HEADERS_END);
  if (headEnd === -1) return null;
  const head = bytes.toString('latin1', 0, headEnd);
  const start = headEnd + HEADERS_END.length;
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const end = start + Number(length);
    return bytes.length < end ? null : { status, head, body: bytes.toString('utf8', start, end) };
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return { status, head, body: '' };
  if (bytes.length < start + CHUNKED_END.length) return null;
  if (!bytes.subarray(bytes.length - CHUNKED_END.length).equals(CHUNKED_END)) return null;
  const body = joinChunks(bytes.subarray(start));
  return body === null ? null : { status, head, body };
}

function joinChunks(bytes: Buffer): string | null {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (Number.isNaN(size) || lineEnd + 2 + size > bytes.length) return null;
    if (size === 0) return Buffer.concat(parts).toString('utf8');
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return null;
}
