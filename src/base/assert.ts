/** A bug in this program: caught once at the edge, answered as an internal error, and denied. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Stops the current request when `condition` does not hold: what is asserted is never input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Makes a switch exhaustive: a new variant does not compile until every switch names it. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable value of type ${typeof value}`);
}
