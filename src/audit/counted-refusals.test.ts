import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { err, ok } from '../base/result.ts';
import { CountedRefusals } from './counted-refusals.ts';
import type { MethodRecord, RecordBody } from './record.ts';
import { sampleIntent, sampleMethod, sampleOutcome, sampleRefusal } from './record-samples.ts';

interface Stand {
  readonly log: CountedRefusals;
  readonly records: RecordBody[];
  full: boolean;
}

function stand(context: TestContext): Stand {
  const records: RecordBody[] = [];
  const made = { full: false, records };
  const inner = {
    append: (record: RecordBody) => {
      if (made.full) return Promise.resolve(err({ code: 'full' as const }));
      records.push(record);
      return Promise.resolve(ok({ seq: records.length }));
    },
    healthy: () => !made.full,
    close: () => Promise.resolve(),
  };
  const clock = { nowMs: () => 5_000, monotonicMs: () => 5_000 };
  const bursts = { unknown: 3, edge: 4, call: 5 };
  const log = new CountedRefusals({ log: inner, clock, intervalMs: 3_600_000, bursts });
  context.after(() => log.close());
  return Object.assign(made, { log });
}

const wrong = (source: string): MethodRecord =>
  sampleMethod('msg_1', {
    time: 1_000,
    grant: null,
    principal: null,
    code: 'token-unknown',
    source,
  });

function total(records: readonly RecordBody[]): number {
  return records.reduce((sum, one) => sum + (one.kind === 'method' ? (one.count ?? 1) : 1), 0);
}

test('ten thousand wrong tokens are a few records that say ten thousand (B-06A, B-029)', async (context) => {
  const { log, records } = stand(context);
  for (let n = 0; n < 10_000; n += 1) assert.ok((await log.append(wrong('192.0.2.7'))).ok);
  assert.equal(records.length, 3);
  await log.endInterval();
  assert.equal(records.length, 4);
  assert.equal(total(records), 10_000);
  const last = records.at(-1);
  assert.ok(last?.kind === 'method');
  assert.deepEqual(
    [last.count, last.sinceMs, last.time, last.source, last.code],
    [9_997, 1_000, 5_000, '192.0.2.7', 'token-unknown'],
  );
});

test('each source, grant, server and reason has its own burst', async (context) => {
  const { log, records } = stand(context);
  for (let n = 0; n < 10; n += 1) {
    await log.append(wrong('192.0.2.7'));
    await log.append(wrong('192.0.2.8'));
    await log.append(sampleMethod('msg_2'));
    await log.append(sampleRefusal('dec_1'));
    await log.append(sampleRefusal('dec_1', { code: 'rule' }));
  }
  assert.equal(records.length, 3 + 3 + 4 + 5 + 5);
  await log.endInterval();
  assert.equal(total(records), 50);
  const counts = records.flatMap((one) => (one.kind === 'method' ? (one.count ?? []) : []));
  assert.deepEqual(counts, [7, 7, 6, 5, 5]);
  const calls = records.filter((one) => one.kind === 'method' && one.method === 'tools/call');
  assert.equal(calls.length, 2);
});

test('what is forwarded is never counted', async (context) => {
  const { log, records } = stand(context);
  for (let n = 0; n < 50; n += 1) {
    await log.append(sampleIntent(`dec_${n}`));
    await log.append(sampleOutcome(`dec_${n}`));
    await log.append(sampleMethod(`msg_${n}`, { decision: 'allow', code: null }));
  }
  assert.equal(records.length, 150);
});

test('a new interval gives a record of its own again', async (context) => {
  const { log, records } = stand(context);
  for (let interval = 1; interval <= 3; interval += 1) {
    for (let n = 0; n < 5; n += 1) await log.append(wrong('192.0.2.7'));
    await log.endInterval();
    assert.equal(records.length, interval * 4);
  }
  assert.equal(total(records), 15);
});

test('a number that could not be recorded is tried again', async (context) => {
  const made = stand(context);
  for (let n = 0; n < 8; n += 1) await made.log.append(wrong('192.0.2.7'));
  made.full = true;
  await made.log.endInterval();
  assert.equal(made.log.healthy(), false);
  for (let n = 0; n < 2; n += 1) assert.ok((await made.log.append(wrong('192.0.2.7'))).ok);
  made.full = false;
  await made.log.endInterval();
  assert.equal(total(made.records), 10);
});

test('closing puts on record what was counted', async (context) => {
  const { log, records } = stand(context);
  for (let n = 0; n < 8; n += 1) await log.append(wrong('192.0.2.7'));
  await log.close();
  assert.equal(total(records), 8);
});

test('a flood from ever new addresses takes bounded memory and records', async (context) => {
  const { log, records } = stand(context);
  for (let n = 0; n < 30_000; n += 1) await log.append(wrong(`2001:db8::${n.toString(16)}`));
  assert.ok(records.length < 2_000 + 10, String(records.length));
  await log.endInterval();
  assert.equal(total(records), 30_000);
});
