import assert from 'node:assert/strict';
import { test } from 'node:test';

import { httpCases } from './case.ts';
import { runCase } from './corpus.ts';
import { startNaiveGateway } from './naive-gateway.ts';
import { targetAt } from './own.ts';
import { startRecorder } from './recorder.ts';

/** Gateways side by side: where one never answers, a case takes its whole time waiting. */
const gateways = 8;

test('the corpus finds the ways through a gateway that does not look closely', async () => {
  const leaking: string[] = [];
  // Framing cases are the HTTP server's matter, and answers take the waiting time.
  const cases = httpCases()
    .flatMap((file) => file.cases)
    .filter((one) => /^B-0(?:1[0-4]|3|4|5)/.test(one.number) && one.send.length <= 2);
  const tryOn = async (gateway: number): Promise<void> => {
    const recorder = await startRecorder();
    const naive = await startNaiveGateway(recorder.url);
    const options = { recorder, toolPrefix: '' };
    const target = await targetAt(naive.url, `Bearer ${naive.token}`, options);
    for (const one of cases.filter((_, index) => index % gateways === gateway)) {
      const { tried } = await runCase(target, one);
      if (tried.leaks.length > 0) leaking.push(one.number);
    }
    await naive.close();
    await recorder.close();
  };
  await Promise.all(Array.from({ length: gateways }, (_, index) => tryOn(index)));
  const known = ['B-010', 'B-012', 'B-034', 'B-040', 'B-041', 'B-042', 'B-044', 'B-045', 'B-052'];
  for (const number of known) assert.ok(leaking.includes(number), `${number} finds a leak`);
  assert.ok(leaking.length > 150, `${leaking.length} cases got through`);
});
