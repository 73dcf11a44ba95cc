import fc from 'fast-check';

import { documents } from './generate-json.ts';

const lineEnds = ['\n', '\r', '\r\n', '\n\n', '\r\n\r\n', '\r\r'];
const fieldLines = [
  'data: x',
  'data:x',
  'data',
  'data: {"jsonrpc":"2.0","id":1,"result":{}}',
  'data:  two spaces',
  'event: message',
  'event: endpoint',
  'id: 7',
  'id: a\0b',
  'id',
  'retry: 250',
  'retry: 2x',
  ': a comment',
  ':',
  'unknown: y',
  'datas: z',
  ' data: indented',
  '\uFEFFdata: marked',
  'é: ✓ 😀',
];

const brokenText: readonly (readonly number[])[] = [
  [0xc3],
  [0x80],
  [0xed, 0xa0, 0x80],
  [0xff],
  [0xef, 0xbb, 0xbf],
  [0],
];

/** Streams of events, mostly right: every kind of line and line end, and now and then broken text. */
export const eventStreams: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...fieldLines).map((text) => Buffer.from(text)) },
      { weight: 8, arbitrary: fc.constantFrom(...lineEnds).map((text) => Buffer.from(text)) },
      { weight: 1, arbitrary: fc.constantFrom(...brokenText).map((bytes) => Buffer.from(bytes)) },
      { weight: 1, arbitrary: fc.string({ maxLength: 12 }).map((text) => Buffer.from(text)) },
    ),
    { maxLength: 24 },
  )
  .map((parts) => Buffer.concat(parts));

/** Streams of lines as programs write them, and as they should not. */
export const lineStreams: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      fc.constantFrom('{"jsonrpc":"2.0","method":"ping","id":1}', '', 'a log line', '\r', '\n'),
      fc.constantFrom('\n', '\r\n', '\n\n'),
      fc.string({ maxLength: 40 }),
    ),
    { maxLength: 20 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'utf8'));

/** Where a stream is cut into chunks. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.array(fc.nat(600), { maxLength: 8 });

const memberKeys = ['jsonrpc', 'id', 'method', 'params', 'result', 'error', 'x'];
const likely: Readonly<Record<string, readonly string[]>> = {
  jsonrpc: ['"2.0"'],
  id: ['1', '"a"', '0', '1.0', '9007199254740993'],
  method: ['"ping"', '"tools/call"', '"p\\u0069ng"'],
  params: ['{}', '{"name":"a"}'],
  result: ['{}', '{"content":[]}'],
  error: ['{"code":-1,"message":"m"}'],
};

function memberOf(key: string): fc.Arbitrary<string> {
  const value = fc.oneof(fc.constantFrom(...(likely[key] ?? ['null'])), documents);
  return value.map((text) => `"${key}":${text}`);
}

const members = fc
  .subarray(memberKeys)
  .chain((keys) => fc.tuple(...keys.map(memberOf)))
  .map((parts) => parts.join(','));
const repeated = fc
  .array(fc.constantFrom(...memberKeys, 'm\\u0065thod').chain(memberOf), { maxLength: 6 })
  .map((parts) => parts.join(','));

/** Texts that are messages, or nearly. */
export const messages: fc.Arbitrary<string> = fc
  .oneof({ weight: 3, arbitrary: members }, { weight: 1, arbitrary: repeated })
  .map((text) => `{${text}}`);

/** What an event may be asked to carry. */
export const eventTexts: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('a', '\n', '\r', '\r\n', 'data: b', 'event: c', ':', ' ', '\0', '✓', ''), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''));
