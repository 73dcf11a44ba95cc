import type { ExchangeOwner } from './upstream.ts';

/**
 * Places that grants share. A grant may take one while it holds fewer than are free: alone it gets
 * half of them, and with `n` others each can have `1 / (n + 1)`, so that no grant finds every place
 * taken by another. What the gateway asks by itself needs a free place alone.
 */
export class FairShare {
  readonly #placesMax: number;
  readonly #perGrantMax: number;
  readonly #held = new Map<string, { places: number }>();
  #taken = 0;

  /** `perGrantMax` bounds a grant further, however many places are free. */
  constructor(placesMax: number, perGrantMax: number = placesMax) {
    this.#placesMax = placesMax;
    this.#perGrantMax = perGrantMax;
  }

  /** False when there is no place for this owner now. */
  take(owner: ExchangeOwner | undefined): boolean {
    const free = this.#placesMax - this.#taken;
    if (free <= 0) return false;
    if (owner !== undefined) {
      const held = this.#heldBy(owner.grant.id);
      if (held.places >= Math.min(free, this.#perGrantMax)) return false;
      held.places += 1;
    }
    this.#taken += 1;
    return true;
  }

  /** Gives back a place that `take` gave to this owner. */
  leave(owner: ExchangeOwner | undefined): void {
    this.#taken -= 1;
    if (owner !== undefined) this.#heldBy(owner.grant.id).places -= 1;
  }

  /** An entry stays when it is empty: grants come and go far less often than their calls. */
  #heldBy(grantId: string): { places: number } {
    const known = this.#held.get(grantId);
    if (known !== undefined) return known;
    if (this.#held.size >= entriesMax) this.#forgetEmpty();
    const fresh = { places: 0 };
    this.#held.set(grantId, fresh);
    return fresh;
  }

  #forgetEmpty(): void {
    for (const [grantId, { places }] of this.#held) if (places === 0) this.#held.delete(grantId);
  }
}

const entriesMax = 4_096;
