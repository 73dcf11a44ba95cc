import type { Scope } from '../policy/index.ts';

/** What tells one counter from another. */
export interface CounterName {
  /** The server's name: no part of a guardrail's counter, which spans servers. */
  readonly server: string;
  readonly scope: Scope;
  /** The grant, session, principal or server that is counted; empty for `everyone`. */
  readonly who: string;
  readonly counter: string;
  /** The guardrail that limits, or null for a policy. */
  readonly guardrail: string | null;
  /** Counted apart: what `observe` counts never touches the counters of enforcing grants. */
  readonly observe: boolean;
}

/**
 * The key of a counter in every store. Each part stands behind its length in UTF-16 units, so that
 * no two different names give one key: `a` + `b:c` is not `a:b` + `c`.
 */
export function counterKey(name: CounterName): string {
  const { scope, who, counter } = name;
  const mode = name.observe ? '7:observe' : '7:enforce';
  const owner = name.guardrail === null ? `6:policy${sized(name.server)}` : '9:guardrail';
  return `${mode}${owner}${sized(scope)}${sized(who)}${sized(counter)}`;
}

function sized(part: string): string {
  return `${part.length}:${part}`;
}
