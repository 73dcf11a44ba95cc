import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runSchedules } from '../../test/storage/limit-schedules.ts';

const schedules = 200;
const first = Math.floor(Math.random() * 1_000_000_000);

test(`${schedules} schedules with crashes never let more than max through, from seed ${first}`, async () => {
  const seen = await runSchedules(first, schedules);
  assert.equal(seen.schedules, schedules);
  for (const [what, times] of Object.entries(seen)) assert.ok(times > 50, `${what}: ${times}`);
});
