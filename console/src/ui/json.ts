import type { JsonValue } from '../../../src/base/strict-json.ts';

/** The value that a text is, or undefined where it is no JSON. */
export function parsedJson(text: string): JsonValue | undefined {
  try {
    // What JSON.parse gives is JSON.
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
