import type { Headers } from './upstream/upstream.ts';

/**
 * Where the answer to one request goes: an HTTP response, a line of stdio, an element of a batch.
 * Either `answer` once, or `open`, any number of `event`s, and `close`. After `cut` nothing is sent.
 */
export interface Downstream {
  /** One whole answer. `body` is JSON text or bytes; null for none. */
  answer(status: number, headers: Headers, body: Uint8Array | string | null): void;
  /** Begins a stream of events. */
  open(headers: Headers): void;
  /** One event: its bytes on the wire, and its data. False asks the sender to wait for `drained`. */
  event(raw: Uint8Array | string, data: string | null): boolean;
  close(): void;
  /** Ends the exchange at once: the client sees a broken stream. */
  cut(): void;
  /** True once the client is gone or everything was said. */
  ended(): boolean;
  /** At most one watcher: called when the client is gone, and when it can take more. */
  watch(watcher: DownstreamWatcher): void;
}

export interface DownstreamWatcher {
  gone(): void;
  drained(): void;
}

export const jsonHeaders: Headers = { 'content-type': 'application/json' };
export const eventHeaders: Headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};
