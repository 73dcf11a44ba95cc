import type { Grant } from '../identity/grant.ts';
import type { RegistryProblem } from './problem.ts';

/** Grants of the file and of the store that cannot both be in force: each clash is named once. */
export function grantClashes(
  declared: readonly Grant[],
  stored: readonly Grant[],
): readonly RegistryProblem[] {
  const problems: RegistryProblem[] = [];
  const labels = new Set(
    stored.filter((grant) => grant.revokedMs === null).map((one) => one.label),
  );
  const tokens = new Set(stored.map((grant) => grant.tokenSha256));
  for (const { label, tokenSha256 } of declared) {
    if (labels.has(label)) problems.push({ code: 'label-taken', subject: label });
    if (tokens.has(tokenSha256)) problems.push({ code: 'token-taken', subject: label });
    labels.add(label);
    tokens.add(tokenSha256);
  }
  return problems;
}

/** Every grant by the digest of its token. The file and the store have no token in common. */
export function grantsByToken(
  declared: readonly Grant[],
  stored: readonly Grant[],
): ReadonlyMap<string, Grant> {
  return new Map([...stored, ...declared].map((grant) => [grant.tokenSha256, grant]));
}
