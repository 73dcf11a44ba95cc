import { Pool, type Dispatcher } from 'undici';

import { EgressRefused, openConnection, type EgressOptions, type Target } from './egress.ts';
import { ExchangeState, failedExchange, type ExchangeSource } from './exchange.ts';
import { overloaded, Places, unsendable, type PlaceLimits } from './http-places.ts';
import { isCoded, isEventStream, isPassedHeader, requestHeaders } from './headers.ts';
import type {
  Headers,
  Upstream,
  UpstreamExchange,
  UpstreamFailure,
  UpstreamListener,
  UpstreamRequest,
} from './upstream.ts';

/** One HTTP server: where it is, its credentials, and how much may be open at once. */
export interface HttpUpstreamOptions extends PlaceLimits {
  readonly target: Target;
  /** Checked by `checkConfiguredHeaders`: the gateway's own credential for this server. */
  readonly headers: Headers;
  readonly egress: EgressOptions;
}

/** Bounds of one HTTP server where the operator says nothing. */
export const httpUpstreamDefaults: PlaceLimits = {
  callsMax: 256,
  streamsMax: 2_048,
};

const headerBytesMax = 32_768;

/**
 * Reaches a Streamable HTTP server over HTTP/1.1 on undici's dispatch. Redirects are not
 * followed, compressed answers are refused, nothing is sent twice. Over its bounds an exchange
 * fails at once as `overloaded`: there is no queue.
 */
export function openHttpUpstream(options: HttpUpstreamOptions): Upstream {
  return new HttpUpstream(options);
}

class HttpUpstream implements Upstream {
  readonly #options: HttpUpstreamOptions;
  readonly #pool: Pool;
  readonly #places: Places;

  constructor(options: HttpUpstreamOptions) {
    this.#options = options;
    this.#places = new Places(options);
    const { target, egress } = options;
    this.#pool = new Pool(target.origin, {
      connect: (_options, callback) => {
        openConnection(target, egress, (error, socket) => {
          if (error === null && socket !== null) callback(null, socket);
          else callback(error ?? new Error('not connected'), null);
        });
      },
      allowH2: false,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: headerBytesMax,
    });
  }

  exchange(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    const headers = requestHeaders(request, this.#options.headers);
    if (headers === null) return failedExchange(listener, unsendable);
    const leave = this.#places.take(request);
    if (leave === null) return failedExchange(listener, overloaded);

    const handler = new HttpExchange(listener, request.timeoutMs, leave);
    const { path } = this.#options.target;
    const { method, body } = request;
    this.#pool.dispatch({ path, method, headers, body }, handler);
    return handler.state;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

class HttpExchange implements Dispatcher.DispatchHandler, ExchangeSource {
  readonly state: ExchangeState;
  readonly #leave: () => void;
  #controller: Dispatcher.DispatchController | null = null;
  #started = false;

  constructor(listener: UpstreamListener, timeoutMs: number, leave: () => void) {
    this.state = new ExchangeState(listener, this, timeoutMs);
    this.#leave = leave;
  }

  /** Called when a connection is there, just before the first byte of the request is written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.state.done) {
      controller.abort(new Error('aborted'));
      return;
    }
    this.#started = true;
    if (this.state.paused) controller.pause();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) return;
    const problem = problemOfHead(status, single(headers['content-encoding']));
    if (problem !== null) {
      this.state.fail(problem);
      controller.abort(new Error(problem.detail));
      return;
    }
    this.state.head(status, passedHeaders(headers), isEventStream(single(headers['content-type'])));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.state.data(chunk);
  }

  onResponseEnd(): void {
    this.#leave();
    this.state.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#leave();
    this.state.fail(failureOf(error, this.#started));
  }

  stop(): void {
    this.#controller?.abort(new Error('aborted'));
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  reached(): boolean {
    return this.#started;
  }
}

/** Why the answer is not passed on, or null: redirects and codings end the exchange. */
export function problemOfHead(
  status: number,
  contentEncoding: string | undefined,
): UpstreamFailure | null {
  if (status >= 300 && status < 400) {
    return { kind: 'refused', reached: true, detail: `redirects are not followed (${status})` };
  }
  if (isCoded(contentEncoding)) {
    return { kind: 'broken', reached: true, detail: 'the answer is compressed' };
  }
  return null;
}

/** Before the request started, nothing left; after that, anything may have arrived. */
export function failureOf(error: Error, started: boolean): UpstreamFailure {
  const detail = describe(error);
  if (started) return { kind: 'broken', reached: true, detail };
  if (error instanceof EgressRefused) return { kind: 'refused', reached: false, detail };
  return { kind: 'unreachable', reached: false, detail };
}

function describe(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `${code}: ${error.message}`.slice(0, 300);
}

function passedHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const passed: Record<string, string> = {};
  for (const name in headers) {
    if (!isPassedHeader(name)) continue;
    const value = headers[name];
    if (value !== undefined) passed[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return passed;
}

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}
