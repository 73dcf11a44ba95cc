import * as z from 'zod';

import { err, ok, type Result } from '../base/result.ts';
import type { Stop } from '../registry/stops.ts';
import { record, recorded } from './change.ts';
import type { ControlDeps } from './deps.ts';
import { grantsOf } from './grants.ts';
import { explain, invalid, missing, type ControlProblem } from './problem.ts';
import { admins, everyone, type Actor } from './roles.ts';
import { route, type Route } from './route.ts';

const stopView = z.object({
  kind: z.enum(['all', 'grant', 'server']),
  /** The grant's id or the server's name; empty for `all`. */
  name: z.string(),
  /** The grant's label, the server's name, or `everything`. */
  label: z.string(),
  reason: z.string().nullable(),
  actor: z.string(),
  sinceMs: z.int(),
});

const target = z.strictObject({
  kind: z.enum(['all', 'grant', 'server']),
  /** A grant's label or id, or a server's name; left out for `all`. */
  name: z.string().max(128).default(''),
  /** Shown to agents whose calls are refused. */
  reason: z.string().trim().min(1).max(200).nullable().default(null),
});

type Target = z.output<typeof target>;

export const stopRoutes: readonly Route[] = [
  route({
    id: 'listStops',
    method: 'get',
    path: '/api/v1/stops',
    summary: 'What an operator has stopped, oldest first',
    may: everyone,
    output: z.array(stopView),
    handle: ({ registry }) => ok(registry.stops()),
  }),
  route({
    id: 'stopCalls',
    method: 'post',
    path: '/api/v1/stops',
    summary: 'Refuse everything of a grant, of a server, or altogether, and end what is under way',
    may: admins,
    input: target,
    output: stopView,
    handle: (deps, { actor, input }) => stopCalls(deps, actor, input),
  }),
  route({
    id: 'releaseCalls',
    method: 'post',
    path: '/api/v1/stops/release',
    summary: 'Take a stop back; the answer is the one that was taken back',
    may: admins,
    input: target.omit({ reason: true }),
    output: stopView,
    handle: (deps, { actor, input }) => releaseCalls(deps, actor, { ...input, reason: null }),
  }),
];

/** A stop is in force before it is on record: nothing that fails may keep calls going. */
async function stopCalls(
  deps: ControlDeps,
  actor: Actor,
  { kind, name, reason }: Target,
): Promise<Result<Stop, ControlProblem>> {
  const named = nameOf(deps, kind, name);
  if (!named.ok) return named;
  const sinceMs = deps.clock.nowMs();
  const stop: Stop = { kind, ...named.value, reason, actor: actor.name, sinceMs };
  const kept = await deps.registry.stop(stop);
  const detail = { kind, label: stop.label, reason, kept: kept.ok };
  const change = { action: 'stop.set', subject: subjectOf(stop), detail };
  const onRecord = await record(deps, actor, change);
  if (!kept.ok) {
    const { message } = explain(kept.error);
    return notWhole(`it is in force, but only until the gateway is started again: ${message}`);
  }
  return onRecord ? ok(stop) : notWhole('it is in force, but it could not be put on record');
}

async function releaseCalls(
  deps: ControlDeps,
  actor: Actor,
  { kind, name }: Target,
): Promise<Result<Stop, ControlProblem>> {
  const stop = deps.registry
    .stops()
    .find(
      (one) => one.kind === kind && (one.name === name || one.label === name || kind === 'all'),
    );
  if (stop === undefined) return missing('stop of', kind === 'all' ? kind : `${kind} ${name}`);
  const detail = { kind, label: stop.label };
  const change = { action: 'stop.release', subject: subjectOf(stop), detail };
  const done = await recorded(deps, { actor, change }, () => deps.registry.release(stop));
  return done.ok ? ok(stop) : done;
}

/** What is to be stopped, by the name that lasts. */
function nameOf(
  deps: ControlDeps,
  kind: Target['kind'],
  name: string,
): Result<Pick<Stop, 'name' | 'label'>, ControlProblem> {
  if (kind === 'all') {
    if (name !== '') return invalid('/name: `all` has no name; leave it out');
    return ok({ name: '', label: 'everything' });
  }
  if (kind === 'server') {
    const known = deps.registry.current().servers.has(name);
    return known ? ok({ name, label: name }) : missing('server', name);
  }
  const grants = grantsOf(deps).filter(({ revokedMs }) => revokedMs === null);
  const grant = grants.find(({ id, label }) => id === name || label === name);
  return grant === undefined
    ? missing('live grant', name)
    : ok({ name: grant.id, label: grant.label });
}

function subjectOf({ kind, name }: Stop): string {
  return kind === 'all' ? 'all' : `${kind} ${name}`;
}

function notWhole(message: string): Result<never, ControlProblem> {
  return err({ code: 'not-recorded', message });
}
