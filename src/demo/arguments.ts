import type { JsonObject, JsonValue } from '../base/strict-json.ts';

/**
 * Says what is wrong with a call's arguments, in a sentence, or null. It knows the few schema words
 * that the demo's own tools use (`type`, `enum`, `minimum`, `maximum`, `maxLength`, `items`,
 * `properties`, `required`) and no others.
 */
export function problemOfArguments(schema: JsonObject, args: JsonValue): string | null {
  return problemAt('arguments', schema, args);
}

/** Whether a value is an object, and not a list or null. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is a list. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** An optional text argument: `fallback` when it is absent. Its type was checked before. */
export function text(args: JsonObject, name: string, fallback = ''): string {
  const value = Object.hasOwn(args, name) ? args[name] : undefined;
  return typeof value === 'string' ? value : fallback;
}

/** An optional number argument, likewise. */
export function number(args: JsonObject, name: string, fallback: number): number {
  const value = Object.hasOwn(args, name) ? args[name] : undefined;
  return typeof value === 'number' ? value : fallback;
}

/** An optional boolean argument, likewise; false when it is absent. */
export function flag(args: JsonObject, name: string): boolean {
  return Object.hasOwn(args, name) && args[name] === true;
}

/** An optional list argument, likewise; empty when it is absent. */
export function list(args: JsonObject, name: string): readonly JsonValue[] {
  const value = Object.hasOwn(args, name) ? args[name] : undefined;
  return isList(value) ? value : [];
}

/** An optional object argument, likewise; empty when it is absent. */
export function object(args: JsonObject, name: string): JsonObject {
  const value = Object.hasOwn(args, name) ? args[name] : undefined;
  return isObject(value) ? value : {};
}

function problemAt(where: string, schema: JsonObject, value: JsonValue): string | null {
  const type = schema['type'];
  if (typeof type === 'string' && !hasType(value, type)) return `${where} must be of type ${type}`;
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(value)) {
    return `${where} must be one of ${schema['enum'].join(', ')}`;
  }
  if (typeof value === 'string') return problemOfText(where, schema, value);
  if (typeof value === 'number') return problemOfNumber(where, schema, value);
  if (Array.isArray(value)) return problemOfItems(where, schema, value);
  return isObject(value) ? problemOfMembers(where, schema, value) : null;
}

function hasType(value: JsonValue, type: string): boolean {
  if (type === 'object') return isObject(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isSafeInteger(value);
  if (type === 'number') return Number.isFinite(value);
  return typeof value === type;
}

function problemOfText(where: string, schema: JsonObject, value: string): string | null {
  const max = number(schema, 'maxLength', Number.POSITIVE_INFINITY);
  return value.length > max ? `${where} may have at most ${max} characters` : null;
}

function problemOfNumber(where: string, schema: JsonObject, value: number): string | null {
  if (value < number(schema, 'minimum', Number.NEGATIVE_INFINITY)) return `${where} is too small`;
  return value > number(schema, 'maximum', Number.POSITIVE_INFINITY)
    ? `${where} is too large`
    : null;
}

function problemOfItems(
  where: string,
  schema: JsonObject,
  value: readonly JsonValue[],
): string | null {
  const items = object(schema, 'items');
  for (const [index, one] of value.entries()) {
    const problem = problemAt(`${where}[${index}]`, items, one);
    if (problem !== null) return problem;
  }
  return null;
}

function problemOfMembers(where: string, schema: JsonObject, value: JsonObject): string | null {
  for (const name of list(schema, 'required')) {
    if (typeof name === 'string' && !Object.hasOwn(value, name))
      return `${where}.${name} is missing`;
  }
  for (const [name, member] of Object.entries(object(schema, 'properties'))) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    if (given === undefined || !isObject(member)) continue;
    const problem = problemAt(`${where}.${name}`, member, given);
    if (problem !== null) return problem;
  }
  return null;
}
