import * as z from 'zod';

import { err, ok, type Result } from '../base/result.ts';
import { classRiskOf } from '../classify/risk.ts';
import { categories, risks, type Category, type Risk } from '../policy/index.ts';
import { goesByKind, kindOf, withOverride, type Kind } from '../registry/override.ts';
import type { PinOverride, PinRow } from '../registry/registry-store.ts';
import { recorded, recordFailed } from './change.ts';
import type { ControlDeps } from './deps.ts';
import { conflict, missing, type ControlProblem } from './problem.ts';
import { admins, policyWriters, type Actor } from './roles.ts';
import { route, type Route } from './route.ts';

const kind = z.object({
  category: z.enum(categories as [Category, ...Category[]]),
  risk: z.enum(risks as [Risk, ...Risk[]]),
});

const categoryInput = z.strictObject({
  category: kind.shape.category,
  /** Absent: the risk of the category by itself. */
  risk: kind.shape.risk.optional(),
  reason: z.string().trim().min(1).max(500),
  /** The definition that was looked at; absent: the one that is kept now. */
  digest: z.string().max(128).optional(),
});

const of = '/api/v1/servers/{name}/tools/{tool}/category';

/** A person's word on what a tool is: policies go by it, and so does the recommended rule. */
export const overrideRoutes: readonly Route[] = [
  route({
    id: 'setCategory',
    method: 'put',
    path: of,
    summary: "Say what a tool is, with a reason, in place of the classifier's answer",
    may: policyWriters,
    input: categoryInput,
    output: kind,
    handle: (deps, { actor, params, input }) =>
      setCategory(deps, actor, { ...placeOf(params), ...input }),
  }),
  route({
    id: 'resetCategory',
    method: 'delete',
    path: of,
    summary: "Take a person's word on a tool back: the classifier's answer is in force again",
    may: policyWriters,
    output: kind,
    handle: (deps, { actor, params }) => resetCategory(deps, actor, placeOf(params)),
  }),
];

interface Place {
  readonly server: string;
  readonly tool: string;
}

function placeOf(params: Readonly<Record<string, string>>): Place {
  return { server: params['name'] ?? '', tool: params['tool'] ?? '' };
}

async function setCategory(
  deps: ControlDeps,
  actor: Actor,
  {
    server,
    tool,
    category,
    risk = classRiskOf(category),
    reason,
    digest,
  }: Place & z.output<typeof categoryInput>,
): Promise<Result<Kind, ControlProblem>> {
  const found = await rowOf(deps, actor, { server, tool });
  if (!found.ok) return found;
  const row = found.value;
  if (digest !== undefined && digest !== row.digest) return changedMeanwhile(tool);
  const atMs = deps.clock.nowMs();
  const override = { category, risk, reason, actor: actor.name, atMs, digest: row.digest };
  const detail = { server, tool, category, risk, reason, digest: row.digest, ...beforeOf(row) };
  return put(deps, actor, { action: 'pin.set-category', row, detail, override });
}

async function resetCategory(
  deps: ControlDeps,
  actor: Actor,
  place: Place,
): Promise<Result<Kind, ControlProblem>> {
  const found = await rowOf(deps, actor, place);
  if (!found.ok) return found;
  const row = found.value;
  if (row.override === undefined) {
    return conflict(`nobody has said what \`${place.tool}\` is: there is nothing to take back`);
  }
  const detail = { ...place, category: row.category, risk: row.risk, ...beforeOf(row) };
  return put(deps, actor, { action: 'pin.reset-category', row, detail, override: null });
}

/**
 * The row of a tool that this actor may say something of. Guardrails stand above whoever writes
 * policies: what they go by is an administrator's to say, or a word would take a tool out of them.
 */
async function rowOf(
  { registry }: ControlDeps,
  actor: Actor,
  { server, tool }: Place,
): Promise<Result<PinRow, ControlProblem>> {
  const { servers, guardrails } = registry.current();
  if (!servers.has(server)) return missing('server', server);
  const above = guardrails.find(({ policy }) => goesByKind(policy));
  if (above !== undefined && !admins.includes(actor.role)) {
    const message = `the guardrail \`${above.name}\` goes by what tools are: ask an administrator to say it`;
    return err({ code: 'forbidden', message });
  }
  const row = (await registry.pins(server)).find((one) => one.tool === tool);
  return row === undefined ? missing('tool', tool) : ok(row);
}

function beforeOf(row: PinRow): { readonly before: string; readonly classified: string } {
  const { category, risk } = kindOf(row);
  return { before: `${category} ${risk}`, classified: `${row.category} ${row.risk}` };
}

/** Changes the row that was looked at, and no other. */
async function put(
  deps: ControlDeps,
  actor: Actor,
  about: {
    readonly action: string;
    readonly row: PinRow;
    readonly detail: Readonly<Record<string, string>>;
    readonly override: PinOverride | null;
  },
): Promise<Result<Kind, ControlProblem>> {
  const { action, row, detail, override } = about;
  const change = { action, subject: `${row.server}/${row.tool}`, detail };
  const changed = await recorded(deps, { actor, change }, () =>
    deps.registry.changePins(row.server, (rows) =>
      rows
        .filter(({ tool, digest }) => tool === row.tool && digest === row.digest)
        .map((one) => withOverride(one, override)),
    ),
  );
  if (!changed.ok) return changed;
  const [now] = changed.value;
  if (now !== undefined) return ok(kindOf(now));
  await recordFailed(deps, actor, { change, code: 'definition-changed' });
  return changedMeanwhile(row.tool);
}

/** What was looked at is not what there is by now. */
export function changedMeanwhile(tool: string): Result<never, ControlProblem> {
  const message = `the definition of \`${tool}\` changed meanwhile: look at it again`;
  return err({ code: 'conflict', message });
}
