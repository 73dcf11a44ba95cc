import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashToken, isGatewayToken, newToken, parseBearer } from './token.ts';

test('a new token is recognised, is long, and is never the same twice', () => {
  const tokens = new Set(Array.from({ length: 200 }, newToken));
  assert.equal(tokens.size, 200);
  for (const token of tokens) {
    assert.match(token, /^pcl_[A-Za-z0-9_-]{49}$/);
    assert.equal(isGatewayToken(token), true);
    assert.deepEqual(parseBearer(['Authorization', `Bearer ${token}`]), { ok: true, value: token });
  }
});

test('a token with one character changed fails its checksum', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 52 }),
      fc.constantFrom('A', 'b', '_', '7'),
      (at, char) => {
        const token = newToken();
        if (token[at] === char) return;
        assert.equal(isGatewayToken(token.slice(0, at) + char + token.slice(at + 1)), false);
      },
    ),
    { numRuns: 300 },
  );
});

test('the hash is SHA-256 in hexadecimal', () => {
  assert.equal(hashToken('a'), 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb');
});

// B-020, B-021: what is not exactly one well-formed header opens nothing.
const headers: readonly (readonly [string, readonly string[], string])[] = [
  ['none at all', [], 'missing'],
  ['another header only', ['X-Authorization', 'Bearer abc'], 'missing'],
  ['the cookie of the console', ['Cookie', 'session=abc'], 'missing'],
  ['two lines', ['Authorization', 'Bearer abc', 'Authorization', 'Bearer abc'], 'repeated'],
  ['two lines, other case', ['authorization', 'Bearer a', 'AUTHORIZATION', 'Bearer b'], 'repeated'],
  ['an empty and a good line', ['Authorization', '', 'Authorization', 'Bearer abc'], 'repeated'],
  ['empty', ['Authorization', ''], 'malformed'],
  ['the scheme only', ['Authorization', 'Bearer'], 'malformed'],
  ['the scheme and a space', ['Authorization', 'Bearer '], 'malformed'],
  ['no space', ['Authorization', 'Bearerabc'], 'malformed'],
  ['two spaces', ['Authorization', 'Bearer  abc'], 'malformed'],
  ['a tab', ['Authorization', 'Bearer\tabc'], 'malformed'],
  ['a leading space', ['Authorization', ' Bearer abc'], 'malformed'],
  ['a trailing space', ['Authorization', 'Bearer abc '], 'malformed'],
  ['a comma', ['Authorization', 'Bearer abc,'], 'malformed'],
  ['two in one line', ['Authorization', 'Bearer abc, Bearer def'], 'malformed'],
  ['NUL', ['Authorization', 'Bearer abc\0'], 'malformed'],
  ['a line feed at the end', ['Authorization', 'Bearer abc\n'], 'malformed'],
  ['beyond ASCII', ['Authorization', 'Bearer äbc'], 'malformed'],
  ['a sign that lower-cases to a letter', ['Authorization', 'Bearer \u212Aabc'], 'malformed'],
  ['padding in the middle', ['Authorization', 'Bearer a=b'], 'malformed'],
  ['another scheme', ['Authorization', 'Basic abc'], 'malformed'],
  ['too long', ['Authorization', `Bearer ${'a'.repeat(513)}`], 'malformed'],
];
for (const [name, raw, problem] of headers) {
  test(`no token: ${name}`, () => {
    assert.deepEqual(parseBearer(raw), { ok: false, error: problem });
  });
}

for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
  test(`the scheme may be written ${scheme}`, () => {
    const raw = ['Host', 'localhost', 'authorization', `${scheme} a.b~c+d/e_f-0==`];
    assert.deepEqual(parseBearer(raw), { ok: true, value: 'a.b~c+d/e_f-0==' });
  });
}
