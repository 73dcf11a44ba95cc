import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { ACCEPTED, CASE_LIMITS, NOT_UTF8, REFUSED } from '../../test/wire/json-cases.ts';
import { scanText } from './json-scan.ts';
import {
  applyEdits,
  elementsAt,
  membersAt,
  parseScanned,
  peekMembers,
  scanJson,
  stringValueOf,
} from './strict-json.ts';
import type { Edit, JsonText } from './strict-json.ts';

const encoder = new TextEncoder();
const WIDE = { bytesMax: 1e7, depthMax: 64, valuesMax: 1e5, stringMax: 1e6 };

function scanned(text: string): JsonText {
  const result = scanJson(encoder.encode(text), WIDE);
  assert(result.ok, text);
  return result.value;
}

test('accepted texts mean what JSON.parse says', () => {
  for (const text of ACCEPTED) {
    const result = scanJson(encoder.encode(text), CASE_LIMITS);
    assert(result.ok, `${text}: ${JSON.stringify(result)}`);
    assert.equal(result.value.text, text);
    assert.equal(result.value.start, text.search(/[^ \t\r\n]/));
    if (!result.value.unsafeNumbers) {
      assert.deepEqual(parseScanned(result.value), JSON.parse(text), text);
    }
  }
});

test('refused texts are refused for their reason', () => {
  for (const [text, code] of REFUSED) {
    const result = scanJson(encoder.encode(text), CASE_LIMITS);
    assert.equal(result.ok ? 'accepted' : result.error.code, code, text);
  }
  assert(ACCEPTED.length + REFUSED.length >= 200);
});

test('bytes that are not UTF-8 are refused where they break', () => {
  for (const [bytes, offset] of NOT_UTF8) {
    const result = scanJson(Uint8Array.from(bytes), CASE_LIMITS);
    assert.deepEqual(result, { ok: false, error: { code: 'invalid-utf8', offset } });
  }
});

test('offsets point at the fault', () => {
  const cases: readonly [string, number][] = [
    ['{"a":1,"a":2}', 7],
    ['[1,]', 3],
    ['  x', 2],
    ['["ok","\\ud800"]', 7],
    ['{"a":{"__proto__":1}}', 6],
    ['1 2', 2],
  ];
  for (const [text, offset] of cases) {
    const result = scanJson(encoder.encode(text), WIDE);
    assert.equal(result.ok ? -1 : result.error.offset, offset, text);
  }
});

test('a number is unsafe exactly where a double does not carry it', () => {
  const cases: readonly [lexeme: string, unsafe: boolean][] = [
    ['9007199254740991', false],
    ['9007199254740992', true],
    ['-9007199254740992', true],
    ['90071992547409910e-1', false],
    ['9007199254740991.0', false],
    ['900719925474099.12', false],
    ['9007199254740991.4', true],
    ['2251799813685249.5', false],
    ['4503599627370497.5', true],
    ['1.0000000000000001', true],
    ['1.00000000000000000000000', false],
    ['0.30000000000000004', false],
    ['0.300000000000000041', true],
    ['1e15', false],
    ['1e16', true],
    ['1e308', true],
    ['1e309', true],
    ['1e-307', false],
    ['1e-308', true],
    ['1e-400', true],
    ['0e400', false],
    ['0.000e-999999999999999999999', false],
    ['-0', false],
    ['1e99999999999999999999', true],
    ['100000000000000000000', true],
    ['3.141592653589793', false],
  ];
  for (const [lexeme, unsafe] of cases) {
    const text = scanned(`{"n":${lexeme},"safe":1.5,"s":"9007199254740993"}`);
    assert.equal(text.unsafeNumbers, unsafe, lexeme);
    const n = unsafe ? NaN : Number(lexeme);
    assert.deepEqual(parseScanned(text), { n, safe: 1.5, s: '9007199254740993' }, lexeme);
  }
});

test('a slice of a text with unsafe numbers is parsed alone', () => {
  const text = scanned('{"a":[1,9007199254740993],"b":{"c":1}}');
  assert.deepEqual(parseScanned(text, 5, 25), [1, NaN]);
  assert.deepEqual(parseScanned(text, 30, 37), { c: 1 });
});

test('members and elements are found without their content', () => {
  const source = ' { "a" : [1,"]",{"b":"}"}] , "\\u0062\\"" : {"x":[]} ,"c":-1.5e3, "":"" } ';
  const members = membersAt(source, 1);
  assert.deepEqual(
    members.map((member) => [member.key, source.slice(member.valueStart, member.valueEnd)]),
    [
      ['a', '[1,"]",{"b":"}"}]'],
      ['b"', '{"x":[]}'],
      ['c', '-1.5e3'],
      ['', '""'],
    ],
  );
  const [first] = members;
  assert(first !== undefined);
  assert.deepEqual(
    elementsAt(source, first.valueStart).map(({ start, end }) => source.slice(start, end)),
    ['1', '"]"', '{"b":"}"}'],
  );
  assert.deepEqual(membersAt('{ }', 0), []);
  assert.deepEqual(elementsAt('[ ]', 0), []);
});

test('a broken outline is null, never a throw or a loop', () => {
  const broken = [
    '',
    '[]',
    '{',
    '{"a"',
    '{"a":',
    '{"a":}',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    '{"a" 1}',
    '{"a":1 "b":2}',
    '{"a":[1}',
    '{"a":{]}',
    '{"a":"x}',
    '{"a":"x\\"}',
    '{"\\x":1}',
    '{"\\ud800":1}',
    '{a:1}',
    '{"a":[[[[}',
  ];
  for (const text of broken) assert.equal(peekMembers(text, 0), null, text);
});

test('a string literal means its text', () => {
  const cases: readonly [string, string | null][] = [
    ['"a"', 'a'],
    ['"\\u0061"', 'a'],
    ['"\\\\"', '\\'],
    ['"', null],
    ['1', null],
    ['"\\x"', null],
    ['"\\ud800"', null],
    ['"a\\""b"', null],
  ];
  for (const [literal, value] of cases) assert.equal(stringValueOf(literal), value, literal);
});

test('edits replace, insert and remove, in any order', () => {
  const text = '{"é":1,"中":"😀","z":[1,2]}';
  const edits: Edit[] = [
    { start: text.indexOf(',2'), end: text.indexOf(',2') + 2, text: '' },
    { start: 1, end: 1, text: '"n":0,' },
    { start: text.indexOf('"😀"'), end: text.indexOf('"😀"') + 4, text: '"ß"' },
    { start: 1, end: 1, text: '"m":0,' },
  ];
  const out = new TextDecoder().decode(applyEdits(text, edits));
  assert.equal(out, '{"n":0,"m":0,"é":1,"中":"ß","z":[1]}');
});

test('edits that overlap or leave the text are a bug', () => {
  const pairs: readonly (readonly Edit[])[] = [
    [
      { start: 0, end: 2, text: '' },
      { start: 1, end: 3, text: '' },
    ],
    [{ start: 3, end: 9, text: '' }],
    [{ start: 2, end: 1, text: '' }],
    [{ start: -1, end: 1, text: '' }],
  ];
  for (const edits of pairs) assert.throws(() => applyEdits('abcd', edits), /edits/);
});

// A table of hashes that all collide would not be filled within the time that a test may take.
test('many keys that look like indexes take bounded time', () => {
  const members = Array.from({ length: 400_000 }, (_, n) => `"${n * 4096}":0`);
  const wider = { ...WIDE, valuesMax: 1e6 };
  assert.equal(scanJson(encoder.encode(`{${members.join(',')}}`), wider).ok, true);
});

test('long strings are read the same whether their bytes are at hand or not', () => {
  const run = fc.nat(150).map((length) => 'The quick brown fox! '.repeat(8).slice(0, length));
  const special = fc.constantFrom(
    '\\"',
    '\\\\',
    '\\n',
    '\\u00e9',
    '\\ud83d\\ude00',
    '\\ud83d',
    '\\x',
  );
  const control = fc.constantFrom('"', '\n', '\0', '\x1f', '\x7f', ',"a":"', '\\');
  const piece = fc.oneof(
    { weight: 8, arbitrary: run },
    { weight: 4, arbitrary: special },
    { weight: 1, arbitrary: control },
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.nat(7), (pieces, shift) => {
      const text = `{"pad":"${'p'.repeat(1_024)}","text":"${pieces.join('')}"}`;
      const bytes = new Uint8Array(text.length + shift).subarray(shift);
      encoder.encodeInto(text, bytes);
      const limits = { ...WIDE, stringMax: 1_500 };
      const whole = scanJson(bytes, limits);
      const { problem, ...rest } = scanText(text, limits);
      if (!whole.ok) return assert.deepEqual(whole.error, problem);
      const { start, unsafeNumbers, escapedKeys } = whole.value;
      return assert.deepEqual({ start, unsafeNumbers, escapedKeys }, rest);
    }),
    { numRuns: 5_000 },
  );
});
