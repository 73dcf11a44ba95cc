import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';

import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';

/** Ended attempts that are remembered where nobody was let in; past it the oldest is forgotten. */
const triedMax = 10_000;
/** Sign-ins of one person within the time of one attempt; past it they wait until one is over. */
const completedMax = 100;

const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;
/** Browsers keep no longer cookie. */
const tokenCharactersMax = 4_096;

/** What let somebody in, until when it would be good for more. */
interface Completed {
  readonly who: string;
  readonly untilMs: number;
}

/** Why a token lets nobody in: it is too old or was used; or when it may be tried again. */
export type NotCompleted = { readonly waitMs: number } | 'over';

interface Sealed<T> {
  readonly value: T;
  readonly untilMs: number;
}

/**
 * What a sign-in began with and must be ended by: soon, once, by whoever began it. The browser
 * carries it, sealed with a key of this process, so that nothing is kept of those who begin and do
 * not end: however many do, nobody else's sign-in is forgotten for it.
 */
export class SealedAttempts<T extends object> {
  readonly #clock: Clock;
  readonly #lastMs: number;
  readonly #key = randomBytes(32);
  #seals = 0n;
  /** Digest of a token -> until when it would be good. */
  readonly #tried = new Map<string, number>();
  /** By the same digest. Nobody adds to it but by letting themselves in, each so many times. */
  readonly #completed = new Map<string, Completed>();

  /** `lastMs`: how long an attempt may take, in milliseconds. */
  constructor(clock: Clock, lastMs: number) {
    this.#clock = clock;
    this.#lastMs = lastMs;
  }

  /** Begins one. The token is for the browser that asked, and tells nobody what is in it. */
  begin(value: T): string {
    // INVARIANT: a nonce is a count, so that none comes twice under this key and no number of seals
    // is too many. Random ones are for 2^32 at most (NIST SP 800-38D, §8.2.1 and §8.3), and whoever
    // likes can have one made.
    const iv = Buffer.alloc(ivBytes);
    iv.writeBigUInt64BE((this.#seals += 1n), ivBytes - 8);
    const sealing = createCipheriv(cipher, this.#key, iv);
    const sealed: Sealed<T> = { value, untilMs: this.#clock.monotonicMs() + this.#lastMs };
    const text = sealing.update(JSON.stringify(sealed), 'utf8');
    return Buffer.concat([iv, text, sealing.final(), sealing.getAuthTag()]).toString('base64url');
  }

  /**
   * What this token began; null when it began nothing here, it is too old, or it was taken before.
   * INVARIANT: one that let somebody in is never taken again. Of others that is remembered too, of
   * so many; one more try of them opens nothing that the first did not.
   */
  take(token: string): T | null {
    const found = this.#openOf(token);
    if (found === null) return null;
    this.#tried.set(hash('sha256', token, 'hex'), found.untilMs);
    const [oldest] = this.#tried.keys();
    if (this.#tried.size > triedMax && oldest !== undefined) this.#tried.delete(oldest);
    return found.value;
  }

  /** What this token began and could be taken for; null as with `take`. Nothing is taken. */
  look(token: string): T | null {
    return this.#openOf(token)?.value ?? null;
  }

  /** Uses a taken token up before `who` is let in by it. */
  complete(token: string, who: string): Result<null, NotCompleted> {
    const found = this.#unseal(token);
    const nowMs = this.#clock.monotonicMs();
    let theirs = 0;
    let firstMs = Number.POSITIVE_INFINITY;
    for (const [id, one] of this.#completed) {
      if (one.untilMs <= nowMs) this.#completed.delete(id);
      else if (one.who === who) {
        theirs += 1;
        firstMs = Math.min(firstMs, one.untilMs);
      }
    }
    const id = hash('sha256', token, 'hex');
    if (found === null || found.untilMs <= nowMs || this.#completed.has(id)) return err('over');
    if (theirs >= completedMax) return err({ waitMs: firstMs - nowMs });
    this.#completed.set(id, { who, untilMs: found.untilMs });
    return ok(null);
  }

  #openOf(token: string): Sealed<T> | null {
    const found = this.#unseal(token);
    if (found === null || found.untilMs <= this.#clock.monotonicMs()) return null;
    const id = hash('sha256', token, 'hex');
    return this.#tried.has(id) || this.#completed.has(id) ? null : found;
  }

  #unseal(token: string): Sealed<T> | null {
    if (token.length > tokenCharactersMax) return null;
    const bytes = Buffer.from(token, 'base64url');
    // Other spellings of the same bytes would be other tokens.
    if (bytes.length <= ivBytes + tagBytes || bytes.toString('base64url') !== token) return null;
    const opening = createDecipheriv(cipher, this.#key, bytes.subarray(0, ivBytes), {
      authTagLength: tagBytes,
    });
    opening.setAuthTag(bytes.subarray(-tagBytes));
    try {
      const text = opening.update(bytes.subarray(ivBytes, -tagBytes), undefined, 'utf8');
      // What opens with this key was sealed above, from this type.
      return JSON.parse(text + opening.final('utf8')) as Sealed<T>;
    } catch {
      return null;
    }
  }
}
