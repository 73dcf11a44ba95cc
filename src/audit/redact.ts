import { createHmac, createSecretKey } from 'node:crypto';

/** A keyed digest of a text: 64 hexadecimal characters. Equal texts have equal digests. */
export type Digest = (text: string | Uint8Array) => string;

const namesMax = 64;
const nameCharactersMax = 128;

/**
 * HMAC-SHA-256 under the installation's key. Arguments are digested in canonical JSON, so that the
 * log answers "the same arguments as there?" without holding one, and nobody without the key can
 * try out values against it.
 */
export function createDigest(key: Uint8Array): Digest {
  const secret = createSecretKey(key);
  return (text) => createHmac('sha256', secret).update(text).digest('hex');
}

/** The argument names that a record keeps: at most 64, each of at most 128 characters. */
export function recordedKeys(names: readonly string[]): readonly string[] {
  return names.slice(0, namesMax).map((name) => name.slice(0, nameCharactersMax));
}
