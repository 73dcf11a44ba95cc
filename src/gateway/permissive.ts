import { assert } from '../base/assert.ts';
import { compilePolicy, parsePolicy, type CompiledPolicy } from '../policy/index.ts';

/** Permits everything: in `observe` mode the guardrails are judged above it. */
export const permissive: CompiledPolicy = compilePermissive();

function compilePermissive(): CompiledPolicy {
  const parsed = parsePolicy('{"version":"1","default":"allow"}');
  assert(parsed.ok, 'the permissive document parses');
  const compiled = compilePolicy(parsed.value);
  assert(compiled.ok, 'the permissive document compiles');
  return compiled.value;
}
