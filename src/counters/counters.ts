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

/** A label that a call puts on its principal. */
export interface Mark {
  /** Whose labels: `labelOwner` of a principal. */
  readonly owner: string;
  readonly label: string;
  /** How long the label stays once the call has ended, in milliseconds. */
  readonly forMs: number;
}

/** All units were taken, or none. `index` names the first take that did not fit. */
export type TakeResult =
  | { readonly ok: true; readonly receipt: Receipt }
  | {
      readonly ok: false;
      readonly reason: 'exhausted';
      readonly index: number;
      readonly retryAfterMs: number | null;
      /** What counts against that take's limit; absent where the store does not tell. */
      readonly before?: number;
    }
  | { readonly ok: false; readonly reason: 'unreachable' };

/** What was taken, to be given back or, for calls in flight, released. */
export interface Receipt {
  readonly takes: readonly Take[];
  /** Labels that the call has set; absent where there are none. */
  readonly marks?: readonly Mark[];
  /** When, on the counters' own clock, in milliseconds. */
  readonly atMs: number;
  /** For each take, what counted against its limit before; absent where the store does not tell. */
  readonly before?: readonly number[];
}

/** `units` admitted at `time` (milliseconds since the epoch) into `key`, as records keep them. */
export interface AdmittedUnits {
  readonly key: string;
  readonly windowMs: number;
  readonly time: number;
  readonly units: number;
}

/**
 * The port of the counters. In no interval of a window's length are more than `max` units admitted,
 * across restarts and clock jumps. Takes with the same key count once, with the largest of their units.
 *
 * It keeps the labels of principals as well, since they live and end with calls as units do: a label
 * is in force while a call that set it is under way, and from the end of the last one for as long as
 * its mark says.
 */
export interface Counters {
  /** Looks without taking: would the takes fit now? */
  peek(takes: readonly Take[]): TakeResult | Promise<TakeResult>;
  /** Takes all units and sets all labels, or neither. */
  take(takes: readonly Take[], marks?: readonly Mark[]): TakeResult | Promise<TakeResult>;
  /** The labels in force, sorted; null when they cannot be told now. */
  labels(owner: string): readonly string[] | null | Promise<readonly string[] | null>;
  /** Only when it is certain that the server did not run the call: it set no label then. */
  giveBack(receipt: Receipt): void | Promise<void>;
  /** The call has ended: it is not in flight any more. Windowed units stay taken, labels stay set. */
  release(receipt: Receipt): void | Promise<void>;
}
