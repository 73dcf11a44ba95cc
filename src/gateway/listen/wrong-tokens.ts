/** Wrong tokens that one address may send at once, and how soon it may send the next one. */
export interface WrongTokenBounds {
  readonly burst: number;
  readonly refillMs: number;
  /** Addresses that are told apart; of more, the one that was heard of longest ago is forgotten. */
  readonly addressesMax: number;
}

export const wrongTokenDefaults: WrongTokenBounds = {
  burst: 100,
  refillMs: 1_000,
  addressesMax: 10_000,
};

/**
 * Slows down whoever sends wrong tokens, by address. A right token is never asked about here, from
 * wherever it comes: agents share addresses, and no number of guesses finds 256 random bits.
 */
export class WrongTokens {
  readonly #bounds: WrongTokenBounds;
  /** By source: when its whole burst is free again, in monotonic milliseconds. */
  readonly #freeMs = new Map<string, number>();

  constructor(bounds: WrongTokenBounds = wrongTokenDefaults) {
    this.#bounds = bounds;
  }

  /** Counts one; gives the milliseconds until the next is looked at, or null when this one is. */
  note(address: string, nowMs: number): number | null {
    const { burst, refillMs, addressesMax } = this.#bounds;
    const source = sourceOf(address);
    const freeMs = Math.max(this.#freeMs.get(source) ?? nowMs, nowMs);
    const waitMs = freeMs + refillMs - (nowMs + burst * refillMs);
    this.#freeMs.delete(source);
    const [oldest] = this.#freeMs.keys();
    if (oldest !== undefined && this.#freeMs.size >= addressesMax) this.#freeMs.delete(oldest);
    this.#freeMs.set(source, waitMs > 0 ? freeMs : freeMs + refillMs);
    return waitMs > 0 ? waitMs : null;
  }

  get size(): number {
    return this.#freeMs.size;
  }
}

/** Whoever has one address of IPv6 has the 2^64 of its network. */
function sourceOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':');
  if (tail === undefined) return groups.slice(0, 4).join(':');
  const after = tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - after.length) }, () => '0');
  return [...groups, ...zeros, ...after].slice(0, 4).join(':');
}
