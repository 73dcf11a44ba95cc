/** What the first round of a call took, so that later ones need not: limits, and people's consent. */
export interface RoundPass {
  /** What people approved, when they did: see `approvals/binding.ts`. */
  readonly approved: string | null;
}

const passesMax = 10_000;

/**
 * Rounds that are paid for and have not come back, each good once. What is forgotten here (too many,
 * or a restart) is judged and forwarded all the same, and counts as a call of its own.
 */
export class RoundPasses {
  readonly #passes = new Map<string, RoundPass>();

  give(nonce: string, pass: RoundPass): void {
    if (this.#passes.size >= passesMax) {
      const oldest = this.#passes.keys().next().value;
      if (oldest !== undefined) this.#passes.delete(oldest);
    }
    this.#passes.set(nonce, pass);
  }

  /** Whether a state is too old was told from the state itself. */
  take(nonce: string): RoundPass | null {
    const pass = this.#passes.get(nonce) ?? null;
    this.#passes.delete(nonce);
    return pass;
  }
}
