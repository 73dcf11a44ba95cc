/**
 * The members that MCP itself reads. A server that ignores case, or normalises Unicode, would take
 * `Method` or a full-width `ｎame` for one of them, so look-alikes are refused where these are due.
 */
const ROOT_KEYS = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];

const PARAM_KEYS = [
  'name',
  'arguments',
  'uri',
  '_meta',
  'cursor',
  'task',
  'taskId',
  'ref',
  'argument',
  'context',
  'level',
  'requestId',
  'progressToken',
  'protocolVersion',
  'capabilities',
  'clientInfo',
  'notifications',
  'inputResponses',
  'requestState',
];

const META_KEYS = [
  'progressToken',
  'io.modelcontextprotocol/protocolVersion',
  'io.modelcontextprotocol/clientCapabilities',
  'io.modelcontextprotocol/clientInfo',
  'io.modelcontextprotocol/logLevel',
  'io.modelcontextprotocol/subscriptionId',
  'io.modelcontextprotocol/related-task',
];

const RESULT_KEYS = [
  'content',
  'structuredContent',
  'isError',
  '_meta',
  'resultType',
  'inputRequests',
  'requestState',
  'tools',
  'nextCursor',
  'ttlMs',
  'cacheScope',
  'task',
  'tasks',
];

/** Keys of one place: their spelling, and how a careless reader could spell them. */
export interface ProtocolKeys {
  readonly exact: ReadonlySet<string>;
  readonly folded: ReadonlySet<string>;
}

/** The members of a message. */
export const rootKeys: ProtocolKeys = keysOf(ROOT_KEYS);
/** The members of `params` that some method of the protocol has. */
export const paramKeys: ProtocolKeys = keysOf(PARAM_KEYS);
/** The members of `params._meta` that the protocol reserves. */
export const metaKeys: ProtocolKeys = keysOf(META_KEYS);
/** The members of `result` that decide what an answer is. */
export const resultKeys: ProtocolKeys = keysOf(RESULT_KEYS);

/** The members of a tool's definition that decide how it is called. */
export const toolKeys: ProtocolKeys = keysOf([
  'name',
  'inputSchema',
  'outputSchema',
  'description',
  'annotations',
]);

/** `params._meta` of the modern era names the revision here (2026-07-28, basic protocol). */
export const PROTOCOL_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

/** The longest protocol key has 41 units, and no reader's folding makes a third of a text. */
const FOLDED_LENGTH_MAX = 128;

/** Whether a key is not one of the protocol's but could be read as one. */
export function isLookAlike(key: string, keys: ProtocolKeys): boolean {
  if (keys.exact.has(key)) return false;
  const seen = /^[\x21-\x7e]*$/.test(key) ? key : key.replaceAll(IGNORABLE, '');
  return seen.length <= FOLDED_LENGTH_MAX && keys.folded.has(foldKey(seen));
}

/** What is not seen and some comparisons skip, a byte order mark or a soft hyphen for one. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;

function keysOf(names: readonly string[]): ProtocolKeys {
  return { exact: new Set(names), folded: new Set(names.map(foldKey)) };
}

/**
 * Every spelling that some reader's case-insensitive or compatibility comparison takes for one key
 * becomes one: upper case on the way catches `ı` and `ſ`, the removed dot catches `İ`.
 */
function foldKey(key: string): string {
  return key
    .normalize('NFKC')
    .toUpperCase()
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('\u0307', '')
    .trim();
}
