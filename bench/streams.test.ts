import assert from 'node:assert/strict';
import { test } from 'node:test';

import { measureStreams } from './streams.ts';

for (const over of ['http', 'stdio'] as const) {
  test(`five hundred streams over ${over} are open at once, and gone when their clients are`, async () => {
    const report = await measureStreams({ count: 500, over, clients: 2 });
    assert.deepEqual(report.refused, {});
    assert.equal(report.open, 500);
    assert.ok(report.goneMs < 60_000);
    assert.ok(report.releasedMs < 60_000);
  });
}
