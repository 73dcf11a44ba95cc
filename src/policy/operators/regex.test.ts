import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../../base/strict-json.ts';
import type { Outcome } from './outcome.ts';
import { compileRegex } from './regex.ts';

const YES = 'holds';
const NO = 'does-not-hold';
const UNSURE = 'cannot-tell';

const cases: readonly (readonly [string, JsonValue, Outcome])[] = [
  ['b', 'abc', YES],
  ['^b', 'abc', NO],
  ['^abc$', 'abc', YES],
  ['^abc$', 'abc\n', NO],
  ['^abc$', 'x\nabc', NO],
  ['(?m)^abc$', 'x\nabc', YES],
  ['(?i)ABC', 'abc', YES],
  ['a.c', 'a\nc', NO],
  ['(?s)a.c', 'a\nc', YES],
  ['^\\d{4}-\\d{2}$', '2026-01', YES],
  ['^\\pL+$', 'été', YES],
  ['^.$', '\u{1f600}', YES],
  ['', '', YES],
  ['x', '', NO],
  ['^(a+)+$', `${'a'.repeat(30)}!`, NO],
  ['(a|aa)+$', `${'a'.repeat(50_000)}!`, NO],
  ['1', 1, UNSURE],
  ['null', null, UNSURE],
  ['a', ['a'], UNSURE],
  ['a', {}, UNSURE],
  ['a', true, UNSURE],
  ['a', '\ud800a', UNSURE],
  ['a', 'a'.repeat(65_536), YES],
  ['a', 'a'.repeat(65_537), UNSURE],
  ['(a|b)*a(a|b){300}[cd]', 'ab'.repeat(30_000), UNSURE],
];

test('regex', async (context) => {
  for (const [pattern, value, expected] of cases) {
    await context.test(`${pattern} on ${JSON.stringify(value).slice(0, 40)}`, () => {
      const result = compileRegex(pattern);
      assert.ok(result.ok);
      assert.equal(result.value(value), expected);
    });
  }
});

test('regex refuses what is not RE2 syntax or is too long', () => {
  const operands: readonly JsonValue[] = [
    null,
    1,
    ['a'],
    {},
    '(',
    ')',
    '[',
    'a**',
    '*',
    '\\',
    '(a)\\1',
    '(?P=n)',
    '\\k<n>',
    '(?=a)',
    '(?!a)',
    '(?<=a)b',
    '(?<!a)b',
    '(?>a)',
    'a++',
    'a{1001}',
    '((a{100}){100}){100}',
    'a'.repeat(1001),
    'a'.repeat(10240),
    '\ud800',
  ];
  for (const operand of operands) {
    assert.equal(compileRegex(operand).ok, false, JSON.stringify(operand).slice(0, 60));
  }
  assert.equal(compileRegex('a'.repeat(1000)).ok, true);
});

test('regex never throws, whatever the pattern and the text', () => {
  const outcomes = new Set<string>([YES, NO, UNSURE]);
  const piece = fc.constantFrom(
    'a',
    'b',
    '(',
    ')',
    '(?:',
    '[',
    ']',
    '^',
    '$',
    '|',
    '*',
    '+',
    '?',
    '{2}',
    '{0,9}',
    '\\b',
    '.',
    '\\',
    '\\pL',
    '[^a]',
    '(?i)',
    'é',
    '\u{1f600}',
    '\\Q',
    '\\E',
    '-',
    ',',
  );
  const pattern = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(pattern, fc.string({ unit: 'binary' }), (source, text) => {
      const result = compileRegex(source);
      if (result.ok) assert.ok(outcomes.has(result.value(text)));
    }),
    { numRuns: 1000 },
  );
});
