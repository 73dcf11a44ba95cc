import { parseScanned, type JsonObject } from '../base/strict-json.ts';
import type { PinnedTool } from '../policy/index.ts';
import { kindOf } from './override.ts';
import { scanDefinition } from './pin.ts';
import type { PinRow } from './registry-store.ts';

/** The tools of one server as `decide` sees them, by exact name. */
export function pinnedTools(rows: readonly PinRow[]): ReadonlyMap<string, PinnedTool> {
  return new Map(rows.map((row) => [row.tool, pinnedTool(row)]));
}

/** A row whose definition is not that tool's, or is not kept, is quarantined whatever it says. */
function pinnedTool(row: PinRow): PinnedTool {
  const { tool: name, digest } = row;
  const text = scanDefinition(row.definition);
  // The scan saw an object.
  const definition = text === null ? {} : (parseScanned(text) as JsonObject);
  const state = definition['name'] === name ? row.state : 'quarantined';
  const inputSchema = definition['inputSchema'] ?? null;
  return { name, state, ...kindOf(row), inputSchema, digest };
}
