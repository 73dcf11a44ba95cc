import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** The shortest password that is taken, in characters. Length is what makes guessing hopeless. */
export const passwordLengthMin = 10;
export const passwordLengthMax = 256;

const logCost = 15;
const blockSize = 8;
const keyBytes = 32;

/**
 * A password as it is kept: scrypt (RFC 7914) with N = 2^15, r = 8, p = 1, some 60 ms and 32 MB,
 * its salt and its parameters, so that they may be raised later.
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, logCost);
  return `scrypt$${logCost}$${salt.toString('base64url')}$${key.toString('base64url')}`;
}

/** Whether this is the password; a kept form that cannot be read is nobody's password. */
export async function isPassword(kept: string | null, password: string): Promise<boolean> {
  const [kind, cost, salt = '', key = ''] = (kept ?? absent).split('$');
  const expected = Buffer.from(key, 'base64url');
  const log = Number(cost);
  const readable = kind === 'scrypt' && Number.isInteger(log) && log >= 10 && log <= 20;
  if (!readable || expected.length !== keyBytes) return false;
  const given = await derive(password, Buffer.from(salt, 'base64url'), log);
  return timingSafeEqual(given, expected) && kept !== null;
}

/** Compared with where there is no such user: it takes the same time. */
const absent = `scrypt$${logCost}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

function derive(password: string, salt: Buffer, log: number): Promise<Buffer> {
  const cost = { N: 2 ** log, r: blockSize, p: 1, maxmem: 256 * 2 ** log * blockSize };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, keyBytes, cost, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
