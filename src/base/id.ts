const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Every pair of the alphabet, so that 12 random bits are one look-up. */
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, n) => ALPHABET.charAt(n >> 6) + ALPHABET.charAt(n & 63),
);

const PAIRS_PER_ID = 11;

/** Random words drawn ahead, because each draw costs more than many ids. */
const pool = new Uint16Array(PAIRS_PER_ID * 256);
let used = pool.length;

/**
 * A fresh identifier: the prefix, then 22 URL-safe characters that carry 132 bits from the
 * platform's cryptographic generator. Two calls never return the same in practice.
 */
export function newId(prefix: string): string {
  if (used === pool.length) {
    globalThis.crypto.getRandomValues(pool);
    used = 0;
  }
  let id = prefix;
  for (const end = used + PAIRS_PER_ID; used < end; used += 1) {
    id += PAIRS[(pool[used] ?? 0) & 4095] ?? '';
    // What was handed out does not stay readable in memory.
    pool[used] = 0;
  }
  return id;
}

/** Whether two byte strings are equal, in a time that depends on their lengths alone. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at += 1) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}
