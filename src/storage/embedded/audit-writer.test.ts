import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { AuditLog } from '../../audit/audit-log.ts';
import type { CounterEntry } from '../../audit/record.ts';
import { sampleIntent, sampleOutcome } from '../../audit/record-samples.ts';
import { openAuditFiles } from './audit-files.ts';
import { listSegments } from './audit-paths.ts';
import { nodeSegmentFiles } from './audit-segment-files.ts';
import type { SegmentFiles } from './audit-segment-files.ts';
import { openScratch, readScratch, scratchDirectory } from './audit-scratch.ts';
import { readUnits } from './audit-units.ts';

/** A disk that fails as it is told, and counts. */
interface Disk extends SegmentFiles {
  writes: number;
  syncs: number;
  /** What the next writes do: an error's code, or how many bytes they take at most. */
  fault: string | number | null;
  /** Bytes taken before a write fails. */
  partial: number;
  truncateFault: boolean;
  syncFault: boolean;
  createFault: boolean;
  syncMs: number;
  directoryFault: boolean;
  /** Ends of directory syncs that wait to be told; null lets them through. */
  heldSyncs: (() => void)[] | null;
}

function faultyDisk(): Disk {
  const fail = (code: string): never => {
    throw Object.assign(new Error(code), { code });
  };
  const disk: Disk = {
    ...nodeSegmentFiles,
    writes: 0,
    syncs: 0,
    fault: null,
    partial: 0,
    truncateFault: false,
    syncFault: false,
    createFault: false,
    syncMs: 0,
    directoryFault: false,
    heldSyncs: null,
    openAppend: (path, create) =>
      create && disk.createFault ? fail('EMFILE') : nodeSegmentFiles.openAppend(path, create),
    write(file, bytes, offset, length) {
      disk.writes += 1;
      if (typeof disk.fault === 'number') {
        return nodeSegmentFiles.write(file, bytes, offset, Math.min(length, disk.fault));
      }
      if (disk.fault === null) return nodeSegmentFiles.write(file, bytes, offset, length);
      if (disk.partial === 0) return fail(disk.fault);
      const taken = nodeSegmentFiles.write(file, bytes, offset, Math.min(length, disk.partial));
      disk.partial = 0;
      return taken;
    },
    truncate: (file, length) =>
      disk.truncateFault ? fail('EIO') : nodeSegmentFiles.truncate(file, length),
    datasync(file, done) {
      const synced = (error: Error | null): void => {
        disk.syncs += 1;
        done(error);
      };
      const broken = Object.assign(new Error('EIO'), { code: 'EIO' });
      if (disk.syncFault) setTimeout(() => synced(broken), 1);
      else setTimeout(() => nodeSegmentFiles.datasync(file, synced), disk.syncMs);
    },
    syncDirectory(path, done) {
      const broken = Object.assign(new Error('EIO'), { code: 'EIO' });
      if (disk.directoryFault) return void setImmediate(done, broken);
      if (disk.heldSyncs === null) nodeSegmentFiles.syncDirectory(path, done);
      else disk.heldSyncs.push(() => nodeSegmentFiles.syncDirectory(path, done));
    },
  };
  return disk;
}

async function assertSound(data: string): Promise<void> {
  const answer = await openAuditFiles(data).verify({});
  assert.ok(answer.ok);
  assert.equal(answer.value.finding, null);
  assert.equal(answer.value.tornBytes, 0);
}

function idsOnDisk(data: string): string[] {
  const lines = [...readScratch(join(data, 'audit')).values()].flat();
  return lines.map((line) => String(JSON.parse(line).id)).filter((id) => id.startsWith('dec_'));
}

test('the appends of one turn are one write, in order, each with its number', async (context) => {
  const data = scratchDirectory(context);
  const disk = faultyDisk();
  const { log } = await openScratch(data, { files: disk });
  const before = disk.writes;
  const results = await Promise.all(
    Array.from({ length: 500 }, (_, index) => log.append(sampleIntent(`dec_${index}`))),
  );
  assert.equal(disk.writes, before + 1);
  const first = results[0];
  assert.ok(first?.ok);
  results.forEach((result, index) => {
    assert.deepEqual(result, { ok: true, value: { seq: first.value.seq + index } });
  });
  assert.deepEqual(
    idsOnDisk(data),
    results.map((_, index) => `dec_${index}`),
  );
  await log.close();
  await assertSound(data);
});

test('an append settles after its write, never before', async (context) => {
  const data = scratchDirectory(context);
  const disk = faultyDisk();
  const { log } = await openScratch(data, { files: disk });
  const before = disk.writes;
  let settled = false;
  const appended = log.append(sampleIntent('dec_1')).then(() => (settled = true));
  await Promise.resolve();
  assert.deepEqual([settled, disk.writes], [false, before]);
  await appended;
  assert.equal(disk.writes, before + 1);
  await log.close();
});

const faults = [
  { name: 'the disk is full', fault: 'ENOSPC', partial: 0, truncateFault: false, code: 'full' },
  {
    name: 'full after a part of a line',
    fault: 'ENOSPC',
    partial: 100,
    truncateFault: false,
    code: 'full',
  },
  {
    name: 'full after some lines',
    fault: 'ENOSPC',
    partial: 1_500,
    truncateFault: false,
    code: 'full',
  },
  { name: 'the quota is used up', fault: 'EDQUOT', partial: 0, truncateFault: false, code: 'full' },
  { name: 'an I/O error', fault: 'EIO', partial: 0, truncateFault: false, code: 'failed' },
  {
    name: 'an I/O error that cannot be cut back',
    fault: 'EIO',
    partial: 900,
    truncateFault: true,
    code: 'failed',
  },
  {
    name: 'a read-only file system',
    fault: 'EROFS',
    partial: 0,
    truncateFault: true,
    code: 'failed',
  },
] as const;

describe('refused, red, nothing acknowledged, and back by itself', { concurrency: true }, () => {
  for (const { name, fault, partial, truncateFault, code } of faults) {
    test(name, async (context) => {
      const data = scratchDirectory(context);
      const disk = faultyDisk();
      const { log } = await openScratch(data, { files: disk });
      await log.append(sampleIntent('dec_before'));
      Object.assign(disk, { fault, partial, truncateFault });
      const refused = await Promise.all(
        [1, 2, 3, 4].map((n) => log.append(sampleIntent(`dec_lost${n}`))),
      );
      for (const result of refused) assert.deepEqual(result, { ok: false, error: { code } });
      assert.equal(log.healthy(), false);
      assert.deepEqual(await log.append(sampleIntent('dec_lost5')), { ok: false, error: { code } });

      Object.assign(disk, { fault: null, truncateFault: false });
      await sleep(1_100);
      assert.equal(log.healthy(), true, "the second's probe found the disk well again");
      assert.equal((await log.append(sampleIntent('dec_after'))).ok, true);
      await log.close();
      assert.deepEqual(idsOnDisk(data), ['dec_before', 'dec_after']);
      await assertSound(data);
      const lines = [...readScratch(join(data, 'audit')).values()].flat();
      const recovered = lines
        .map((line) => JSON.parse(line))
        .find(({ event }) => event === 'recovered');
      assert.deepEqual(recovered.detail, {
        cause: code,
        sinceMs: 1_790_000_000_000,
        refusedRecords: 5,
      });
    });
  }
});

test('the next append recovers without waiting for the probe', async (context) => {
  const data = scratchDirectory(context);
  const disk = faultyDisk();
  const { log } = await openScratch(data, { files: disk });
  disk.fault = 'ENOSPC';
  assert.equal((await log.append(sampleIntent('dec_1'))).ok, false);
  disk.fault = null;
  assert.equal((await log.append(sampleIntent('dec_2'))).ok, true);
  assert.equal(log.healthy(), true);
  await log.close();
  await assertSound(data);
});

test('a write that takes a few bytes at a time is a whole write', async (context) => {
  const data = scratchDirectory(context);
  const disk = faultyDisk();
  const { log } = await openScratch(data, { files: disk });
  disk.fault = 7;
  const results = await Promise.all([1, 2, 3].map((n) => log.append(sampleIntent(`dec_${n}`))));
  assert.ok(results.every(({ ok }) => ok));
  disk.fault = 0;
  assert.deepEqual(await log.append(sampleIntent('dec_4')), {
    ok: false,
    error: { code: 'failed' },
  });
  disk.fault = null;
  await log.close();
  assert.deepEqual(idsOnDisk(data), ['dec_1', 'dec_2', 'dec_3']);
  await assertSound(data);
});

test('power: one sync a batch, what comes meanwhile is the next batch', async (context) => {
  const data = scratchDirectory(context);
  const disk = faultyDisk();
  disk.syncMs = 20;
  const { log } = await openScratch(data, { files: disk, durability: 'power' });
  const before = { writes: disk.writes, syncs: disk.syncs };
  const order: string[] = [];
  const append = (id: string): Promise<unknown> =>
    log
      .append(sampleIntent(id))
      .then((result) => order.push(`${id} ${result.ok} ${disk.syncs - before.syncs}`));
  const first = [append('dec_1'), append('dec_2')];
  await sleep(5);
  const second = [append('dec_3'), append('dec_4'), append('dec_5')];
  await Promise.all([...first, ...second]);
  assert.deepEqual(order, [
    'dec_1 true 1',
    'dec_2 true 1',
    'dec_3 true 2',
    'dec_4 true 2',
    'dec_5 true 2',
  ]);
  assert.equal(disk.writes - before.writes, 2);
  await log.close();
  await assertSound(data);
});

test('power: a sync that fails acknowledges nothing', async (context) => {
  const data = scratchDirectory(context);
  const disk = faultyDisk();
  const { log } = await openScratch(data, { files: disk, durability: 'power' });
  disk.syncFault = true;
  assert.deepEqual(await log.append(sampleIntent('dec_1')), {
    ok: false,
    error: { code: 'failed' },
  });
  assert.equal(log.healthy(), false);
  disk.syncFault = false;
  assert.equal((await log.append(sampleIntent('dec_2'))).ok, true);
  await log.close();
  assert.deepEqual(idsOnDisk(data), ['dec_2']);
  await assertSound(data);
});

test('the queue is bounded', async (context) => {
  const data = scratchDirectory(context);
  const { log } = await openScratch(data, { queueMax: 3 });
  const results = await Promise.all(
    [1, 2, 3, 4, 5].map((n) => log.append(sampleIntent(`dec_${n}`))),
  );
  const overloaded = { ok: false, error: { code: 'overloaded' } };
  assert.deepEqual(results.slice(3), [overloaded, overloaded]);
  assert.ok(results.slice(0, 3).every(({ ok }) => ok));
  assert.equal(log.healthy(), true);
  await log.close();
  await assertSound(data);
});

test('closing writes what waits, then refuses', async (context) => {
  const data = scratchDirectory(context);
  const { log } = await openScratch(data);
  const waiting = log.append(sampleIntent('dec_1'));
  const closing = log.close();
  assert.deepEqual(await log.append(sampleIntent('dec_2')), {
    ok: false,
    error: { code: 'closed' },
  });
  assert.equal((await waiting).ok, true);
  await closing;
  await log.close();
  assert.equal(log.healthy(), false);
  assert.deepEqual(idsOnDisk(data), ['dec_1']);
  const last = [...readScratch(join(data, 'audit')).values()].flat().at(-1) ?? '';
  assert.equal(JSON.parse(last).event, 'stop');
});

test('closing finds a place for its record where the queue is full', async (context) => {
  const data = scratchDirectory(context);
  const { log } = await openScratch(data, { queueMax: 2 });
  const waiting = [1, 2].map((n) => log.append(sampleIntent(`dec_${n}`)));
  await log.close();
  assert.ok((await Promise.all(waiting)).every(({ ok }) => ok));
  assert.deepEqual(idsOnDisk(data), ['dec_1', 'dec_2']);
  const last = [...readScratch(join(data, 'audit')).values()].flat().at(-1) ?? '';
  assert.equal(JSON.parse(last).event, 'stop');
  await assertSound(data);
});

test('each segment begins with whose it is and what the counters hold', async (context) => {
  const data = scratchDirectory(context);
  const taken: CounterEntry[] = [];
  const countersSnapshot = (): readonly CounterEntry[] => [...taken];
  const { log } = await openScratch(data, { segmentBytesMax: 8_000, countersSnapshot });
  for (let call = 0; call < 60; call += 1) {
    const units = [{ key: `k${call % 3}`, units: 2, windowMs: 60_000 }];
    taken.push({ key: `k${call % 3}`, units: 2, windowMs: 60_000, time: 1_790_000_000_000 });
    await log.append(sampleIntent(`dec_${call}`, { units }));
    if (call % 10 === 0) {
      await log.append(sampleOutcome(`dec_${call}`, { status: 'not-sent', givenBack: true }));
      taken.pop();
    }
  }
  await log.close();
  const segments = [...readScratch(join(data, 'audit'))];
  assert.ok(segments.length > 4);
  let previous = 0;
  for (const [first, lines] of segments) {
    const [head, counters] = lines.map((line) => JSON.parse(line));
    assert.deepEqual([head.seq, head.event, head.detail.previous], [first, 'segment', previous]);
    assert.deepEqual([counters.event, counters.detail], ['counters', { part: 1, parts: 1 }]);
    previous = first;
  }
  const sum = (entries: readonly CounterEntry[]): number =>
    entries.reduce((total, { units }) => total + units, 0);
  assert.equal(sum(readUnits(join(data, 'audit'), 0)), sum(taken));
  assert.deepEqual(readUnits(join(data, 'audit'), 1_790_000_000_001), []);
  await assertSound(data);
});

test('power: a snapshot does not hold units whose intent follows it', async (context) => {
  const data = scratchDirectory(context);
  const disk = faultyDisk();
  disk.syncMs = 3;
  const taken: CounterEntry[] = [];
  const options = { files: disk, durability: 'power', segmentBytesMax: 5_000 } as const;
  const { log } = await openScratch(data, { ...options, countersSnapshot: () => [...taken] });
  const calls: Promise<unknown>[] = [];
  for (let call = 0; call < 100; call += 1) {
    taken.push({ key: 'k', units: 1, windowMs: 60_000, time: 1_790_000_000_000 });
    const units = [{ key: 'k', units: 1, windowMs: 60_000 }];
    calls.push(log.append(sampleIntent(`dec_${call}`, { units })));
    if (call % 7 === 0) await sleep(2);
  }
  await Promise.all(calls);
  await log.close();
  const units = readUnits(join(data, 'audit'), 0).reduce((total, entry) => total + entry.units, 0);
  assert.equal(units, 100);
  await assertSound(data);
});

test('a rotation that does not work keeps the segment and tries again', async (context) => {
  const data = scratchDirectory(context);
  const disk = faultyDisk();
  const { log } = await openScratch(data, { files: disk, segmentBytesMax: 3_000 });
  disk.createFault = true;
  for (let call = 0; call < 10; call += 1) {
    assert.equal((await log.append(sampleIntent(`dec_${call}`))).ok, true);
  }
  assert.equal(listSegments(join(data, 'audit')).length, 1);
  disk.createFault = false;
  await log.append(sampleIntent('dec_10'));
  assert.equal(listSegments(join(data, 'audit')).length, 2);
  await log.close();
  await assertSound(data);
});

/**
 * Appends until the next segment is begun and waits for its entry in the directory; answers what
 * ends that wait. What ends a segment is said to be durable before the next one is.
 */
async function fillSegment(data: string, log: AuditLog, disk: Disk): Promise<(() => void)[]> {
  const held: (() => void)[] = [];
  disk.heldSyncs = held;
  const count = (): number => listSegments(join(data, 'audit')).length;
  for (const before = count(); count() === before;) {
    assert.equal((await log.append(sampleIntent('dec_full'))).ok, true);
  }
  while (held.length === 0) await nextTurn();
  return held;
}

test('power: records of a new segment wait for its entry in the directory, calls do not', async (context) => {
  const data = scratchDirectory(context);
  const disk = faultyDisk();
  const options = { files: disk, durability: 'power', segmentBytesMax: 1_500 } as const;
  const { log, headSeq } = await openScratch(data, options);
  const held = await fillSegment(data, log, disk);
  const begun = listSegments(join(data, 'audit')).at(-1)?.first ?? 0;
  const { writes } = disk;
  let settled = false;
  const waiting = log.append(sampleIntent('dec_new')).then((result) => {
    settled = true;
    return result;
  });
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  assert.deepEqual([settled, disk.writes], [false, writes]);
  assert.equal(headSeq(), begun - 1, 'nothing of the new segment counts yet');

  disk.heldSyncs = null;
  for (const release of held) release();
  assert.equal((await waiting).ok, true);
  const lines = readScratch(join(data, 'audit')).get(begun) ?? [];
  assert.equal(JSON.parse(lines[2] ?? '').id, 'dec_new');
  await log.close();
  await assertSound(data);
});

test('power: closing waits for a segment that is being begun', async (context) => {
  const data = scratchDirectory(context);
  const disk = faultyDisk();
  const options = { files: disk, durability: 'power', segmentBytesMax: 1_500 } as const;
  const { log } = await openScratch(data, options);
  const held = await fillSegment(data, log, disk);
  const closed = log.close();
  disk.heldSyncs = null;
  for (const release of held) release();
  await closed;
  const last = [...readScratch(join(data, 'audit')).values()].flat().at(-1) ?? '';
  assert.equal(JSON.parse(last).event, 'stop');
  await assertSound(data);
});

test('power: a directory that cannot be synced keeps the segment, and it is tried again', async (context) => {
  const data = scratchDirectory(context);
  const disk = faultyDisk();
  const options = { files: disk, durability: 'power', segmentBytesMax: 3_000 } as const;
  const { log } = await openScratch(data, options);
  disk.directoryFault = true;
  for (let call = 0; call < 10; call += 1) {
    assert.equal((await log.append(sampleIntent(`dec_${call}`))).ok, true);
  }
  assert.equal(log.healthy(), true);
  assert.deepEqual(
    [...readScratch(join(data, 'audit'))].filter(([, lines]) =>
      lines.some((line) => line.includes('dec_')),
    ).length,
    1,
  );
  disk.directoryFault = false;
  await log.append(sampleIntent('dec_10'));
  await log.close();
  assert.equal(listSegments(join(data, 'audit')).length, 2);
  await assertSound(data);
});

test('a log that ends where a segment is full ends with its stop', async (context) => {
  const data = scratchDirectory(context);
  const { log } = await openScratch(data, { segmentBytesMax: 1 });
  await log.close();
  const again = await openScratch(data, { segmentBytesMax: 1 });
  assert.equal(again.tail.cleanStop, true);
  await again.log.close();
  await assertSound(data);
});

test('thousands of counters are spread over several records', async (context) => {
  const data = scratchDirectory(context);
  const entries = Array.from({ length: 1_200 }, (_, index) => ({
    key: `counter ${index}`,
    units: index + 1,
    windowMs: 60_000,
    time: 1_790_000_000_000,
  }));
  const { log } = await openScratch(data, { segmentBytesMax: 1, countersSnapshot: () => entries });
  await log.append(sampleIntent('dec_1', { units: [] }));
  await log.close();
  assert.deepEqual(readUnits(join(data, 'audit'), 0), entries);
  await assertSound(data);
});
