import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Seals secrets for the store. What is sealed for one subject does not open for another. */
export interface Seal {
  /** AES-256-GCM: base64url of nonce, ciphertext and tag. */
  close(text: string, subject: string): string;
  /** Null when it was not sealed with this key for this subject, or was changed since. */
  open(sealed: string, subject: string): string | null;
}

const nonceBytes = 12;
const tagBytes = 16;

/** A seal under a key that is derived (HKDF, RFC 5869) from the installation's. */
export function createSeal(installationKey: Uint8Array, purpose: string): Seal {
  const key = Buffer.from(hkdfSync('sha256', installationKey, '', `seal ${purpose}`, 32));
  return {
    close: (text, subject) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(subject));
      const parts = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return Buffer.concat(parts).toString('base64url');
    },
    open: (sealed, subject) => {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < nonceBytes + tagBytes) return null;
      const nonce = bytes.subarray(0, nonceBytes);
      const options = { authTagLength: tagBytes };
      const cipher = createDecipheriv('aes-256-gcm', key, nonce, options);
      cipher.setAAD(Buffer.from(subject)).setAuthTag(bytes.subarray(-tagBytes));
      try {
        const text = cipher.update(bytes.subarray(nonceBytes, -tagBytes));
        return Buffer.concat([text, cipher.final()]).toString('utf8');
      } catch {
        return null;
      }
    },
  };
}
