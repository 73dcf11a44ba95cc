import { basename } from 'node:path';

import * as z from 'zod';

import type { AuditLog } from '../audit/audit-log.ts';
import type { Clock } from '../base/clock.ts';
import { newId } from '../base/id.ts';
import { err, ok, type Result } from '../base/result.ts';
import { defaultMethods, methodFamilies, type Grant } from '../identity/grant.ts';
import { explainRegistryProblem, type RegistryProblem } from '../registry/problem.ts';
import type { PinRow } from '../registry/registry-store.ts';
import type { Registry } from '../registry/registry.ts';
import type { ServerConfig } from '../registry/server.ts';

/** What the operations work on. */
export interface ControlDeps {
  readonly registry: Registry;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/** Why an operation was not done, and what to do: for a person. */
export interface ControlProblem {
  readonly code: 'invalid' | 'not-found' | 'conflict' | 'read-only' | 'not-recorded';
  readonly message: string;
}

/** A grant as it is shown: without its token's hash. */
export interface GrantView extends Omit<Grant, 'tokenSha256'> {
  readonly state: 'live' | 'expired' | 'revoked';
}

/** The token is shown once and kept nowhere. */
export interface IssuedGrant {
  readonly grant: GrantView;
  readonly token: string;
}

/** Every operation of the control plane: the API, the CLI and the pages use nothing else. */
export interface Control {
  listGrants(): Promise<readonly GrantView[]>;
  createGrant(actor: string, input: unknown): Promise<Result<IssuedGrant, ControlProblem>>;
  revokeGrant(actor: string, name: string): Promise<Result<GrantView, ControlProblem>>;
  rotateGrant(actor: string, name: string): Promise<Result<IssuedGrant, ControlProblem>>;
  listServers(): Promise<readonly ServerView[]>;
  listPins(server: string): Promise<Result<readonly PinRow[], ControlProblem>>;
  acceptPins(
    actor: string,
    server: string,
    tools: readonly string[] | null,
  ): Promise<Result<number, ControlProblem>>;
}

/** A server as it is shown: its address, not its credentials. */
export interface ServerView {
  readonly name: string;
  readonly transport: 'http' | 'stdio';
  readonly where: string;
  /** Null while the server's list is not known. */
  readonly tools: number | null;
  readonly quarantined: number;
}

const grantInput = z.strictObject({
  label: z.string(),
  principal: z.string().max(128),
  servers: z.array(z.string()).min(1),
  policies: z.record(z.string(), z.string()),
  mode: z.enum(['enforce', 'observe']).default('enforce'),
  expiresMs: z.int().positive().nullable().default(null),
  methods: z.array(z.enum(methodFamilies)).default([...defaultMethods]),
});

/** The operations over a registry; each change is on record before it is made. */
export function createControl(deps: ControlDeps): Control {
  return {
    listGrants: () => Promise.resolve(grantsOf(deps).map((grant) => grantView(deps, grant))),
    createGrant: (actor, input) => createGrant(deps, actor, input),
    revokeGrant: (actor, name) => revokeGrant(deps, actor, name),
    rotateGrant: (actor, name) => rotateGrant(deps, actor, name),
    listServers: () => listServers(deps),
    listPins: (server) => listPins(deps, server),
    acceptPins: (actor, server, tools) => acceptPins(deps, actor, { server, tools }),
  };
}

async function createGrant(
  deps: ControlDeps,
  actor: string,
  input: unknown,
): Promise<Result<IssuedGrant, ControlProblem>> {
  const parsed = grantInput.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return invalid(`/${issue?.path.join('/') ?? ''}: ${issue?.message ?? 'not a grant'}`);
  }
  const wanted = parsed.data;
  const bare = wanted.servers.find((name) => !Object.hasOwn(wanted.policies, name));
  if (bare !== undefined)
    return invalid(`server \`${bare}\` has no policy in this grant; name one`);
  const spare = Object.keys(wanted.policies).find((name) => !wanted.servers.includes(name));
  if (spare !== undefined)
    return invalid(`there is a policy for \`${spare}\`, which this grant does not open`);
  const problem = deps.registry.draftProblem(wanted);
  if (problem !== null) return err(explain(problem));
  const detail = {
    label: wanted.label,
    principal: wanted.principal,
    servers: wanted.servers.join(' '),
    policies: JSON.stringify(wanted.policies),
    mode: wanted.mode,
  };
  const change = { action: 'grant.create', subject: wanted.label, detail };
  if (!(await record(deps, actor, change))) return notRecorded;
  const issued = await deps.registry.createGrant(wanted);
  if (!issued.ok) return notMade(deps, { actor, change, problem: issued.error });
  return ok(issuedView(deps, issued.value));
}

async function revokeGrant(
  deps: ControlDeps,
  actor: string,
  name: string,
): Promise<Result<GrantView, ControlProblem>> {
  const grant = liveGrant(deps, name);
  if (grant === null) return missing('live grant', name);
  if (grant.source === 'file') return declared(grant);
  const change = { action: 'grant.revoke', subject: grant.id, detail: { label: grant.label } };
  if (!(await record(deps, actor, change))) return notRecorded;
  const revoked = await deps.registry.revokeGrant(grant.id);
  if (!revoked.ok) return notMade(deps, { actor, change, problem: revoked.error });
  return ok(grantView(deps, { ...grant, revokedMs: deps.clock.nowMs() }));
}

async function rotateGrant(
  deps: ControlDeps,
  actor: string,
  name: string,
): Promise<Result<IssuedGrant, ControlProblem>> {
  const grant = liveGrant(deps, name);
  if (grant === null) return missing('live grant', name);
  if (grant.source === 'file') return declared(grant);
  const change = { action: 'grant.rotate', subject: grant.id, detail: { label: grant.label } };
  if (!(await record(deps, actor, change))) return notRecorded;
  const rotated = await deps.registry.rotateGrant(grant.id);
  if (!rotated.ok) return notMade(deps, { actor, change, problem: rotated.error });
  return ok(issuedView(deps, rotated.value));
}

function issuedView(
  deps: ControlDeps,
  issued: { readonly grant: Grant; readonly token: string },
): IssuedGrant {
  return { grant: grantView(deps, issued.grant), token: issued.token };
}

async function listServers(deps: ControlDeps): Promise<readonly ServerView[]> {
  const views: ServerView[] = [];
  for (const [name, server] of deps.registry.current().servers) {
    const { config, tools } = server;
    const states = tools === null ? [] : [...tools.values()].map((tool) => tool.state);
    views.push({
      name,
      transport: config.transport,
      where: whereOf(config),
      tools: tools === null ? null : states.filter((state) => state === 'pinned').length,
      quarantined: states.filter((state) => state === 'quarantined').length,
    });
  }
  return views;
}

/** Enough to recognise a server by; arguments and queries may hold secrets and are left out. */
function whereOf(config: ServerConfig): string {
  if (config.transport === 'stdio') return `${basename(config.command)}, over stdio`;
  const url = URL.parse(config.url);
  return url === null ? 'an unreadable address' : `${url.origin}${url.pathname}`;
}

async function listPins(
  deps: ControlDeps,
  server: string,
): Promise<Result<readonly PinRow[], ControlProblem>> {
  if (!deps.registry.current().servers.has(server)) return missing('server', server);
  return ok(await deps.registry.pins(server));
}

/** Accepts definitions that a person has seen: all quarantined tools of a server, or those named. */
async function acceptPins(
  deps: ControlDeps,
  actor: string,
  { server, tools }: { readonly server: string; readonly tools: readonly string[] | null },
): Promise<Result<number, ControlProblem>> {
  const rows = await listPins(deps, server);
  if (!rows.ok) return rows;
  const waiting = rows.value.filter((row) => row.state === 'quarantined');
  const unknown = tools?.find((tool) => !waiting.some((row) => row.tool === tool));
  if (unknown !== undefined) return missing('quarantined tool', unknown);
  const accepted = waiting.filter((row) => tools === null || tools.includes(row.tool));
  for (const row of accepted) {
    const detail = { server, tool: row.tool, digest: row.digest, reason: row.reason };
    if (
      !(await record(deps, actor, {
        action: 'pin.accept',
        subject: `${server}/${row.tool}`,
        detail,
      }))
    )
      return notRecorded;
  }
  const digests = new Map(accepted.map((row) => [row.tool, row.digest]));
  const done = await deps.registry.acceptPins(server, digests);
  return done.ok ? ok(done.value.length) : err(explain(done.error));
}

const codeOf: Readonly<Record<RegistryProblem['code'], ControlProblem['code']>> = {
  'label-invalid': 'invalid',
  'name-invalid': 'invalid',
  'principal-invalid': 'invalid',
  'server-unknown': 'invalid',
  'policy-unknown': 'invalid',
  'policy-invalid': 'invalid',
  'label-taken': 'conflict',
  'token-taken': 'conflict',
  'policy-conflict': 'conflict',
  'grant-unknown': 'not-found',
  'declared-in-file': 'read-only',
  'store-failed': 'not-recorded',
};

function explain(problem: RegistryProblem): ControlProblem {
  return { code: codeOf[problem.code], message: explainRegistryProblem(problem) };
}

function liveGrant(deps: ControlDeps, name: string): Grant | null {
  const grants = grantsOf(deps).filter((grant) => grant.revokedMs === null);
  return grants.find((grant) => grant.id === name || grant.label === name) ?? null;
}

function grantsOf(deps: ControlDeps): readonly Grant[] {
  return [...deps.registry.current().grantsByToken.values()];
}

function grantView(deps: ControlDeps, grant: Grant): GrantView {
  const { tokenSha256: _, ...shown } = grant;
  const expired = grant.expiresMs !== null && grant.expiresMs <= deps.clock.nowMs();
  return { ...shown, state: grant.revokedMs !== null ? 'revoked' : expired ? 'expired' : 'live' };
}

/** What is on record of a change. */
interface Change {
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** The record of a change stands already: a second one says that it was not made. */
async function notMade(
  deps: ControlDeps,
  failed: { readonly actor: string; readonly change: Change; readonly problem: RegistryProblem },
): Promise<Result<never, ControlProblem>> {
  const { actor, change, problem } = failed;
  const detail = { ...change.detail, code: problem.code };
  await record(deps, actor, { ...change, action: `${change.action}.failed`, detail });
  return err(explain(problem));
}

function declared(grant: Grant): Result<never, ControlProblem> {
  return err(explain({ code: 'declared-in-file', subject: grant.label }));
}

async function record(deps: ControlDeps, actor: string, change: Change): Promise<boolean> {
  const time = deps.clock.nowMs();
  const recorded = await deps.audit.append({
    kind: 'admin',
    id: newId('adm_'),
    time,
    actor,
    ...change,
  });
  return recorded.ok;
}

const notRecorded: Result<never, ControlProblem> = err({
  code: 'not-recorded',
  message: 'the change could not be put on record, so it was not made',
});

function invalid(message: string): Result<never, ControlProblem> {
  return err({ code: 'invalid', message });
}

function missing(what: string, name: string): Result<never, ControlProblem> {
  return err({ code: 'not-found', message: `there is no ${what} \`${name}\`` });
}
