import type { Result } from '../base/result.ts';
import type { UserRole } from '../identity/user.ts';

/** The port of the OpenID provider that the operator's file names. */
export interface OidcProvider {
  /** As people know it: it stands on the button. */
  readonly name: string;
  readonly issuer: string;
  /** Whether somebody who was not added before becomes a user when they first sign in. */
  readonly createsUsers: boolean;
  /** Whether it answers; asked anew only after a while. */
  isReachable(): Promise<boolean>;
  /** Begins the authorization code flow (RFC 6749, §4.1) with PKCE, state and nonce. */
  begin(redirectUri: string): Promise<Result<BegunOidc, 'unreachable'>>;
  /**
   * Ends it. `query` is what the browser came back with. The code is exchanged and the ID token
   * checked against what was begun (OpenID Connect Core, §3.1.3.7).
   */
  finish(query: string, begun: OidcAttempt): Promise<Result<OidcIdentity, OidcProblem>>;
}

/** A sign-in that was begun, with where the browser goes now. */
export interface BegunOidc extends OidcAttempt {
  readonly url: string;
}

/** What the answer must fit, when the browser comes back. */
export interface OidcAttempt {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** The PKCE code verifier (RFC 7636). */
  readonly verifier: string;
}

/** Who the provider says that it is. */
export interface OidcIdentity {
  readonly subject: string;
  /** What a new user may be called. */
  readonly wantedName: string;
  /** By the operator's mapping; null where no value is mapped. */
  readonly role: UserRole | null;
}

/** Why nobody is let in, in a word for the record. */
export type OidcProblem =
  | 'unreachable'
  | 'busy'
  | 'refused-by-provider'
  | 'code-refused'
  | 'wrong-state'
  | 'wrong-nonce'
  | 'wrong-issuer'
  | 'wrong-audience'
  | 'wrong-key'
  | 'expired'
  | 'not-valid';
