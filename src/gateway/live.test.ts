import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sampleIntent } from '../audit/record-samples.ts';
import { LiveState, type DetachedCall } from './live.ts';

const waiting = (intentId: string): DetachedCall => ({
  intent: sampleIntent(intentId),
  receipts: [],
  sinceMs: 0,
  decideUs: 0,
  recordUs: 0,
});

test('one call waits under an id: a second one does not take its place', () => {
  const live = new LiveState();
  assert.equal(live.detach('a', '1', waiting('first')), true);
  assert.equal(live.detach('a', '1', waiting('second')), false);
  assert.equal(live.detach('b', '1', waiting('other session')), true);
  assert.equal(live.reattach('a', '1')?.intent.id, 'first');
  assert.equal(live.detach('a', '1', waiting('third')), true);
});
