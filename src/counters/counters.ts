/** One counter that a call wants units from. */
export interface Take {
  /** Length-prefixed parts: server, scope, who, name. */
  readonly key: string;
  /** Milliseconds; null counts calls in flight. */
  readonly windowMs: number | null;
  readonly align: 'sliding' | 'minute' | 'hour' | 'day' | 'month';
  readonly units: number;
  readonly max: number;
}

/** All units were taken, or none. `index` names the first take that did not fit. */
export type TakeResult =
  | { readonly ok: true; readonly receipt: Receipt }
  | {
      readonly ok: false;
      readonly reason: 'exhausted';
      readonly index: number;
      readonly retryAfterMs: number | null;
    }
  | { readonly ok: false; readonly reason: 'unreachable' };

/** What was taken, to be given back or, for calls in flight, released. */
export interface Receipt {
  readonly takes: readonly Take[];
  /** When, on the counters' own clock, in milliseconds. */
  readonly atMs: number;
}

/**
 * The port of the counters. In no interval of a window's length are more than `max` units admitted,
 * across restarts and clock jumps. Takes with the same key count once, with the largest of their units.
 */
export interface Counters {
  /** Looks without taking: would the takes fit now? */
  peek(takes: readonly Take[]): TakeResult | Promise<TakeResult>;
  take(takes: readonly Take[]): TakeResult | Promise<TakeResult>;
  /** Only when it is certain that the server did not run the call. */
  giveBack(receipt: Receipt): void | Promise<void>;
  /** Ends the calls in flight of a receipt; windowed units stay taken. */
  release(receipt: Receipt): void | Promise<void>;
}
