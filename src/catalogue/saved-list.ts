import { err, ok, type Result } from '../base/result.ts';
import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { toolsMax, type Observation } from './observation.ts';

/**
 * A saved `tools/list`: the list itself, an object with `tools`, or the whole JSON-RPC answer.
 * Definitions are taken as they are; what is no object is refused with its place.
 */
export function readSavedList(
  value: JsonValue,
  file: { readonly name: string; readonly where: string },
): Result<Observation, string> {
  const list = listIn(value);
  if (list === null) {
    return err('there is no `tools` list in it: save the result of `tools/list` there');
  }
  if (list.length > toolsMax) return err(`it lists ${list.length} tools; ${toolsMax} are read`);
  const wrong = list.findIndex((tool) => !isObject(tool));
  if (wrong >= 0) return err(`/tools/${wrong}: a tool is an object with a \`name\``);
  const tools = list.filter(isObject);
  const nameless = tools.findIndex((tool) => typeof tool['name'] !== 'string');
  if (nameless >= 0) return err(`/tools/${nameless}/name: a tool's name is a text`);
  const root = isObject(value) ? (isObject(value['result']) ? value['result'] : value) : {};
  return ok({
    name: serverNameIn(root) ?? file.name,
    version: textIn(root['serverInfo'], 'version'),
    instructions: textIn(root, 'instructions'),
    posture: {
      transport: 'file',
      where: file.where,
      encrypted: null,
      credentials: null,
      protocolVersion: textIn(root, 'protocolVersion'),
      asks: [],
    },
    tools,
  });
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function listIn(value: JsonValue | undefined): readonly JsonValue[] | null {
  if (isList(value)) return value;
  if (!isObject(value)) return null;
  return isList(value['tools']) ? value['tools'] : listIn(value['result']);
}

function serverNameIn(root: JsonObject): string | null {
  const server = root['server'];
  const said = typeof server === 'string' ? server : textIn(server, 'name');
  return textIn(root['serverInfo'], 'name') ?? said ?? textIn(root, 'server_name');
}

function textIn(value: JsonValue | undefined, member: string): string | null {
  const found = isObject(value) ? value[member] : undefined;
  return typeof found === 'string' && found !== '' ? found.slice(0, 10_000) : null;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
