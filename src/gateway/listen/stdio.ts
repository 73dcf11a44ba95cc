import type { Readable, Writable } from 'node:stream';

import { peekAnswer } from '../../mcp/answer.ts';
import { errorResponse } from '../../mcp/encode.ts';
import type { Downstream, DownstreamWatcher } from '../downstream.ts';
import type { Caller } from '../caller.ts';
import type { Gateway } from '../gateway.ts';
import { receive } from '../receive.ts';
import { codes } from '../reply.ts';
import { openSession } from '../session.ts';
import { openStream } from '../stream.ts';
import type { Headers } from '../upstream/upstream.ts';
import { LineSplitter } from './lines.ts';

/** Where a client that speaks stdio is. */
export interface StdioEnds {
  readonly input: Readable;
  readonly output: Writable;
  /** Aborted when the answers under way are not to be waited for once `input` has ended. */
  readonly signal?: AbortSignal;
}

/** How long answers are waited for when the client sends no more, in milliseconds. */
const graceMs = 10_000;

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
  }
  const [settled] = await connection.end(signal ?? null);
  return { settled };
}

class StdioConnection {
  readonly #gateway: Gateway;
  readonly #output: Writable;
  readonly #pending = new Map<Promise<void>, LineDownstream>();
  #caller: Caller;
  #stream: LineDownstream | null = null;

  constructor(gateway: Gateway, caller: Caller, output: Writable) {
    this.#gateway = gateway;
    this.#caller = caller;
    this.#output = output;
  }

  receive(line: Uint8Array): void {
    const asked = peekAnswer(line);
    const id = asked.kind === 'request' ? asked.id : null;
    const downstream = new LineDownstream(this.#output, id, (headers) => this.#opened(headers));
    const work = this.#answer(line, downstream).finally(() => this.#pending.delete(work));
    this.#pending.set(work, downstream);
  }

  /** The promise within the promise: the outer one does not wait for a server that never answers. */
  async end(signal: AbortSignal | null): Promise<readonly [Promise<unknown>]> {
    this.#gateway.live.cutStreams(() => false);
    this.#stream?.cut();
    const settled = Promise.all(this.#pending.keys());
    if (signal?.aborted !== true) await this.#grace(settled, signal);
    for (const downstream of this.#pending.values()) downstream.cut();
    return [settled];
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

  async #answer(line: Uint8Array, downstream: LineDownstream): Promise<void> {
    try {
      await receive(this.#gateway, this.#caller, { bytes: line, rawHeaders: null }, downstream);
    } catch (error) {
      this.#gateway.log.error('internal error', { detail: String(error) });
      downstream.fail('internal error; the call was not made');
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
    this.#stream = new LineDownstream(this.#output, null, () => undefined);
    void openStream(this.#gateway, this.#caller, this.#stream);
  }
}

/** Writes every message of an answer as one line. */
class LineDownstream implements Downstream {
  readonly #output: Writable;
  readonly #id: string | null;
  readonly #opened: (headers: Headers) => void;
  #watcher: DownstreamWatcher | null = null;
  #said = false;
  #ended = false;

  constructor(output: Writable, id: string | null, opened: (headers: Headers) => void) {
    this.#output = output;
    this.#id = id;
    this.#opened = opened;
  }

  answer(_status: number, headers: Headers, body: Uint8Array | string | null): void {
    if (this.#ended) return;
    if (body !== null)
      this.#line(typeof body === 'string' ? body : Buffer.from(body).toString('utf8'));
    this.#opened(headers);
    this.close();
  }

  open(headers: Headers): void {
    this.#opened(headers);
  }

  event(_raw: Uint8Array | string, data: string | null): boolean {
    if (this.#ended || data === null || data === '') return true;
    return this.#line(data);
  }

  close(): void {
    if (!this.#said && this.#id !== null) this.fail('the server gave no answer');
    this.#ended = true;
  }

  fail(sentence: string): void {
    if (this.#ended) return;
    this.#line(errorResponse(this.#id, codes.upstream, sentence));
    this.#ended = true;
  }

  cut(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watcher?.gone();
  }

  ended(): boolean {
    return this.#ended;
  }

  watch(watcher: DownstreamWatcher): void {
    this.#watcher = watcher;
  }

  /** Newlines between the tokens of JSON are white space; within strings they cannot stand. */
  #line(text: string): boolean {
    this.#said = true;
    const taken = this.#output.write(`${text.replaceAll(/[\r\n]+/g, ' ')}\n`);
    if (!taken) this.#output.once('drain', () => this.#watcher?.drained());
    return taken;
  }
}
