import type { UserRole } from './user.ts';

/** How a claim of an ID token gives a role. */
export interface RoleMapping {
  /** The claim's name; or a JSON Pointer (RFC 6901) into the claims, as in `/realm_access/roles`. */
  readonly claim: string;
  /** Value of the claim, or of one of its list, to role. */
  readonly values: ReadonlyMap<string, UserRole>;
}

/** The strongest first: somebody in several groups gets the first of these. */
const byStrength: readonly UserRole[] = ['admin', 'policy-manager', 'approver', 'viewer'];

/** The role that claims give; null where none of their values is mapped, which opens nothing. */
export function mappedRole(claims: object, { claim, values }: RoleMapping): UserRole | null {
  const found = claim.startsWith('/') ? pointedTo(claims, claim) : memberOf(claims, claim);
  const given: readonly unknown[] = Array.isArray(found) ? found : [found];
  const roles = given.flatMap((value) => (typeof value === 'string' ? [values.get(value)] : []));
  return byStrength.find((role) => roles.includes(role)) ?? null;
}

const nameMax = 32;

/** What a user may be called, after the name that the provider gives: `anna` of `Anna Müller`. */
export function userNameOf(given: unknown): string {
  if (typeof given !== 'string') return 'user';
  const [local = ''] = given.split('@', 1);
  const plain = local
    .slice(0, nameMax)
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .slice(0, nameMax)
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  return plain === '' ? 'user' : plain;
}

function pointedTo(value: unknown, pointer: string): unknown {
  let found = value;
  for (const step of pointer.slice(1).split('/')) {
    found = memberOf(found, step.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  return found;
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  // An own member of a JSON value.
  return (value as Readonly<Record<string, unknown>>)[name];
}
