import {
  scanJson,
  membersAt,
  elementsAt,
  parseScanned,
  type JsonText,
} from '../base/strict-json.ts';
import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { isObject, object, text } from './arguments.ts';
import { callTool, type DemoServer } from './server.ts';

/** The revision without sessions. */
export const MODERN_VERSION = '2026-07-28';
/** The revisions with `initialize`, newest first. */
export const LEGACY_VERSIONS: readonly string[] = [
  '2025-11-25',
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
];

/** The only revision in which a list of messages is a message. */
export const BATCH_VERSION = '2025-03-26';

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities';
const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo';
const LIST_TTL_MS = 60_000;
const LIMITS = { bytesMax: 1_000_000, depthMax: 32, valuesMax: 100_000, stringMax: 1_000_000 };

/** One decoded message. `id` is JSON text as the client wrote it, null for a notification. */
export interface Incoming {
  readonly id: string | null;
  readonly method: string | null;
  readonly params: JsonObject;
  /** What `params._meta` says; null makes the message a legacy one. */
  readonly protocolVersion: string | null;
}

/** What came over the wire: messages, of which several make a batch, or what is wrong with it. */
export type Body =
  | { readonly kind: 'messages'; readonly messages: readonly Incoming[]; readonly batch: boolean }
  | { readonly kind: 'problem'; readonly code: number; readonly message: string };

/** The answer to one message. `status` is what HTTP says with it; `json` is null for no answer. */
export interface Answer {
  readonly status: number;
  readonly json: string | null;
}

/** Decodes a body or a line. */
export function decodeBody(bytes: Uint8Array): Body {
  const scanned = scanJson(bytes, LIMITS);
  if (!scanned.ok) return { kind: 'problem', code: -32700, message: 'parse error' };
  const value = parseScanned(scanned.value);
  const spans = Array.isArray(value)
    ? elementsAt(scanned.value.text, scanned.value.start)
    : [{ start: scanned.value.start, end: scanned.value.text.length }];
  const values: readonly JsonValue[] = Array.isArray(value) ? value : [value];
  const messages = values.flatMap((one, index) => {
    const start = spans[index]?.start;
    return isObject(one) && start !== undefined ? decodeOne(scanned.value, start, one) : [];
  });
  if (messages.length !== values.length || messages.length === 0) {
    return { kind: 'problem', code: -32600, message: 'invalid request' };
  }
  return { kind: 'messages', messages, batch: Array.isArray(value) };
}

function decodeOne(source: JsonText, start: number, value: JsonObject): readonly Incoming[] {
  if (value['jsonrpc'] !== '2.0') return [];
  const idAt = membersAt(source.text, start).find((member) => member.key === 'id');
  const id = idAt === undefined ? null : source.text.slice(idAt.valueStart, idAt.valueEnd);
  if (id !== null && typeof value['id'] !== 'string' && typeof value['id'] !== 'number') return [];
  const method = typeof value['method'] === 'string' ? value['method'] : null;
  const params = object(value, 'params');
  const version = object(params, '_meta')[VERSION_KEY];
  return [{ id, method, params, protocolVersion: typeof version === 'string' ? version : null }];
}

/** An error answer. `id` is JSON text. */
export function errorAnswer(
  id: string | null,
  { status, code, message, data }: ErrorFields,
): Answer {
  const error = data === undefined ? { code, message } : { code, message, data };
  return {
    status,
    json: `{"jsonrpc":"2.0","id":${id ?? 'null'},"error":${JSON.stringify(error)}}`,
  };
}

interface ErrorFields {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly data?: JsonValue;
}

function resultAnswer(id: string, result: JsonObject): Answer {
  return { status: 200, json: `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}` };
}

/** Answers one message of either era. A notification or a response gets 202 and no answer. */
export function answer(server: DemoServer, message: Incoming): Answer {
  if (message.id === null || message.method === null) return { status: 202, json: null };
  return message.protocolVersion === null
    ? answerLegacy(server, message, message.id)
    : answerModern(server, message, message.id);
}

/** The revision that `initialize` settles on: the client's where we know it, else our newest. */
export function negotiate(params: JsonObject): string {
  const wanted = text(params, 'protocolVersion');
  return LEGACY_VERSIONS.includes(wanted) ? wanted : (LEGACY_VERSIONS[0] ?? wanted);
}

function answerLegacy(server: DemoServer, { method, params }: Incoming, id: string): Answer {
  switch (method) {
    case 'initialize':
      return resultAnswer(id, {
        protocolVersion: negotiate(params),
        capabilities: { tools: { listChanged: false } },
        serverInfo: { name: server.name, version: server.version },
        instructions: server.instructions,
      });
    case 'ping':
      return resultAnswer(id, {});
    case 'tools/list':
      return resultAnswer(id, { tools: listTools(server) });
    case 'tools/call':
      return answerCall(server, params, { id, era: 'legacy' });
    default:
      return errorAnswer(id, { status: 200, code: -32601, message: 'method not found' });
  }
}

function answerModern(server: DemoServer, message: Incoming, id: string): Answer {
  const requested = message.protocolVersion;
  if (requested !== MODERN_VERSION) {
    const data = { supported: [MODERN_VERSION], requested };
    return errorAnswer(id, { status: 400, code: -32022, message: 'unsupported version', data });
  }
  if (!isObject(object(message.params, '_meta')[CAPABILITIES_KEY])) {
    const problem = `params._meta lacks ${CAPABILITIES_KEY}`;
    return errorAnswer(id, { status: 400, code: -32602, message: problem });
  }
  const cache = { ttlMs: LIST_TTL_MS, cacheScope: 'public' };
  switch (message.method) {
    case 'server/discover':
      return resultAnswer(id, {
        resultType: 'complete',
        supportedVersions: [MODERN_VERSION],
        capabilities: { tools: {} },
        instructions: server.instructions,
        ...cache,
        _meta: { [SERVER_INFO_KEY]: { name: server.name, version: server.version } },
      });
    case 'tools/list':
      return resultAnswer(id, { resultType: 'complete', tools: listTools(server), ...cache });
    case 'tools/call':
      return answerCall(server, message.params, { id, era: 'modern' });
    default:
      return errorAnswer(id, { status: 404, code: -32601, message: 'method not found' });
  }
}

function listTools(server: DemoServer): readonly JsonObject[] {
  return server.tools.map((tool) => ({ ...tool }));
}

function answerCall(
  server: DemoServer,
  params: JsonObject,
  { id, era }: { readonly id: string; readonly era: 'legacy' | 'modern' },
): Answer {
  const name = text(params, 'name');
  const result = callTool(server, name, params['arguments'] ?? {});
  if (result === null) {
    return errorAnswer(id, { status: 200, code: -32602, message: `Unknown tool: ${name}` });
  }
  return resultAnswer(id, era === 'modern' ? { resultType: 'complete', ...result } : result);
}
