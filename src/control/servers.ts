import { basename } from 'node:path';

import * as z from 'zod';

import { err, ok, type Result } from '../base/result.ts';
import { parseScanned, type JsonObject } from '../base/strict-json.ts';
import { classifyTool } from '../classify/classify.ts';
import { recommendRule } from '../classify/recommend.ts';
import { categories, risks } from '../policy/index.ts';
import type { Difference } from '../registry/difference.ts';
import { differencesOf } from '../registry/difference-words.ts';
import { isOutdated, kindOf, type Kind } from '../registry/override.ts';
import { scanDefinition } from '../registry/pin.ts';
import type { PinOverride, PinRow } from '../registry/registry-store.ts';
import type { ServerConfig } from '../registry/server.ts';
import { notRecorded, record } from './change.ts';
import type { ControlDeps, ServerHealth } from './deps.ts';
import { changedMeanwhile, overrideRoutes } from './overrides.ts';
import { explain, missing, type ControlProblem } from './problem.ts';
import { admins, everyone, type Actor } from './roles.ts';
import { route, type Route } from './route.ts';
import { serverChangeRoutes } from './server-changes.ts';

const serverView = z.object({
  name: z.string(),
  transport: z.enum(['http', 'sse', 'stdio']),
  /** Enough to recognise it by; never a credential. */
  where: z.string(),
  /** Callable tools; null while the server's list is not known. */
  tools: z.int().nullable(),
  quarantined: z.int(),
  /** `file`: declared by the operator's file, read only here. */
  source: z.enum(['file', 'store']),
  health: z.enum(['unknown', 'reading', 'ok', 'failing']),
  problem: z.string().nullable(),
});

const categoryName = z.enum(categories as [string, ...string[]]);
const riskName = z.enum(risks as [string, ...string[]]);

const reviewed = z.object({
  digest: z.string(),
  definition: z.string(),
  category: categoryName,
  risk: riskName,
});

const pinRow = z.object({
  server: z.string(),
  tool: z.string(),
  digest: z.string(),
  definition: z.string(),
  category: categoryName,
  risk: riskName,
  state: z.enum(['pinned', 'quarantined']),
  reason: z.string().nullable(),
  seenMs: z.int(),
  reviewed: reviewed.nullable(),
  /** What the classifier says: `category` and `risk` are what policies go by. */
  classified: z.object({ category: categoryName, risk: riskName }),
  /** What a person says instead; `outdated` where the definition has changed since. */
  override: z
    .object({
      category: categoryName,
      risk: riskName,
      reason: z.string(),
      actor: z.string(),
      atMs: z.int(),
      outdated: z.boolean(),
    })
    .nullable(),
  /** What raises the risk, by the classifier, and why it says so in a sentence. */
  signals: z.array(z.string()),
  sentence: z.string(),
  /** The rule that is a good start for it, under `"default": "deny"`. */
  recommended: z.record(z.string(), z.json()),
});

const toolDifference = z.object({
  tool: z.string(),
  /** Of the definition that is told of: what `acceptPins` takes. */
  digest: z.string(),
  reason: z.string().nullable(),
  /** True for a tool of which no definition was ever reviewed: all of it is told. */
  isNew: z.boolean(),
  differences: z.array(
    z.object({
      pointer: z.string(),
      kind: z.enum(['added', 'removed', 'changed']),
      text: z.string(),
    }),
  ),
});

/** What a person reads before they accept a tool. */
export interface ToolDifference {
  readonly tool: string;
  /** Of the definition that is told of: whoever accepts it says which one they have read. */
  readonly digest: string;
  readonly reason: string | null;
  readonly isNew: boolean;
  readonly differences: readonly Difference[];
}

function differenceView(row: Omit<PinRow, 'override'>): ToolDifference {
  const { tool, digest, reason, reviewed } = row;
  return { tool, digest, reason, isNew: reviewed === null, differences: differencesOf(row) };
}

/** A server as it is shown: its address, not its credentials. */
export interface ServerView {
  readonly name: string;
  readonly transport: 'http' | 'sse' | 'stdio';
  readonly where: string;
  readonly tools: number | null;
  readonly quarantined: number;
  readonly source: 'file' | 'store';
  readonly health: ServerHealth['state'];
  readonly problem: string | null;
}

/** A row and what the classifier says of its definition. */
export interface PinView extends Omit<PinRow, 'override'> {
  readonly classified: Kind;
  readonly override: (Omit<PinOverride, 'digest'> & { readonly outdated: boolean }) | null;
  readonly signals: readonly string[];
  readonly sentence: string;
  readonly recommended: JsonObject;
}

const named = '/api/v1/servers/{name}';

/** A tool by its name; with the digest of its definition, that definition and no other. */
const reviewedTool = z.union([
  z.string(),
  z.strictObject({ tool: z.string(), digest: z.string().max(128) }),
]);

export const serverRoutes: readonly Route[] = [
  route({
    id: 'listServers',
    method: 'get',
    path: '/api/v1/servers',
    summary: 'Every server, where it is and how many of its tools may be called',
    may: everyone,
    output: z.array(serverView),
    handle: (deps) => ok(serverViews(deps)),
  }),
  route({
    id: 'listPins',
    method: 'get',
    path: `${named}/pins`,
    summary: 'Every definition that is kept of a server, and why one is quarantined',
    may: everyone,
    output: z.array(pinRow),
    handle: (deps, { params }) => pinsOf(deps, params['name'] ?? ''),
  }),
  route({
    id: 'diffPins',
    method: 'get',
    path: `${named}/pins/diff`,
    summary: 'What differs, in words, between each quarantined definition and the reviewed one',
    may: everyone,
    output: z.array(toolDifference),
    handle: async (deps, { params }) => {
      const rows = await pinsOf(deps, params['name'] ?? '');
      if (!rows.ok) return rows;
      const waiting = rows.value.filter((row) => row.state === 'quarantined');
      return ok(waiting.map((row) => differenceView(row)));
    },
  }),
  route({
    id: 'acceptPins',
    method: 'post',
    path: `${named}/pins/accept`,
    summary: 'Accept definitions that a person has reviewed; the answer is how many',
    may: admins,
    input: z.object({ tools: z.array(reviewedTool).max(4_000).nullable().default(null) }),
    output: z.int(),
    handle: (deps, { actor, params, input }) =>
      acceptPins(deps, actor, { server: params['name'] ?? '', tools: input.tools }),
  }),
  ...overrideRoutes,
  ...serverChangeRoutes,
];

/** Every server of the snapshot. */
export function serverViews({
  registry,
  upstream,
}: Pick<ControlDeps, 'registry' | 'upstream'>): readonly ServerView[] {
  const views: ServerView[] = [];
  for (const [name, { config, tools }] of registry.current().servers) {
    const states = tools === null ? [] : [...tools.values()].map((tool) => tool.state);
    const health = upstream.healthOf(name);
    views.push({
      name,
      transport: config.transport,
      where: whereOf(config),
      tools: tools === null ? null : states.filter((state) => state === 'pinned').length,
      quarantined: states.filter((state) => state === 'quarantined').length,
      source: registry.isDeclaredServer(name) ? 'file' : 'store',
      health: health.state,
      problem: health.problem,
    });
  }
  return views;
}

/** Enough to recognise a server by; arguments and queries may hold secrets and are left out. */
function whereOf(config: ServerConfig): string {
  if (config.transport === 'stdio') return `${basename(config.command)}, over stdio`;
  const url = URL.parse(config.url);
  if (url?.protocol === 'portcullis:') return 'built in';
  return url === null ? 'an unreadable address' : `${url.origin}${url.pathname}`;
}

async function pinsOf(
  { registry }: ControlDeps,
  server: string,
): Promise<Result<readonly PinView[], ControlProblem>> {
  if (!registry.current().servers.has(server)) return missing('server', server);
  const rows = await registry.pins(server);
  const context = { name: server, toolNames: rows.map((row) => row.tool) };
  return ok(
    rows.map((row) => {
      const text = scanDefinition(row.definition);
      // The scan saw an object.
      const definition = text === null ? {} : (parseScanned(text) as JsonObject);
      const tool = { ...definition, name: row.tool };
      const { signals, sentence } = classifyTool(tool, context);
      const kind = kindOf(row);
      const recommended = recommendRule(tool, kind);
      const said = { signals: signals.map(({ id }) => id), sentence, recommended };
      const { category, risk } = row;
      return {
        ...row,
        ...kind,
        classified: { category, risk },
        override: overrideView(row),
        ...said,
      };
    }),
  );
}

function overrideView(row: PinRow): PinView['override'] {
  if (row.override === undefined) return null;
  const { digest: _, ...shown } = row.override;
  return { ...shown, outdated: isOutdated(row) };
}

type ReviewedTool = z.output<typeof reviewedTool>;

/** Accepts definitions that a person has seen: all quarantined tools of a server, or those named. */
async function acceptPins(
  deps: ControlDeps,
  actor: Actor,
  { server, tools }: { readonly server: string; readonly tools: readonly ReviewedTool[] | null },
): Promise<Result<number, ControlProblem>> {
  const rows = await pinsOf(deps, server);
  if (!rows.ok) return rows;
  const waiting = rows.value.filter((row) => row.state === 'quarantined');
  const byTool = new Map(waiting.map((row) => [row.tool, row]));
  const accepted = new Set(tools === null ? waiting : []);
  for (const one of tools ?? []) {
    const { tool, digest } = typeof one === 'string' ? { tool: one, digest: null } : one;
    const row = byTool.get(tool);
    if (row === undefined) return missing('quarantined tool', tool);
    if (digest !== null && digest !== row.digest) return changedMeanwhile(tool);
    accepted.add(row);
  }
  for (const row of accepted) {
    const { tool, digest, reason, reviewed } = row;
    const detail = { server, tool, before: reviewed?.digest ?? null, digest, reason };
    const change = { action: 'pin.accept', subject: `${server}/${row.tool}`, detail };
    if (!(await record(deps, actor, change))) return notRecorded;
  }
  const digests = new Map([...accepted].map((row) => [row.tool, row.digest]));
  const done = await deps.registry.acceptPins(server, digests);
  return done.ok ? ok(done.value.length) : err(explain(done.error));
}
