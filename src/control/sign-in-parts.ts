import type { AuditLog } from '../audit/audit-log.ts';
import type { Clock } from '../base/clock.ts';
import type { PasskeyStore } from '../identity/passkey.ts';
import { Attempts } from './attempts.ts';
import type { OidcAttempt, OidcProvider } from './oidc-provider.ts';
import { ceremonyMs, type Ceremony } from './passkey-ceremony.ts';
import { SealedAttempts } from './sealed-attempts.ts';
import { SignInRecords } from './sign-in-records.ts';
import { Throttle } from './throttle.ts';

/** What signing in takes beside users and their sessions. */
export interface SignInParts {
  /** The console's address by the operator's file; null: wherever it was opened. */
  readonly consoleUrl: string | null;
  readonly passkeys: PasskeyStore;
  /** Passkeys that are being made, by session. */
  readonly creations: Attempts<Ceremony>;
  /** Sign-ins by passkey. */
  readonly ceremonies: SealedAttempts<Ceremony>;
  /** Of tries with passkeys. Whoever guesses a password does not keep a passkey out. */
  readonly throttle: Throttle;
  readonly records: SignInRecords;
  /** Null where the operator's file names none. */
  readonly oidc: OidcProvider | null;
  /** Sign-ins by it. */
  readonly oidcAttempts: SealedAttempts<OidcAttempt>;
}

/** How long somebody may take at the provider, in milliseconds. */
const oidcMs = 600_000;

/** Opens them; what has begun is forgotten when the gateway stops. */
export function openSignIn(given: {
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly passkeys: PasskeyStore;
  readonly consoleUrl: string | null;
  readonly oidc: OidcProvider | null;
}): SignInParts {
  const { clock, passkeys, consoleUrl, oidc } = given;
  return {
    consoleUrl,
    passkeys,
    creations: new Attempts(clock, ceremonyMs),
    ceremonies: new SealedAttempts(clock, ceremonyMs),
    throttle: new Throttle(clock),
    records: new SignInRecords(given),
    oidc,
    oidcAttempts: new SealedAttempts(clock, oidcMs),
  };
}
