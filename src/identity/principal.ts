import { err, ok, type Result } from '../base/result.ts';
import type { Principal } from './grant.ts';

const kindPattern = /^[a-z][a-z0-9-]{0,31}$/;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;

/** Which part of a principal's text is at fault. */
export type PrincipalProblem = 'no-colon' | 'kind' | 'name';

/**
 * Reads `kind:name`, as in `agent:ci`. The id is the whole text, so that `agent:anna` and
 * `person:anna` are two principals everywhere an id is compared or counted.
 */
export function parsePrincipal(text: string): Result<Principal, PrincipalProblem> {
  const colon = text.indexOf(':');
  if (colon < 0) return err('no-colon');
  const kind = text.slice(0, colon);
  if (!kindPattern.test(kind)) return err('kind');
  if (!namePattern.test(text.slice(colon + 1))) return err('name');
  return ok({ id: text, kind });
}
