import type { ServerEntry, ToolEntry } from '../../catalogue/entry.ts';
import { recommendRule } from '../../classify/recommend.ts';
import { isOutdated, kindOf } from '../../registry/override.ts';
import type { PinRow } from '../../registry/registry-store.ts';
import type { ControlDeps } from '../deps.ts';

/**
 * A tool as people here take it: what somebody said of a registered server's tool is in force, and
 * the recommended rule follows it. What the classifier says stays beside it.
 */
export async function overriddenTool(
  deps: Pick<ControlDeps, 'registry'>,
  tool: ToolEntry,
): Promise<ToolEntry> {
  const row = (await saidOf(deps, tool.server.slug)).find(({ tool: name }) => name === tool.name);
  if (row?.override === undefined) return tool;
  const { category, risk, actor: by, reason: why, atMs } = row.override;
  const policy = recommendRule({ ...tool.definition, name: tool.name }, kindOf(row));
  return {
    ...tool,
    policy,
    override: { category, risk, by, why, atMs, outdated: isOutdated(row) },
  };
}

/** The whole policy of a server, by the same. */
export async function overriddenServer(
  deps: Pick<ControlDeps, 'registry'>,
  server: ServerEntry,
  definitionOf: (slug: string) => Promise<ToolEntry['definition'] | null>,
): Promise<ServerEntry> {
  const rules: Record<string, ToolEntry['policy']> = {};
  for (const row of await saidOf(deps, server.slug)) {
    const listed = server.listed.find(({ name }) => name === row.tool);
    const definition = listed === undefined ? null : await definitionOf(listed.slug);
    if (definition === null) continue;
    rules[row.tool] = recommendRule({ ...definition, name: row.tool }, kindOf(row));
  }
  const { policy } = server;
  // A recommended policy has its rules by tool.
  const before = policy['tools'] as ToolEntry['policy'];
  return { ...server, policy: { ...policy, tools: { ...before, ...rules } } };
}

/** Where the console shows a registered server's tool; null where it is none of those. */
export async function consoleHref(
  deps: Pick<ControlDeps, 'registry'>,
  { name, server: { slug } }: ToolEntry,
): Promise<string | null> {
  const known = (await rowsOf(deps, slug)).some(({ tool }) => tool === name);
  if (!known) return null;
  const search = new URLSearchParams({ tool: name });
  return `/console/servers/${encodeURIComponent(slug)}?${search.toString()}`;
}

/** Rows of a registered server of which a person has said something. */
async function saidOf(
  deps: Pick<ControlDeps, 'registry'>,
  server: string,
): Promise<readonly PinRow[]> {
  return (await rowsOf(deps, server)).filter(({ override }) => override !== undefined);
}

async function rowsOf(
  { registry }: Pick<ControlDeps, 'registry'>,
  server: string,
): Promise<readonly PinRow[]> {
  return registry.current().servers.has(server) ? registry.pins(server) : [];
}
