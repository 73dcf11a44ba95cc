import type * as Library from '@simplewebauthn/server';
import type * as Helpers from '@simplewebauthn/server/helpers';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';

import { err, ok, type Result } from '../base/result.ts';
import { userHandle, type Passkey } from '../identity/passkey.ts';
import type { User } from '../identity/user.ts';
import type { Site } from './site.ts';

/** How long a person has for it, in milliseconds (WebAuthn, §15.1 recommends five minutes). */
export const ceremonyMs = 300_000;

/** What an answer of an authenticator is checked against. */
export interface Ceremony {
  /** Random, base64url: used for this ceremony alone. */
  readonly challenge: string;
  readonly site: Site;
}

/** Why an answer is not taken, in a word for the record. */
export type CeremonyProblem =
  | 'wrong-origin'
  | 'wrong-challenge'
  | 'wrong-site'
  | 'user-not-verified'
  | 'attested'
  | 'not-valid';

/** EdDSA, ES256 and RS256 (COSE algorithm identifiers): what every authenticator has one of. */
const algorithms = [-8, -7, -257];

/** The library and what it brings along are read when a passkey is first used. */
const library = (): Promise<typeof Library> => import('@simplewebauthn/server');
const helpers = (): Promise<typeof Helpers> => import('@simplewebauthn/server/helpers');

/** What a browser makes a passkey from: one that it finds by itself, behind a PIN or the like. */
export async function creationOptions(
  site: Site,
  user: User,
  known: readonly Passkey[],
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { generateRegistrationOptions } = await library();
  return generateRegistrationOptions({
    rpName: 'Portcullis',
    rpID: site.name,
    userName: user.name,
    userDisplayName: user.name,
    userID: new Uint8Array(Buffer.from(userHandle(user), 'base64url')),
    timeout: ceremonyMs,
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: algorithms,
    excludeCredentials: known.map(({ id, transports }) => ({ id, transports: [...transports] })),
  });
}

/** What a browser signs in with: any passkey for this site that it can find. */
export async function requestOptions(site: Site): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const { generateAuthenticationOptions } = await library();
  return generateAuthenticationOptions({
    rpID: site.name,
    timeout: ceremonyMs,
    userVerification: 'required',
    allowCredentials: [],
  });
}

/** The public half of a new passkey, when the answer is one to this ceremony (WebAuthn, §7.1). */
export async function checkCreated(
  response: RegistrationResponseJSON,
  { challenge, site }: Ceremony,
): Promise<Result<Pick<Passkey, 'id' | 'publicKey' | 'counter'>, CeremonyProblem>> {
  const { verifyRegistrationResponse } = await library();
  try {
    if (await isAttested(response)) return err('attested');
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.name,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    });
    if (!verified) return err('not-valid');
    const { id, publicKey, counter } = registrationInfo.credential;
    return ok({ id, publicKey: Buffer.from(publicKey).toString('base64url'), counter });
  } catch (error) {
    return err(problemOf(error));
  }
}

/**
 * The signature counter, when the answer is one to this ceremony by this passkey (WebAuthn, §7.2).
 * Whether the counter has grown is left to the store, which compares it as it keeps it.
 */
export async function checkSigned(
  response: AuthenticationResponseJSON,
  { challenge, site }: Ceremony,
  passkey: Passkey,
): Promise<Result<number, CeremonyProblem>> {
  const { verifyAuthenticationResponse } = await library();
  const publicKey = new Uint8Array(Buffer.from(passkey.publicKey, 'base64url'));
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.name,
      requireUserVerification: true,
      // With the counter we know, a forgery without a signature would be told from a copy by it.
      credential: { id: passkey.id, publicKey, counter: 0 },
    });
    return verified ? ok(authenticationInfo.newCounter) : err('not-valid');
  } catch (error) {
    return err(problemOf(error));
  }
}

/**
 * Whether certificates come with it. None were asked for, a browser takes them out then, and to
 * check them can mean to ask addresses that stand in them.
 */
async function isAttested({ response }: RegistrationResponseJSON): Promise<boolean> {
  const { decodeAttestationObject } = await helpers();
  const bytes = new Uint8Array(Buffer.from(response.attestationObject, 'base64url'));
  const decoded = decodeAttestationObject(bytes);
  if (decoded.get('fmt') === 'none') return false;
  return decoded.get('fmt') !== 'packed' || decoded.get('attStmt').get('x5c') !== undefined;
}

const words: readonly (readonly [RegExp, CeremonyProblem])[] = [
  [/origin/i, 'wrong-origin'],
  [/challenge/i, 'wrong-challenge'],
  [/RP ID/, 'wrong-site'],
  [/user verification|not verified|not present/i, 'user-not-verified'],
];

/** The library's own sentence repeats what it was given: a word of ours stands for it. */
function problemOf(error: unknown): CeremonyProblem {
  const text = error instanceof Error ? error.message : '';
  return words.find(([pattern]) => pattern.test(text))?.[1] ?? 'not-valid';
}
