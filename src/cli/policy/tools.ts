import { hash } from 'node:crypto';

import type { JsonValue } from '../../base/strict-json.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { classifyTool } from '../../classify/classify.ts';
import type { PinView } from '../../control/servers.ts';
import type { PinnedTool } from '../../policy/index.ts';
import { pinnedTools } from '../../registry/pinned-tools.ts';
import type { PinRow } from '../../registry/registry-store.ts';
import { connectControl } from '../control-client.ts';
import type { Failure } from '../io.ts';
import { readJsonFile } from './load.ts';

/** Where the tools of a server are read from: a file, or the running gateway's reviewed list. */
export interface ToolSource {
  readonly tools?: string;
  readonly server?: string;
  readonly data: string;
}

/**
 * The tools that a policy speaks of; null when none were named. A file holds the result of
 * `tools/list` and is classified here; a server's list is the one that the gateway pinned.
 */
export async function loadTools(
  source: ToolSource,
): Promise<Result<readonly PinnedTool[] | null, Failure>> {
  if (source.tools !== undefined) {
    const listed = toolsOfFile(source.tools);
    return listed.ok ? listed : err({ code: 'tools', message: listed.error });
  }
  if (source.server === undefined) return ok(null);
  const control = await connectControl(source.data);
  if (!control.ok) return control;
  const path = `/api/v1/servers/${encodeURIComponent(source.server)}/pins`;
  const rows = await control.value.get(path);
  if (!rows.ok) return rows;
  // The API answers this route with views of pin rows.
  const views = rows.value as readonly PinView[];
  return ok([...pinnedTools(views.map(rowOf)).values()]);
}

/** A view says what policies take a tool for: a person's word is in its category and risk already. */
function rowOf(view: PinView): PinRow {
  const { override: _, ...row } = view;
  return row;
}

function toolsOfFile(path: string): Result<readonly PinnedTool[], string> {
  const parsed = readJsonFile(path);
  if (!parsed.ok) return parsed;
  const list = listIn(parsed.value);
  if (list === null) {
    return err(`\`${path}\` holds no \`tools\` list: save the result of \`tools/list\` there`);
  }
  const named = list.filter(isNamed);
  if (named.length < list.length) {
    const nameless = list.length - named.length;
    return err(
      `\`${path}\` holds no list of tools: ${nameless} of its ${list.length} entries have no \`name\`; save the result of \`tools/list\` there`,
    );
  }
  const server = serverName(parsed.value) ?? '';
  const context = { name: server, toolNames: named.map((tool) => tool.name) };
  return ok(
    named.map((tool) => {
      const found = classifyTool(tool, context);
      return {
        name: tool.name,
        state: 'pinned',
        category: found.category,
        risk: found.raisedRisk,
        // The file was parsed as JSON, so whatever stands there is a JSON value.
        inputSchema: (tool.inputSchema ?? null) as JsonValue,
        digest: hash('sha256', JSON.stringify(tool), 'hex'),
      };
    }),
  );
}

interface NamedTool {
  readonly name: string;
  readonly inputSchema?: unknown;
}

function isNamed(tool: unknown): tool is NamedTool {
  return (
    typeof tool === 'object' && tool !== null && 'name' in tool && typeof tool.name === 'string'
  );
}

function listIn(value: unknown): readonly unknown[] | null {
  if (isList(value)) return value;
  if (typeof value !== 'object' || value === null) return null;
  if ('tools' in value && isList(value.tools)) return value.tools;
  return 'result' in value ? listIn(value.result) : null;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function serverName(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('serverInfo' in value)) return null;
  const info = value.serverInfo;
  const named = typeof info === 'object' && info !== null && 'name' in info ? info.name : null;
  return typeof named === 'string' ? named : null;
}
