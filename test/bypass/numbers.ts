/** The areas of the list of bad input that this corpus is about: the first and last numbers. */
const areas: readonly (readonly [first: string, last: string])[] = [
  ['010', '019'],
  ['020', '02A'],
  ['031', '039'],
  ['040', '049'],
  ['050', '058'],
  ['060', '06A'],
  ['070', '07C'],
  ['170', '17A'],
];

/** The digits of a number's last place: nine is followed by A, B and C. */
const lastPlaces = '0123456789ABC';

/** Every number of these areas, such as `B-06A`. */
export function numbersDue(): readonly string[] {
  return areas.flatMap(([first, last]) => {
    const numbers: string[] = [];
    for (let tens = Number(first.slice(0, 2)); tens <= Number(last.slice(0, 2)); tens += 1) {
      for (const place of lastPlaces) {
        const number = `${String(tens).padStart(2, '0')}${place}`;
        const inTens = /[0-9]$/.test(number) || number <= last;
        if (inTens && number >= first && number <= last) numbers.push(`B-${number}`);
      }
    }
    return numbers;
  });
}

/** Numbers without a case here, and why. */
export const notCovered: Readonly<Record<string, string>> = {
  'B-026': 'about documents, not bytes: the cases of the policy language',
  'B-027': 'about a grant whose policy is gone: the tests of the registry and of grants',
  'B-029': 'a measurement of time over 20,000 tokens: a benchmark, not one input',
  'B-055': 'a property: the fuzzer here, and the readers that are compared in `test/wire`',
  'B-058': 'an order of steps: every case whose arguments must arrive as they were judged',
  'B-064': 'thousands of connections: the load tests',
  'B-065': 'a client that never reads: the tests of the relay and the load tests',
  'B-066': 'floods of a server: the tests of the upstream adapters',
  'B-067': 'a server that never answers: the tests of the upstream adapters',
  'B-068': 'huge lists: the tests of discovery',
  'B-069': 'thousands of sessions: the load tests',
  'B-06A': 'a flood of denied calls: the load tests',
  'B-073': 'quarantine: the tests of the pins',
  'B-075': 'interleaved clients: the load tests',
  'B-079': 'output schemas are not judged by this version',
  'B-07A': 'secrets in results are not judged by this version',
  'B-176': 'schemas with references: the tests of the policy language',
  'B-177': 'beside the corpus, because its tools differ: `annotations.test.ts`',
};
