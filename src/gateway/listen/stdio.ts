import type { Readable, Writable } from 'node:stream';

import { peekAnswer } from '../../mcp/answer.ts';
import type { Caller } from '../caller.ts';
import type { Gateway } from '../gateway.ts';
import { receive } from '../receive.ts';
import { internalError } from '../reply.ts';
import { openSession } from '../session.ts';
import { openStream } from '../stream.ts';
import type { Headers } from '../upstream/upstream.ts';
import { LineSplitter } from './lines.ts';
import { answerTo, MessageDownstream, unasked, type MessageSink } from './message-downstream.ts';

/** Where a client that speaks stdio is. */
export interface StdioEnds {
  readonly input: Readable;
  readonly output: Writable;
  /** Aborted when the answers under way are not to be waited for once `input` has ended. */
  readonly signal?: AbortSignal;
}

/** How long answers are waited for when the client sends no more, in milliseconds. */
const graceMs = 10_000;
/** Messages that wait for the session to open before no more is read. */
const waitingMax = 256;

/**
 * Serves one client over stdio: a line in, a line out. Resolves when the client closed its end, or
 * sent a line that is too long to be read, and the answers under way are given, ten seconds are
 * over, or `signal` says not to wait. `settled` resolves when what was broken off is on record:
 * close the way to the server first.
 */
export async function serveStdio(
  gateway: Gateway,
  caller: Caller,
  { input, output, signal }: StdioEnds,
): Promise<{ readonly settled: Promise<unknown> }> {
  const connection = new StdioConnection(gateway, caller, output);
  const splitter = new LineSplitter(gateway.limits.json.bytesMax + 1);
  for await (const chunk of input) {
    // A stream without an encoding yields buffers.
    const lines = splitter.push(chunk as Buffer);
    if (lines === null) {
      gateway.log.error('a line was too long', { bytesMax: gateway.limits.json.bytesMax });
      break;
    }
    for (const line of lines) if (line.length > 0) connection.receive(line);
    await connection.room(signal ?? null);
  }
  const [settled] = await connection.end(signal ?? null);
  return { settled };
}

class StdioConnection {
  readonly #gateway: Gateway;
  readonly #sink: MessageSink;
  readonly #pending = new Map<Promise<void>, MessageDownstream>();
  #caller: Caller;
  #stream: MessageDownstream | null = null;
  /** The `initialize` that is not answered, and what came behind it. */
  #opening: Promise<void> | null = null;
  #waiting: Uint8Array[] = [];

  constructor(gateway: Gateway, caller: Caller, output: Writable) {
    this.#gateway = gateway;
    this.#caller = caller;
    this.#sink = linesTo(output);
  }

  /**
   * A server over stdio reads what it is sent in order: what is piped in behind `initialize` waits
   * for the session that it belongs to.
   */
  receive(line: Uint8Array): void {
    if (this.#opening !== null) {
      this.#waiting.push(line);
      return;
    }
    const asked = peekAnswer(line);
    const isOpening = asked.kind === 'request' && asked.method === 'initialize';
    const downstream = new MessageDownstream(this.#sink, answerTo(asked), (_status, headers) =>
      this.#opened(headers),
    );
    const work = this.#answer(line, downstream).finally(() => {
      this.#pending.delete(work);
      if (isOpening) this.#goOn();
    });
    this.#pending.set(work, downstream);
    if (isOpening) this.#opening = work;
  }

  /** Waits, while too much waits for the session to open, until it is open or `signal` is aborted. */
  async room(signal: AbortSignal | null): Promise<void> {
    if (this.#opening === null || this.#waiting.length < waitingMax) return;
    const aborted = Promise.withResolvers<void>();
    const abort = (): void => aborted.resolve();
    if (signal?.aborted === true) return;
    signal?.addEventListener('abort', abort, { once: true });
    await Promise.race([this.#opening, aborted.promise]);
    signal?.removeEventListener('abort', abort);
  }

  /** The promise within the promise: the outer one does not wait for a server that never answers. */
  async end(signal: AbortSignal | null): Promise<readonly [Promise<unknown>]> {
    this.#gateway.live.cutStreams(() => false);
    this.#stream?.cut();
    const settled = this.#settled();
    if (signal?.aborted !== true) await this.#grace(settled, signal);
    this.#waiting = [];
    for (const downstream of this.#pending.values()) downstream.cut();
    return [settled];
  }

  #goOn(): void {
    this.#opening = null;
    const lines = this.#waiting;
    this.#waiting = [];
    for (const line of lines) this.receive(line);
  }

  /** What waits for the session to open is under way once it is. */
  async #settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending.keys());
  }

  #grace(settled: Promise<unknown>, signal: AbortSignal | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      const finish = (): void => {
        clearTimeout(timer);
        resolve();
      };
      signal?.addEventListener('abort', finish, { once: true });
      void settled.then(finish);
    });
  }

  async #answer(line: Uint8Array, downstream: MessageDownstream): Promise<void> {
    try {
      await receive(this.#gateway, this.#caller, { bytes: line, rawHeaders: null }, downstream);
    } catch (error) {
      this.#gateway.log.error('internal error', { detail: String(error) });
      downstream.fail(internalError);
    }
  }

  /** The server opened a session: what it sends by itself is read from now on. */
  #opened(headers: Headers): void {
    const sealedId = headers['mcp-session-id'];
    if (sealedId === undefined) return;
    const owner = { grantId: this.#caller.grant.id, server: this.#caller.server };
    const session = openSession(this.#gateway.installationKey, owner, sealedId);
    if (session === null) return;
    this.#stream?.cut();
    this.#caller = { ...this.#caller, session };
    this.#stream = new MessageDownstream(this.#sink, unasked, () => undefined);
    void openStream(this.#gateway, this.#caller, this.#stream);
  }
}

function linesTo(output: Writable): MessageSink {
  return {
    write: (text) => output.write(`${text}\n`),
    drained: (then) => output.once('drain', then),
  };
}
