import { createHash, hash } from 'node:crypto';

/** A keyed digest of a text: 64 hexadecimal characters. Equal texts have equal digests. */
export type Digest = (text: string | Uint8Array) => string;

/** The block of SHA-256, in bytes. */
const blockBytes = 64;
const sha256Bytes = 32;
/** Bytes of UTF-8 that one UTF-16 code unit takes at the most. */
const utf8BytesMax = 3;
const shortBytes = 3_072;
const namesMax = 64;
const nameCharactersMax = 128;

/**
 * HMAC-SHA-256 under the installation's key. Arguments are digested in canonical JSON, so that the
 * log answers "the same arguments as there?" without holding one, and nobody without the key can
 * try out values against it.
 */
export function createDigest(key: Uint8Array): Digest {
  const inner = paddedKey(key, 0x36);
  const outer = Buffer.concat([paddedKey(key, 0x5c), Buffer.alloc(sha256Bytes)]);
  const short = Buffer.concat([inner, Buffer.alloc(shortBytes)]);
  const innerHash = (text: string | Uint8Array): string => {
    if (typeof text !== 'string' || text.length * utf8BytesMax > shortBytes) {
      return createHash('sha256').update(inner).update(text).digest('binary');
    }
    // A short text is written behind the key once, instead of being copied there.
    return hash('sha256', short.subarray(0, blockBytes + short.write(text, blockBytes)), 'binary');
  };
  return (text) => {
    // As Latin-1 a digest has the bytes it is made of, without a buffer of its own.
    outer.write(innerHash(text), blockBytes, 'latin1');
    return hash('sha256', outer, 'hex');
  };
}

/**
 * HMAC (RFC 2104 §2) is two hashes behind a padded key. Two calls of the one-shot hash cost half
 * of what the streaming object costs, and one is made for every call of a tool.
 */
function paddedKey(key: Uint8Array, byte: number): Buffer {
  const short = key.length > blockBytes ? hash('sha256', key, 'buffer') : key;
  const padded = Buffer.alloc(blockBytes, byte);
  for (const [index, value] of short.entries()) padded[index] = value ^ byte;
  return padded;
}

/** The argument names that a record keeps: at most 64, each of at most 128 characters. */
export function recordedKeys(names: readonly string[]): readonly string[] {
  return names.slice(0, namesMax).map((name) => name.slice(0, nameCharactersMax));
}
