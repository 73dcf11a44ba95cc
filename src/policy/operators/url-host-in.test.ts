import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../../base/strict-json.ts';
import type { Outcome } from './outcome.ts';
import { compileUrlHostIn } from './url-host-in.ts';

const YES = 'holds';
const NO = 'does-not-hold';
const UNSURE = 'cannot-tell';

const HOSTS = ['good.com', '.sub.org', 'xn--bcher-kva.example', 'localhost'];

const cases: readonly (readonly [JsonValue, Outcome])[] = [
  ['https://good.com', YES],
  ['https://good.com/', YES],
  ['http://good.com/a/b?c=d#e', YES],
  ['https://good.com?x=1', YES],
  ['https://good.com#x', YES],
  ['https://good.com:443/', YES],
  ['http://good.com:80/', YES],
  ['https://good.com/@user', YES],
  ['https://good.com/a@b', YES],
  ['https://good.com//evil.com', YES],
  ['https://good.com/é', YES],
  ['https://good.com/%00', YES],
  ['https://a.sub.org/', YES],
  ['https://a.b.sub.org/', YES],
  ['https://xn--bcher-kva.example/', YES],
  ['http://localhost/', YES],
  // Certainly another host.
  ['https://evil.com/', NO],
  ['https://sub.org/', NO],
  ['https://www.good.com/', NO],
  ['https://good.com.evil.com/', NO],
  ['https://evilgood.com/', NO],
  ['https://good-com.evil.com/', NO],
  ['https://asub.org/', NO],
  ['https://evil.com/good.com', NO],
  ['https://evil.com/?u=https://good.com/', NO],
  ['https://evil.com#good.com', NO],
  ['https://good.co', NO],
  ['https://xn--80ak6aa92e.com/', NO],
  // Below a listed parent, but not what it looks like.
  ['https://xn--80ak6aa92e.sub.org/', UNSURE],
  // User information, ports, final dots, case.
  ['https://good.com@evil.com/', UNSURE],
  ['https://user:password@good.com/', UNSURE],
  ['https://@good.com/', UNSURE],
  ['https://evil.com:443@good.com/', UNSURE],
  ['https://good.com%40evil.com/', UNSURE],
  ['https://good.com?@evil.com/', UNSURE],
  ['https://good.com#@evil.com/', UNSURE],
  ['https://good.com:8443/', UNSURE],
  ['https://good.com:80/', UNSURE],
  ['http://good.com:443/', UNSURE],
  ['https://good.com:0443/', UNSURE],
  ['https://good.com:/', UNSURE],
  ['https://good.com:443:443/', UNSURE],
  ['https://good.com:99999/', UNSURE],
  ['https://good.com./', UNSURE],
  ['https://evil.com./', UNSURE],
  ['https://.good.com/', UNSURE],
  ['https://good..com/', UNSURE],
  ['https://GOOD.com/', UNSURE],
  ['HTTPS://good.com/', UNSURE],
  // Backslashes, white space, control and format characters.
  ['https://good.com\\@evil.com/', UNSURE],
  ['https:\\\\good.com/', UNSURE],
  ['https:/\\good.com/', UNSURE],
  ['https://good.com/\\evil.com', UNSURE],
  [' https://good.com/', UNSURE],
  ['https://good.com/ ', UNSURE],
  ['https://go\tod.com/', UNSURE],
  ['https://good.com\n.evil.com/', UNSURE],
  ['ht\ntps://good.com/', UNSURE],
  ['https://good.com\0.evil.com/', UNSURE],
  ['https://good.com/\r\nHost: evil.com', UNSURE],
  ['https://good\u00ad.com/', UNSURE],
  ['https://good.com/\u202e', UNSURE],
  ['https://good.com/\ud800', UNSURE],
  // References and other schemes.
  ['//good.com/', UNSURE],
  ['/good.com', UNSURE],
  ['good.com', UNSURE],
  ['https:good.com', UNSURE],
  ['https:/good.com/', UNSURE],
  ['https:///good.com/', UNSURE],
  ['https://', UNSURE],
  ['', UNSURE],
  ['ftp://good.com/', UNSURE],
  ['ws://good.com/', UNSURE],
  ['file://good.com/etc', UNSURE],
  ['file:///etc/passwd', UNSURE],
  ['data:text/html,good.com', UNSURE],
  ['javascript:alert(1)//good.com', UNSURE],
  ['jar:https://good.com/!/', UNSURE],
  ['blob:https://good.com/1', UNSURE],
  ['view-source:https://good.com', UNSURE],
  // Addresses in any notation.
  ['http://127.0.0.1/', UNSURE],
  ['http://2130706433/', UNSURE],
  ['http://0x7f.1/', UNSURE],
  ['http://0x7f000001/', UNSURE],
  ['http://0177.0.0.1/', UNSURE],
  ['http://127.1/', UNSURE],
  ['http://1.2.3/', UNSURE],
  ['http://good.com.1/', UNSURE],
  ['http://good.0x1/', UNSURE],
  ['http://[::1]/', UNSURE],
  ['http://[::ffff:127.0.0.1]/', UNSURE],
  ['http://[::ffff:a9fe:a9fe]/', UNSURE],
  ['http://[64:ff9b::7f00:1]/', UNSURE],
  ['http://[fe80::1%25eth0]/', UNSURE],
  ['http://\u2460\u2461\u2466.0.0.1/', UNSURE],
  // Letters of other scripts and widths.
  ['https://g\u043e\u043ed.com/', UNSURE],
  ['https://\uff47ood.com/', UNSURE],
  ['https://good\u3002com/', UNSURE],
  ['https://good\uff0ecom/', UNSURE],
  ['https://good.com\uff0fevil.com/', UNSURE],
  ['https://evil.com\u2215good.com/', UNSURE],
  ['https://evil.com\uff03.good.com/', UNSURE],
  ['https://b\u00fccher.example/', UNSURE],
  ['https://xn--a.sub.org/', UNSURE],
  ['https://%67ood.com/', UNSURE],
  ['https://go_od.com/', UNSURE],
  ['https://good.com;evil.com/', UNSURE],
  ['https://good.com,evil.com/', UNSURE],
  ['https://-good.com/', UNSURE],
  [`https://${'a'.repeat(64)}.sub.org/`, UNSURE],
  [`https://${'a.'.repeat(130)}sub.org/`, UNSURE],
  [`https://good.com/${'a'.repeat(65_536)}`, UNSURE],
  // Not a text.
  [null, UNSURE],
  [1, UNSURE],
  [['https://good.com/'], UNSURE],
  [{ href: 'https://good.com/' }, UNSURE],
];

test('url_host_in', async (context) => {
  const judge = compiled(HOSTS);
  for (const [value, expected] of cases) {
    await context.test(JSON.stringify(value).slice(0, 60), () => {
      assert.equal(judge(value), expected);
    });
  }
});

test('url_host_in refuses operands that are not canonical host names', () => {
  const operands: readonly JsonValue[] = [
    null,
    'good.com',
    {},
    [],
    [1],
    [''],
    ['.'],
    ['Good.com'],
    ['good.com.'],
    ['..good.com'],
    ['*.good.com'],
    ['good.com:443'],
    ['https://good.com'],
    ['127.0.0.1'],
    ['[::1]'],
    ['0x7f'],
    ['bücher.example'],
    ['good.com', 'a b'],
    ['good_com'],
    ['-a.com'],
    ['a'.repeat(64)],
  ];
  for (const operand of operands) {
    assert.equal(compileUrlHostIn(operand).ok, false, JSON.stringify(operand));
  }
});

test('url_host_in: what holds is fetched from a listed host', () => {
  const judge = compiled(['good.com', '.sub.org']);
  const piece = fc.constantFrom(
    'good.com',
    'a.sub.org',
    'evil.com',
    '@',
    ':',
    '/',
    '\\',
    '?',
    '#',
    '.',
    '443',
    '//',
    '%40',
    '\t',
    'https:',
    '[',
    ']',
    '\u3002',
    '\uff0f',
    'x',
    '127.0.0.1',
  );
  const urls = fc.array(piece, { maxLength: 8 }).map((pieces) => `https://${pieces.join('')}`);
  fc.assert(
    fc.property(urls, (url) => {
      if (judge(url) === UNSURE) return;
      const { host } = new URL(url);
      const isListed = host === 'good.com' || host.endsWith('.sub.org');
      assert.equal(judge(url), isListed ? YES : NO);
      // A reader that stops at the first of the marks that may end the authority sees it too.
      assert.equal(/^https:\/\/([^/?#\\@:]*)/.exec(url)?.[1], host);
    }),
    { numRuns: 4000 },
  );
});

test('url_host_in never throws', () => {
  const judge = compiled(HOSTS);
  const outcomes = new Set<string>([YES, NO, UNSURE]);
  const text = fc.string({ unit: 'binary' });
  const value = fc.oneof(
    text,
    text.map((rest) => `https://${rest}`),
    fc.jsonValue(),
  );
  fc.assert(
    // What fast-check calls a JSON value is one.
    fc.property(value, (candidate) => assert.ok(outcomes.has(judge(candidate as JsonValue)))),
  );
  for (const unit of ['a', 'a.', '/', ':1', '%', '@', '-', '1']) {
    judge(`https://${unit.repeat(65_000 / unit.length)}`);
  }
});

function compiled(hosts: readonly string[]): (value: JsonValue) => Outcome {
  const result = compileUrlHostIn(hosts);
  assert.ok(result.ok);
  return result.value;
}
