import { randomBytes } from 'node:crypto';

import { err, ok, type Result } from '../base/result.ts';
import type { OidcSubject, User, UserRole, UserStore } from '../identity/user.ts';
import { record, recordFailed } from './change.ts';
import type { ControlDeps } from './deps.ts';
import type { OidcIdentity, OidcProvider } from './oidc-provider.ts';
import { conflict, type ControlProblem } from './problem.ts';
import { personOf } from './sign-in-records.ts';

/** Why somebody whom the provider knows is not let in. */
export interface UserRefusal {
  readonly reason: 'no-role' | 'not-added' | 'not-recorded';
  /** The user that they are; null where they are none. */
  readonly name: string | null;
}

type Resolved = Result<User, UserRefusal>;

/**
 * The user of an identity, with the role that the provider's claims give now.
 * INVARIANT: an issuer and a subject are one user, and nothing else makes them another: no name,
 * no address is compared.
 */
export async function resolveUser(
  deps: ControlDeps,
  provider: Pick<OidcProvider, 'issuer' | 'createsUsers'>,
  { subject, wantedName, role }: OidcIdentity,
): Promise<Resolved> {
  const { users } = deps;
  const oidc = { issuer: provider.issuer, subject };
  const found = await users.findOidc(oidc);
  if (role === null) {
    // Whoever lost their role is not to go on in a session of before.
    if (found !== null) await users.removeSessionsOf(found.name, null);
    return err({ reason: 'no-role', name: found?.name ?? null });
  }
  if (found !== null) return withRole(deps, found, role);
  if (!provider.createsUsers) return err({ reason: 'not-added', name: null });
  return create(deps, oidc, { wantedName, role });
}

async function withRole(deps: ControlDeps, user: User, role: UserRole): Promise<Resolved> {
  if (user.role === role) return ok(user);
  const change = { action: 'user.role', subject: user.name, detail: { role, by: 'oidc' } };
  if (!(await record(deps, personOf(user.name), change))) {
    return err({ reason: 'not-recorded', name: user.name });
  }
  await deps.users.setRole(user.name, role);
  return ok({ ...user, role });
}

/** Names that are tried as they are wanted, with a number behind; then one by chance. */
const triesMax = 20;

async function create(
  deps: ControlDeps,
  oidc: OidcSubject,
  { wantedName, role }: Pick<OidcIdentity, 'wantedName'> & { readonly role: UserRole },
): Promise<Resolved> {
  const { users } = deps;
  const name = await freeName(deps, oidc, wantedName);
  const detail = { role, by: 'oidc', issuer: oidc.issuer, oidcSubject: oidc.subject };
  const change = { action: 'user.create', subject: name, detail };
  if (!(await record(deps, personOf(name), change))) return err({ reason: 'not-recorded', name });
  const user = oidcUser({ name, role, oidc, createdMs: deps.clock.nowMs() });
  if ((await users.insert(user)) === 'inserted') return ok(user);
  // Somebody came first: the same person in another window, or another of that name.
  await recordFailed(deps, personOf(name), { change, code: 'duplicate' });
  const same = await users.findOidc(oidc);
  if (same !== null) return ok(same);
  return create(deps, oidc, {
    wantedName: `${wantedName}-${randomBytes(4).toString('hex')}`,
    role,
  });
}

/**
 * A name that nobody has: `anna@login.example.com`. The `@` is in no name that is chosen here, so
 * that what a provider says can make nobody `person:anna`, whom a policy may name.
 */
async function freeName({ users }: ControlDeps, oidc: OidcSubject, wanted: string) {
  const host = new URL(oidc.issuer).hostname.replace(/[^a-z0-9.-]/g, '');
  for (let count = 1; count <= triesMax; count += 1) {
    const name = `${wanted}${count === 1 ? '' : `-${count}`}@${host}`;
    if ((await users.find(name)) === null) return name;
  }
  return `${wanted}-${randomBytes(4).toString('hex')}@${host}`;
}

/**
 * Ends the sessions of whoever came by a provider. What somebody may be was taken from the file as
 * it stood when they came: the one that is read at a start may say otherwise.
 */
export async function endProviderSessions(users: UserStore): Promise<void> {
  for (const { name, oidc } of await users.list()) {
    if (oidc !== null) await users.removeSessionsOf(name, null);
  }
}

/** What the provider alone can change of somebody who comes by it. */
export function byProvider({ signIn }: Pick<ControlDeps, 'signIn'>): Result<never, ControlProblem> {
  const name = signIn.oidc?.name ?? 'an OpenID provider';
  return conflict(`whoever signs in by ${name} has it changed there, and nothing of it here`);
}

/** A user who signs in by the provider alone. */
export function oidcUser(user: Pick<User, 'name' | 'role' | 'createdMs' | 'oidc'>): User {
  return { ...user, password: null, invitationSha256: null, invitationExpiresMs: null };
}
