import type { Socket } from 'node:net';

import { openConnection, type EgressOptions, type Target } from './egress.ts';
import { ExchangeState, failedExchange, type ExchangeSource } from './exchange.ts';
import { isEventStream, requestHeaders } from './headers.ts';
import { Connection, type ConnectionUser } from './http-connection.ts';
import { failureOf, problemOfHead } from './http-failure.ts';
import type { ResponseHead } from './http-head.ts';
import { overloaded, Places, unsendable, type PlaceLimits } from './places.ts';
import type {
  Headers,
  Upstream,
  UpstreamExchange,
  UpstreamFailure,
  UpstreamListener,
  UpstreamRequest,
} from './upstream.ts';

/** How often idle connections are looked at; they are kept for eight looks, about four seconds. */
const sweepMs = 500;
const idleSweepsMax = 8;
/** A server that announces its own limit is left a second before it. */
const idleMarginSeconds = 1;

/** One HTTP server: where it is, its credentials, and how much may be open at once. */
export interface HttpUpstreamOptions extends PlaceLimits {
  readonly target: Target;
  /** Checked by `checkConfiguredHeaders`: the gateway's own credential for this server. */
  readonly headers: Headers;
  readonly egress: EgressOptions;
}

/** Bounds of one HTTP server where the operator says nothing. */
export const httpUpstreamDefaults: PlaceLimits = {
  callsMax: 512,
  streamsMax: 100_000,
};

/**
 * Reaches a Streamable HTTP server over HTTP/1.1 on sockets of its own, keeping to what MCP
 * needs. Redirects are not followed, compressed answers are refused, nothing is sent twice and
 * nothing is pipelined. Over its bounds an exchange fails at once as `overloaded`: there is no
 * queue.
 */
export function openHttpUpstream(options: HttpUpstreamOptions): Upstream {
  return new HttpUpstream(options);
}

interface Idle {
  readonly connection: Connection;
  readonly untilSweep: number;
}

class HttpUpstream implements Upstream {
  readonly #options: HttpUpstreamOptions;
  readonly #places: Places;
  readonly #connections = new Set<Connection>();
  readonly #connecting = new Set<HttpExchange>();
  readonly #sweep: NodeJS.Timeout;
  /** The last to come back is the first to be used: the rest may close in peace. */
  #idle: Idle[] = [];
  #returning: Idle[] = [];
  #sweeps = 0;
  #closed = false;
  #lastHead: { readonly request: HeadOf; readonly text: string } | null = null;

  constructor(options: HttpUpstreamOptions) {
    this.#options = options;
    this.#places = new Places(options);
    this.#sweep = setInterval(() => this.#closeIdle(), sweepMs);
    this.#sweep.unref();
  }

  exchange(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    if (this.#closed) return failedExchange(listener, closedFailure);
    const before = this.#headBefore(request);
    if (before === null) return failedExchange(listener, unsendable);
    const leave = this.#places.take(request);
    if (leave === null) return failedExchange(listener, overloaded);

    const exchange = new HttpExchange(listener, request, leave);
    const head = `${before}${lengthOf(request)}\r\n`;
    const connection = this.#takeIdle();
    if (connection === null) this.#connect(exchange, head);
    else exchange.start(connection, head);
    return exchange.state;
  }

  close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweep);
    const error = new Error('the server is closed');
    for (const exchange of this.#connecting) exchange.lost(error);
    for (const connection of this.#connections) connection.close(error);
    return Promise.resolve();
  }

  /** The head up to the length of the body. Calls of a client have the same but for that. */
  #headBefore(request: UpstreamRequest): string | null {
    const last = this.#lastHead;
    if (last !== null && isSameHead(last.request, request)) return last.text;
    const lines = requestHeaders(request, this.#options.headers);
    if (lines === null) return null;
    const text = headOf(request, lines, this.#options.target);
    this.#lastHead = { request: pick(request), text };
    return text;
  }

  #connect(exchange: HttpExchange, head: string): void {
    this.#connecting.add(exchange);
    const { target, egress } = this.#options;
    const socket = openConnection(target, egress, (error, connected) => {
      this.#connecting.delete(exchange);
      if (connected === null) {
        exchange.lost(error ?? new Error('not connected'));
      } else if (exchange.state.done) {
        connected.destroy();
      } else {
        const connection = new Connection(connected, {
          free: (freed, keepAliveSeconds) => this.#give(freed, keepAliveSeconds),
          closed: (gone) => this.#connections.delete(gone),
        });
        this.#connections.add(connection);
        exchange.start(connection, head);
      }
    });
    exchange.awaitConnection(socket);
  }

  /** A dead connection is passed over: nothing was written to it for this exchange. */
  #takeIdle(): Connection | null {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle === undefined) return null;
      if (idle.connection.usable) return idle.connection;
      idle.connection.close(new Error('not usable'));
    }
  }

  /**
   * Takes a connection back, for use from the next turn of the event loop on: what the server
   * sent behind its answer, or that it hung up, shows first.
   */
  #give(connection: Connection, keepAliveSeconds: number | null): void {
    const seconds = keepAliveSeconds === null ? null : keepAliveSeconds - idleMarginSeconds;
    const sweeps = seconds === null ? idleSweepsMax : Math.floor((seconds * 1_000) / sweepMs);
    if (this.#closed || sweeps < 1) return connection.close(new Error('not kept'));
    const untilSweep = this.#sweeps + Math.min(sweeps, idleSweepsMax);
    this.#returning.push({ connection, untilSweep });
    if (this.#returning.length > 1) return;
    setImmediate(() => {
      this.#idle.push(...this.#returning);
      this.#returning = [];
    });
  }

  #closeIdle(): void {
    this.#sweeps += 1;
    const kept: Idle[] = [];
    for (const idle of this.#idle) {
      if (idle.connection.usable && this.#sweeps < idle.untilSweep) kept.push(idle);
      else idle.connection.close(new Error('idle'));
    }
    this.#idle = kept;
  }
}

class HttpExchange implements ConnectionUser, ExchangeSource {
  readonly state: ExchangeState;
  readonly #body: Uint8Array | null;
  readonly #leave: () => void;
  #connection: Connection | null = null;
  #socket: Socket | null = null;
  #started = false;

  constructor(listener: UpstreamListener, request: UpstreamRequest, leave: () => void) {
    this.state = new ExchangeState(listener, this, request.timeoutMs);
    this.#body = request.body;
    this.#leave = leave;
  }

  get paused(): boolean {
    return this.state.paused;
  }

  awaitConnection(socket: Socket): void {
    this.#socket = socket;
  }

  /** From here on something may have arrived. */
  start(connection: Connection, head: string): void {
    this.#socket = null;
    this.#connection = connection;
    this.#started = true;
    connection.send(head, this.#body, this);
  }

  head(head: ResponseHead): void {
    const problem = problemOfHead(head.status, head.contentEncoding);
    if (problem === null) {
      this.state.head(head.status, head.headers, isEventStream(head.headers['content-type']));
      return;
    }
    this.state.fail(problem);
    this.#connection?.close(new Error(problem.detail));
  }

  data(chunk: Buffer): void {
    this.state.data(chunk);
  }

  end(): void {
    this.#connection = null;
    this.#leave();
    this.state.end();
  }

  lost(error: Error): void {
    this.#connection = null;
    this.#socket?.destroy();
    this.#leave();
    this.state.fail(failureOf(error, this.#started));
  }

  stop(): void {
    this.#leave();
    this.#socket?.destroy();
    this.#connection?.close(new Error('aborted'));
  }

  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  reached(): boolean {
    return this.#started;
  }
}

/** As far as `lines` go, which were checked; what is written here is made of them and of the checked target alone. */
function headOf(request: UpstreamRequest, lines: readonly string[], target: Target): string {
  let head = `${request.method} ${target.path} HTTP/1.1\r\nhost: ${target.host}\r\n`;
  head += 'connection: keep-alive\r\n';
  for (let at = 0; at < lines.length; at += 2) head += `${lines[at]}: ${lines[at + 1]}\r\n`;
  return head;
}

function lengthOf({ body, method }: UpstreamRequest): string {
  if (body !== null) return `content-length: ${body.length}\r\n`;
  return method === 'POST' ? 'content-length: 0\r\n' : '';
}

/** What a head is made of, beside the server's own settings and the length. */
interface HeadOf extends Pick<UpstreamRequest, 'method' | 'headers' | 'sessionId'> {
  readonly hasBody: boolean;
}

function pick({ method, headers, sessionId, body }: UpstreamRequest): HeadOf {
  return { method, headers, sessionId, hasBody: body !== null };
}

/** Headers are compared as objects: two that are made anew count as different. */
function isSameHead(last: HeadOf, { method, headers, sessionId, body }: UpstreamRequest): boolean {
  return (
    last.headers === headers &&
    last.sessionId === sessionId &&
    last.method === method &&
    last.hasBody === (body !== null)
  );
}

const closedFailure: UpstreamFailure = {
  kind: 'unreachable',
  reached: false,
  detail: 'the server is closed',
};
