/** How often one call may be repeated before it counts as a loop. */
export interface LoopLimits {
  /** Calls of one grant to one tool with the same arguments; 0 for no bound. */
  readonly sameCallsMax: number;
  /** In how long, and for how long they are refused after that, in milliseconds. */
  readonly sameCallsMs: number;
}

/** What makes two calls the same. */
export interface SameCall {
  readonly grantId: string;
  readonly server: string;
  readonly tool: string;
  /** The keyed digest of the canonical arguments, hexadecimal; null without arguments. */
  readonly digest: string | null;
}

/** Groups of slots, a power of two; a call can stand in any slot of its group. */
const groups = 4_096;
const ways = 4;
const slots = groups * ways;

/**
 * Notices an agent that makes one call over and over. It remembers the last 16,384 different calls
 * in a table of a fixed size, so that a call costs no memory; what is pushed out of it is not
 * repeated often. It is no limit and makes no promise: limits are the policy's.
 */
export class LoopBreaker {
  readonly #tags = new Uint32Array(slots);
  readonly #counts = new Uint32Array(slots);
  readonly #startsMs = new Float64Array(slots);

  /** Counts a call: null while it is no loop, else how long to leave it alone, in milliseconds. */
  note(call: SameCall, { sameCallsMax, sameCallsMs }: LoopLimits, nowMs: number): number | null {
    if (sameCallsMax === 0) return null;
    const named = textHash(textHash(textHash(seed, call.grantId), call.server), call.tool);
    const digest = call.digest ?? '';
    const tag = hexAt(digest, 16, named) || 1;
    const first = ((hexAt(digest, 8, named) & (groups - 1)) >>> 0) * ways;
    const slot = this.#slotOf(first, tag);
    const startMs = this.#startsMs[slot] ?? 0;
    if (this.#tags[slot] !== tag || nowMs - startMs >= sameCallsMs) {
      this.#begin(slot, tag, nowMs);
      return null;
    }
    const count = (this.#counts[slot] ?? 0) + 1;
    if (count <= sameCallsMax) {
      this.#counts[slot] = count;
      return null;
    }
    // From the first call too many on, the same calls are refused for the whole time.
    if (count === sameCallsMax + 1) {
      this.#counts[slot] = 0xffff_fffe;
      this.#startsMs[slot] = nowMs;
      return sameCallsMs;
    }
    return Math.max(1, Math.ceil(startMs + sameCallsMs - nowMs));
  }

  #begin(slot: number, tag: number, nowMs: number): void {
    this.#tags[slot] = tag;
    this.#counts[slot] = 1;
    this.#startsMs[slot] = nowMs;
  }

  /** The call's own slot, or the one of its group that began longest ago. */
  #slotOf(first: number, tag: number): number {
    let oldest = first;
    for (let slot = first; slot < first + ways; slot += 1) {
      if (this.#tags[slot] === tag) return slot;
      if ((this.#startsMs[slot] ?? 0) < (this.#startsMs[oldest] ?? 0)) oldest = slot;
    }
    return oldest;
  }
}

const seed = 0x811c_9dc5;

/** FNV-1a over UTF-16 units: spreads names; digests are keyed, so nobody can aim at a slot. */
function textHash(from: number, text: string): number {
  let hash = from;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  }
  return Math.imul(hash ^ text.length, 0x0100_0193) >>> 0;
}

/** Eight hexadecimal digits that end `fromEnd - 8` before the end, mixed with the names. */
function hexAt(digest: string, fromEnd: number, named: number): number {
  let value = 0;
  const start = digest.length - fromEnd;
  for (let index = Math.max(0, start); index < start + 8; index += 1) {
    const code = digest.charCodeAt(index);
    value = (value << 4) | (code <= 57 ? code - 48 : code - 87);
  }
  return Math.imul(value ^ named ^ fromEnd, 0x9e37_79b1) >>> 0;
}
