/**
 * What an operator says about one value that is present. `cannot-tell` is not a failure: it is the
 * third answer, and it always ends on the safe side (it fails a `require`, it satisfies a
 * `deny_if` and an `approve_if`).
 */
export type Outcome = 'holds' | 'does-not-hold' | 'cannot-tell';

/** The opposite of an outcome: what cannot be told stays so. */
export function negate(outcome: Outcome): Outcome {
  if (outcome === 'holds') return 'does-not-hold';
  return outcome === 'does-not-hold' ? 'holds' : 'cannot-tell';
}
