import type { JsonValue } from '../base/strict-json.ts';

/** What a client declared that it can do. */
export interface ClientAbility {
  readonly urlElicitation: boolean;
}

/** Reads capabilities as a client declares them; anything unexpected is no ability. */
export function abilityOf(capabilities: JsonValue | undefined): ClientAbility {
  const elicitation = memberOf(capabilities, 'elicitation');
  const url = memberOf(elicitation, 'url');
  return { urlElicitation: typeof url === 'object' && url !== null && !Array.isArray(url) };
}

/** An own member of a JSON object; undefined for everything else. */
export function memberOf(value: JsonValue | undefined, key: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  // Not a list: the only other object that JSON has.
  const object = value as { readonly [key: string]: JsonValue };
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
