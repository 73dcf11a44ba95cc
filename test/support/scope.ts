import { after } from 'node:test';

/** What ends whatever was started in it: the context of a test, or `suiteScope()`. */
export interface Scope {
  after(work: () => Promise<unknown>): void;
}

/**
 * The scope of the `describe` that it is called in, or of the whole file. Hooks that start something
 * for several tests pass it on; in a hook itself, `after` of `node:test` would end it at once.
 */
export function suiteScope(): Scope {
  const works: (() => Promise<unknown>)[] = [];
  after(async () => {
    // The last one first, and every one of them, whichever fails.
    const failures: unknown[] = [];
    for (const work of works.reverse()) await work().catch((error) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'something did not end');
  });
  return { after: (work) => void works.push(work) };
}
