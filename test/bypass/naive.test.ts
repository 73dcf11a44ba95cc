import assert from 'node:assert/strict';
import { test } from 'node:test';

import { httpCases } from './case.ts';
import { runCase } from './corpus.ts';
import { startNaiveGateway } from './naive-gateway.ts';
import { targetAt } from './own.ts';
import { startRecorder } from './recorder.ts';

test('the corpus finds the ways through a gateway that does not look closely', async () => {
  const recorder = await startRecorder();
  const naive = await startNaiveGateway(recorder.url);
  const options = { recorder, toolPrefix: '' };
  const target = await targetAt(naive.url, `Bearer ${naive.token}`, options);
  const leaking = new Set<string>();
  let leaks = 0;
  for (const one of httpCases().flatMap((file) => file.cases)) {
    // Framing cases are the HTTP server's matter, and answers take the waiting time.
    if (!/^B-0(?:1[0-4]|3|4|5)/.test(one.number) || one.send.length > 2) continue;
    const { tried } = await runCase(target, one);
    if (tried.leaks.length === 0) continue;
    leaks += 1;
    leaking.add(one.number);
  }
  await naive.close();
  await recorder.close();
  const known = ['B-010', 'B-012', 'B-034', 'B-040', 'B-041', 'B-042', 'B-044', 'B-045', 'B-052'];
  for (const number of known) assert.ok(leaking.has(number), `${number} finds a leak`);
  assert.ok(leaks > 150, `${leaks} cases got through`);
});
