import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';

/**
 * Calls code of a package that reports bad input by throwing, and makes a value of it: `'threw'`
 * when it threw anything, a full stack included. For packages alone: our own code never throws but
 * for bugs, and a bug must not be swallowed here.
 *
 * A promise's executor runs at once and turns a throw into a rejection, which is the one way to
 * hold an exception in a module that states its failures as values. The message of the exception
 * is lost on purpose: it may quote the input.
 */
export function attempt<T>(call: () => T): Result<T, 'threw'> {
  let outcome: Result<T, 'threw'> = err('threw');
  const settled = new Promise<void>((resolve) => {
    outcome = ok(call());
    resolve();
  });
  void settled.catch(() => undefined);
  return outcome;
}
