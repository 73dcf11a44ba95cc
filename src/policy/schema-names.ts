import type { JsonValue } from '../base/strict-json.ts';
import { addKey, everyElement } from './ambiguous-key.ts';
import type { KeyNames } from './ambiguous-key.ts';
import { isList, isObject } from './operators/compare.ts';

/** Steps of the walk through one schema: references may loop. */
const stepsMax = 10_000;
const depthMax = 32;

/** Adds the keys that a JSON Schema names, where it names them: local references are followed. */
export function addSchemaNames(names: KeyNames, schema: JsonValue): void {
  add(names, schema, { root: schema, depth: 0, budget: { left: stepsMax } });
}

interface Walk {
  readonly root: JsonValue;
  readonly depth: number;
  readonly budget: { left: number };
}

/** Keywords whose schemas judge the same value. */
const sameValue = ['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else', 'not', 'dependentSchemas'];
/** Keywords whose schemas judge the elements of a list. */
const elementValue = ['items', 'prefixItems', 'contains', 'additionalItems', 'unevaluatedItems'];

function add(names: KeyNames, schema: JsonValue, walk: Walk): void {
  walk.budget.left -= 1;
  if (!isObject(schema) || walk.depth > depthMax || walk.budget.left < 0) return;
  const deeper = { ...walk, depth: walk.depth + 1 };
  const { properties, required } = schema;
  if (isObject(properties)) {
    for (const [key, inner] of Object.entries(properties)) add(addKey(names, key), inner, deeper);
  }
  if (isList(required)) {
    for (const key of required) if (typeof key === 'string') addKey(names, key);
  }
  for (const keyword of sameValue) {
    for (const inner of schemasOf(schema[keyword], keyword)) add(names, inner, deeper);
  }
  for (const keyword of elementValue) {
    if (schema[keyword] === undefined) continue;
    for (const inner of schemasOf(schema[keyword], keyword)) {
      add(everyElement(names), inner, deeper);
    }
  }
  const target = typeof schema.$ref === 'string' ? resolve(walk.root, schema.$ref) : undefined;
  if (target !== undefined) add(names, target, deeper);
}

function schemasOf(value: JsonValue | undefined, keyword: string): readonly JsonValue[] {
  if (isList(value)) return value;
  if (!isObject(value)) return [];
  return keyword === 'dependentSchemas' ? Object.values(value) : [value];
}

/** A JSON Pointer inside the same schema; anchors and other documents name nothing here. */
function resolve(root: JsonValue, reference: string): JsonValue | undefined {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined;
  let value: JsonValue | undefined = root;
  for (const token of reference.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (isList(value)) value = value[Number(key)];
    else value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}
