import type { UserRole } from '../identity/user.ts';

/** What a person of the console may be; the operator's key acts as `admin`. */
export const roles = ['viewer', 'approver', 'policy-manager', 'admin'] as const;

export type Role = UserRole;

/** Whoever is signed in: looks at everything but secrets, which nobody is shown. */
export const everyone: readonly Role[] = roles;

/** Writes policies and says which grant uses them. */
export const policyWriters: readonly Role[] = ['policy-manager', 'admin'];

/** Answers held calls. */
export const approvers: readonly Role[] = ['approver', 'admin'];

/** Changes who and what is connected: servers, grants, users. */
export const admins: readonly Role[] = ['admin'];

/** Who asks for an operation. */
export interface Actor {
  /** As it stands on record: `operator`, or a principal such as `person:anna`. */
  readonly name: string;
  readonly role: Role;
  /** The session that asks; null for the operator's key and for nobody. */
  readonly session: SessionRef | null;
  /** Roles that policies ask for under `approval.approvers`, beside `role`. */
  readonly policyRoles?: readonly string[];
}

/** A session, as operations see it. */
export interface SessionRef {
  readonly userName: string;
  readonly tokenSha256: string;
  /** What a request that changes something must carry beside the cookie. */
  readonly csrf: string;
}

/** Whoever is not known. */
export const nobody: Actor = { name: 'nobody', role: 'viewer', session: null };
