import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runFraming, runScan } from './properties.ts';

test('events, lines and messages read alike however their bytes are cut', () => {
  const { events, lines, messages } = runFraming(1, 3_000);
  assert.ok(events > 2_000 && lines > 2_000 && messages > 200, `${messages} were messages`);
});

test('the two readers of JSON agree on what a fuzz run would give them', () => {
  const { accepted, refused } = runScan(1, 1_000);
  assert.ok(accepted > 100 && refused > 100, `${accepted} accepted, ${refused} refused`);
});
