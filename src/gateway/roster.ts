/** Something that is on a roster for a while. */
export interface Entry {
  /** Where it stands; -1 while it stands nowhere. Only the roster writes it. */
  place: number;
}

/**
 * What comes and goes with every call. An array whose gaps are filled from its end, and not a `Set`
 * or `Map`: whenever one of those lays itself out anew its old table goes on pointing to the new
 * one, so that tables which outlived a young collection keep every later one, and the calls in it,
 * until the next full collection. At thousands of calls a second that is most of the heap.
 */
export class Roster<E extends Entry> {
  readonly #entries: E[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** In no particular order. It must not be added to or removed from meanwhile: see `all`. */
  [Symbol.iterator](): IterableIterator<E> {
    return this.#entries.values();
  }

  /** A copy, for what ends its entries while it looks at them. */
  all(): E[] {
    return [...this.#entries];
  }

  add(entry: E): void {
    entry.place = this.#entries.length;
    this.#entries.push(entry);
  }

  /** Removing what is not on it is nothing. */
  remove(entry: E): void {
    const { place } = entry;
    if (this.#entries[place] !== entry) return;
    const last = this.#entries.pop();
    if (last !== undefined && last !== entry) {
      this.#entries[place] = last;
      last.place = place;
    }
    entry.place = -1;
  }
}
