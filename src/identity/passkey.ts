import { hash } from 'node:crypto';

import type { User } from './user.ts';

/** A key pair that an authenticator keeps for a user; the public half is here (WebAuthn, §4). */
export interface Passkey {
  /** The credential id, base64url. */
  readonly id: string;
  readonly userName: string;
  /** What its owner calls it. */
  readonly label: string;
  /** The relying party it was made for: the host name of the console's address. */
  readonly rpId: string;
  /** COSE_Key (RFC 9052, §7), base64url. */
  readonly publicKey: string;
  /** The signature counter of its last use; 0 where its authenticator does not count. */
  readonly counter: number;
  /** How the browser reaches the authenticator, as the browser said it. */
  readonly transports: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly createdMs: number;
  /** Null until somebody signs in with it. */
  readonly usedMs: number | null;
}

/** Passkeys of one user: more than anybody has devices. */
export const passkeysMax = 20;

/** The port of passkeys. Removing a user, or inviting them again, removes theirs: see `UserStore`. */
export interface PasskeyStore {
  listOf(userName: string): Promise<readonly Passkey[]>;
  find(id: string): Promise<Passkey | null>;
  /** Inserts for a user who has a password, and fewer than `passkeysMax` of them. */
  insert(passkey: Passkey): Promise<'inserted' | 'duplicate' | 'too-many' | 'no-user'>;
  /**
   * Keeps the counter of a use. False, and nothing is changed, when it did not grow though one of
   * the two authenticators counts: there is a copy of the key (WebAuthn, §6.1.1).
   */
  use(id: string, counter: number, usedMs: number): Promise<boolean>;
  /** False when this user has no such passkey. */
  remove(userName: string, id: string): Promise<boolean>;
}

/**
 * The user handle of WebAuthn (§5.4.3), base64url: the same for all passkeys of a user, another
 * for whoever is given the name later, and it names nobody.
 */
export function userHandle({ name, createdMs }: Pick<User, 'name' | 'createdMs'>): string {
  return hash('sha256', `portcullis user ${name} ${createdMs}`, 'base64url');
}
