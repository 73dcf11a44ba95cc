import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';

import type { Clock } from '../base/clock.ts';

/** Ended attempts that are remembered where nobody was let in; past it the oldest is forgotten. */
const triedMax = 10_000;
/** Sign-ins within the time of one attempt; past it nobody is let in until some are over. */
const completedMax = 100_000;

const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;
/** Browsers keep no longer cookie. */
const tokenCharactersMax = 4_096;

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
  /** Digest of a token -> until when it would be good. */
  readonly #tried = new Map<string, number>();
  readonly #completed = new Map<string, number>();

  /** `lastMs`: how long an attempt may take, in milliseconds. */
  constructor(clock: Clock, lastMs: number) {
    this.#clock = clock;
    this.#lastMs = lastMs;
  }

  /** Begins one. The token is for the browser that asked, and tells nobody what is in it. */
  begin(value: T): string {
    const iv = randomBytes(ivBytes);
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

  /** Uses a taken token up before somebody is let in by it; false: nobody may be. */
  complete(token: string): boolean {
    const found = this.#unseal(token);
    const nowMs = this.#clock.monotonicMs();
    for (const [id, untilMs] of this.#completed) {
      if (untilMs <= nowMs) this.#completed.delete(id);
    }
    const id = hash('sha256', token, 'hex');
    if (found === null || found.untilMs <= nowMs) return false;
    if (this.#completed.has(id) || this.#completed.size >= completedMax) return false;
    this.#completed.set(id, found.untilMs);
    return true;
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
