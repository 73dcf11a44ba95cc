import assert from 'node:assert/strict';
import { test } from 'node:test';

import { WrongTokens } from './wrong-tokens.ts';

const bounds = { burst: 3, refillMs: 1_000, addressesMax: 4 };

test('a burst passes, then one each second; whoever waits is told how long', () => {
  const tokens = new WrongTokens(bounds);
  const asked = [0, 0, 0, 0, 400, 1_000, 1_000, 2_500, 60_000, 60_000, 60_000, 60_000];
  assert.deepEqual(
    asked.map((ms) => tokens.note('192.0.2.1', ms)),
    [null, null, null, 1_000, 600, null, 1_000, null, null, null, null, 1_000],
  );
});

test('addresses are told apart, networks of IPv6 by their first half', () => {
  const cases: readonly (readonly [first: string, other: string, shared: boolean])[] = [
    ['192.0.2.1', '192.0.2.2', false],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::7', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['2001:db8::1', '2001:db8:0:0:9::', true],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
  ];
  for (const [first, other, shared] of cases) {
    const tokens = new WrongTokens({ ...bounds, burst: 1 });
    assert.equal(tokens.note(first, 0), null);
    assert.equal(tokens.note(other, 0) !== null, shared, `${first} and ${other}`);
  }
});

test('no flood of addresses takes more memory than its bound', () => {
  const tokens = new WrongTokens(bounds);
  for (let n = 0; n < 1_000; n += 1) tokens.note(`192.0.${n >> 8}.${n & 255}`, 0);
  assert.equal(tokens.size, bounds.addressesMax);
});
