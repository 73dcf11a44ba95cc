import assert from 'node:assert/strict';
import { test } from 'node:test';

import { err, ok } from '../base/result.ts';
import { SealedAttempts } from './sealed-attempts.ts';

const lastMs = 1_000;

function opened() {
  const now = { ms: 0 };
  const clock = { nowMs: () => now.ms, monotonicMs: () => now.ms };
  return { now, clock, attempts: new SealedAttempts<{ readonly nonce: string }>(clock, lastMs) };
}

test('it is taken once, and completed once', () => {
  const { attempts } = opened();
  const token = attempts.begin({ nonce: 'a' });
  assert.doesNotMatch(Buffer.from(token, 'base64url').toString('latin1'), /nonce/);
  assert.deepEqual(attempts.take(token), { nonce: 'a' });
  assert.equal(attempts.take(token), null);
  assert.deepEqual(attempts.complete(token, 'anna'), ok(null));
  assert.deepEqual(attempts.complete(token, 'anna'), err('over'));
  assert.equal(attempts.take(token), null);
});

test('it is good for its time alone', () => {
  const { attempts, now } = opened();
  const [early, late] = [attempts.begin({ nonce: 'a' }), attempts.begin({ nonce: 'b' })];
  now.ms = lastMs - 1;
  assert.deepEqual(attempts.take(early), { nonce: 'a' });
  now.ms = lastMs;
  assert.equal(attempts.take(late), null);
  assert.deepEqual(attempts.complete(early, 'anna'), err('over'));
});

test('what was not sealed here, or was altered, is nothing', () => {
  const { attempts, clock } = opened();
  const token = attempts.begin({ nonce: 'a' });
  const bytes = Buffer.from(token, 'base64url');
  const altered = Array.from(bytes.keys(), (at) =>
    Buffer.from(bytes.with(at, (bytes[at] ?? 0) ^ 1)).toString('base64url'),
  );
  const others = [
    '',
    'AAAA',
    'x'.repeat(100),
    `${token}A`,
    `${token}=`,
    ` ${token}`,
    token.slice(0, -4),
    'A'.repeat(10_000),
    new SealedAttempts<{ readonly nonce: string }>(clock, lastMs).begin({ nonce: 'a' }),
  ];
  for (const other of [...altered, ...others]) {
    assert.equal(attempts.take(other), null, other);
    assert.deepEqual(attempts.complete(other, 'anna'), err('over'), other);
  }
  assert.deepEqual(attempts.take(token), { nonce: 'a' });
});

test('however many begin and fail, nobody else has to begin again, and no sign-in is done twice', () => {
  const { attempts } = opened();
  const [mine, used] = [attempts.begin({ nonce: 'mine' }), attempts.begin({ nonce: 'used' })];
  assert.deepEqual(attempts.take(used), { nonce: 'used' });
  assert.deepEqual(attempts.complete(used, 'anna'), ok(null));
  for (let n = 0; n < 10_100; n += 1) attempts.take(attempts.begin({ nonce: 'flood' }));
  assert.deepEqual(attempts.take(mine), { nonce: 'mine' });
  assert.equal(attempts.take(used), null);
  assert.deepEqual(attempts.complete(used, 'anna'), err('over'));
});

test('whoever signs in without end waits by themselves, until the first of it is over', () => {
  const { attempts, now } = opened();
  const signIn = (who: string) => {
    const token = attempts.begin({ nonce: who });
    attempts.take(token);
    return attempts.complete(token, who);
  };
  for (let n = 0; n < 100; n += 1) {
    assert.deepEqual(signIn('carl'), ok(null));
    now.ms = 1;
  }
  assert.deepEqual(signIn('carl'), err({ waitMs: lastMs - 1 }));
  assert.deepEqual(signIn('anna'), ok(null));
  now.ms = lastMs;
  assert.deepEqual(signIn('carl'), ok(null));
  assert.deepEqual(signIn('carl'), err({ waitMs: 1 }));
});

// NIST SP 800-38D, §8.3: with chance in them, 2^32 under one key would be too many.
test('no two seals have the same nonce, whatever chance does', () => {
  const { attempts } = opened();
  const nonces = Array.from({ length: 300 }, () =>
    Buffer.from(attempts.begin({ nonce: 'a' }), 'base64url')
      .subarray(0, 12)
      .toString('hex'),
  );
  assert.ok(nonces.every((one, at) => at === 0 || one > (nonces[at - 1] ?? '')));
});
