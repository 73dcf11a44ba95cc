import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../../base/strict-json.ts';
import type { Outcome } from './outcome.ts';
import { compilePathWithin } from './path-within.ts';

const YES = 'holds';
const NO = 'does-not-hold';
const UNSURE = 'cannot-tell';

const DATA = ['/data', '/srv/files'];

const cases: readonly (readonly [JsonValue, Outcome, (readonly string[])?])[] = [
  // Inside, outside, whole segments.
  ['/data', YES],
  ['/data/', YES],
  ['/data/a.txt', YES],
  ['/data/a.txt', YES, ['/data/']],
  ['/database', NO, ['/data/']],
  ['/data/a/b/c', YES],
  ['/data//a', YES],
  ['/data/./a', YES],
  ['/data/a/../b', YES],
  ['/data/a/b/../../c', YES],
  ['/srv/files/x', YES],
  ['/data/.hidden', YES],
  ['/data/..a', YES],
  ['/data/a..b', YES],
  ['/data/été', YES],
  ['/data/日本語ノート', YES],
  ['/data/notes~', YES],
  ['/data/100%.txt', YES],
  ['/data/12:30', YES],
  ['/data/%61.txt', YES],
  ['/data/a%20b', YES],
  ['/data/a\\b', YES],
  ['/anything', YES, ['/']],
  ['/', YES, ['/']],
  ['/database', NO],
  ['/dat', NO],
  ['/', NO],
  ['/etc/passwd', NO],
  ['/srv', NO],
  ['/srv/file', NO],
  ['/data/../etc/passwd', NO],
  ['/data/a/../../etc', NO],
  ['/../etc', NO],
  ['/data/%2e%2e/etc/passwd', UNSURE],
  ['/data/%252e%252e/etc', UNSURE],
  ['/data/%25252e%25252e/etc', UNSURE],
  ['/etc/%61', NO],
  // One reading inside, another outside.
  ['/data/..%2f..%2fetc', UNSURE],
  ['/data/%2e%2e%2fetc', UNSURE],
  ['/data/a/%2e%2e/b', YES],
  ['/data/..\\..\\etc', UNSURE],
  ['/data/..%5c..%5cetc', UNSURE],
  ['/data\\..\\..\\etc', NO],
  // Parameters of a segment, which servlet containers cut off.
  ['/data/a;v=1/b', YES],
  ['/data/a/..;/b', YES],
  ['/data/..;/etc', UNSURE],
  ['/data/..;x=y/etc', UNSURE],
  ['/data/..%3b/etc', UNSURE],
  ['/data/%2e%2e;/etc', UNSURE],
  ['/data/..;\\etc', UNSURE],
  ['/data/.;/a', YES],
  ['/data/;/../../etc', NO],
  ['/data;x/a', UNSURE],
  ['/etc;/../data', UNSURE],
  ['/;/data/a', UNSURE],
  ['/etc/a;b', NO],
  ['/data\\a', UNSURE],
  ['/%64ata/x', UNSURE],
  ['/etc/%2e%2e/data', UNSURE],
  ['/data/../data/x', UNSURE],
  ['/x/../data/x', UNSURE],
  // Case and Unicode form.
  ['/DATA/x', UNSURE],
  ['/Data', UNSURE],
  ['/caf\u0065\u0301', UNSURE, ['/caf\u00e9']],
  // Not absolute, or absolute elsewhere.
  ['', UNSURE],
  ['a.txt', UNSURE],
  ['data/x', UNSURE],
  ['./x', UNSURE],
  ['../../../../etc/passwd', UNSURE],
  ['~', UNSURE],
  ['~/x', UNSURE],
  ['~root/x', UNSURE],
  ['/data/~/x', UNSURE],
  ['/data/~root', UNSURE],
  ['/data/PROGRA~1', UNSURE],
  ['//data/x', UNSURE],
  ['//server/share', UNSURE],
  ['\\\\server\\share', UNSURE],
  ['/\\server/share', UNSURE],
  ['\\data\\x', UNSURE],
  ['C:/data/x', UNSURE],
  ['C:\\data\\x', UNSURE],
  ['C:data', UNSURE],
  ['/C:/data', UNSURE],
  ['/c|/data', UNSURE],
  ['%2fdata/x', UNSURE],
  ['%2fetc', UNSURE],
  ['file:///data/x', UNSURE],
  [' /data/x', UNSURE],
  // Trailing dots and spaces, form encoding, expansion.
  ['/data/a.', UNSURE],
  ['/data/a ', UNSURE],
  ['/data/.. /etc', UNSURE],
  ['/data/ ../etc', UNSURE],
  ['/data/.../etc', UNSURE],
  ['/data/..+/etc', UNSURE],
  ['/data/..%20/etc', UNSURE],
  ['/data/$HOME', UNSURE],
  ['/data/${X}', UNSURE],
  ['/data/%APPDATA%', UNSURE],
  ['/data/`x`', UNSURE],
  ['/data/*', UNSURE],
  ['/data/.?/x', UNSURE],
  ['/data/{a,../../etc}', UNSURE],
  // Bytes and letters that are not what they look like.
  ['/data/a\0.txt', UNSURE],
  ['/data/a%00.txt', UNSURE],
  ['/data/a%2500', UNSURE],
  ['/data/a\nb', UNSURE],
  ['/data/a\u200b', UNSURE],
  ['/data/\u202etxt', UNSURE],
  ['/data/\ud800', UNSURE],
  ['/data/\uff0e\uff0e/etc', UNSURE],
  ['/data/\u2025/etc', UNSURE],
  ['/data/\u2024\u2024/etc', UNSURE],
  ['/data/..\uff0fetc', UNSURE],
  ['/data/..\u2215etc', UNSURE],
  ['/data/..\u2044etc', UNSURE],
  ['/data/..\u2216etc', UNSURE],
  ['/data/..\uff3cetc', UNSURE],
  ['/data/..\u00a5etc', UNSURE],
  ['/data/%c0%ae%c0%ae/etc', UNSURE],
  ['/data/%c0%af', UNSURE],
  ['/data/%ff', UNSURE],
  ['/data/%u002e%u002e/etc', UNSURE],
  ['/data/%ef%bc%8e%ef%bc%8e', UNSURE],
  ['/data/%e2%80%a5', UNSURE],
  ['/data/%252561', YES],
  [`/data/%${'25'.repeat(20)}2e`, UNSURE],
  // Not a path.
  [null, UNSURE],
  [1, UNSURE],
  [true, UNSURE],
  [['/data/x'], UNSURE],
  [{ path: '/data/x' }, UNSURE],
  [`/data/${'a'.repeat(65_536)}`, UNSURE],
  // Drives.
  ['C:\\data\\x', YES, ['C:/data']],
  ['c:/data/x', YES, ['C:\\data']],
  ['C:/DATA/x', UNSURE, ['C:/data']],
  ['C:\\data\\..\\x', NO, ['C:/data']],
  ['C:\\data\\x::$DATA', UNSURE, ['C:/data']],
  ['D:\\data\\x', NO, ['C:/data']],
  ['/data/x', UNSURE, ['C:/data']],
  ['C:/x', YES, ['C:/']],
  ['\\\\?\\C:\\data', UNSURE, ['C:/data']],
  // The way a `deny_if` asks.
  ['/etc/passwd', YES, ['/etc']],
  ['/data/../etc/passwd', UNSURE, ['/etc']],
  ['/ETC/passwd', UNSURE, ['/etc']],
  ['/home/a', NO, ['/etc']],
];

test('path_within', async (context) => {
  for (const [value, expected, roots = DATA] of cases) {
    await context.test(`${JSON.stringify(value).slice(0, 60)} in ${roots.join()}`, () => {
      assert.equal(compiled(roots)(value), expected);
    });
  }
});

test('path_within refuses operands that are not canonical absolute directories', () => {
  const operands: readonly JsonValue[] = [
    null,
    'x',
    {},
    [],
    [1],
    [''],
    ['data'],
    ['./data'],
    ['../x'],
    ['/data/../x'],
    ['/a/./b'],
    ['/a//b'],
    ['//a'],
    ['/a%20b'],
    ['/100%'],
    ['~/a'],
    ['/~a'],
    ['/a\\b'],
    ['/a\0'],
    ['/a.'],
    ['/a '],
    ['\\\\server\\share'],
    ['C:'],
    ['C:data'],
    ['file:///a'],
    ['/data', 'x'],
    ['/a*'],
    Array.from({ length: 101 }, () => '/a'),
  ];
  for (const operand of operands) {
    assert.equal(compilePathWithin(operand).ok, false, JSON.stringify(operand));
  }
});

test('path_within: a path of hostile pieces that holds has no reading that leaves the root', () => {
  const judge = compiled(['/data']);
  const piece = fc.constantFrom(
    '/',
    '..',
    '.',
    '\\',
    '%2e',
    '%2f',
    '%5c',
    '%25',
    '%',
    'a',
    'data',
    '//',
    '~',
    '\0',
    ' ',
    '\uff0e',
    '\u2215',
    'C:',
    '+',
    '%c0',
    '2e',
  );
  const paths = fc.array(piece, { maxLength: 12 }).map((pieces) => `/data/${pieces.join('')}`);
  fc.assert(
    fc.property(paths, (path) => {
      if (judge(path) !== YES) return;
      // An independent reader: decode as often as it goes, every backslash a separator, walk.
      let text = path;
      for (let round = 0; round < 12; round += 1) {
        assert.ok(walksInside(text), `${path} reads as ${text}`);
        text = text.replace(/%([0-7][0-9a-f])/gi, (_all, hex) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        );
      }
    }),
    { numRuns: 4000 },
  );
});

test('path_within never throws, and takes any text up to its bound', () => {
  const judge = compiled(['/data']);
  const outcomes = new Set<string>([YES, NO, UNSURE]);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()), (value) => {
      // What fast-check calls a JSON value is one.
      assert.ok(outcomes.has(judge(value as JsonValue)));
    }),
  );
  for (const unit of ['/', '../', '%25', '%2e', '%', '\\', 'a/', '. ', 'é']) {
    judge(`/data/${unit.repeat(65_000 / unit.length)}`);
  }
});

function walksInside(text: string): boolean {
  let depth = 0;
  for (const part of text.split(/[/\\]+/).slice(2)) {
    if (part === '..') depth -= 1;
    else if (part !== '.' && part !== '') depth += 1;
    if (depth < 0) return false;
  }
  return true;
}

function compiled(roots: readonly string[]): (value: JsonValue) => Outcome {
  const result = compilePathWithin(roots);
  assert.ok(result.ok);
  return result.value;
}
