import type { UpstreamFailure, UpstreamRequest } from './upstream.ts';

/** How many exchanges may be open: those that expect an answer in time, and streams apart. */
export interface PlaceLimits {
  readonly callsMax: number;
  readonly streamsMax: number;
}

/** The places of one server. There is no queue: without a place an exchange fails at once. */
export class Places {
  readonly #limits: PlaceLimits;
  #calls = 0;
  #streams = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /** Takes a place and gives the way to leave it, once; null when every place is taken. */
  take(request: UpstreamRequest): (() => void) | null {
    const isStream = request.method === 'GET' || request.timeoutMs === 0;
    if (isStream) {
      if (this.#streams >= this.#limits.streamsMax) return null;
      this.#streams += 1;
    } else {
      if (this.#calls >= this.#limits.callsMax) return null;
      this.#calls += 1;
    }
    let left = false;
    return () => {
      if (left) return;
      left = true;
      if (isStream) this.#streams -= 1;
      else this.#calls -= 1;
    };
  }
}

/** What an exchange without a place fails with. */
export const overloaded: UpstreamFailure = {
  kind: 'overloaded',
  reached: false,
  detail: 'too many exchanges are open with this server',
};

/** What an exchange fails with whose headers cannot be written. */
export const unsendable: UpstreamFailure = {
  kind: 'refused',
  reached: false,
  detail: 'a request header has characters that HTTP does not allow',
};
