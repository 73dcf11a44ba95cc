import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { isObject } from './operators/compare.ts';
import type { Operator } from './operators/compare.ts';
import type { Outcome } from './operators/outcome.ts';
import { compileArgumentSchema } from './operators/schema.ts';

/**
 * Whether arguments satisfy the schema pinned with a tool. `broken`: there is no schema, it does
 * not compile, or it exceeds the bounds.
 */
export function checkInputSchema(schema: JsonValue, args: JsonObject): Outcome | 'broken' {
  if (!isObject(schema)) return 'broken';
  const known = compiledSchemas.get(schema);
  const operator = known === undefined ? compileOnce(schema) : known;
  return operator === null ? 'broken' : operator(args);
}

/**
 * Compiling takes milliseconds, so it is done once for each pinned definition, at its first call.
 * The map changes no answer: it lives as long as the snapshot that holds the definitions.
 */
const compiledSchemas = new WeakMap<JsonObject, Operator | null>();

function compileOnce(schema: JsonObject): Operator | null {
  const compiled = compileArgumentSchema(schema);
  const operator = compiled.ok ? compiled.value : null;
  compiledSchemas.set(schema, operator);
  return operator;
}
