import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { assert } from '../../base/assert.ts';
import type { CheckpointSigner, SignatureCheck } from '../../audit/checkpoint.ts';
import type { AuditPaths } from './audit-paths.ts';

/** What an installation signs its heads and digests its arguments with. */
export interface AuditKeys {
  readonly signer: CheckpointSigner;
  /** 32 bytes for HMAC-SHA-256. */
  readonly digestKey: Uint8Array;
}

const ownerOnly = 0o600;

/** RFC 8410: what stands before the 32 bytes of an Ed25519 public key in DER. */
const derPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * Reads the keys of a data directory, or makes them where there is no log yet. Null when a log
 * exists whose keys are gone: signing on with others would hide that somebody took them. Throws
 * what `node:fs` and `node:crypto` throw.
 */
export function openKeys(paths: AuditPaths, logExists: boolean): AuditKeys | null {
  if (!existsSync(paths.signingKey) || !existsSync(paths.digestKey)) {
    if (logExists) return null;
    makeKeys(paths);
  }
  const privateKey = createPrivateKey(readFileSync(paths.signingKey));
  const digestKey = Buffer.from(readFileSync(paths.digestKey, 'latin1').trim(), 'base64url');
  if (digestKey.length !== 32) return null;

  const publicKey = createPublicKey(privateKey);
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  if (!existsSync(paths.publicKey)) writeWhole(paths.publicKey, pem);
  const key = rawKey(publicKey);
  const signer: CheckpointSigner = {
    key,
    sign: (message) => sign(null, Buffer.from(message), privateKey).toString('base64url'),
  };
  return { signer, digestKey };
}

/** The raw public key, base64url, of a PEM file; null when it holds no Ed25519 public key. */
export function readPublicKey(path: string): string | null {
  try {
    const key = createPublicKey(readFileSync(path));
    return key.asymmetricKeyType === 'ed25519' ? rawKey(key) : null;
  } catch {
    return null;
  }
}

/** RFC 8032 Ed25519; an unusable key is a signature that does not hold. */
export const checkSignature: SignatureCheck = (key, message, signature) => {
  try {
    const der = Buffer.concat([derPrefix, Buffer.from(key, 'base64url')]);
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return verify(null, Buffer.from(message), publicKey, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
};

function makeKeys(paths: AuditPaths): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const secret = randomBytes(32).toString('base64url');
  writeWhole(paths.signingKey, pem);
  writeWhole(paths.digestKey, `${secret}\n`);
}

/** A crash leaves the whole file or none. */
function writeWhole(path: string, text: string | Buffer): void {
  const draft = `${path}.new`;
  writeFileSync(draft, text, { mode: ownerOnly, flush: true });
  renameSync(draft, path);
}

function rawKey(publicKey: KeyObject): string {
  const { x } = publicKey.export({ format: 'jwk' });
  assert(x !== undefined, 'an Ed25519 key has a public part');
  return x;
}
