import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../../base/strict-json.ts';
import { compileEmailDomainIn } from './email-domain-in.ts';
import type { Outcome } from './outcome.ts';

const YES = 'holds';
const NO = 'does-not-hold';
const UNSURE = 'cannot-tell';

const cases: readonly (readonly [JsonValue, Outcome])[] = [
  ['a@good.com', YES],
  ['a.b+tag@good.com', YES],
  ["o'brien@good.com", YES],
  ['a_b-c@good.com', YES],
  ['a@GOOD.com', YES],
  ['A@Good.Com', YES],
  [' a@good.com ', YES],
  ['<a@good.com>', YES],
  ['Ann <a@good.com>', YES],
  ['Ann B. Smith <a@good.com>', YES],
  ['"Ann Smith" <a@good.com>', YES],
  ['Äpfel Müller <a@good.com>', YES],
  ['a@good.com, b@good.com', YES],
  ['a@good.com,b@good.com', YES],
  ['a@good.com; b@good.com', YES],
  ['Ann <a@good.com>, Bob <b@x.sub.org>', YES],
  [['a@good.com'], YES],
  [['a@good.com', 'Bob <b@good.com>', 'c@x.sub.org, d@good.com'], YES],
  ['a@x.sub.org', YES],
  ['a@y.x.sub.org', YES],
  ['a@xn--bcher-kva.example', YES],
  [`${'a'.repeat(64)}@good.com`, YES],
  [`${'a'.repeat(65)}@good.com`, UNSURE],
  // All are certainly elsewhere.
  ['a@evil.com', NO],
  ['a@sub.org', NO],
  ['a@www.good.com', NO],
  ['a@good.com.evil.com', NO],
  ['a@evilgood.com', NO],
  ['good.com@evil.com', NO],
  ['good.com <a@evil.com>', NO],
  ['a@evil.com, b@evil.org', NO],
  [['a@evil.com', 'b@evil.org'], NO],
  // One inside, another outside.
  ['a@good.com,b@evil', UNSURE],
  ['a@good.com, b@evil.com', UNSURE],
  ['a@good.com;b@evil.com', UNSURE],
  [['a@good.com', 'b@evil.com'], UNSURE],
  ['Ann <a@good.com>, b@evil.com', UNSURE],
  // Quoting, comments, routes, groups.
  ['"x@good.com"@evil', UNSURE],
  ['"x@good.com"@evil.com', UNSURE],
  ['"a b"@good.com', UNSURE],
  ['"a@good.com" <b@evil.com>', UNSURE],
  ['a@good.com <b@evil.com>', UNSURE],
  ['<a@good.com> <b@evil.com>', UNSURE],
  ['"Smith, Ann" <a@good.com>', UNSURE],
  ['Smith\\, Ann <a@good.com>', UNSURE],
  ['a@good.com (b@evil.com)', UNSURE],
  ['a(comment)@good.com', UNSURE],
  ['a@(comment)good.com', UNSURE],
  ['a@evil.com(@good.com)', UNSURE],
  ['a%evil.com@good.com', UNSURE],
  ['evil.com!a@good.com', UNSURE],
  ['@evil.com:a@good.com', UNSURE],
  ['<@evil.com,@x.com:a@good.com>', UNSURE],
  ['a@evil.com@good.com', UNSURE],
  ['team: a@good.com, b@good.com;', UNSURE],
  ['mailto:a@good.com', UNSURE],
  ['/o=evil/s=a/@good.com', UNSURE],
  ['|sh@good.com', UNSURE],
  ['-froot@good.com', UNSURE],
  // Control characters, line breaks, white space.
  ['a@good.com\r\nBcc: b@evil.com', UNSURE],
  ['a@good.com\nb@evil.com', UNSURE],
  ['a@good.com\r', UNSURE],
  ['a@good.com\tb@evil.com', UNSURE],
  ['a@good.com b@evil.com', UNSURE],
  ['a@good.com\0', UNSURE],
  ['a @good.com', UNSURE],
  ['a@ good.com', UNSURE],
  ['Ann\n <a@good.com>', UNSURE],
  ['Ann\u202e <a@good.com>', UNSURE],
  // Domains that are not canonical.
  ['a@good.com.', UNSURE],
  ['a@.good.com', UNSURE],
  ['a@good..com', UNSURE],
  ['a@[127.0.0.1]', UNSURE],
  ['a@127.0.0.1', UNSURE],
  ['a@g\u043e\u043ed.com', UNSURE],
  ['a@\uff47ood.com', UNSURE],
  ['a@good\u3002com', UNSURE],
  ['a@good\uff0ecom', UNSURE],
  ['a@\u212anight.com', UNSURE],
  ['a@xn--80ak6aa92e.sub.org', UNSURE],
  ['a\uff20evil.com, b@good.com', UNSURE],
  ['=?utf-8?q?a=40evil.com?= <a@good.com>', UNSURE],
  ['=?utf-8?q?a?=@good.com', UNSURE],
  ['é@good.com', UNSURE],
  ['a..b@good.com', UNSURE],
  ['.a@good.com', UNSURE],
  ['a.@good.com', UNSURE],
  [`${'a'.repeat(65)}@good.com`, UNSURE],
  // No address, or an empty one among others.
  ['', UNSURE],
  [' ', UNSURE],
  ['good.com', UNSURE],
  ['@good.com', UNSURE],
  ['a@', UNSURE],
  ['<>', UNSURE],
  ['<a@good.com', UNSURE],
  ['a@good.com>', UNSURE],
  ['a@good.com,', UNSURE],
  ['a@good.com,,b@good.com', UNSURE],
  ['a@good.com\uff0cb@evil.com', UNSURE],
  [[], UNSURE],
  [['a@good.com', ''], UNSURE],
  [['a@good.com', null], UNSURE],
  [[['a@good.com']], UNSURE],
  [[{ email: 'a@good.com' }], UNSURE],
  [{ email: 'a@good.com' }, UNSURE],
  [null, UNSURE],
  [7, UNSURE],
  [`a@good.com,${' '.repeat(65_536)}`, UNSURE],
  [Array.from({ length: 7000 }, () => 'a@good.com'), UNSURE],
];

test('email_domain_in', async (context) => {
  const judge = compiled();
  for (const [value, expected] of cases) {
    await context.test(JSON.stringify(value).slice(0, 60), () => {
      assert.equal(judge(value), expected);
    });
  }
});

test('email_domain_in refuses operands that are not canonical domains', () => {
  const operands: readonly JsonValue[] = [
    null,
    'good.com',
    [],
    [1],
    ['@good.com'],
    ['a@good.com'],
    ['Good.com'],
    ['good.com.'],
    ['*.good.com'],
    ['[127.0.0.1]'],
    ['127.0.0.1'],
    ['bücher.example'],
  ];
  for (const operand of operands) {
    assert.equal(compileEmailDomainIn(operand).ok, false, JSON.stringify(operand));
  }
});

test('email_domain_in: where it holds, nothing that looks like a domain is foreign', () => {
  const judge = compiled();
  const piece = fc.constantFrom(
    'a@good.com',
    'b@evil.com',
    '@',
    ',',
    ';',
    '<',
    '>',
    '"',
    '(',
    ')',
    ' ',
    'a',
    '\\',
    ':',
    'good.com',
    'evil.com',
    '\n',
    '%',
    '!',
    '\uff20',
    '.',
  );
  const lists = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(lists, (text) => {
      const outcome = judge(text);
      const domains = [...text.matchAll(/@([a-z.]*)/g)].map((match) => match[1]);
      if (outcome === YES)
        assert.ok(
          domains.every((domain) => domain === 'good.com'),
          text,
        );
      if (outcome === NO) assert.ok(!domains.includes('good.com'), text);
    }),
    { numRuns: 4000 },
  );
});

test('email_domain_in never throws, and takes any text up to its bound', () => {
  const judge = compiled();
  const outcomes = new Set<string>([YES, NO, UNSURE]);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()), (value) => {
      // What fast-check calls a JSON value is one.
      assert.ok(outcomes.has(judge(value as JsonValue)));
    }),
  );
  for (const unit of [' ', ',', 'a@', 'a.', '<', '"', 'a@good.com,', '@', 'é', 'a ']) {
    judge(unit.repeat(65_000 / unit.length));
  }
});

function compiled(): (value: JsonValue) => Outcome {
  const result = compileEmailDomainIn(['good.com', '.sub.org', 'xn--bcher-kva.example']);
  assert.ok(result.ok);
  return result.value;
}
