import type { JsonObject, JsonValue } from '../base/strict-json.ts';

/** One argument that a header mirrors. */
export interface MirroredParam {
  /** `mcp-param-<name>`, in lower case. */
  readonly header: string;
  /** The keys that lead from `arguments` to the argument. */
  readonly path: readonly string[];
  readonly type: 'string' | 'integer' | 'boolean';
}

/**
 * The arguments that a tool's `inputSchema` mirrors in headers by `x-mcp-header` (2026-07-28,
 * Streamable HTTP), or null where an annotation breaks a rule and the tool is not to be offered:
 * it must be a header token, unlike the others in more than case, on a string, integer or boolean
 * that `properties` alone lead to, and no name that means something to HTTP.
 */
export function mirroredParams(inputSchema: JsonValue): readonly MirroredParam[] | null {
  const walk: Walk = { params: [], headers: new Set(), nodes: 0 };
  return visit(walk, inputSchema, []) ? walk.params : null;
}

interface Walk {
  readonly params: MirroredParam[];
  readonly headers: Set<string>;
  nodes: number;
}

/** Most schema nodes that are looked at: a larger schema is not one to send headers by. */
const NODES_MAX = 10_000;
const HEADER_NAME_MAX = 64;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** A server has no business with these, even behind the prefix. */
const HTTP_NAMES: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'host',
  'origin',
  'connection',
  'content-length',
  'content-type',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'forwarded',
]);

/** Keywords whose value is a schema or a list of schemas, to which `properties` do not lead. */
const SCHEMAS = [
  'items',
  'prefixItems',
  'additionalItems',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
  'propertyNames',
  'contentSchema',
  'oneOf',
  'anyOf',
  'allOf',
  'not',
  'if',
  'then',
  'else',
];

/** Keywords whose value maps names to schemas, likewise. */
const SCHEMA_MAPS = [
  'patternProperties',
  'dependentSchemas',
  'dependencies',
  '$defs',
  'definitions',
];

/** `path` is null where `properties` alone do not lead. False: the schema breaks a rule. */
function visit(walk: Walk, schema: JsonValue, path: readonly string[] | null): boolean {
  walk.nodes += 1;
  if (walk.nodes > NODES_MAX) return false;
  if (isList(schema)) return schema.every((branch) => visit(walk, branch, null));
  if (!isObject(schema)) return true;
  if (!annotate(walk, schema, path)) return false;

  for (const [key, child] of entriesOf(schema['properties'])) {
    if (!visit(walk, child, path === null ? null : [...path, key])) return false;
  }
  for (const keyword of SCHEMA_MAPS) {
    for (const [, child] of entriesOf(schema[keyword])) if (!visit(walk, child, null)) return false;
  }
  return SCHEMAS.every((keyword) => visit(walk, schema[keyword] ?? null, null));
}

function annotate(walk: Walk, schema: JsonObject, path: readonly string[] | null): boolean {
  if (!Object.hasOwn(schema, 'x-mcp-header')) return true;
  const name = schema['x-mcp-header'];
  const type = schema['type'];
  if (path === null || path.length === 0 || typeof name !== 'string') return false;
  if (name.length > HEADER_NAME_MAX || !TOKEN.test(name)) return false;
  if (type !== 'string' && type !== 'integer' && type !== 'boolean') return false;

  const lower = name.toLowerCase();
  const header = `mcp-param-${lower}`;
  if (HTTP_NAMES.has(lower) || walk.headers.has(header)) return false;
  walk.headers.add(header);
  walk.params.push({ header, path, type });
  return true;
}

function entriesOf(value: JsonValue | undefined): [string, JsonValue][] {
  return value !== undefined && isObject(value) ? Object.entries(value) : [];
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
