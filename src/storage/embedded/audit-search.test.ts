import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../../base/log.ts';
import type { AuditFiles, AuditQuery } from '../../audit/audit-files.ts';
import type { StoredRecord } from '../../audit/chain.ts';
import { heldCallOf } from '../../audit/held.ts';
import type { ApprovalRecord } from '../../audit/record.ts';
import {
  sampleAdmin,
  sampleApproval,
  sampleIntent,
  sampleMethod,
  sampleOutcome,
  sampleRefusal,
} from '../../audit/record-samples.ts';
import { openAuditFiles } from './audit-files.ts';
import { startAuditIndex } from './audit-index-thread.ts';
import { AuditIndex } from './audit-index.ts';
import { auditPaths } from './audit-paths.ts';
import { nodeSegmentFiles } from './audit-segment-files.ts';
import { pruneSegments } from './audit-prune.ts';
import { openScratch, scratchDirectory } from './audit-scratch.ts';
import { matches } from './audit-search.ts';

const start = 1_790_000_000_000;

async function mixedLog(data: string, calls = 60): Promise<void> {
  const { log } = await openScratch(data, { segmentBytesMax: 15_000 });
  for (let call = 0; call < calls; call += 1) {
    const time = start + call * 1_000;
    const server = call % 2 === 0 ? 'stripe' : 'github';
    const tool = `tool_${call % 3}`;
    const grant = `grt_${call % 4}`;
    const fields = { time, server, tool, grant, argumentsDigest: `digest ${call % 5}` };
    if (call % 6 === 5) {
      const enforcement = call % 12 === 5 ? 'held' : 'refused';
      await log.append(sampleRefusal(`dec_${call}`, { ...fields, rule: '/deny', enforcement }));
      continue;
    }
    await log.append(sampleIntent(`dec_${call}`, fields));
    if (call % 10 !== 0) await log.append(sampleOutcome(`dec_${call}`, { time }));
    await log.append(sampleMethod(`met_${call}`, { time, server }));
  }
  await log.append(sampleAdmin('adm_1', { time: start }));
  // Two that waited: one was let through, one was let through in place of another.
  await log.append(sampleApproval('apr_1', { time: start, event: 'asked', call: 'dec_1' }));
  await log.append(sampleApproval('apr_1', { time: start, event: 'used', call: 'dec_1' }));
  await log.append(sampleApproval('apr_2', { time: start, event: 'asked', call: 'dec_5' }));
  await log.append(sampleApproval('apr_2', { time: start, event: 'used', call: 'dec_7' }));
  await log.append(sampleApproval('apr_3', { time: start, event: 'standing-used', call: 'dec_8' }));
  await log.close();
}

async function found(files: AuditFiles, query: AuditQuery): Promise<readonly number[]> {
  const answer = await files.search(query);
  assert.ok(answer.ok);
  assert.equal(answer.value.complete, true);
  return answer.value.records.map(({ seq }) => seq);
}

const queries: readonly AuditQuery[] = [
  {},
  { limit: 7 },
  { limit: 10_000 },
  { grant: 'grt_1' },
  { principal: 'person:ada' },
  { server: 'github' },
  { server: 'stripe', tool: 'tool_2' },
  { tool: 'tool_1' },
  { rule: '/deny' },
  { decision: 'allow' },
  { decision: 'deny' },
  { decision: 'held' },
  { decision: 'held', server: 'github', limit: 2 },
  { decision: 'refused', grant: 'grt_1' },
  { decision: 'ok' },
  { argumentsDigest: 'digest 3' },
  { sinceMs: start + 20_000, untilMs: start + 30_000 },
  { grant: `' OR 1=1 --` },
];

test('the index answers as reading every record does', async (context) => {
  const data = scratchDirectory(context);
  await mixedLog(data);
  const files = openAuditFiles(data);
  const all: StoredRecord[] = [];
  const count = await files.everyRecord((record) => all.push(record));
  assert.deepEqual(count, { ok: true, value: all.length });
  const held = new Set(all.flatMap(({ body }) => heldCallOf(body) ?? []));
  for (const query of queries) {
    const expected = all
      .filter((record) => matches(record, query, held))
      .toSorted((a, b) => b.body.time - a.body.time || b.seq - a.seq)
      .slice(0, query.limit ?? 100)
      .map(({ seq }) => seq);
    assert.deepEqual(await found(files, query), expected, JSON.stringify(query));
  }
  assert.ok(fs.existsSync(join(data, 'audit-index.db')));

  // Where no index can be made, reading gives the same answers.
  for (const suffix of ['', '-wal', '-shm'])
    fs.rmSync(join(data, `audit-index.db${suffix}`), { force: true });
  fs.mkdirSync(join(data, 'audit-index.db'));
  const scanned = await Promise.all(queries.map((query) => found(files, query)));
  fs.rmdirSync(join(data, 'audit-index.db'));
  for (const [index, query] of queries.entries()) {
    assert.deepEqual(await found(files, query), scanned[index], JSON.stringify(query));
  }
});

test('held are the calls that people were asked about, whatever came of it', async (context) => {
  const data = scratchDirectory(context);
  const { log } = await openScratch(data);
  const told = (id: string, event: ApprovalRecord['event'], call: string): Promise<unknown> =>
    log.append(sampleApproval(id, { event, call }));
  await told('apr_1', 'asked', 'dec_through');
  await told('apr_1', 'used', 'dec_through');
  await log.append(sampleIntent('dec_through'));
  await told('apr_2', 'asked', 'dec_denied');
  await log.append(sampleRefusal('dec_denied', { enforcement: 'refused' }));
  await told('apr_3', 'asked', 'dec_pending');
  await log.append(sampleRefusal('dec_pending', { enforcement: 'held' }));
  await told('apr_3', 'used', 'dec_again');
  await log.append(sampleIntent('dec_again'));
  await told('apr_4', 'standing-used', 'dec_standing');
  await log.append(sampleIntent('dec_standing'));
  await log.append(sampleIntent('dec_plain'));
  await log.close();
  const answer = await openAuditFiles(data).search({ decision: 'held' });
  assert.ok(answer.ok);
  assert.deepEqual(
    new Set(answer.value.records.map(({ body }) => body.id)),
    new Set(['dec_through', 'dec_denied', 'dec_pending', 'dec_again']),
  );
});

test('the index is disposable: damaged or of another log, it is made anew', async (context) => {
  const data = scratchDirectory(context);
  const other = scratchDirectory(context);
  await mixedLog(data);
  await mixedLog(other, 30);
  const files = openAuditFiles(data);
  const expected = await found(files, { limit: 10_000 });
  const path = join(data, 'audit-index.db');
  const remove = (): void => {
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(`${path}${suffix}`, { force: true });
  };
  const spoil: readonly (readonly [string, () => void])[] = [
    ['deleted', remove],
    ['no database', () => (remove(), fs.writeFileSync(path, 'x'.repeat(10_000)))],
    ['damaged', () => fs.writeFileSync(path, fs.readFileSync(path).fill(0xff, 100, 4_000))],
    [
      'of another log',
      () => {
        remove();
        const index = new AuditIndex(auditPaths(other));
        while (index.step());
        index.close();
        fs.copyFileSync(join(other, 'audit-index.db'), path);
      },
    ],
  ];
  for (const [name, act] of spoil) {
    act();
    assert.deepEqual(await found(files, { limit: 10_000 }), expected, name);
  }
});

test('a call is shown with its outcome, and one without is in doubt', async (context) => {
  const data = scratchDirectory(context);
  const { log } = await openScratch(data);
  await log.append(sampleIntent('dec_old'));
  await log.close();
  const second = await openScratch(data);
  await second.log.append(sampleIntent('dec_done'));
  await second.log.append(sampleOutcome('dec_done'));
  await second.log.append(sampleIntent('dec_now'));
  const thread = startAuditIndex({ dir: data, log: silentLog });
  const files = openAuditFiles(data);
  // The thread makes the index first.
  for (let tries = 0; tries < 100 && !fs.existsSync(join(data, 'audit-index.db')); tries += 1) {
    await sleep(20);
  }
  const states = async (): Promise<unknown> => {
    const answer = await files.search({ decision: 'allow' });
    assert.ok(answer.ok);
    return answer.value.records.map(({ body, state }) => [body.id, state]);
  };
  assert.deepEqual(await states(), [
    ['dec_now', 'in-flight'],
    ['dec_done', 'done'],
    ['dec_old', 'unknown-outcome'],
  ]);
  const shown = await files.show('dec_done');
  assert.ok(shown.ok);
  assert.deepEqual(
    shown.value.records.map(({ body, state }) => [body.kind, state]),
    [
      ['intent', 'done'],
      ['outcome', null],
    ],
  );
  assert.deepEqual(await files.show('dec_none'), { ok: true, value: { records: [] } });
  const tail = await files.tail(4);
  assert.ok(tail.ok);
  assert.deepEqual(
    tail.value.map(({ state }) => state),
    [null, 'done', null, 'in-flight'],
  );
  await thread.stop();
  await second.log.close();
  assert.deepEqual(await states(), [
    ['dec_now', 'unknown-outcome'],
    ['dec_done', 'done'],
    ['dec_old', 'unknown-outcome'],
  ]);
});

test('the thread follows a log that is written, and search waits for it', async (context) => {
  const data = scratchDirectory(context);
  const { log } = await openScratch(data, { segmentBytesMax: 50_000 });
  const thread = startAuditIndex({ dir: data, log: silentLog, dutyPercent: 90 });
  const files = openAuditFiles(data);
  for (let round = 1; round <= 3; round += 1) {
    const appends = Array.from({ length: 200 }, (_, n) =>
      log.append(sampleIntent(`dec_${round}_${n}`, { grant: `grt_${round}` })),
    );
    await Promise.all(appends);
    assert.equal((await found(files, { grant: `grt_${round}`, limit: 1_000 })).length, 200);
  }
  await thread.stop();
  await log.close();
});

test('an index that nobody fills is filled by another process that searches', async (context) => {
  const data = scratchDirectory(context);
  const first = await openScratch(data);
  await first.log.append(sampleIntent('dec_1'));
  await first.log.close();
  const files = openAuditFiles(data, 100);
  assert.equal((await found(files, { decision: 'allow' })).length, 1);
  const { log } = await openScratch(data);
  await log.append(sampleIntent('dec_2'));
  const behind = await files.search({ decision: 'allow' });
  assert.ok(behind.ok);
  assert.deepEqual([behind.value.complete, behind.value.records.length], [false, 1]);
  // As another process sees it: the writer is not itself.
  fs.writeFileSync(auditPaths(data).lockNote, JSON.stringify({ pid: 1 }));
  assert.equal((await found(files, { decision: 'allow' })).length, 2);
  await log.close();
});

test('tail reads across segments, and follow goes on from there', async (context) => {
  const data = scratchDirectory(context);
  await mixedLog(data);
  const files = openAuditFiles(data);
  const all: number[] = [];
  await files.everyRecord(({ seq }) => all.push(seq));
  for (const count of [1, 5, 60, 10_000]) {
    const answer = await files.tail(count);
    assert.ok(answer.ok);
    assert.deepEqual(
      answer.value.map(({ seq }) => seq),
      all.slice(-count),
    );
  }
  const { log } = await openScratch(data, { segmentBytesMax: 3_000 });
  const seen: number[] = [];
  const stop = new AbortController();
  const following = files.follow(all.length - 2, ({ seq }) => void seen.push(seq), stop.signal);
  for (let call = 0; call < 10; call += 1) {
    await log.append(sampleIntent(`dec_${call}`));
    await sleep(40);
  }
  await sleep(300);
  stop.abort();
  await following;
  const before = all.length;
  await log.close();
  const after: number[] = [];
  await files.everyRecord(({ seq }) => after.push(seq));
  // All but the stop record, which came after.
  assert.deepEqual(seen, after.slice(before - 2, -1));
});

test('follow gives a record when the one before it was taken, and no other after its end', async (context) => {
  const data = scratchDirectory(context);
  const { log } = await openScratch(data);
  for (const id of ['dec_1', 'dec_2', 'dec_3']) await log.append(sampleIntent(id));
  await log.close();
  const stop = new AbortController();
  context.after(() => stop.abort());
  const seen: number[] = [];
  const taken = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const given = taken.map(() => Promise.withResolvers<void>());
  const following = openAuditFiles(data).follow(
    0,
    ({ seq }) => {
      seen.push(seq);
      given[seq - 1]?.resolve();
      return taken[seq - 1]?.promise;
    },
    stop.signal,
  );
  await given[0]?.promise;
  await sleep(0);
  assert.deepEqual(seen, [1]);
  taken[0]?.resolve();
  await given[1]?.promise;
  stop.abort();
  taken[1]?.resolve();
  await following;
  assert.deepEqual(seen, [1, 2]);
});

test('a value is found by its digest, in all arguments or in one', async (context) => {
  const data = scratchDirectory(context);
  const { log, digest } = await openScratch(data);
  const records = [
    sampleIntent('dec_1', { argumentsDigest: digest('{"n":7}') }),
    sampleIntent('dec_2', { valueDigests: { to: digest('"ann@example.com"') } }),
    sampleRefusal('dec_3', { valueDigests: { a: digest('7'), b: digest('"7"') } }),
    sampleIntent('dec_4'),
  ];
  for (const record of records) await log.append(record);
  await log.close();
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['{ "n": 7.0 }', ['dec_1']],
    ['ann@example.com', ['dec_2']],
    ['"ann@example.com"', ['dec_2']],
    ['7', ['dec_3']],
    ['7e0', ['dec_3']],
    ['nobody', []],
  ];
  const ids = async (value: string): Promise<readonly string[]> => {
    const answer = await openAuditFiles(data).search({ value });
    assert.ok(answer.ok);
    return answer.value.records.map(({ body }) => body.id);
  };
  for (const [value, wanted] of cases) assert.deepEqual(await ids(value), wanted, value);
  fs.mkdirSync(join(data, 'audit-index.db.away'));
  fs.rmSync(join(data, 'audit-index.db'));
  fs.renameSync(join(data, 'audit-index.db.away'), join(data, 'audit-index.db'));
  for (const [value, wanted] of cases) assert.deepEqual(await ids(value), wanted, `read: ${value}`);
  fs.rmSync(join(data, 'audit-keys', 'digest-key'));
  const without = await openAuditFiles(data).search({ value: '7' });
  assert.equal(without.ok ? '' : without.error.code, 'no-digest-key');
});

test('a pruned log verifies, unless it was not us who cut it', async (context) => {
  const data = scratchDirectory(context);
  await mixedLog(data);
  const { log, checkpoint } = await openScratch(data);
  const paths = auditPaths(data);
  const index = new AuditIndex(paths);
  while (index.step()) {
    // As the thread of a running gateway does.
  }
  context.after(() => index.close());
  const input = { paths, files: nodeSegmentFiles, log, checkpoint, nowMs: start + 100_000 };
  const old = start + 1_000_000;
  assert.equal(await pruneSegments({ ...input, keepSinceMs: 0 }), 0);
  const lacking = { ...input, keepSinceMs: old, keepFromSeq: 1 };
  assert.equal(await pruneSegments(lacking), 0, 'a copy elsewhere lacks the first record');
  const unsigned = { ...input, keepSinceMs: old, checkpoint: () => Promise.resolve(false) };
  assert.equal(await pruneSegments(unsigned), 0, 'the record of the cut is not signed');
  const removed = await pruneSegments({ ...input, keepSinceMs: start + 1_000_000 });
  assert.ok(removed > 0);
  const behind = await openAuditFiles(data, 0).search({ limit: 10_000 });
  assert.ok(behind.ok && behind.value.records.length > 0, 'what is gone breaks no search');
  while (index.step()) {
    // The thread goes on.
  }
  const last = (await found(openAuditFiles(data), {}))[0];
  const lines = fs.readFileSync(paths.checkpoints, 'latin1').trim().split('\n');
  const heads = lines.map((line) => Number(JSON.parse(line).seq));
  assert.equal(heads.at(-1), last, 'the record of the cut is signed before the cut');
  await log.close();
  const files = openAuditFiles(data);
  const answer = await files.verify({});
  assert.ok(answer.ok);
  assert.equal(answer.value.finding, null);
  const kept = fs
    .readdirSync(paths.segments)
    .filter((name) => /^[0-9]/.test(name))
    .sort();
  const first = Number(kept[0]?.slice(0, 16));
  const oldest = (await found(files, { limit: 10_000 })).toSorted((a, b) => a - b)[0];
  assert.equal(oldest, first);

  // One more segment goes without a record of it: the log cannot be told to be whole.
  const reopened = await openScratch(data, { segmentBytesMax: 1 });
  await reopened.log.append(sampleIntent('dec_last'));
  await reopened.log.close();
  fs.rmSync(join(paths.segments, kept[0] ?? ''));
  const cut = await files.verify({});
  assert.ok(cut.ok);
  assert.equal(cut.value.finding?.kind, 'segment-removed');
});

test('a directory without a log says so', async (context) => {
  const data = scratchDirectory(context);
  const files = openAuditFiles(join(data, 'none'));
  const path = join(data, 'none', 'audit');
  const problem = { ok: false, error: { code: 'no-log', path } };
  assert.deepEqual(await files.tail(1), problem);
  assert.deepEqual(await files.search({}), problem);
  assert.deepEqual(await files.show('x'), problem);
  assert.deepEqual(await files.verify({}), problem);
  await mixedLog(data, 3);
  fs.writeFileSync(join(data, 'key.pem'), 'no key');
  const keyFile = join(data, 'key.pem');
  assert.deepEqual(await openAuditFiles(data).verify({ keyFile }), {
    ok: false,
    error: { code: 'bad-key', path: keyFile },
  });
});
