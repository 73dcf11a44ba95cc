import { ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { isObject, isSafe } from './operators/compare.ts';
import type { Outcome } from './operators/outcome.ts';
import { compileArgumentSchema } from './operators/schema.ts';
import type { SchemaTest } from './operators/schema.ts';
import { startWork } from './work.ts';
import type { Work } from './work.ts';

/** Prepares a JSON Schema for arguments: an unsafe number anywhere in them cannot be told. */
export function compileSchema(schema: JsonValue): Result<SchemaTest, string> {
  const compiled = compileArgumentSchema(schema);
  if (!compiled.ok) return compiled;
  const judge = compiled.value;
  return ok((value, work) => {
    const outcome = judge(value, work);
    return outcome === 'holds' && holdsUnsafeNumber(value) ? 'cannot-tell' : outcome;
  });
}

/** The operator has already bounded how deep and how large the value is. */
function holdsUnsafeNumber(value: JsonValue): boolean {
  if (typeof value === 'number') return !isSafe(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(holdsUnsafeNumber);
}

/**
 * Whether arguments satisfy the schema pinned with a tool. `broken`: there is no schema, it does
 * not compile, or it exceeds the bounds.
 */
export function checkInputSchema(
  schema: JsonValue,
  args: JsonObject,
  work: Work = startWork(),
): Outcome | 'broken' {
  if (!isObject(schema)) return 'broken';
  const known = compiledSchemas.get(schema);
  const judge = known === undefined ? compileOnce(schema) : known;
  return judge === null ? 'broken' : judge(args, work);
}

/**
 * Compiling takes milliseconds, so it is done once for each pinned definition, at its first call.
 * The map changes no answer: it lives as long as the snapshot that holds the definitions.
 */
const compiledSchemas = new WeakMap<JsonObject, SchemaTest | null>();

function compileOnce(schema: JsonObject): SchemaTest | null {
  const compiled = compileSchema(schema);
  const judge = compiled.ok ? compiled.value : null;
  compiledSchemas.set(schema, judge);
  return judge;
}
