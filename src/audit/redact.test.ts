import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { createDigest, recordedKeys } from './redact.ts';

const keys: readonly Uint8Array[] = [
  Buffer.alloc(0),
  Buffer.alloc(32, 5),
  Buffer.alloc(64, 0x36),
  Buffer.alloc(65, 0x5c),
  Buffer.alloc(200, 9),
];
const texts: readonly (string | Uint8Array)[] = [
  '',
  '{"a":1}',
  'é'.repeat(1_000),
  'é'.repeat(2_000),
  Buffer.from([0, 255, 128, 10]),
];

test('the digest is HMAC-SHA-256, whatever the key and the text', () => {
  for (const key of keys) {
    for (const text of texts) {
      const expected = createHmac('sha256', key).update(text).digest('hex');
      assert.equal(createDigest(key)(text), expected);
    }
  }
});

test('a record keeps a bounded number of names of a bounded length', () => {
  const names = Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(500, 'x'));
  const kept = recordedKeys(names);
  assert.equal(kept.length, 64);
  assert.equal(
    kept.every((name) => name.length === 128),
    true,
  );
});
