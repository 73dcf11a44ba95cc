import type { JsonObject, JsonValue } from '../../base/strict-json.ts';
import { isObject, jsonOf, objectOf, textOf } from '../json.ts';
import type { Caller, Fixture } from './fixture.ts';

/** One JSON-RPC message as a careless server reads it. */
export interface Message {
  readonly id: JsonValue | undefined;
  readonly method: string;
  readonly params: JsonObject;
}

const versionKey = 'io.modelcontextprotocol/protocolVersion';
const infoKey = 'io.modelcontextprotocol/clientInfo';
const modern = '2026-07-28';

/** Reads one message; null for what is none. These servers are as lenient as many real ones. */
export function readMessage(text: string): Message | null {
  const parsed = jsonOf(text);
  if (!isObject(parsed)) return null;
  return { id: parsed['id'], method: textOf(parsed, 'method'), params: objectOf(parsed, 'params') };
}

/** Whether a message says that it is of 2026-07-28. */
export function isModern(message: Message): boolean {
  return objectOf(message.params, '_meta')[versionKey] === modern;
}

/** The name that a client of either era gives itself. */
export function clientNameOf(message: Message): string {
  const legacy = textOf(objectOf(message.params, 'clientInfo'), 'name');
  return legacy || textOf(objectOf(objectOf(message.params, '_meta'), infoKey), 'name');
}

/** The whole answer to a request, as JSON-RPC. */
export async function answerTo(
  fixture: Fixture,
  message: Message,
  caller: Caller,
): Promise<JsonObject> {
  const result = await resultOf(fixture, message, caller);
  const id = message.id ?? null;
  if (result === null) {
    const unknown = message.method === 'tools/call' ? 'Unknown tool' : 'method not found';
    const code = message.method === 'tools/call' ? -32602 : -32601;
    return { jsonrpc: '2.0', id, error: { code, message: unknown } };
  }
  const complete = isModern(message) ? { resultType: 'complete' } : {};
  return { jsonrpc: '2.0', id, result: { ...complete, ...result } };
}

async function resultOf(
  fixture: Fixture,
  message: Message,
  caller: Caller,
): Promise<JsonObject | null> {
  const { method, params } = message;
  const capabilities = { tools: {}, ...fixture.capabilities };
  const cache = isModern(message) ? { ttlMs: 0, cacheScope: 'private' } : {};
  switch (method) {
    case 'initialize': {
      const serverInfo = { name: 'fixture', version: '1.0.0' };
      return { protocolVersion: '2025-06-18', capabilities, serverInfo };
    }
    case 'server/discover':
      return isModern(message) ? { supportedVersions: [modern], capabilities, ...cache } : null;
    case 'ping':
      return {};
    case 'tools/list':
      return { tools: [...fixture.tools(caller)], ...cache };
    case 'tools/call':
      return fixture.call(textOf(params, 'name'), objectOf(params, 'arguments'), caller);
    default:
      return fixture.request?.(method, params, caller) ?? null;
  }
}
