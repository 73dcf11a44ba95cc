import type { Log } from '../base/log.ts';
import { classifyTool } from '../classify/classify.ts';
import type { Discovery } from '../gateway/discover.ts';
import type { SeenTool } from '../registry/pin.ts';
import type { Registry } from '../registry/registry.ts';

/** Classifies what a server lists, and compares it with what was reviewed. */
export async function pinDiscovered(
  registry: Registry,
  server: string,
  discovery: Discovery,
  log: Log,
): Promise<void> {
  const pinned = await registry.pinSeen(server, seenTools(server, discovery));
  if (!pinned.ok) {
    log.error('the tools of a server could not be pinned', { server, code: pinned.error.code });
    return;
  }
  const waiting = pinned.value.changed.filter((row) => row.state === 'quarantined');
  for (const row of waiting) {
    log.warn('a tool is quarantined', { server, tool: row.tool, reason: row.reason });
  }
}

/** What a server lists, classified. */
export function seenTools(server: string, { tools }: Discovery): readonly SeenTool[] {
  const context = { name: server, toolNames: tools.map((tool) => tool.name) };
  return tools.map(({ name, text, digest, definition }) => {
    const found = classifyTool({ ...definition, name }, context);
    return { name, definition: text, digest, category: found.category, risk: found.raisedRisk };
  });
}
