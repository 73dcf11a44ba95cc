import { err, ok, type Result } from '../base/result.ts';

/** Runs what may fail for reasons of the machine: the error's own words, on one line. */
export async function attempt<T>(work: () => Promise<T>): Promise<Result<T, string>> {
  try {
    return ok(await work());
  } catch (error) {
    return err(error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error));
  }
}
