import { randomBytes } from 'node:crypto';

import * as z from 'zod';

import { ok, type Result } from '../base/result.ts';
import type { User } from '../identity/user.ts';
import { notRecorded, record } from './change.ts';
import type { ControlDeps } from './deps.ts';
import { conflict, missing, type ControlProblem } from './problem.ts';
import { admins, roles, type Actor, type Role } from './roles.ts';
import { route, type Route } from './route.ts';
import { byProvider, oidcUser } from './oidc-users.ts';
import { digest } from './session.ts';
import { userName } from './sign-in.ts';

const userView = z.object({
  name: z.string(),
  role: z.enum(roles),
  /** By what they sign in. */
  way: z.enum(['password', 'oidc']),
  /** Whether a password was chosen yet; `inactive`: the provider is named in the file no more. */
  state: z.enum(['active', 'invited', 'expired', 'inactive']),
  createdMs: z.int(),
});

const invited = z.object({
  user: userView,
  /** Shown this once: whoever has it chooses the password. */
  token: z.string(),
  expiresMs: z.int(),
});

const invitationMs = 72 * 3_600_000;

export const userRoutes: readonly Route[] = [
  route({
    id: 'listUsers',
    method: 'get',
    path: '/api/v1/users',
    summary: 'Everybody who may sign in, and as what',
    may: admins,
    output: z.array(userView),
    handle: async (deps) => ok((await deps.users.list()).map((user) => viewOf(deps, user))),
  }),
  route({
    id: 'inviteUser',
    method: 'post',
    path: '/api/v1/users',
    summary: 'Add somebody; the answer holds a one-time token by which they choose a password',
    may: admins,
    input: z.strictObject({ name: userName, role: z.enum(roles) }),
    output: invited,
    handle: (deps, { actor, input }) => invite(deps, actor, input),
  }),
  route({
    id: 'addOidcUser',
    method: 'post',
    path: '/api/v1/users/oidc',
    summary:
      'Add somebody whom the OpenID provider knows by this subject, under a name chosen here',
    may: admins,
    input: z.strictObject({ name: userName, subject: z.string().min(1).max(255) }),
    output: userView,
    handle: (deps, { actor, input }) => addOidc(deps, actor, input),
  }),
  route({
    id: 'setUserRole',
    method: 'put',
    path: '/api/v1/users/{name}',
    summary: 'Change what somebody may do',
    may: admins,
    input: z.strictObject({ role: z.enum(roles) }),
    output: userView,
    handle: async (deps, { actor, params, input }) => {
      const found = await userOf(deps, params['name'] ?? '');
      if (!found.ok) return found;
      if (found.value.oidc !== null) return byProvider(deps);
      if (input.role !== 'admin') {
        const last = await isLastAdmin(deps, found.value);
        if (last) return conflict('this is the last administrator: name another one first');
      }
      const detail = { role: input.role };
      const change = { action: 'user.role', subject: found.value.name, detail };
      if (!(await record(deps, actor, change))) return notRecorded;
      await deps.users.setRole(found.value.name, input.role);
      return ok(viewOf(deps, { ...found.value, role: input.role }));
    },
  }),
  route({
    id: 'inviteAgain',
    method: 'post',
    path: '/api/v1/users/{name}/invite',
    summary:
      'End the password, the passkeys and the sessions of somebody, who chooses another password by a new token',
    may: admins,
    output: invited,
    handle: async (deps, { actor, params }) => {
      const found = await userOf(deps, params['name'] ?? '');
      if (!found.ok) return found;
      const { name } = found.value;
      if (found.value.oidc !== null) return byProvider(deps);
      const change = { action: 'user.invite', subject: name, detail: {} };
      if (!(await record(deps, actor, change))) return notRecorded;
      const { token, sha256, expiresMs } = newInvitation(deps);
      await deps.users.invite(name, sha256, expiresMs);
      await deps.users.removeSessionsOf(name, null);
      const user = { ...found.value, password: null, invitationExpiresMs: expiresMs };
      return ok({ user: viewOf(deps, user), token, expiresMs });
    },
  }),
  route({
    id: 'removeUser',
    method: 'delete',
    path: '/api/v1/users/{name}',
    summary: 'Remove somebody, their passkeys and their sessions',
    may: admins,
    output: userView,
    handle: async (deps, { actor, params }) => {
      const found = await userOf(deps, params['name'] ?? '');
      if (!found.ok) return found;
      const last = await isLastAdmin(deps, found.value);
      if (last) return conflict('this is the last administrator: name another one first');
      const change = { action: 'user.remove', subject: found.value.name, detail: {} };
      if (!(await record(deps, actor, change))) return notRecorded;
      await deps.users.remove(found.value.name);
      return ok(viewOf(deps, found.value));
    },
  }),
];

async function invite(
  deps: ControlDeps,
  actor: Actor,
  { name, role }: { readonly name: string; readonly role: Role },
): Promise<Result<z.output<typeof invited>, ControlProblem>> {
  const taken = conflict(`there is a user \`${name}\` already: choose another name`);
  if ((await deps.users.find(name)) !== null) return taken;
  const change = { action: 'user.create', subject: name, detail: { role } };
  if (!(await record(deps, actor, change))) return notRecorded;
  const { token, sha256, expiresMs } = newInvitation(deps);
  const user: User = {
    name,
    role,
    password: null,
    invitationSha256: sha256,
    invitationExpiresMs: expiresMs,
    createdMs: deps.clock.nowMs(),
    oidc: null,
  };
  if ((await deps.users.insert(user)) === 'duplicate') return taken;
  return ok({ user: viewOf(deps, user), token, expiresMs });
}

async function addOidc(
  deps: ControlDeps,
  actor: Actor,
  { name, subject }: { readonly name: string; readonly subject: string },
): Promise<Result<z.output<typeof userView>, ControlProblem>> {
  const { signIn, users, clock } = deps;
  if (signIn.oidc === null) return conflict('no OpenID provider is named in the operator’s file');
  const { issuer } = signIn.oidc;
  const taken = conflict(`there is a user \`${name}\`, or one of this subject, already`);
  const oidc = { issuer, subject };
  if ((await users.find(name)) !== null || (await users.findOidc(oidc)) !== null) return taken;
  // The least there is, until they sign in and the provider says what they are.
  const user = oidcUser({ name, role: 'viewer', oidc, createdMs: clock.nowMs() });
  const detail = { role: user.role, issuer, oidcSubject: subject };
  if (!(await record(deps, actor, { action: 'user.create', subject: name, detail }))) {
    return notRecorded;
  }
  return (await users.insert(user)) === 'inserted' ? ok(viewOf(deps, user)) : taken;
}

function newInvitation({ clock }: ControlDeps): {
  readonly token: string;
  readonly sha256: string;
  readonly expiresMs: number;
} {
  const token = randomBytes(24).toString('base64url');
  return { token, sha256: digest(token), expiresMs: clock.nowMs() + invitationMs };
}

async function userOf({ users }: ControlDeps, name: string): Promise<Result<User, ControlProblem>> {
  const user = await users.find(name);
  return user === null ? missing('user', name) : ok(user);
}

async function isLastAdmin({ users }: ControlDeps, { name, role, oidc }: User): Promise<boolean> {
  // Who comes by a provider comes back by it; it is a password that would be lost for good.
  if (role !== 'admin' || oidc !== null) return false;
  const all = await users.list();
  return !all.some((one) => one.name !== name && one.role === 'admin' && one.password !== null);
}

function viewOf({ clock, signIn }: ControlDeps, user: User): z.output<typeof userView> {
  const { name, role, password, invitationExpiresMs, createdMs, oidc } = user;
  if (oidc !== null) {
    const state = oidc.issuer === signIn.oidc?.issuer ? 'active' : 'inactive';
    return { name, role, way: 'oidc', state, createdMs };
  }
  const open = (invitationExpiresMs ?? 0) > clock.nowMs();
  return {
    name,
    role,
    way: 'password',
    state: password !== null ? 'active' : open ? 'invited' : 'expired',
    createdMs,
  };
}
