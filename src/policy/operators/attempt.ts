import { err, ok, type Result } from '../../base/result.ts';

/**
 * Calls code of a package that reports bad input by throwing, and makes a value of it: `'threw'`
 * when it threw anything, a full stack included. For packages alone: our own code never throws but
 * for bugs, and a bug must not be swallowed here. What was thrown is lost on purpose: it may quote
 * the input.
 */
export function attempt<T>(call: () => T): Result<T, 'threw'> {
  try {
    return ok(call());
  } catch {
    return err('threw');
  }
}
