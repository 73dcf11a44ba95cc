import type { Socket } from 'node:net';

import { receiveFrom } from './egress.ts';
import { HeadReader } from './http-head.ts';
import { ResponseParser, type ResponseSink } from './http-parser.ts';

/** The exchange that a connection is working for. */
export interface ConnectionUser extends ResponseSink {
  /** The connection is lost, or the answer is not HTTP: nothing more will come. */
  lost(error: Error): void;
}

/** What the owner of a connection is told. */
export interface ConnectionEvents {
  /** The answer is complete and the connection can take the next request, within that time. */
  free(connection: Connection, keepAliveSeconds: number | null): void;
  closed(connection: Connection): void;
}

/**
 * One connection, which carries one exchange at a time: the next request is written only after
 * the answer before it was read to its last byte. Bytes that nobody asked for end it.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #heads = new HeadReader();
  #parser: ResponseParser | null = null;
  #user: ConnectionUser | null = null;
  #rest: Buffer | null = null;
  #closed = false;

  constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    receiveFrom(socket, (chunk) => this.#receive(chunk));
    socket.on('end', () => this.#finish());
    socket.on('error', (error) => this.close(error));
    socket.on('close', () => this.close(new Error('the connection was closed')));
  }

  /** Nothing has ended it yet, as far as this side knows. */
  get usable(): boolean {
    return !this.#closed && this.#socket.writable && this.#socket.readable;
  }

  /** Writes a request in one go. The connection must be usable and free. */
  send(head: string, body: Uint8Array | null, user: ConnectionUser): void {
    this.#user = user;
    this.#parser = new ResponseParser(user, this.#heads);
    if (body === null) {
      this.#socket.write(head, 'latin1');
      return;
    }
    const bytes = Buffer.allocUnsafe(head.length + body.length);
    bytes.write(head, 0, head.length, 'latin1');
    bytes.set(body, head.length);
    this.#socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  /** Goes on with what was received before the pause, then with the socket. */
  resume(): void {
    const rest = this.#rest;
    this.#rest = null;
    if (rest !== null) this.#receive(rest);
    if (this.#user === null || !this.#user.paused) this.#socket.resume();
  }

  /** Ends the connection, and with it the exchange it works for. */
  close(error: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    const user = this.#user;
    this.#user = null;
    this.#parser = null;
    this.#rest = null;
    this.#events.closed(this);
    user?.lost(error);
  }

  #receive(received: Buffer): void {
    const parser = this.#parser;
    if (this.#closed) return;
    const chunk = this.#rest === null ? received : Buffer.concat([this.#rest, received]);
    this.#rest = null;
    if (parser === null) return this.close(new Error('bytes that nobody asked for'));
    const used = parser.push(chunk);
    // The exchange may have been aborted by what it was just told.
    if (this.#parser !== parser) return;
    if (typeof used === 'string') return this.close(new Error(used));
    if (parser.done) return this.#complete(parser, used === chunk.length);
    if (used === chunk.length) return;
    this.#rest = chunk.subarray(used);
    this.#socket.pause();
  }

  #finish(): void {
    const parser = this.#parser;
    const problem = parser?.finish() ?? null;
    if (parser?.done === true) this.#user = null;
    this.close(new Error(problem ?? 'the server closed the connection'));
  }

  #complete(parser: ResponseParser, isClean: boolean): void {
    this.#user = null;
    this.#parser = null;
    const sent = this.#socket.writableLength === 0;
    if (isClean && sent && parser.reusable) {
      this.#socket.resume();
      this.#events.free(this, parser.keepAliveSeconds);
    } else {
      this.close(new Error('not reusable'));
    }
  }
}
