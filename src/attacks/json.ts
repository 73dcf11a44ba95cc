import { parseScanned, scanJson, type JsonObject, type JsonValue } from '../base/strict-json.ts';

const limits = { bytesMax: 8_000_000, depthMax: 64, valuesMax: 200_000, stringMax: 4_000_000 };

/** The value of JSON text; undefined for text that is none. */
export function jsonOf(text: string): JsonValue | undefined {
  const scanned = scanJson(Buffer.from(text), limits);
  return scanned.ok ? parseScanned(scanned.value) : undefined;
}

/** Whether a value is an object. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is a list. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** A member that is text; empty when it is not. */
export function textOf(from: JsonObject, name: string): string {
  const value = Object.hasOwn(from, name) ? from[name] : undefined;
  return typeof value === 'string' ? value : '';
}

/** A member that is a number; 0 when it is not. */
export function numberOf(from: JsonObject, name: string): number {
  const value = Object.hasOwn(from, name) ? from[name] : undefined;
  return typeof value === 'number' ? value : 0;
}

/** A member that is an object; empty when it is not. */
export function objectOf(from: JsonObject, name: string): JsonObject {
  const value = Object.hasOwn(from, name) ? from[name] : undefined;
  return isObject(value) ? value : {};
}

/** The objects of a member that is a list; none when it is not. */
export function objectsOf(from: JsonObject, name: string): readonly JsonObject[] {
  const value = Object.hasOwn(from, name) ? from[name] : undefined;
  return isList(value) ? value.filter((one) => isObject(one)) : [];
}

/** The texts of a member that is a list; none when it is not. */
export function textsOf(from: JsonObject, name: string): readonly string[] {
  const value = Object.hasOwn(from, name) ? from[name] : undefined;
  return isList(value) ? value.filter((one) => typeof one === 'string') : [];
}
