/** What a person of the console may be. */
export type UserRole = 'viewer' | 'approver' | 'policy-manager' | 'admin';

/** Who somebody is to an OpenID provider: both together, and nothing else (OpenID Connect Core, §5.7). */
export interface OidcSubject {
  readonly issuer: string;
  readonly subject: string;
}

/** A person who signs in to the console. */
export interface User {
  readonly name: string;
  readonly role: UserRole;
  /** The password as `hashPassword` keeps it; null until the person has chosen one. */
  readonly password: string | null;
  /** SHA-256 of the one-time token by which a password is chosen; null when there is none. */
  readonly invitationSha256: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly invitationExpiresMs: number | null;
  readonly createdMs: number;
  /** Who comes by an OpenID provider, and then by nothing else; null for who has a password. */
  readonly oidc: OidcSubject | null;
}

/** What a user's password is changed from. */
export type PasswordState = Pick<User, 'name' | 'password' | 'invitationSha256'>;

/** A signed-in browser. Its token is in a cookie and kept here as a hash. */
export interface Session {
  readonly tokenSha256: string;
  readonly userName: string;
  readonly createdMs: number;
  readonly seenMs: number;
}

/** The port of users and their sessions. */
export interface UserStore {
  list(): Promise<readonly User[]>;
  find(name: string): Promise<User | null>;
  /** The one user whom a provider knows by this subject. */
  findOidc(subject: OidcSubject): Promise<User | null>;
  /** `duplicate`: the name is taken, or the subject is a user already. */
  insert(user: User): Promise<'inserted' | 'duplicate'>;
  /** Inserts only while nobody has a password or an invitation: whoever comes first. */
  insertFirst(user: User): Promise<'inserted' | 'duplicate'>;
  setRole(name: string, role: UserRole): Promise<boolean>;
  /**
   * Sets a password, and ends the invitation that it was chosen by. False, and nothing is changed,
   * when the user's password or invitation is another than `was` says: somebody came first.
   */
  setPassword(was: PasswordState, password: string): Promise<boolean>;
  /**
   * Ends the password, the passkeys and the sessions: until another password is chosen nobody signs
   * in by this name.
   */
  invite(name: string, sha256: string, expiresMs: number): Promise<boolean>;
  /** Removes a user, every passkey and every session of theirs. */
  remove(name: string): Promise<boolean>;
  findSession(tokenSha256: string): Promise<Session | null>;
  insertSession(session: Session): Promise<void>;
  touchSession(tokenSha256: string, seenMs: number): Promise<void>;
  removeSession(tokenSha256: string): Promise<void>;
  /** Ends every session of a user but one. */
  removeSessionsOf(userName: string, except: string | null): Promise<void>;
  /** Forgets sessions that began or were seen before these times. */
  removeOldSessions(createdBeforeMs: number, seenBeforeMs: number): Promise<void>;
}
