import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { assert } from '../base/assert.ts';
import { err, ok, type Result } from '../base/result.ts';

/** Says whose token this is: a scanner that finds one in a text knows where to report it. */
const prefix = 'pcl_';
const secretBytes = 32;
const secretLength = 43;
const checksumLength = 6;

/** Longest token that a header may carry, in characters: tokens of the operator's own included. */
const tokenLengthMax = 512;

/**
 * A fresh bearer token: `pcl_`, 32 random bytes in base64url, and six characters of a CRC-32 over
 * what stands before them. The checksum proves nothing; it spares scanners false alarms.
 */
export function newToken(): string {
  return tokenOf(randomBytes(secretBytes));
}

/** The token that carries these 32 secret bytes: as guessable as they are, and no more. */
export function tokenOf(secret: Uint8Array): string {
  assert(secret.length === secretBytes, 'a token carries 32 bytes');
  const body = prefix + Buffer.from(secret).toString('base64url');
  return body + checksum(body);
}

/** Whether a text has the form and the checksum of a token that `newToken` made. */
export function isGatewayToken(text: string): boolean {
  const bodyLength = prefix.length + secretLength;
  if (text.length !== bodyLength + checksumLength || !text.startsWith(prefix)) return false;
  return text.slice(bodyLength) === checksum(text.slice(0, bodyLength));
}

/** SHA-256 of a token, hexadecimal: the only form in which a token is kept. */
export function hashToken(token: string): string {
  return hash('sha256', token, 'hex');
}

/** Whether a text may stand behind `Bearer `: the `b64token` of RFC 6750 §2.1, bounded. */
export function isBearerText(text: string): boolean {
  return text.length <= tokenLengthMax && /^[A-Za-z0-9\-._~+/]+=*$/.test(text);
}

/** Why no token was read: `repeated` is a broken request (400), the others lack a token (401). */
export type BearerProblem = 'missing' | 'repeated' | 'malformed';

/**
 * Reads the token of the one `Authorization: Bearer` header (RFC 6750 §2.1). `rawHeaders` are
 * names and values in turn, as `node:http` received them: its merged headers keep the first of two
 * lines silently, and another parser might keep the second.
 */
export function parseBearer(rawHeaders: readonly string[]): Result<string, BearerProblem> {
  let found: string | null = null;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== 'authorization') continue;
    if (found !== null) return err('repeated');
    found = rawHeaders[index + 1] ?? '';
  }
  if (found === null) return err('missing');

  const scheme = 'bearer ';
  if (found.slice(0, scheme.length).toLowerCase() !== scheme) return err('malformed');
  const token = found.slice(scheme.length);
  return isBearerText(token) ? ok(token) : err('malformed');
}

function checksum(body: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64url');
}
