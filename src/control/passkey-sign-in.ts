import * as z from 'zod';

import { err, ok, type Result } from '../base/result.ts';
import { userHandle, type Passkey } from '../identity/passkey.ts';
import type { User } from '../identity/user.ts';
import type { ControlDeps } from './deps.ts';
import {
  checkSigned,
  requestOptions,
  type Ceremony,
  type CeremonyProblem,
} from './passkey-ceremony.ts';
import { bytes, credential, options } from './passkey-json.ts';
import type { ControlProblem } from './problem.ts';
import { route, type Route } from './route.ts';
import {
  beginAttempt,
  completeAttempt,
  endAttempt,
  letIn,
  notVerified,
  tooLate,
} from './sign-in-steps.ts';
import { passkeySiteOf } from './site.ts';
import { tryOnce } from './throttle.ts';

/** `AuthenticationResponseJSON` of WebAuthn (§5.1.8), as far as it is looked at. */
const signed = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: bytes,
    authenticatorData: bytes,
    signature: bytes,
    userHandle: z.string().max(1_024).optional(),
  }),
});

/** Signing in with a passkey, in two steps. */
export const passkeySignInRoutes: readonly Route[] = [
  route({
    id: 'beginPasskeySignIn',
    method: 'post',
    path: '/api/v1/session/passkey/begin',
    summary: 'Begin to sign in with a passkey; the answer is for `navigator.credentials.get`',
    may: 'anyone',
    input: z.strictObject({}),
    output: z.object({ options }),
    handle: async ({ signIn }, { page, attempts }) => {
      const site = passkeySiteOf(page, signIn.consoleUrl);
      if (!site.ok) return site;
      const made = await requestOptions(site.value);
      const ceremony = { challenge: made.challenge, site: site.value };
      beginAttempt(signIn.ceremonies, ceremony, attempts.passkey);
      return ok({ options: { ...made } });
    },
  }),
  route({
    id: 'signInByPasskey',
    method: 'post',
    path: '/api/v1/session/passkey',
    summary: 'Sign in with the passkey that was asked for; sets the cookie',
    may: 'anyone',
    input: z.strictObject({ response: signed }),
    output: z.object({ ok: z.boolean() }),
    handle: async (deps, { input, setSession, attempts }) => {
      const { ceremonies } = deps.signIn;
      const signedFor = clientData(input.response);
      // Whether it is that challenge is checked below; this finds the tab that it is an answer to.
      const ended = endAttempt(ceremonies, attempts.passkey, ({ challenge }) =>
        signedFor.includes(challenge),
      );
      if (ended === null) return tooLate;
      const user = await check(deps, input.response, ended.begun);
      if (!user.ok) return user;
      const completed = completeAttempt(ceremonies, ended, user.value.name);
      if (!completed.ok) return completed;
      return letIn(deps, { name: user.value.name, by: 'passkey' }, setSession);
    },
  }),
];

type Answer = z.output<typeof signed>;

/** The JSON in which a browser names the challenge, as text (WebAuthn, §5.8.1). */
function clientData({ response }: Answer): string {
  return Buffer.from(response.clientDataJSON, 'base64url').toString('utf8');
}

/** Why nobody is let in, in a word for the record. */
type Reason = CeremonyProblem | 'unknown-passkey' | 'not-the-owner' | 'counter-not-grown';

/** Whose passkey answered, slowed down and recorded as tries of passwords are. */
async function check(
  { signIn, users, clock }: ControlDeps,
  answer: Answer,
  ceremony: Ceremony,
): Promise<Result<User, ControlProblem>> {
  const passkey = await signIn.passkeys.find(answer.id);
  const user = passkey === null ? null : await users.find(passkey.userName);
  let reason: Reason | null = 'unknown-passkey';
  const tried = await tryOnce(signIn.throttle, user?.name ?? '*stranger', async () => {
    if (passkey === null || user === null) return false;
    const counter = await checkOf(answer, { ceremony, passkey, user });
    reason = counter.ok ? null : counter.error;
    if (!counter.ok) return false;
    const grew = await signIn.passkeys.use(passkey.id, counter.value, clock.nowMs());
    if (!grew) reason = 'counter-not-grown';
    return grew;
  });
  if (!tried.ok) return tried;
  if (tried.value && user !== null) return ok(user);
  const refused = { name: user?.name ?? null, by: 'passkey', reason: reason ?? '' } as const;
  await signIn.records.refused(refused);
  return err({ code: 'unauthorized', message: explain(reason) });
}

interface Asked {
  readonly ceremony: Ceremony;
  readonly passkey: Passkey;
  readonly user: User;
}

/** The signature counter, when it is this user's passkey that signed for this ceremony. */
async function checkOf(
  answer: Answer,
  { ceremony, passkey, user }: Asked,
): Promise<Result<number, Reason>> {
  const { userHandle: handle, ...response } = answer.response;
  // What was made for somebody who had this name before is nobody's.
  if (handle !== userHandle(user)) return err('not-the-owner');
  const signedBy = { ...answer, response, clientExtensionResults: {} };
  return checkSigned(signedBy, ceremony, passkey);
}

function explain(reason: Reason | null): string {
  switch (reason) {
    case 'unknown-passkey':
      return 'this gateway does not know the passkey, which may have been removed: sign in by your password and add it again';
    case 'counter-not-grown':
      return 'the passkey was refused, for it may have been copied: sign in by your password and remove it';
    case 'user-not-verified':
      return notVerified;
    default:
      return 'the passkey was not accepted: load the page again, or sign in by your password';
  }
}
