import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grantInForce } from './authenticate.ts';
import type { Grant } from './grant.ts';
import { hashToken } from './token.ts';

const grant: Grant = {
  id: 'grant_1',
  label: 'ci',
  principal: { id: 'agent:ci', kind: 'agent' },
  servers: ['files'],
  policies: { files: 'read' },
  mode: 'enforce',
  methods: [],
  expiresMs: null,
  tokenSha256: hashToken('good'),
  createdMs: 0,
  revokedMs: null,
  source: 'file',
};

// B-020, B-022.
const cases: readonly (readonly [string, Partial<Grant>, string, number, string])[] = [
  ['a live grant', {}, 'good', 1_000, 'ok'],
  ['another token', {}, 'Good', 1_000, 'unknown'],
  ['the digest itself', {}, hashToken('good'), 1_000, 'unknown'],
  ['an empty token', {}, '', 1_000, 'unknown'],
  ['revoked', { revokedMs: 999 }, 'good', 1_000, 'revoked'],
  ['revoked at a time to come', { revokedMs: 2_000 }, 'good', 1_000, 'revoked'],
  ['a millisecond before its end', { expiresMs: 1_001 }, 'good', 1_000, 'ok'],
  ['at its end', { expiresMs: 1_000 }, 'good', 1_000, 'expired'],
  ['after its end', { expiresMs: 999 }, 'good', 1_000, 'expired'],
  ['an end that is no number', { expiresMs: Number.NaN }, 'good', 1_000, 'expired'],
  ['a clock that is no number', { expiresMs: 1_001 }, 'good', Number.NaN, 'expired'],
  ['revoked and expired', { revokedMs: 1, expiresMs: 1 }, 'good', 1_000, 'revoked'],
];
for (const [name, changes, token, nowMs, expected] of cases) {
  test(`${name}: ${expected}`, () => {
    const held = { ...grant, ...changes };
    const result = grantInForce(new Map([[held.tokenSha256, held]]), hashToken(token), nowMs);
    assert.deepEqual(
      result,
      expected === 'ok' ? { ok: true, value: held } : { ok: false, error: expected },
    );
  });
}
