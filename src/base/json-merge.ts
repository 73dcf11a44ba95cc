import type { JsonObject, JsonValue } from './strict-json.ts';

/** Objects are joined, lists are added to, without a second time what is there; else the new wins. */
export function mergedJson(into: JsonObject, from: JsonObject): JsonObject {
  const result: Record<string, JsonValue> = { ...into };
  for (const [key, value] of Object.entries(from)) {
    const old = Object.hasOwn(into, key) ? into[key] : undefined;
    // A schema for arguments says what it says as a whole: two of them joined would say neither.
    if (isObject(old) && isObject(value) && key !== 'arguments') {
      result[key] = mergedJson(old, value);
    } else if (isList(old) && isList(value)) {
      const texts = new Set(old.map((one) => JSON.stringify(one)));
      result[key] = [...old, ...value.filter((one) => !texts.has(JSON.stringify(one)))];
    } else result[key] = value;
  }
  return result;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
