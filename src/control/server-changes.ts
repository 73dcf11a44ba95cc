import * as z from 'zod';

import { err, ok, type Result } from '../base/result.ts';
import { headerProblem } from '../registry/server-draft.ts';
import { recorded } from './change.ts';
import type { ControlDeps } from './deps.ts';
import { grantsOf, viewOf } from './grants.ts';
import {
  conflict,
  declaredInFile,
  explain,
  invalid,
  missing,
  type ControlProblem,
} from './problem.ts';
import { admins, type Actor } from './roles.ts';
import { route, type Route } from './route.ts';

const headers = z.record(z.string().max(128), z.string().max(8_192));

/** No member of it is a command, an argument or a variable: those are the operator's file's alone. */
const newServer = z.strictObject({
  name: z.string().max(64),
  url: z.string().max(2_048),
  headers: headers.default({}),
  allowPrivate: z.boolean().default(false),
});

const done = z.object({ name: z.string() });

const named = '/api/v1/servers/{name}';

/** What can be changed of servers: those that were added by their address alone. */
export const serverChangeRoutes: readonly Route[] = [
  route({
    id: 'addServer',
    method: 'post',
    path: '/api/v1/servers',
    summary: 'Add a server by its address; its credentials are kept sealed and shown to nobody',
    may: admins,
    input: newServer,
    output: done,
    handle: (deps, { actor, input }) => addServer(deps, actor, input),
  }),
  route({
    id: 'setCredentials',
    method: 'put',
    path: `${named}/credentials`,
    summary: 'Replace the headers that a server is asked with; what they were is not shown',
    may: admins,
    input: z.strictObject({ headers }),
    output: done,
    handle: async (deps, { actor, params, input }) => {
      const name = params['name'] ?? '';
      const found = await storedServer(deps, name);
      if (!found.ok) return found;
      const problem = headersProblem(input.headers);
      if (problem !== null) return invalid(problem);
      const detail = { headers: Object.keys(input.headers).join(' ') };
      const change = { action: 'server.credentials', subject: name, detail };
      const set = await recorded(deps, { actor, change }, () =>
        deps.registry.setServerHeaders(name, lowered(input.headers)),
      );
      return set.ok ? ok({ name }) : set;
    },
  }),
  route({
    id: 'removeServer',
    method: 'delete',
    path: named,
    summary: 'Remove a server; 409 while a live grant opens it',
    may: admins,
    output: done,
    handle: async (deps, { actor, params }) => {
      const name = params['name'] ?? '';
      const found = await storedServer(deps, name);
      if (!found.ok) return found;
      const users = grantsOf(deps).filter((grant) => grant.servers.includes(name));
      const live = users.filter((grant) => viewOf(deps, grant).state === 'live');
      if (live.length > 0) {
        const labels = live.map(({ label }) => `\`${label}\``).join(', ');
        return conflict(`live grants open this server: revoke ${labels} first`);
      }
      const change = { action: 'server.remove', subject: name, detail: {} };
      const removed = await recorded(deps, { actor, change }, () =>
        deps.registry.removeServer(name),
      );
      return removed.ok ? ok({ name }) : removed;
    },
  }),
  route({
    id: 'readTools',
    method: 'post',
    path: `${named}/read`,
    summary: 'Read the tools of a server again',
    may: admins,
    output: z.object({ read: z.boolean() }),
    handle: async (deps, { params }) => {
      const name = params['name'] ?? '';
      if (!deps.registry.current().servers.has(name)) return missing('server', name);
      return ok({ read: await deps.upstream.readTools(name) });
    },
  }),
];

async function addServer(
  deps: ControlDeps,
  actor: Actor,
  wanted: z.output<typeof newServer>,
): Promise<Result<{ readonly name: string }, ControlProblem>> {
  const { name, allowPrivate } = wanted;
  const taken = deps.registry.serverProblem(name);
  if (taken !== null) return err(explain(taken));
  const broken = headersProblem(wanted.headers);
  if (broken !== null) return invalid(broken);
  if (allowPrivate && !deps.privateServers) {
    return invalid(
      '/allowPrivate: private addresses are closed here; the operator opens them with `console.privateServers` in the file',
    );
  }
  const refused = await deps.upstream.checkAddress(wanted.url, allowPrivate);
  if (refused !== null) return invalid(`/url: ${refused}`);
  const url = new URL(wanted.url).href;
  const where = new URL(url);
  const detail = {
    // A query may hold a secret.
    address: `${where.origin}${where.pathname}`,
    headers: Object.keys(wanted.headers).join(' '),
    allowPrivate,
  };
  const change = { action: 'server.add', subject: name, detail };
  const createdMs = deps.clock.nowMs();
  const headersToKeep = lowered(wanted.headers);
  const server = { name, url, headers: headersToKeep, allowPrivate, author: actor.name, createdMs };
  const added = await recorded(deps, { actor, change }, () => deps.registry.addServer(server));
  return added.ok ? ok({ name }) : added;
}

function headersProblem(given: Readonly<Record<string, string>>): string | null {
  const names = new Set<string>();
  for (const [name, value] of Object.entries(given)) {
    const problem = headerProblem(name, value);
    if (problem !== null) return `/headers: ${problem}`;
    if (names.has(name.toLowerCase())) return `/headers: \`${name.toLowerCase()}\` is here twice`;
    names.add(name.toLowerCase());
  }
  return null;
}

function lowered(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]);
  // Both members of each entry are texts.
  return Object.fromEntries(entries) as Readonly<Record<string, string>>;
}

async function storedServer(
  { registry }: ControlDeps,
  name: string,
): Promise<Result<null, ControlProblem>> {
  const stored = await registry.storedServers();
  if (stored.some((server) => server.name === name)) return ok(null);
  return registry.current().servers.has(name) ? declaredInFile(name) : missing('server', name);
}
