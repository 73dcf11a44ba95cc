/**
 * Stands in for `node:test` when tests meet changed code: the same tests, without processes, reports
 * and summaries, ended at the first that fails. The order is what finds a change soonest.
 */
type Body = (context: Context) => unknown;

interface Context {
  readonly test: (name: string, body: Body) => Promise<void>;
  readonly diagnostic: (text: string) => void;
}

interface Registered {
  readonly file: string;
  readonly name: string;
  readonly body: Body;
}

const tests: Registered[] = [];
const preparations: Body[] = [];

const context: Context = {
  test: async (_name, body) => void (await body(context)),
  diagnostic: () => undefined,
};

/** What a test file calls instead of the functions of `node:test`. */
export function testsOf(file: string): {
  readonly test: (name: string, body: Body) => void;
  readonly before: (body: Body) => void;
} {
  return {
    test: (name, body) => void tests.push({ file, name, body }),
    before: (body) => void preparations.push(body),
  };
}

/**
 * Runs all tests: the tables before what runs on random values, those of `near` first in each, and
 * then the files in the order in which they were loaded. Throws what the first failure throws.
 */
export async function runAll(near: string): Promise<void> {
  for (const prepare of preparations) await prepare(context);
  const tables = tests.filter((each) => !isRandom(each));
  for (const { body } of [tables, tests.filter(isRandom)].flatMap(startingWith(near))) {
    await body(context);
  }
}

/** Told by its text: random values come from the generator of this project or from a library's. */
function isRandom({ body }: Registered): boolean {
  return /\bfc\.assert|\bseeded\(|\bcompare\(|\brandom/.test(String(body));
}

function startingWith(near: string): (some: readonly Registered[]) => readonly Registered[] {
  return (some) => [
    ...some.filter(({ file }) => file === near),
    ...some.filter(({ file }) => file !== near),
  ];
}
