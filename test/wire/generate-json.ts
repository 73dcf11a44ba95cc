import fc from 'fast-check';

const STRINGS = [
  'a',
  'b',
  'name',
  '__proto__',
  'n\\u0061me',
  'é',
  '中😀',
  '\\ud83d\\ude00',
  '\\n',
  '',
  '\\u0000',
];
const NUMBERS = [
  '0',
  '-0',
  '1',
  '1.0',
  '1e0',
  '42',
  '-7.25',
  '1e400',
  '9007199254740993',
  '1e-400',
];
const SPACES = ['', '', '', ' ', '\n', '\t\r '];

const space = fc.constantFrom(...SPACES);
const scalar = fc.oneof(
  fc.constantFrom('null', 'true', 'false'),
  fc.constantFrom(...NUMBERS),
  fc.constantFrom(...STRINGS).map((text) => `"${text}"`),
  fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => JSON.stringify(text)),
  fc.double().map((value) => JSON.stringify(value)),
);

/** Documents as text, mostly right: keys repeat now and then, and white space is anywhere. */
export const documents: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc
      .array(fc.tuple(space, tie('value'), space), { maxLength: 4 })
      .map((parts) => `[${parts.map((part) => part.join('')).join(',')}]`),
    fc
      .array(fc.tuple(space, fc.constantFrom(...STRINGS, 'c', 'd', 'e'), tie('value'), space), {
        maxLength: 4,
      })
      .map((parts) => `{${parts.map(memberText).join(',')}}`),
  ),
})).value;

function memberText([before, key, value, after]: readonly [
  string,
  string,
  string,
  string,
]): string {
  return `${before}"${key}"${after}:${before}${value}${after}`;
}

/** One change of one byte or of a few, at a place that the numbers choose. */
export interface Mutation {
  readonly at: number;
  readonly remove: number;
  readonly insert: readonly number[];
}

const PIECES = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\u',
  '\\ud83d',
  '0',
  '.',
  'e',
  '-',
  '/',
  '\0',
  '\u00a0',
];

/** What is put in: pieces of JSON, bytes that break UTF-8, a byte order mark. */
export const mutations: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(400),
  remove: fc.nat(3),
  insert: fc.oneof(
    fc.constantFrom(...PIECES).map((piece) => [...new TextEncoder().encode(piece)]),
    fc.constantFrom([0xc3], [0x80], [0xed, 0xa0, 0x80], [0xef, 0xbb, 0xbf], []),
  ),
});

export function mutate(bytes: Uint8Array, changes: readonly Mutation[]): Uint8Array {
  let out = bytes;
  for (const { at, remove, insert } of changes) {
    const from = at % (out.length + 1);
    out = Uint8Array.from([...out.subarray(0, from), ...insert, ...out.subarray(from + remove)]);
  }
  return out;
}
