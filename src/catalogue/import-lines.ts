import { err, ok, type Result } from '../base/result.ts';
import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { noIdentity, type Recording } from './catalogue-store.ts';

/** One tool of a line: `server`, `tool`, and the members of its definition. */
export interface ImportedTool {
  readonly server: string;
  readonly definition: JsonObject;
}

const nameMax = 512;

/**
 * A line of an import: `{"server", "tool", "description", "inputSchema", "annotations"}`. Members
 * that are null count as absent; others of the definition are kept.
 */
export function readImportLine(value: unknown): Result<ImportedTool, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return err('a line is an object with `server` and `tool`');
  }
  // Parsed JSON that is an object and no list.
  const { server, tool, ...rest } = value as Readonly<Record<string, JsonValue>>;
  if (typeof server !== 'string' || server === '') return err('/server: the name of a server');
  if (typeof tool !== 'string') return err('/tool: the name of a tool');
  if (server.length > nameMax || tool.length > nameMax) {
    return err(`a name has at most ${nameMax} characters`);
  }
  const members = Object.entries(rest).filter(([, member]) => member !== null);
  return ok({ server, definition: { name: tool, ...Object.fromEntries(members) } });
}

/** The lines of one server as a reading of it. */
export function readingOf(
  server: string,
  tools: readonly JsonObject[],
  from: { readonly where: string; readonly atMs: number },
): Recording {
  return {
    observation: {
      name: server,
      version: null,
      instructions: null,
      posture: {
        transport: 'file',
        where: from.where,
        encrypted: null,
        credentials: null,
        protocolVersion: null,
        asks: [],
      },
      tools,
    },
    source: 'import',
    identity: noIdentity,
    atMs: from.atMs,
  };
}
