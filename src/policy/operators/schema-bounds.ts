import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type { JsonObject, JsonValue } from '../../base/strict-json.ts';
import { attempt } from './attempt.ts';

/** Bounds of a schema: characters of its keys and strings, levels, JSON values. */
const SCHEMA_TEXT_MAX = 65_536;
const SCHEMA_DEPTH_MAX = 32;
const SCHEMA_NODES_MAX = 1000;

/** Bounds of a value that is validated. */
const VALUE_TEXT_MAX = 1_048_576;
const VALUE_DEPTH_MAX = 64;
const VALUE_NODES_MAX = 20_000;

/** Characters of keys that weigh as much as a value. */
const KEY_CHARACTERS = 64;

/** Keywords that are followed while validating, or make a validator asynchronous. */
const REFUSED = ['$dynamicRef', '$recursiveRef', '$async'];

/** Keywords whose texts ask nothing. */
const FOR_PEOPLE = ['title', 'description', '$comment', '$schema', 'format'];

/** What was found in a schema that is within bounds. */
export interface SchemaSurvey {
  readonly nodes: number;
  /** Those that may ask something of a value: all but the texts for people. */
  readonly asking: number;
  /** The parts of the document that a `#/…` reference makes a schema of. */
  readonly targets: readonly JsonValue[];
}

/**
 * Counts a schema and looks at its references: those to `#…`, and to a `$id` that stands in the
 * document, are followed; any other is refused, so nothing is ever fetched. Keywords are looked for
 * at every place, also where they are data (`const`, `examples`): too strict there, never too lax.
 */
export function surveySchema(schema: JsonValue): Result<SchemaSurvey, string> {
  const counted = countNodes(schema, SCHEMA_DEPTH_MAX, SCHEMA_NODES_MAX, SCHEMA_TEXT_MAX);
  if (counted === null) {
    return err(
      `a schema of at most ${SCHEMA_NODES_MAX} values, ${SCHEMA_DEPTH_MAX} levels and ${SCHEMA_TEXT_MAX} characters`,
    );
  }
  const objects = objectsIn(schema);
  const ids = new Set(objects.map((object) => object['$id']));
  const targets = new Set<JsonValue>();
  let forPeople = 0;
  for (const object of objects) {
    forPeople += FOR_PEOPLE.filter((keyword) => typeof object[keyword] === 'string').length;
    const refused = REFUSED.find((keyword) => keyword in object && isKeyword(object[keyword]));
    if (refused !== undefined) return err(`a schema without \`${refused}\``);

    const reference = object['$ref'];
    if (typeof reference !== 'string') continue;
    if (!reference.startsWith('#')) {
      if (ids.has(reference) || ids.has(reference.split('#')[0] ?? '')) continue;
      return err(`references inside the document alone, not ${JSON.stringify(reference)}`);
    }
    const target = resolvePointer(schema, reference.slice(1));
    if (target !== undefined) targets.add(target);
  }
  const { nodes } = counted;
  return ok({ nodes, asking: nodes - forPeople, targets: [...targets] });
}

/**
 * How many values `value` holds, where long keys count as more: whatever is wrong below a key, the
 * key is written out for. Null when it exceeds a bound or holds an unsafe number (NaN).
 */
export function countValue(value: JsonValue): number | null {
  const counted = countNodes(value, VALUE_DEPTH_MAX, VALUE_NODES_MAX, VALUE_TEXT_MAX);
  return counted === null ? null : counted.nodes + counted.keys / KEY_CHARACTERS;
}

/** A property may be called `$async`; then its value is a schema, not a switch. */
function isKeyword(value: JsonValue | undefined): boolean {
  return typeof value === 'string' || value === true;
}

function countNodes(
  root: JsonValue,
  depthMax: number,
  nodesMax: number,
  textMax: number,
): { readonly nodes: number; readonly keys: number } | null {
  let nodes = 0;
  let characters = 0;
  let keys = 0;
  let level: JsonValue[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    nodes += level.length;
    if (depth > depthMax || nodes > nodesMax) return null;
    const below: JsonValue[] = [];
    for (const value of level) {
      if (Number.isNaN(value)) return null;
      if (typeof value === 'string') characters += value.length;
      if (typeof value !== 'object' || value === null) continue;
      if (!Array.isArray(value)) for (const key of Object.keys(value)) keys += key.length;
      for (const child of Object.values<JsonValue>(value)) below.push(child);
    }
    if (characters + keys > textMax) return null;
    level = below;
  }
  return { nodes, keys };
}

function objectsIn(root: JsonValue): readonly JsonObject[] {
  const found: JsonObject[] = [];
  const waiting: JsonValue[] = [root];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    // An object that is no array is a JsonObject, by the definition of JsonValue.
    if (!Array.isArray(value)) found.push(value as JsonObject);
    for (const child of Object.values<JsonValue>(value)) waiting.push(child);
  }
  return found;
}

/** What a JSON Pointer (RFC 6901, as a URI fragment) names; undefined when it names nothing. */
function resolvePointer(root: JsonValue, fragment: string): JsonValue | undefined {
  if (fragment !== '' && !fragment.startsWith('/')) return undefined;
  let current: JsonValue | undefined = root;
  for (const part of fragment.split('/').slice(1)) {
    if (typeof current !== 'object' || current === null) return undefined;
    const decoded = attempt(() => decodeURIComponent(part));
    if (!decoded.ok) return undefined;
    const key = decoded.value.replaceAll('~1', '/').replaceAll('~0', '~');
    // Object.entries gives own members alone, and reads a list by its indexes.
    current = Object.entries<JsonValue>(current).find(([name]) => name === key)?.[1];
  }
  return current;
}
