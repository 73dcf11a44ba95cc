import * as z from 'zod';

import { differenceText, jsonDifference } from '../base/json-difference.ts';
import { err, ok, type Result } from '../base/result.ts';
import { parsePolicy, type PolicyDocument } from '../policy/index.ts';
import type { PolicyVersionRow } from '../registry/registry-store.ts';
import { recorded } from './change.ts';
import type { ControlDeps } from './deps.ts';
import { grantsOf, viewOf } from './grants.ts';
import { policyTrialRoutes } from './policy-trials.ts';
import { withRule } from './policy-rule.ts';
import { conflict, explain, invalid, missing, type ControlProblem } from './problem.ts';
import { everyone, policyWriters, type Actor } from './roles.ts';
import { route, type Route } from './route.ts';

const policyView = z.object({
  name: z.string(),
  version: z.int(),
  /** `file`: declared by the operator's file, read only here. */
  source: z.enum(['file', 'store']),
  description: z.string().nullable(),
  /** Rules by what they do, so that a list can be read at a glance. */
  rules: z.object({ tools: z.int(), categories: z.int(), hidden: z.int(), default: z.string() }),
  /** Labels of the live grants that it is in force for, with the servers. */
  usedBy: z.array(z.object({ grant: z.string(), servers: z.array(z.string()) })),
});

const policyVersion = z.object({
  version: z.int(),
  author: z.string(),
  createdMs: z.int(),
  document: z.string(),
});

const wholePolicy = z.object({
  ...policyView.shape,
  document: z.string(),
  versions: z.array(policyVersion.omit({ document: true })),
});

type PolicyView = z.output<typeof policyView>;

const documentText = z.string().max(1_048_576);
/** The version that the author looked at; 0 where there is none yet. */
const basis = z.int().min(0);

const named = '/api/v1/policies/{name}';

export const policyRoutes: readonly Route[] = [
  route({
    id: 'listPolicies',
    method: 'get',
    path: '/api/v1/policies',
    summary: 'Every policy in force, with the grants that use it',
    may: everyone,
    output: z.array(policyView),
    handle: (deps) =>
      ok(
        [...deps.registry.current().policies.keys()].sort().map((name) => viewOfPolicy(deps, name)),
      ),
  }),
  ...policyTrialRoutes,
  route({
    id: 'getPolicy',
    method: 'get',
    path: named,
    summary: 'The document in force and the list of its versions, newest first',
    may: everyone,
    output: wholePolicy,
    handle: async (deps, { params }) => {
      const found = await versionsOf(deps, params['name'] ?? '');
      if (!found.ok) return found;
      const { current, versions } = found.value;
      const listed = versions.map(({ version, author, createdMs }) => ({
        version,
        author,
        createdMs,
      }));
      const { document } = current;
      return ok({ ...viewOfPolicy(deps, current.name), document, versions: listed });
    },
  }),
  route({
    id: 'getPolicyVersion',
    method: 'get',
    path: `${named}/versions/{version}`,
    summary: 'One version of a policy, as it was saved',
    may: everyone,
    output: policyVersion,
    handle: (deps, { params }) => versionOf(deps, params['name'] ?? '', params['version'] ?? ''),
  }),
  route({
    id: 'savePolicy',
    method: 'put',
    path: named,
    summary: 'Save the next version and put it in force; 409 when somebody else saved meanwhile',
    may: policyWriters,
    input: z.strictObject({ document: documentText, basis }),
    output: wholePolicy.pick({ name: true, version: true }),
    handle: (deps, { actor, params, input }) =>
      save(deps, actor, { name: params['name'] ?? '', ...input, action: 'policy.save' }),
  }),
  route({
    id: 'putBackPolicy',
    method: 'post',
    path: `${named}/versions/{version}/put-back`,
    summary: 'Save an earlier version as the next one',
    may: policyWriters,
    input: z.strictObject({ basis }),
    output: wholePolicy.pick({ name: true, version: true }),
    handle: async (deps, { actor, params, input }) => {
      const name = params['name'] ?? '';
      const earlier = await versionOf(deps, name, params['version'] ?? '');
      if (!earlier.ok) return earlier;
      const { document } = earlier.value;
      return save(deps, actor, { name, document, ...input, action: 'policy.put-back' });
    },
  }),
  route({
    id: 'setToolRule',
    method: 'put',
    path: `${named}/tools/{tool}`,
    summary: 'Set the rule of one tool, or take it out with null, leaving the rest as it is',
    may: policyWriters,
    input: z.strictObject({ rule: z.record(z.string(), z.json()).nullable(), basis }),
    output: wholePolicy.pick({ name: true, version: true }),
    handle: async (deps, { actor, params, input }) => {
      const name = params['name'] ?? '';
      const found = await versionsOf(deps, name);
      if (!found.ok) return found;
      const { version, document: before } = found.value.current;
      if (version !== input.basis) return savedMeanwhile(name, version);
      const document = withRule(before, params['tool'] ?? '', input.rule);
      if (document === null) return invalid('/rule: the document in force could not be read');
      const { basis: on } = input;
      return save(deps, actor, { name, document, basis: on, action: 'policy.set-rule' });
    },
  }),
];

interface Save {
  readonly name: string;
  readonly document: string;
  readonly basis: number;
  readonly action: string;
}

async function save(
  deps: ControlDeps,
  actor: Actor,
  { name, document, basis: on, action }: Save,
): Promise<Result<{ readonly name: string; readonly version: number }, ControlProblem>> {
  const draft = { name, version: on + 1, document, author: actor.name };
  const problem = deps.registry.policyProblem(draft);
  if (problem !== null) return err(explain(problem));
  const newest = deps.registry.current().policies.get(name)?.version ?? 0;
  if (newest !== on) return savedMeanwhile(name, newest);
  const before = deps.registry.current().policies.get(name)?.compiled.document;
  const detail = { version: on + 1, difference: policyDifference(before, document) };
  const change = { action, subject: name, detail };
  const saved = await recorded(deps, { actor, change }, () => deps.registry.savePolicy(draft));
  return saved.ok ? ok({ name, version: saved.value.version }) : saved;
}

/** What the record says of a new version: every place that differs from the one in force. */
function policyDifference(before: PolicyDocument | undefined, text: string): string {
  const parsed = parsePolicy(text);
  const changes = jsonDifference(before, parsed.ok ? parsed.value : undefined);
  return differenceText(changes, { values: true, charactersMax: 4_000 });
}

function savedMeanwhile(name: string, newest: number): Result<never, ControlProblem> {
  return conflict(
    `somebody saved \`${name}\` meanwhile: version ${newest} is the newest; look at it, and save again`,
  );
}

function viewOfPolicy(deps: ControlDeps, name: string): PolicyView {
  const policy = deps.registry.current().policies.get(name);
  const document = policy?.compiled.document;
  const live = grantsOf(deps).filter((grant) => viewOf(deps, grant).state === 'live');
  const users = live.map(({ label, servers, policies }) => ({
    grant: label,
    servers: servers.filter((server) => policies[server] === name),
  }));
  return {
    name,
    version: policy?.version ?? 0,
    source: deps.registry.isDeclaredPolicy(name) ? 'file' : 'store',
    description: document?.description ?? null,
    rules: {
      tools: Object.keys(document?.tools ?? {}).length,
      categories: Object.keys(document?.categories ?? {}).length,
      hidden: document?.hide?.length ?? 0,
      default: document?.default ?? 'deny',
    },
    usedBy: users.filter(({ servers }) => servers.length > 0),
  };
}

async function versionsOf(
  { registry }: ControlDeps,
  name: string,
): Promise<
  Result<
    { readonly current: PolicyVersionRow; readonly versions: readonly PolicyVersionRow[] },
    ControlProblem
  >
> {
  const inForce = registry.current().policies.get(name);
  const rows = inForce === undefined ? [] : await registry.policyVersions(name);
  const current = rows.find((row) => row.version === inForce?.version);
  if (current === undefined) return missing('policy', name);
  return ok({ current, versions: rows.toReversed() });
}

async function versionOf(
  deps: ControlDeps,
  name: string,
  version: string,
): Promise<Result<PolicyVersionRow, ControlProblem>> {
  const found = await versionsOf(deps, name);
  if (!found.ok) return found;
  const row = found.value.versions.find((one) => String(one.version) === version);
  return row === undefined ? missing(`version of \`${name}\``, version) : ok(row);
}
