import { newId } from '../base/id.ts';
import type { Grant, MethodFamily } from '../identity/grant.ts';
import { parsePrincipal } from '../identity/principal.ts';
import type { Parts } from './parts.ts';
import { compileDocument } from './policy-versions.ts';
import type { RegistryProblem } from './problem.ts';

/** What a person asks for when they make a grant. */
export interface GrantDraft {
  readonly label: string;
  /** `kind:name`, as in `agent:ci`. */
  readonly principal: string;
  readonly servers: readonly string[];
  /** Server name to policy name. */
  readonly policies: Readonly<Record<string, string>>;
  readonly mode: 'enforce' | 'observe';
  readonly methods: readonly MethodFamily[];
  /** Milliseconds since the Unix epoch; null never expires. */
  readonly expiresMs: number | null;
  /** How long a label stays after the last call that set it, in milliseconds; absent: an hour. */
  readonly labelsMs?: number | undefined;
}

/** A grant and its token, which is shown this once and kept as a hash. */
export interface IssuedGrant {
  readonly grant: Grant;
  readonly token: string;
}

/** The grant that a draft asks for. */
export function grantOf(
  { label, servers, policies, mode, methods, expiresMs, labelsMs }: GrantDraft,
  made: Pick<Grant, 'principal' | 'tokenSha256' | 'createdMs'>,
): Grant {
  return {
    id: newId('grant_'),
    label,
    servers,
    policies,
    mode,
    methods,
    expiresMs,
    ...(labelsMs === undefined ? {} : { labelsMs }),
    ...made,
    revokedMs: null,
    source: 'store',
  };
}

/** A new version of a policy. `version` is the newest that its author saw, plus one. */
export interface PolicyDraft {
  readonly name: string;
  readonly version: number;
  readonly document: string;
  readonly author: string;
}

/** Names of servers and policies, and labels of grants. */
export const namePattern: RegExp = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Why a draft names what is not there, or what is taken; null when it does not. */
export function draftProblemOf(parts: Parts, draft: GrantDraft): RegistryProblem | null {
  const { label, servers, policies } = draft;
  if (!namePattern.test(label)) return { code: 'label-invalid', subject: label };
  if (parts.declared.grants.some((grant) => grant.label === label)) {
    return { code: 'label-taken', subject: label };
  }
  const named = [...servers, ...Object.keys(policies)];
  const server = named.find((name) => !parts.servers.has(name));
  if (server !== undefined) return { code: 'server-unknown', subject: server };
  const policy = Object.values(policies).find((name) => !parts.policies.has(name));
  return policy === undefined ? null : { code: 'policy-unknown', subject: policy };
}

/** Why a version could not be saved, whoever else saves; null when it could. */
export function policyProblemOf(parts: Parts, draft: PolicyDraft): RegistryProblem | null {
  const { name, document } = draft;
  if (!namePattern.test(name)) return { code: 'name-invalid', subject: name };
  if (parts.declared.policies.has(name)) return { code: 'declared-in-file', subject: name };
  const compiled = compileDocument(document);
  if (compiled.ok) return null;
  return { code: 'policy-invalid', subject: name, problems: compiled.error };
}

/** Why a grant could not be made of a draft now; null when it could. */
export function newGrantProblem(parts: Parts, draft: GrantDraft): RegistryProblem | null {
  const { label, principal } = draft;
  if (!parsePrincipal(principal).ok) return { code: 'principal-invalid', subject: principal };
  const live = parts.storedGrants.filter((grant) => grant.revokedMs === null);
  if (live.some((grant) => grant.label === label)) return { code: 'label-taken', subject: label };
  return draftProblemOf(parts, draft);
}
