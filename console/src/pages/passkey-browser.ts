import {
  startAuthentication,
  startRegistration,
  WebAuthnError,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser';

import type { Operations } from '../api/operations.ts';

type Created = Operations['addPasskey']['input']['response'];
type Signed = Operations['signInByPasskey']['input']['response'];

/** Has the browser make a passkey by options that the gateway made. */
export async function createPasskey(
  options: Operations['beginPasskey']['output']['options'],
): Promise<Created> {
  // The gateway makes them as the standard describes them; its API says only that they are an object.
  const optionsJSON = options as unknown as PublicKeyCredentialCreationOptionsJSON;
  try {
    const { id, rawId, type, response } = await startRegistration({ optionsJSON });
    const { clientDataJSON, attestationObject, transports = [] } = response;
    return { id, rawId, type, response: { clientDataJSON, attestationObject, transports } };
  } catch (error) {
    throw explained(error);
  }
}

/** Has the browser sign in with a passkey by options that the gateway made. */
export async function usePasskey(
  options: Operations['beginPasskeySignIn']['output']['options'],
): Promise<Signed> {
  // As above.
  const optionsJSON = options as unknown as PublicKeyCredentialRequestOptionsJSON;
  try {
    const { id, rawId, type, response } = await startAuthentication({ optionsJSON });
    const { clientDataJSON, authenticatorData, signature, userHandle = '' } = response;
    return {
      id,
      rawId,
      type,
      response: { clientDataJSON, authenticatorData, signature, userHandle },
    };
  } catch (error) {
    throw explained(error);
  }
}

/** What a person can do about it; browsers say on purpose little of why. */
function explained(error: unknown): unknown {
  if (
    error instanceof WebAuthnError &&
    error.code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED'
  ) {
    return new Error('this device holds a passkey of yours for this console already');
  }
  if (error instanceof Error && error.name === 'NotAllowedError') {
    return new Error(
      'no passkey was given: it was cancelled, took too long, or there is none here',
    );
  }
  return error;
}
