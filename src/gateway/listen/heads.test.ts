import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hashToken } from '../../identity/token.ts';
import { sealSession } from '../session.ts';
import { readHead, repeated } from './heads.ts';

const first = Object.entries({
  Host: 'localhost:1',
  Authorization: 'Bearer abc',
  'Content-Length': '10',
  'Mcp-Session-Id': 's',
  'MCP-Protocol-Version': '2025-06-18',
}).flat();

/** Lines, and what they say. */
const cases: readonly {
  readonly what: string;
  readonly lines: readonly string[];
  readonly length?: number | null;
  readonly token?: string | null;
  readonly host?: string | null;
  readonly ok?: boolean;
}[] = [
  { what: 'the usual lines', lines: first },
  { what: 'another length', lines: changed('10', '11'), length: 11 },
  { what: 'a length that is none', lines: changed('10', 'x'), length: Number.NaN },
  { what: 'another token', lines: changed('Bearer abc', 'Bearer abd'), token: 'abd' },
  { what: 'no token', lines: changed('Authorization', 'X-Authorization'), token: null },
  { what: 'another host', lines: changed('localhost:1', 'evil'), host: 'evil' },
  { what: 'a second host', lines: [...first, 'host', 'evil'], host: repeated, ok: false },
  { what: 'a second length', lines: [...first, 'content-length', '10'], ok: false },
  { what: 'one line fewer', lines: first.slice(0, 4), length: null },
];

for (const { what, lines, length = 10, token = 'abc', host = 'localhost:1', ok = true } of cases) {
  test(`a head: ${what}`, () => {
    const head = readHead(lines);
    assert.equal(head.headers.ok, ok);
    if (head.headers.ok) assert.equal(head.headers.value.contentLength, length);
    assert.equal(head.tokenSha256.ok, token !== null);
    if (head.tokenSha256.ok) assert.equal(head.tokenSha256.value, hashToken(token ?? ''));
    assert.equal(head.host, host);
    assert.equal(head.origin, null);
  });
}

test('a remembered session is that of its grant, its server and its key alone', () => {
  const key = Buffer.alloc(32, 1);
  const owner = { grantId: 'g1', server: 'a' };
  const sealed = sealSession(key, owner, { id: 'up', protocolVersion: '2025-06-18' });
  const head = readHead(first);
  const { sealedId } = sealed;
  assert.deepEqual(head.session(key, owner, sealedId), sealed);
  assert.equal(head.session(key, owner, sealedId), head.session(key, owner, sealedId));
  assert.equal(head.session(key, { ...owner, grantId: 'g2' }, sealedId), null);
  assert.equal(head.session(key, { ...owner, server: 'b' }, sealedId), null);
  assert.equal(head.session(Buffer.alloc(32, 2), owner, sealedId), null);
  assert.equal(head.session(key, owner, `${sealedId}x`), null);
  assert.deepEqual(head.session(key, owner, sealedId), sealed);
});

function changed(from: string, to: string): readonly string[] {
  return first.map((line) => (line === from ? to : line));
}
