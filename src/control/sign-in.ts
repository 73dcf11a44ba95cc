import * as z from 'zod';

import { err, ok, type Result } from '../base/result.ts';
import { hashPassword, passwordLengthMax, passwordLengthMin } from '../identity/password.ts';
import type { User } from '../identity/user.ts';
import { notRecorded, record } from './change.ts';
import type { ControlDeps } from './deps.ts';
import { byProvider } from './oidc-users.ts';
import { conflict, invalid, type ControlProblem } from './problem.ts';
import { everyone, roles, type Actor } from './roles.ts';
import { route, type Route } from './route.ts';
import { digest, equal, operatorName } from './session.ts';
import { personOf, type RefusedSignIn } from './sign-in-records.ts';

const password = z
  .string()
  .min(passwordLengthMin, `expected a password of at least ${passwordLengthMin} characters`)
  .max(passwordLengthMax);

/** Of users. It is part of a principal, `person:anna`, and of addresses. */
export const userName: z.ZodString = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected 1 to 64 of a-z 0-9 . _ -');

const done = z.object({ ok: z.boolean() });

export const signInRoutes: readonly Route[] = [
  route({
    id: 'getSession',
    method: 'get',
    path: '/api/v1/session',
    summary: 'Who is signed in, and the token that changes must carry',
    may: 'anyone',
    output: z.object({
      user: z
        .object({
          name: z.string(),
          role: z.enum(roles),
          /** By what they sign in: `key` is the operator's. */
          way: z.enum(['password', 'oidc', 'key']),
        })
        .nullable(),
      csrf: z.string().nullable(),
      /** Nobody has an account yet: the first start printed a link that makes one. */
      setup: z.boolean(),
    }),
    handle: async ({ users }, { actor }) => {
      const all = await users.list();
      const setup = all.every(({ oidc }) => oidc !== null);
      const { name, role, session } = actor;
      const mine = all.find((one) => one.name === session?.userName);
      const way = mine === undefined ? 'key' : mine.oidc === null ? 'password' : 'oidc';
      const user = name === 'nobody' ? null : ({ name, role, way } as const);
      return ok({ user, csrf: session?.csrf ?? null, setup });
    },
  }),
  route({
    id: 'signIn',
    method: 'post',
    path: '/api/v1/session',
    summary: 'Sign in by name and password, or by the operator key; sets the cookie',
    may: 'anyone',
    input: z.union([
      z.strictObject({ name: z.string().max(128), password: z.string().max(passwordLengthMax) }),
      z.strictObject({ key: z.string().max(512) }),
    ]),
    output: done,
    handle: async (deps, { input, setSession }) => {
      const right = 'key' in input ? await byKey(deps, input.key) : await byPassword(deps, input);
      if (!right.ok) return right;
      setSession(await deps.sessions.open(right.value));
      return ok({ ok: true });
    },
  }),
  route({
    id: 'signOut',
    method: 'delete',
    path: '/api/v1/session',
    summary: 'End this session',
    may: everyone,
    output: done,
    handle: async ({ users }, { actor, setSession }) => {
      if (actor.session !== null) await users.removeSession(actor.session.tokenSha256);
      setSession(null);
      return ok({ ok: true });
    },
  }),
  route({
    id: 'welcome',
    method: 'post',
    path: '/api/v1/welcome',
    summary:
      'Choose a password by a one-time link: the first start prints one, invitations are others',
    may: 'anyone',
    input: z.strictObject({ token: z.string().max(128), name: userName, password }),
    output: done,
    handle: async (deps, { input, setSession }) => {
      const welcomed = await welcome(deps, input);
      if (!welcomed.ok) return welcomed;
      setSession(await deps.sessions.open(input.name));
      return ok({ ok: true });
    },
  }),
  route({
    id: 'changePassword',
    method: 'post',
    path: '/api/v1/session/password',
    summary: 'Choose another password; every other session of this user ends',
    may: everyone,
    input: z.strictObject({ current: z.string().max(passwordLengthMax), password }),
    output: done,
    handle: (deps, { actor, input }) => changePassword(deps, actor, input),
  }),
];

/** Whose session may be opened, on record: the operator's. */
async function byKey(deps: ControlDeps, key: string): Promise<Result<string, ControlProblem>> {
  const right = await deps.sessions.confirmKey(key.trim());
  if (!right.ok) {
    return refused(deps, { name: 'operator', by: 'key', reason: 'wrong-key' }, right.error);
  }
  const operator: Actor = { name: 'operator', role: 'admin', session: null };
  return (await deps.signIn.records.opened(operator, 'key')) ? ok(operatorName) : notRecorded;
}

/** Whose session may be opened, on record: that of the user who has this password. */
async function byPassword(
  deps: ControlDeps,
  { name, password: given }: { readonly name: string; readonly password: string },
): Promise<Result<string, ControlProblem>> {
  const user = await deps.users.find(name);
  const right = await deps.sessions.confirm(name, user, given);
  if (!right.ok) {
    const known = { name: user?.name ?? null, by: 'password', reason: 'wrong-password' } as const;
    return refused(deps, known, right.error);
  }
  return (await deps.signIn.records.opened(personOf(name), 'password')) ? ok(name) : notRecorded;
}

/** A try that was made has a record; one that has to wait was not made. */
async function refused(
  { signIn }: ControlDeps,
  what: RefusedSignIn,
  problem: ControlProblem,
): Promise<Result<never, ControlProblem>> {
  if (problem.code === 'unauthorized') await signIn.records.refused(what);
  return err(problem);
}

interface Welcome {
  readonly token: string;
  readonly name: string;
  readonly password: string;
}

async function welcome(
  deps: ControlDeps,
  { token, name, password: chosen }: Welcome,
): Promise<Result<null, ControlProblem>> {
  const { users, clock, setupToken } = deps;
  if (setupToken !== null && equal(token, setupToken)) {
    if ((await users.list()).some(({ oidc }) => oidc === null)) return used;
    if ((await users.find(name)) !== null) {
      return conflict(`there is a user \`${name}\`, who comes by a provider: choose another name`);
    }
    return makeFirst(deps, name, chosen);
  }
  const user = await users.find(name);
  if (user === null || user.invitationSha256 === null) return used;
  const right = equal(digest(token), user.invitationSha256);
  if (!right || (user.invitationExpiresMs ?? 0) <= clock.nowMs()) return used;
  const change = { action: 'user.welcome', subject: name, detail: {} };
  if (!(await record(deps, personOf(name), change))) return notRecorded;
  // The hash takes its time: whoever used the link meanwhile was first.
  if (!(await users.setPassword(user, await hashPassword(chosen)))) return used;
  // A sign-in by the password of before may have ended after that password did.
  await users.removeSessionsOf(name, null);
  return ok(null);
}

async function makeFirst(
  deps: ControlDeps,
  name: string,
  chosen: string,
): Promise<Result<null, ControlProblem>> {
  const user: User = {
    name,
    role: 'admin',
    password: await hashPassword(chosen),
    invitationSha256: null,
    invitationExpiresMs: null,
    createdMs: deps.clock.nowMs(),
    oidc: null,
  };
  const change = { action: 'user.create', subject: name, detail: { role: 'admin', first: true } };
  if (!(await record(deps, personOf(name), change))) return notRecorded;
  return (await deps.users.insertFirst(user)) === 'inserted' ? ok(null) : used;
}

const used: Result<never, ControlProblem> = err({
  code: 'forbidden',
  message: 'this link was used or is too old: ask an administrator for another',
});

async function changePassword(
  deps: ControlDeps,
  actor: Actor,
  input: { readonly current: string; readonly password: string },
): Promise<Result<{ readonly ok: boolean }, ControlProblem>> {
  if (actor.session === null) return invalid('the operator key has no password: edit its file');
  const user = await deps.users.find(actor.session.userName);
  if (user === null) return conflict('the operator key has no password: sign in as a user first');
  if (user.oidc !== null) return byProvider(deps);
  const right = await deps.sessions.confirm(user.name, user, input.current);
  if (!right.ok) return right;
  const change = { action: 'user.password', subject: user.name, detail: {} };
  if (!(await record(deps, actor, change))) return notRecorded;
  const set = await deps.users.setPassword(user, await hashPassword(input.password));
  if (!set) return conflict('the password was changed meanwhile: sign in again');
  await deps.users.removeSessionsOf(user.name, actor.session.tokenSha256);
  return ok({ ok: true });
}
