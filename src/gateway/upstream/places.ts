import { FairShare } from './fair-share.ts';
import type { UpstreamFailure, UpstreamRequest } from './upstream.ts';

/** How many exchanges may be open: those that expect an answer in time, and streams apart. */
export interface PlaceLimits {
  readonly callsMax: number;
  readonly streamsMax: number;
}

/**
 * The places of one server, which grants share. There is no queue: without a place an exchange
 * fails at once.
 */
export class Places {
  readonly #calls: FairShare;
  readonly #streams: FairShare;

  constructor({ callsMax, streamsMax }: PlaceLimits) {
    this.#calls = new FairShare(callsMax);
    this.#streams = new FairShare(streamsMax);
  }

  /** Takes a place and gives the way to leave it, once; null when there is none for its owner. */
  take(request: UpstreamRequest): (() => void) | null {
    const { owner } = request;
    const isStream = request.method === 'GET' || request.timeoutMs === 0;
    const places = isStream ? this.#streams : this.#calls;
    if (!places.take(owner)) return null;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      places.leave(owner);
    };
  }
}

/** What an exchange without a place fails with. */
export const overloaded: UpstreamFailure = {
  kind: 'overloaded',
  reached: false,
  detail: 'too many exchanges are open with this server, or too many of this grant',
};

/** What an exchange fails with whose headers cannot be written. */
export const unsendable: UpstreamFailure = {
  kind: 'refused',
  reached: false,
  detail: 'a request header has characters that HTTP does not allow',
};
