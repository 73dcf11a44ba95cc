import type { Socket } from 'node:net';

import { jsonHeaders } from '../downstream.ts';
import { readHead, repeated, type Head } from './heads.ts';
import type { HostPolicy } from './hosts.ts';
import { admit, bodyFault, routeOf, type McpListener, type Posted, type Route } from './http.ts';
import { keepAliveSeconds, PlainDownstream, type AnswerEvents } from './plain-downstream.ts';
import { headAt, readPlainHead, sameHead, type PlainHead } from './plain-head.ts';

/** What plain connections are served with. */
export interface PlainDeps {
  readonly mcp: McpListener;
  /** Names and origins that are served. */
  readonly hosts: () => HostPolicy;
  /** Gives a connection to `node:http`; what was read of it was put back. */
  readonly leave: (socket: Socket) => void;
}

/** Why a request is not read that came before the answer to the one before it. */
export const waitForTheAnswer = 'wait for the answer before the next request';

/** How often connections are looked at, in milliseconds. */
const defaultLookMs = 1_000;
/** A request that does not come in within so many looks is timed by `node:http`. */
const looksToCome = 2;
/** A little longer than clients are told, who may send just then. */
const looksIdle = keepAliveSeconds + 1;
/** Reads that come before an answer: who goes on for longer is not waiting for it. */
const readsAheadMax = 16;

/**
 * The connections whose requests have all been plain so far: such requests, which are nearly all,
 * are read here at a third of what `node:http` takes for one. The first that is not plain, not
 * whole in time or not admitted goes to `node:http` as it came, with its connection: whatever is
 * refused or answered otherwise is so by one piece of code.
 */
export class PlainConnections {
  readonly #deps: PlainDeps;
  readonly #open = new Set<PlainConnection>();
  readonly #looks: NodeJS.Timeout;

  constructor(deps: PlainDeps, lookMs: number = defaultLookMs) {
    this.#deps = deps;
    this.#looks = setInterval(() => {
      for (const connection of this.#open) connection.look();
    }, lookMs);
    this.#looks.unref();
  }

  take(socket: Socket): void {
    const connection = new PlainConnection(socket, this.#deps, () => {
      this.#open.delete(connection);
    });
    this.#open.add(connection);
  }

  /**
   * To be called when no connection is taken any more: idle ones end, each other one behind its
   * answer. A request that is still coming in, or may be, goes to `node:http`.
   */
  drain(): void {
    clearInterval(this.#looks);
    for (const connection of this.#open) connection.drain();
  }

  /** Breaks every connection off. */
  cut(): void {
    clearInterval(this.#looks);
    for (const connection of this.#open) connection.cut();
  }
}

/** A head that was read, and what it says. */
interface Known {
  readonly plain: PlainHead;
  readonly head: Head;
  readonly route: Route;
}

/** A request whose body is not all there. */
interface Coming {
  readonly known: Known;
  readonly headLength: number;
  readonly chunks: Buffer[];
  missing: number;
}

/** One connection, which carries one request at a time. */
class PlainConnection implements AnswerEvents {
  readonly #socket: Socket;
  readonly #deps: PlainDeps;
  readonly #onGone: () => void;
  #phase: 'unused' | 'coming' | 'answering' | 'idle' | 'over' = 'unused';
  #last: Known | null = null;
  /** There while a request is coming in. */
  #coming: Coming | null = null;
  /** There while a request is answered. */
  #answer: PlainDownstream | null = null;
  /** Reads since the answer is due, and whether there was more in them than empty lines. */
  #readsAhead = 0;
  #overran = false;
  #draining = false;
  /** Looks since the phase began. */
  #looks = 0;

  constructor(socket: Socket, deps: PlainDeps, onGone: () => void) {
    this.#socket = socket;
    this.#deps = deps;
    this.#onGone = onGone;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('drain', this.#onDrain);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  look(): void {
    this.#looks += 1;
    if (this.#phase === 'idle') {
      if (this.#looks > looksIdle) this.#socket.destroy();
    } else if (this.#phase === 'unused' || this.#phase === 'coming') {
      if (this.#looks > looksToCome) this.#leave(this.#coming?.chunks ?? []);
    }
  }

  drain(): void {
    this.#draining = true;
    if (this.#phase === 'idle') this.#socket.destroy();
    // What a client sent on a new connection may be there and not read yet: it is told to come again.
    else if (this.#phase === 'unused' || this.#phase === 'coming') {
      this.#leave(this.#coming?.chunks ?? []);
    }
  }

  cut(): void {
    this.#socket.destroy();
  }

  given(last: boolean): void {
    this.#answer = null;
    if (last || this.#draining || this.#phase === 'over') this.#end();
    else if (this.#overran) this.#refuse(waitForTheAnswer);
    else this.#enter('idle');
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#phase === 'over') return;
    if (this.#phase === 'answering') this.#tooEarly(chunk);
    else if (this.#coming !== null) this.#more(this.#coming, chunk);
    else this.#begin(chunk);
  };

  /** A client that will send nothing more is gone, as with `node:http`; what was said still leaves. */
  readonly #onEnd = (): void => {
    if (this.#phase === 'coming') this.#refuse('the request ended inside its body');
    else if (this.#answer?.ended() === false) this.#socket.destroy();
    else this.#end();
  };

  readonly #onDrain = (): void => this.#answer?.drained();

  /** `close` follows. */
  readonly #onError = (): void => undefined;

  readonly #onClose = (): void => {
    this.#phase = 'over';
    this.#onGone();
    this.#answer?.gone();
  };

  #enter(phase: 'coming' | 'answering' | 'idle'): void {
    this.#phase = phase;
    this.#looks = 0;
  }

  /**
   * What was sent before its predecessor was answered may be what somebody smuggled into the bytes:
   * it is not looked at, and the connection ends behind the answer. Empty lines are nothing (RFC
   * 9112 §2.2). Reading goes on, for it shows when the client leaves, but not for long: it also
   * wakes the timer that ends who takes nothing of an answer.
   */
  #tooEarly(chunk: Buffer): void {
    this.#readsAhead += 1;
    this.#overran ||= !/^[\r\n]{1,4}$/.test(chunk.toString('latin1', 0, 5));
    const most = this.#answer?.ended() === true ? 1 : readsAheadMax;
    if (this.#readsAhead > most) this.#socket.destroy();
  }

  #begin(chunk: Buffer): void {
    const text = headAt(chunk);
    if (text === null) return this.#leave([chunk]);
    const bodyLength = this.#last === null ? null : sameHead(this.#last.plain, text);
    const known = bodyLength === null ? this.#read(text) : this.#last;
    if (known === null) return this.#leave([chunk]);
    const length = bodyLength ?? known.plain.bodyLength;
    const missing = text.length + length - chunk.length;
    const isTooLarge = length > this.#deps.mcp.gateway.limits.json.bytesMax;
    if (isTooLarge || missing < 0) return this.#leave([chunk]);
    if (missing === 0) return this.#serve(known, chunk.subarray(text.length), [chunk]);
    if (this.#admit(known) === null) return this.#leave([chunk]);
    this.#enter('coming');
    this.#coming = { known, headLength: text.length, chunks: [chunk], missing };
  }

  #more(coming: Coming, chunk: Buffer): void {
    coming.chunks.push(chunk);
    coming.missing -= chunk.length;
    if (coming.missing > 0) return;
    if (coming.missing < 0) return this.#leave(coming.chunks);
    this.#coming = null;
    const { known, headLength, chunks } = coming;
    this.#serve(known, Buffer.concat(chunks).subarray(headLength), chunks);
  }

  /** What a head says that may be served here, remembered for the next one; null for any other. */
  #read(text: string): Known | null {
    const plain = readPlainHead(text);
    const route = plain === null ? null : routeOf(plain.path);
    if (plain === null || route === null) return null;
    const head = readHead(plain.rawHeaders);
    if (!head.headers.ok || head.origin === repeated) return null;
    const { bytesMax } = this.#deps.mcp.gateway.limits.json;
    if (bodyFault(head.headers.value, bytesMax) !== null) return null;
    this.#last = { plain, head, route };
    return this.#last;
  }

  /** Null where `node:http` has to answer: it asks again, and says what is wrong. */
  #admit({ head, route }: Known): Posted | null {
    if (!head.isServed(this.#deps.hosts())) return null;
    const admitted = admit(this.#deps.mcp.gateway, head, route);
    return admitted.ok ? admitted.value : null;
  }

  #serve(known: Known, body: Buffer, read: readonly Buffer[]): void {
    const posted = this.#admit(known);
    if (posted === null) return this.#leave(read);
    const answer = this.#begun();
    void this.#deps.mcp.serve(posted, { bytes: body, rawHeaders: known.plain.rawHeaders }, answer);
  }

  #refuse(error: string): void {
    this.#coming = null;
    this.#begun().answer(400, jsonHeaders, JSON.stringify({ error }));
  }

  #begun(): PlainDownstream {
    const { mcp } = this.#deps;
    this.#enter('answering');
    this.#readsAhead = 0;
    this.#answer = new PlainDownstream(this.#socket, mcp, this);
    return this.#answer;
  }

  #end(): void {
    this.#phase = 'over';
    this.#socket.destroySoon();
  }

  #leave(read: readonly Buffer[]): void {
    const socket = this.#socket;
    this.#phase = 'over';
    this.#coming = null;
    this.#onGone();
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('drain', this.#onDrain);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    socket.pause();
    if (read.length > 0) socket.unshift(Buffer.concat(read));
    this.#deps.leave(socket);
    socket.resume();
  }
}
