import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AuditLog } from '../audit/audit-log.ts';
import type { RecordBody } from '../audit/record.ts';
import { err, ok } from '../base/result.ts';
import { personOf, SignInRecords } from './sign-in-records.ts';

interface Stand {
  readonly records: SignInRecords;
  readonly written: RecordBody[];
  nowMs: number;
  broken: boolean;
}

function open(): Stand {
  const written: RecordBody[] = [];
  const audit: AuditLog = {
    append: (body) => {
      if (stand.broken) return Promise.resolve(err({ code: 'full' }));
      written.push(body);
      return Promise.resolve(ok({ seq: written.length }));
    },
    healthy: () => true,
    close: () => Promise.resolve(),
  };
  const clock = { nowMs: () => stand.nowMs, monotonicMs: () => stand.nowMs };
  const records = new SignInRecords({ audit, clock });
  const stand: Stand = { records, written, nowMs: 0, broken: false };
  return stand;
}

function detailOf(record: RecordBody | undefined): unknown {
  return record?.kind === 'admin' ? record.detail : null;
}

const stranger = { name: null, by: 'password', reason: 'wrong-password' } as const;
const known = { ...stranger, name: 'anna' };

test('tries at names that nobody has are counted past twenty a minute', async () => {
  const stand = open();
  const { records, written } = stand;
  for (let tries = 0; tries < 30; tries += 1) await records.refused(stranger);
  assert.equal(written.length, 20);
  for (let tries = 0; tries < 30; tries += 1) await records.refused(known);
  assert.equal(written.length, 50);
  assert.deepEqual(detailOf(written[20]), {
    by: 'password',
    reason: 'wrong-password',
    refusedBefore: 10,
  });
  await records.refused(stranger);
  assert.equal(written.length, 50);
  stand.nowMs = 60_000;
  await records.refused(stranger);
  assert.equal(written.length, 51);
});

test('what was counted is kept while nothing can be put on record', async () => {
  const stand = open();
  const { records, written } = stand;
  for (let tries = 0; tries < 25; tries += 1) await records.refused(stranger);
  stand.broken = true;
  assert.equal(await records.opened(personOf('anna'), 'passkey'), false);
  stand.broken = false;
  assert.equal(await records.opened(personOf('anna'), 'passkey'), true);
  assert.deepEqual(detailOf(written.at(-1)), { by: 'passkey', refusedBefore: 5 });
});
