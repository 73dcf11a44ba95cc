import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { isObject } from './operators/compare.ts';

/** What missing and null arguments mean. */
export const noArguments: JsonObject = {};

/** The arguments as an object, or null when they are something else: then the call is refused. */
export function argumentsOf(value: JsonValue | undefined): JsonObject | null {
  if (value === undefined || value === null) return noArguments;
  return isObject(value) ? value : null;
}
