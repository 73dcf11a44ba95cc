import * as z from 'zod';

import { ok, type Result } from '../base/result.ts';
import { passkeysMax, type Passkey } from '../identity/passkey.ts';
import { passwordLengthMax } from '../identity/password.ts';
import type { User } from '../identity/user.ts';
import { notRecorded, record } from './change.ts';
import type { ControlDeps } from './deps.ts';
import { byProvider } from './oidc-users.ts';
import { checkCreated, creationOptions, type CeremonyProblem } from './passkey-ceremony.ts';
import { bytes, credential, options } from './passkey-json.ts';
import { conflict, invalid, missing, type ControlProblem } from './problem.ts';
import { everyone, type Actor, type SessionRef } from './roles.ts';
import { route, type Route } from './route.ts';
import { notVerified, tooLate } from './sign-in-steps.ts';
import { passkeySiteOf, type AskingPage } from './site.ts';

const passkeyView = z.object({
  id: z.string(),
  label: z.string(),
  /** The host name of the console that it opens. */
  site: z.string(),
  createdMs: z.int(),
  usedMs: z.int().nullable(),
});

const label = z
  .string()
  .trim()
  .min(1, 'expected a name for it, as in `work laptop`')
  .max(64)
  .regex(/^[^\p{C}]*$/u, 'expected a name without control characters');

/** `RegistrationResponseJSON` of WebAuthn (§5.1.8), as far as it is looked at. */
const created = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: bytes,
    attestationObject: bytes,
    transports: z
      .array(z.string().regex(/^[a-z-]{1,32}$/))
      .max(8)
      .optional(),
  }),
});

/** What a user does with their own passkeys. Nobody reaches anybody else's. */
export const passkeyRoutes: readonly Route[] = [
  route({
    id: 'listPasskeys',
    method: 'get',
    path: '/api/v1/session/passkeys',
    summary: 'The passkeys by which the user who asks may sign in',
    may: everyone,
    output: z.array(passkeyView),
    handle: async ({ signIn }, { actor }) => {
      const name = actor.session?.userName ?? '';
      return ok((await signIn.passkeys.listOf(name)).map(viewOf));
    },
  }),
  route({
    id: 'beginPasskey',
    method: 'post',
    path: '/api/v1/session/passkeys/begin',
    summary: 'Begin to add a passkey; the answer is for `navigator.credentials.create`',
    may: everyone,
    input: z.strictObject({ password: z.string().max(passwordLengthMax) }),
    output: z.object({ options }),
    handle: (deps, { actor, input, page }) => begin(deps, actor, { ...input, page }),
  }),
  route({
    id: 'addPasskey',
    method: 'post',
    path: '/api/v1/session/passkeys',
    summary: 'Add the passkey that was begun',
    may: everyone,
    input: z.strictObject({ label, response: created }),
    output: passkeyView,
    handle: (deps, { actor, input }) => add(deps, actor, input),
  }),
  route({
    id: 'removePasskey',
    method: 'delete',
    path: '/api/v1/session/passkeys/{id}',
    summary: 'Remove a passkey; every other session of this user ends',
    may: everyone,
    output: passkeyView,
    handle: (deps, { actor, params }) => remove(deps, actor, params['id'] ?? ''),
  }),
];

interface Owner {
  readonly user: User;
  readonly session: SessionRef;
}

async function ownerOf(deps: ControlDeps, actor: Actor): Promise<Result<Owner, ControlProblem>> {
  const { session } = actor;
  const user = session === null ? null : await deps.users.find(session.userName);
  if (session === null || user === null) {
    return conflict('the operator key has no passkeys: sign in as a user first');
  }
  return ok({ user, session });
}

async function begin(
  deps: ControlDeps,
  actor: Actor,
  { password, page }: { readonly password: string; readonly page: AskingPage },
): Promise<Result<{ options: z.output<typeof options> }, ControlProblem>> {
  const { signIn, sessions } = deps;
  const owner = await ownerOf(deps, actor);
  if (!owner.ok) return owner;
  const site = passkeySiteOf(page, signIn.consoleUrl);
  if (!site.ok) return site;
  const { user, session } = owner.value;
  if (user.oidc !== null) return byProvider(deps);
  const right = await sessions.confirm(user.name, user, password);
  if (!right.ok) return right;
  const known = await signIn.passkeys.listOf(user.name);
  if (known.length >= passkeysMax) return tooMany;
  const made = await creationOptions(site.value, user, known);
  signIn.creations.begin(session.tokenSha256, { challenge: made.challenge, site: site.value });
  return ok({ options: { ...made } });
}

async function add(
  deps: ControlDeps,
  actor: Actor,
  input: { readonly label: string; readonly response: z.output<typeof created> },
): Promise<Result<z.output<typeof passkeyView>, ControlProblem>> {
  const { signIn, clock } = deps;
  const owner = await ownerOf(deps, actor);
  if (!owner.ok) return owner;
  const { user, session } = owner.value;
  const ceremony = signIn.creations.take(session.tokenSha256);
  if (ceremony === null) return tooLate;
  const { transports = [], ...response } = input.response.response;
  const answer = { ...input.response, response, clientExtensionResults: {} };
  const checked = await checkCreated(answer, ceremony);
  if (!checked.ok) {
    const detail = { reason: checked.error };
    await record(deps, actor, { action: 'passkey.refused', subject: user.name, detail });
    return invalid(explain(checked.error));
  }
  const passkey: Passkey = {
    ...checked.value,
    userName: user.name,
    label: input.label,
    rpId: ceremony.site.name,
    transports,
    createdMs: clock.nowMs(),
    usedMs: null,
  };
  const detail = { label: passkey.label, passkey: passkey.id, site: passkey.rpId };
  const change = { action: 'passkey.add', subject: user.name, detail };
  if (!(await record(deps, actor, change))) return notRecorded;
  const inserted = await signIn.passkeys.insert(passkey);
  if (inserted === 'too-many') return tooMany;
  if (inserted === 'no-user') return conflict('your account was changed meanwhile: sign in again');
  if (inserted === 'duplicate') return conflict('this passkey is known already');
  return ok(viewOf(passkey));
}

async function remove(
  deps: ControlDeps,
  actor: Actor,
  id: string,
): Promise<Result<z.output<typeof passkeyView>, ControlProblem>> {
  const { signIn, users } = deps;
  const owner = await ownerOf(deps, actor);
  if (!owner.ok) return owner;
  const { user, session } = owner.value;
  const found = (await signIn.passkeys.listOf(user.name)).find((one) => one.id === id);
  if (found === undefined) return missing('passkey', id);
  const detail = { label: found.label, passkey: id };
  const change = { action: 'passkey.remove', subject: user.name, detail };
  if (!(await record(deps, actor, change))) return notRecorded;
  await signIn.passkeys.remove(user.name, id);
  // Whoever had the device may be signed in by it.
  await users.removeSessionsOf(user.name, session.tokenSha256);
  return ok(viewOf(found));
}

function explain(problem: CeremonyProblem): string {
  if (problem === 'user-not-verified') return notVerified;
  if (problem === 'attested') {
    return 'the authenticator sent certificates that nobody asked for: use another';
  }
  return 'this is not the passkey that was begun: load the page again and add it once more';
}

function viewOf({ id, label: name, rpId, createdMs, usedMs }: Passkey): PasskeyView {
  return { id, label: name, site: rpId, createdMs, usedMs };
}

type PasskeyView = z.output<typeof passkeyView>;

const tooMany: Result<never, ControlProblem> = conflict(
  `you have ${passkeysMax} passkeys, which is the most: remove one first`,
);
