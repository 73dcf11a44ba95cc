import { parseScanned } from '../base/strict-json.ts';
import type { PinnedTool } from '../policy/index.ts';
import { scanDefinition } from './pin.ts';
import type { PinRow } from './registry-store.ts';

/** The tools of one server as `decide` sees them, by exact name. */
export function pinnedTools(rows: readonly PinRow[]): ReadonlyMap<string, PinnedTool> {
  return new Map(rows.map((row) => [row.tool, pinnedTool(row)]));
}

/** A definition that cannot be read any more is quarantined, whatever its row says. */
function pinnedTool(row: PinRow): PinnedTool {
  const { tool: name, category, risk, digest } = row;
  const text = scanDefinition(row.definition);
  const definition = text === null ? null : parseScanned(text);
  const readable = typeof definition === 'object' && definition !== null;
  const state = readable ? row.state : 'quarantined';
  const inputSchema =
    readable && !Array.isArray(definition) && 'inputSchema' in definition
      ? definition.inputSchema
      : null;
  return { name, state, category, risk, inputSchema: inputSchema ?? null, digest };
}
