import assert from 'node:assert/strict';
import { test } from 'node:test';

import { measureStreams } from './streams.ts';

test('five hundred streams are open at once, and gone when their clients are', async () => {
  const report = await measureStreams(500);
  assert.deepEqual(report.refused, {});
  assert.equal(report.open, 500);
  assert.ok(report.goneMs < 60_000);
});
