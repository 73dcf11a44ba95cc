import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looksSecret, recordedValue, type RedactPath } from './recorded-value.ts';

/** What it shows, the arguments, the paths, and what a record keeps. */
const cases: readonly (readonly [string, unknown, readonly RedactPath[], unknown])[] = [
  ['plain values stay', { a: 1, b: [true, null, 'x'] }, [], { a: 1, b: [true, null, 'x'] }],
  ['a named path', { body: 'b', to: 't' }, [['body']], { body: '[redacted]', to: 't' }],
  [
    'a path into a list, with any position',
    { rows: [{ name: 'n', note: 'x' }, { note: 'y' }] },
    [['rows', '*', 'note']],
    { rows: [{ name: 'n', note: '[redacted]' }, { note: '[redacted]' }] },
  ],
  ['a whole structure', { card: { number: '4' } }, [['card']], { card: '[redacted]' }],
  ['a path to nothing', { a: 1 }, [['b', 'c']], { a: 1 }],
  [
    'names of secrets, at any depth',
    { user: { Password: 'p', apiKey: 'k', api_key: 7, x: 1 }, accessToken: ['t'] },
    [],
    {
      user: { Password: '[redacted]', apiKey: '[redacted]', api_key: '[redacted]', x: 1 },
      accessToken: '[redacted]',
    },
  ],
  ['a flag called like a secret', { token: null, secret: true }, [], { token: null, secret: true }],
  ['a secret in a text', { note: 'use AKIAABCDEFGHIJKLMNOP now' }, [], { note: '[redacted]' }],
  ['a long text', 'x'.repeat(1_030), [], `${'x'.repeat(1_024)} [cut: 6 more]`],
];

test('arguments are kept without secrets and named paths', () => {
  for (const [name, value, paths, wanted] of cases) {
    assert.deepEqual(recordedValue(value, paths), wanted, name);
  }
});

/** A text, and whether it is taken for a secret. */
const texts: readonly (readonly [string, boolean])[] = [
  ['sk_live_abcdefgh1234', true],
  ['key: sk-ABCDEFGHIJKLMNOPQRSTUVWX', true],
  ['ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', true],
  ['xoxb-123456789012-abcdef', true],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', true],
  ['-----BEGIN RSA PRIVATE KEY-----', true],
  ['Authorization: Bearer abcdefgh12345678', true],
  ['postgres://app:hunter2@db/prod', true],
  ['pay with 4111 1111 1111 1111', true],
  ['pay with 4111 1111 1111 1112', false],
  ['0000000000000000', false],
  ['https://example.com/a?b=c', false],
  ['the token of our love', false],
  ['order 12345678', false],
];

test('secrets are known by how they look', () => {
  for (const [text, wanted] of texts) assert.equal(looksSecret(text), wanted, text);
});

test('whatever comes, what is kept is bounded', () => {
  let deep: unknown = 'end';
  for (let level = 0; level < 60; level += 1) deep = [deep];
  const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`name ${n}`, n]));
  const long = Array.from({ length: 900 }, () => 'y'.repeat(5_000));
  for (const value of [deep, wide, long, { a: [wide, wide, long] }]) {
    const text = JSON.stringify(recordedValue(value, []));
    assert.ok(text.length < 120_000, String(text.length));
    assert.match(text, /\[cut/);
  }
});
