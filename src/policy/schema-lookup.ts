import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { isList, isObject } from './operators/compare.ts';
import type { Step } from './path.ts';

/** What a tool's schema says of the place that a path names. */
export type Declared =
  /** The schema of the value there. */
  | { readonly kind: 'declared'; readonly schema: JsonObject }
  /** A key that is not among the declared ones. */
  | { readonly kind: 'undeclared'; readonly key: string; readonly known: readonly string[] }
  /** Nothing is said: no schema, a reference, a combination, a free object. */
  | { readonly kind: 'unsaid' };

const unsaid: Declared = { kind: 'unsaid' };

/**
 * Follows plain `properties` and `items`; combinations and references are not read, and so nothing
 * is said about what they would say.
 */
export function declaredAt(schema: JsonValue, steps: readonly Step[]): Declared {
  if (!isObject(schema) || combines(schema)) return unsaid;
  const [step, ...rest] = steps;
  if (step === undefined) return { kind: 'declared', schema };
  if (step.kind !== 'key') {
    const { items } = schema;
    return items === undefined || isList(items) ? unsaid : declaredAt(items, rest);
  }
  const { properties } = schema;
  if (!isObject(properties)) return unsaid;
  const inside = Object.hasOwn(properties, step.key) ? properties[step.key] : undefined;
  if (inside !== undefined) return declaredAt(inside, rest);
  const open = isObject(schema.additionalProperties) || isObject(schema.patternProperties);
  return open ? unsaid : { kind: 'undeclared', key: step.key, known: Object.keys(properties) };
}

const combinations = ['$ref', '$dynamicRef', 'allOf', 'anyOf', 'oneOf', 'not', 'if'];

function combines(schema: JsonObject): boolean {
  return combinations.some((keyword) => schema[keyword] !== undefined);
}
