import * as z from 'zod';

import { differenceText, jsonDifference } from '../base/json-difference.ts';
import { err, ok, type Result } from '../base/result.ts';
import { defaultMethods, methodFamilies, type Grant } from '../identity/grant.ts';
import { recorded } from './change.ts';
import type { ControlDeps } from './deps.ts';
import { declaredInFile, explain, invalid, missing, type ControlProblem } from './problem.ts';
import { admins, everyone, policyWriters, type Actor } from './roles.ts';
import { route, type Route } from './route.ts';

/** A grant as it is shown: without its token's hash. */
export interface GrantView extends Omit<Grant, 'tokenSha256'> {
  readonly state: 'live' | 'expired' | 'revoked';
}

/** The token is shown once and kept nowhere. */
export interface IssuedGrant {
  readonly grant: GrantView;
  readonly token: string;
}

const grantView = z.object({
  id: z.string(),
  label: z.string(),
  principal: z.object({ id: z.string(), kind: z.string() }),
  servers: z.array(z.string()),
  policies: z.record(z.string(), z.string()),
  mode: z.enum(['enforce', 'observe']),
  methods: z.array(z.enum(methodFamilies)),
  expiresMs: z.int().nullable(),
  /** How long a label stays after the last call that set it; an hour when absent. */
  labelsMs: z.int().optional(),
  createdMs: z.int(),
  revokedMs: z.int().nullable(),
  source: z.enum(['file', 'store']),
  state: z.enum(['live', 'expired', 'revoked']),
});

const issuedGrant = z.object({ grant: grantView, token: z.string() });

const grantInput = z.strictObject({
  label: z.string().max(64),
  principal: z.string().max(128),
  servers: z.array(z.string().max(64)).min(1).max(256),
  policies: z.record(z.string().max(64), z.string().max(64)),
  mode: z.enum(['enforce', 'observe']).default('enforce'),
  expiresMs: z.int().positive().nullable().default(null),
  labelsMs: z.int().positive().max(31_536_000_000).optional(),
  methods: z.array(z.enum(methodFamilies)).default([...defaultMethods]),
});

type GrantInput = z.output<typeof grantInput>;

const named = '/api/v1/grants/{name}';

export const grantRoutes: readonly Route[] = [
  route({
    id: 'listGrants',
    method: 'get',
    path: '/api/v1/grants',
    summary: 'Every grant with its state, those of the file included',
    may: everyone,
    output: z.array(grantView),
    handle: (deps) => ok(grantsOf(deps).map((grant) => viewOf(deps, grant))),
  }),
  route({
    id: 'createGrant',
    method: 'post',
    path: '/api/v1/grants',
    summary: 'Make a grant; the answer holds its token, which is shown this once',
    may: admins,
    input: grantInput,
    output: issuedGrant,
    handle: (deps, { actor, input }) => createGrant(deps, actor, input),
  }),
  route({
    id: 'editGrant',
    method: 'put',
    path: named,
    summary: 'Change the policies, the mode or the end of a grant; its next call is judged by them',
    may: policyWriters,
    input: z.strictObject({
      policies: z.record(z.string().max(64), z.string().max(64)),
      mode: z.enum(['enforce', 'observe']),
      expiresMs: z.int().positive().nullable(),
    }),
    output: grantView,
    handle: async (deps, { actor, params, input }) => {
      const found = changeableGrant(deps, params['name'] ?? '');
      if (!found.ok) return found;
      const { id, label, servers } = found.value;
      const was = {
        policies: found.value.policies,
        mode: found.value.mode,
        expiresMs: found.value.expiresMs,
      };
      const mismatch = mismatchOf({ servers, policies: input.policies });
      if (mismatch !== null) return invalid(mismatch);
      const { policies, mode, expiresMs } = input;
      const changes = jsonDifference(was, { policies, mode, expiresMs });
      const difference = differenceText(changes, { values: true, charactersMax: 4_000 });
      const detail = { label, policies: JSON.stringify(policies), mode, expiresMs, difference };
      const change = { action: 'grant.edit', subject: id, detail };
      const edited = await recorded(deps, { actor, change }, () =>
        deps.registry.editGrant(id, input),
      );
      return edited.ok ? ok(viewOf(deps, edited.value)) : edited;
    },
  }),
  route({
    id: 'revokeGrant',
    method: 'post',
    path: `${named}/revoke`,
    summary: 'End a grant: its next call is refused and its open streams are closed',
    may: admins,
    output: grantView,
    handle: (deps, { actor, params }) => revokeGrant(deps, actor, params['name'] ?? ''),
  }),
  route({
    id: 'rotateGrant',
    method: 'post',
    path: `${named}/rotate`,
    summary: 'Give a grant another token; the old one opens nothing any more',
    may: admins,
    output: issuedGrant,
    handle: (deps, { actor, params }) => rotateGrant(deps, actor, params['name'] ?? ''),
  }),
];

async function createGrant(
  deps: ControlDeps,
  actor: Actor,
  wanted: GrantInput,
): Promise<Result<IssuedGrant, ControlProblem>> {
  const mismatch = mismatchOf(wanted);
  if (mismatch !== null) return invalid(mismatch);
  const problem = deps.registry.draftProblem(wanted);
  if (problem !== null) return err(explain(problem));
  const { label, principal, servers, policies, mode, expiresMs } = wanted;
  const detail = {
    label,
    principal,
    servers: servers.join(' '),
    policies: JSON.stringify(policies),
    mode,
    expiresMs,
  };
  const change = { action: 'grant.create', subject: label, detail };
  const issued = await recorded(deps, { actor, change }, () => deps.registry.createGrant(wanted));
  return issued.ok ? ok(issuedView(deps, issued.value)) : issued;
}

/** Why servers and policies do not belong together; null when they do. */
export function mismatchOf(wanted: {
  readonly servers: readonly string[];
  readonly policies: Readonly<Record<string, string>>;
}): string | null {
  const bare = wanted.servers.find((name) => !Object.hasOwn(wanted.policies, name));
  if (bare !== undefined) return `server \`${bare}\` has no policy in this grant; name one`;
  const spare = Object.keys(wanted.policies).find((name) => !wanted.servers.includes(name));
  if (spare === undefined) return null;
  return `there is a policy for \`${spare}\`, which this grant does not open`;
}

async function revokeGrant(
  deps: ControlDeps,
  actor: Actor,
  name: string,
): Promise<Result<GrantView, ControlProblem>> {
  const found = changeableGrant(deps, name);
  if (!found.ok) return found;
  const grant = found.value;
  const change = { action: 'grant.revoke', subject: grant.id, detail: { label: grant.label } };
  const revoked = await recorded(deps, { actor, change }, () =>
    deps.registry.revokeGrant(grant.id),
  );
  if (!revoked.ok) return revoked;
  return ok(viewOf(deps, { ...grant, revokedMs: deps.clock.nowMs() }));
}

async function rotateGrant(
  deps: ControlDeps,
  actor: Actor,
  name: string,
): Promise<Result<IssuedGrant, ControlProblem>> {
  const found = changeableGrant(deps, name);
  if (!found.ok) return found;
  const grant = found.value;
  const change = { action: 'grant.rotate', subject: grant.id, detail: { label: grant.label } };
  const rotated = await recorded(deps, { actor, change }, () =>
    deps.registry.rotateGrant(grant.id),
  );
  return rotated.ok ? ok(issuedView(deps, rotated.value)) : rotated;
}

/** A live grant of the store, by its id or its label. */
export function changeableGrant(deps: ControlDeps, name: string): Result<Grant, ControlProblem> {
  const live = grantsOf(deps).filter((grant) => grant.revokedMs === null);
  const grant = live.find((one) => one.id === name || one.label === name);
  if (grant === undefined) return missing('live grant', name);
  return grant.source === 'file' ? declaredInFile(grant.label) : ok(grant);
}

export function grantsOf({ registry }: Pick<ControlDeps, 'registry'>): readonly Grant[] {
  return [...registry.current().grantsByToken.values()];
}

export function viewOf({ clock }: Pick<ControlDeps, 'clock'>, grant: Grant): GrantView {
  const { tokenSha256: _, ...shown } = grant;
  const expired = grant.expiresMs !== null && grant.expiresMs <= clock.nowMs();
  return { ...shown, state: grant.revokedMs !== null ? 'revoked' : expired ? 'expired' : 'live' };
}

function issuedView(
  deps: ControlDeps,
  issued: { readonly grant: Grant; readonly token: string },
): IssuedGrant {
  return { grant: viewOf(deps, issued.grant), token: issued.token };
}
