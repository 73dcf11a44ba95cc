import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../../base/log.ts';
import { sampleIntent, sampleOutcome } from '../../audit/record-samples.ts';
import { openAuditFiles } from './audit-files.ts';
import { openAuditLog } from './audit-open.ts';
import type { AuditOpenProblem } from './audit-open.ts';
import { listSegments, segmentPath } from './audit-paths.ts';
import {
  openScratch,
  readScratch,
  scratchDirectory,
  testClock,
  writeScratch,
} from './audit-scratch.ts';
import { inDoubt, readUnits } from './audit-units.ts';

async function refusal(dir: string): Promise<AuditOpenProblem | null> {
  const opened = await openAuditLog({
    dir,
    durability: 'process',
    clock: testClock,
    log: silentLog,
    countersSnapshot: () => [],
  });
  if (!opened.ok) return opened.error;
  await opened.value.log.close();
  return null;
}

/** A closed log of some calls in one segment; answers its directory. */
async function closedLog(data: string, calls: number): Promise<string> {
  const { log } = await openScratch(data);
  for (let call = 1; call <= calls; call += 1) {
    await log.append(sampleIntent(`dec_${call}`));
    if (call % 2 === 0) await log.append(sampleOutcome(`dec_${call}`));
  }
  await log.close();
  return join(data, 'audit');
}

async function assertSound(data: string): Promise<void> {
  const answer = await openAuditFiles(data).verify({});
  assert.ok(answer.ok);
  assert.equal(answer.value.finding, null);
  assert.equal(answer.value.tornBytes, 0);
}

test('a new log, and the same one again', async (context) => {
  const data = scratchDirectory(context);
  const first = await openScratch(data);
  assert.deepEqual(first.tail, {
    counters: [],
    inDoubt: [],
    seq: 0,
    cleanStop: true,
    tornBytes: 0,
  });
  await first.log.append(sampleIntent('dec_1'));
  await first.log.close();
  const second = await openScratch(data);
  assert.equal(second.tail.cleanStop, true);
  assert.equal(second.digest('x'), first.digest('x'));
  assert.deepEqual(
    second.tail.inDoubt.map(({ id }) => id),
    ['dec_1'],
  );
  assert.deepEqual(second.tail.counters, readUnits(join(data, 'audit'), 0));
  await second.log.close();
  for (const file of [
    'audit-keys/signing-key.pem',
    'audit-keys/digest-key',
    'audit/public-key.pem',
    'audit-lock.db',
  ]) {
    assert.equal(fs.statSync(join(data, file)).mode & 0o777, 0o600, file);
  }
  for (const { path } of listSegments(join(data, 'audit'))) {
    assert.equal(fs.statSync(path).mode & 0o777, 0o600);
  }
  await assertSound(data);
});

const torn = [
  { name: 'half a line', tail: '{"v":1,"seq":99,"prev":"AAAA' },
  { name: 'zeroes, as some file systems leave them', tail: '\0'.repeat(4_096) },
  { name: 'a line that is no JSON', tail: '{"v":1,"seq":99,"pre\n' },
  { name: 'zeroes and a newline', tail: `${'\0'.repeat(100)}\n` },
];

for (const { name, tail } of torn) {
  test(`a torn end is set aside and put on record: ${name}`, async (context) => {
    const data = scratchDirectory(context);
    const directory = await closedLog(data, 4);
    fs.appendFileSync(segmentPath(directory, 1), tail, 'latin1');
    const { log, tail: opened } = await openScratch(data);
    assert.equal(opened.tornBytes, tail.length);
    await log.append(sampleIntent('dec_next'));
    await log.close();
    await assertSound(data);
    const [kept] = fs.readdirSync(join(directory, 'torn'));
    assert.equal(fs.readFileSync(join(directory, 'torn', kept ?? ''), 'latin1'), tail);
    const lines = readScratch(directory).get(1) ?? [];
    const recovered = lines
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === 'recovered');
    assert.deepEqual(
      recovered.map(({ detail }) => detail),
      [{ cause: 'torn', tornBytes: tail.length }],
    );
  });
}

test('a crash in the middle of a rotation loses no unit', async (context) => {
  const original = scratchDirectory(context);
  const units = [{ key: 'k', units: 1, windowMs: 60_000 }];
  const entry = { key: 'k', units: 6, windowMs: 60_000, time: 1_790_000_000_000 };
  const { log } = await openScratch(original, {
    segmentBytesMax: 3_000,
    countersSnapshot: () => [entry],
  });
  let call = 0;
  while (listSegments(join(original, 'audit')).length === 1) {
    call += 1;
    await log.append(sampleIntent(`dec_${call}`, { units }));
  }
  assert.ok(call > 1);
  const before = [...readScratch(join(original, 'audit')).values()];
  await log.close();
  const [first, second] = [before[0] ?? [], before[1] ?? []];
  assert.equal(second.length, 2);

  const name = first.length + 1;
  const cuts = [
    { name: 'an empty file', content: '' },
    { name: 'half a first line', content: (second[0] ?? '').slice(0, 50) },
    { name: 'the first line alone', content: `${second[0]}\n` },
    { name: 'half a snapshot', content: `${second[0]}\n${(second[1] ?? '').slice(0, 80)}` },
  ];
  for (const cut of cuts) {
    const data = scratchDirectory(context);
    fs.cpSync(original, data, { recursive: true });
    const directory = join(data, 'audit');
    // The signed heads that were written later did not exist at the moment of the crash.
    const heads = fs.readFileSync(join(directory, 'checkpoints.jsonl'), 'latin1').split('\n');
    const early = heads.filter((line) => Number(/"seq":(\d+)/.exec(line)?.[1] ?? 0) < name);
    fs.writeFileSync(
      join(directory, 'checkpoints.jsonl'),
      early
        .filter((line) => line !== '')
        .map((line) => `${line}\n`)
        .join(''),
    );
    writeScratch(directory, 1, first);
    fs.writeFileSync(segmentPath(directory, name), cut.content, 'latin1');

    const opened = await openScratch(data, { countersSnapshot: () => [] });
    const taken = opened.tail.counters.reduce((total, { units: n }) => total + n, 0);
    assert.equal(taken, call, cut.name);
    assert.equal(opened.tail.inDoubt.length, call, cut.name);
    await opened.log.append(sampleIntent('dec_next'));
    await opened.log.close();
    await assertSound(data);
  }
});

const broken = [
  {
    name: 'a record of the last segment was changed',
    tamper: (directory: string) =>
      editLine(directory, 4, (line) => line.replace('agent:ci', 'agent:xi')),
    code: 'broken-chain',
    seq: 6,
  },
  {
    name: 'the last record was changed, and it is signed',
    tamper: (directory: string) =>
      editLine(directory, -1, (line) => line.replace('"time":1', '"time":2')),
    code: 'broken-chain',
    seq: 10,
  },
  {
    name: 'a record was removed',
    tamper: (directory: string) => {
      const lines = readScratch(directory).get(1) ?? [];
      writeScratch(directory, 1, lines.toSpliced(4, 1));
    },
    code: 'broken-chain',
    seq: 5,
  },
  {
    name: 'a line in the middle is no record',
    tamper: (directory: string) => editLine(directory, 4, () => 'x'),
    code: 'broken-chain',
    seq: 5,
  },
  {
    name: 'the tail was cut off',
    tamper: (directory: string) => {
      writeScratch(directory, 1, (readScratch(directory).get(1) ?? []).slice(0, 6));
    },
    code: 'truncated',
    seq: 7,
  },
  {
    name: 'the segments are gone',
    tamper: (directory: string) => fs.rmSync(segmentPath(directory, 1)),
    code: 'truncated',
    seq: 1,
  },
  {
    name: 'the signed heads are no heads',
    tamper: (directory: string) => fs.writeFileSync(join(directory, 'checkpoints.jsonl'), 'x\n'),
    code: 'broken-chain',
    seq: 10,
  },
] as const;

for (const { name, tamper, code, seq } of broken) {
  test(`no start, and nothing touched: ${name}`, async (context) => {
    const data = scratchDirectory(context);
    const directory = await closedLog(data, 4);
    tamper(directory);
    const before = readScratch(directory);
    const problem = await refusal(data);
    assert.ok(
      problem?.code === 'broken-chain' || problem?.code === 'truncated',
      JSON.stringify(problem),
    );
    assert.deepEqual([problem.code, problem.seq], [code, seq]);
    assert.deepEqual(readScratch(directory), before);
  });
}

test('no start without the keys of a log that exists', async (context) => {
  const data = scratchDirectory(context);
  await closedLog(data, 2);
  fs.rmSync(join(data, 'audit-keys'), { recursive: true });
  assert.deepEqual(await refusal(data), { code: 'keys-missing' });
});

test('no start where the directory cannot be made', async (context) => {
  const data = scratchDirectory(context);
  const file = join(data, 'file');
  fs.writeFileSync(file, '');
  assert.deepEqual(await refusal(join(file, 'data')), { code: 'failed', error: 'ENOTDIR' });
});

test('a data directory has one writer', async (context) => {
  const data = scratchDirectory(context);
  const { log } = await openScratch(data);
  assert.deepEqual(await refusal(data), { code: 'locked', pid: process.pid });
  await log.close();
  assert.equal(await refusal(data), null);
});

test('a lock ends with its process, and a reused pid means nothing', async (context) => {
  const data = scratchDirectory(context);
  const scratch = new URL('./audit-scratch.ts', import.meta.url).href;
  const script = `
    import { openScratch } from ${JSON.stringify(scratch)};
    await openScratch(${JSON.stringify(data)});
    console.log('open');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script]);
  context.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  assert.deepEqual(await refusal(data), { code: 'locked', pid: child.pid });
  child.kill('SIGKILL');
  await once(child, 'exit');
  // The dead process's number now belongs to one that lives: this one.
  fs.writeFileSync(join(data, 'audit.lock'), JSON.stringify({ pid: process.pid }));
  const { log, tail } = await openScratch(data);
  assert.equal(tail.cleanStop, false);
  await log.close();
  await assertSound(data);
});

test('what has no outcome is in doubt, across a rotation too', async (context) => {
  const data = scratchDirectory(context);
  const { log } = await openScratch(data, { segmentBytesMax: 5_000 });
  for (let call = 1; call <= 8; call += 1) await log.append(sampleIntent(`dec_${call}`));
  for (let call = 1; call <= 5; call += 1) await log.append(sampleOutcome(`dec_${call}`));
  await log.close();
  assert.equal(listSegments(join(data, 'audit')).length, 2);
  assert.deepEqual(
    inDoubt(join(data, 'audit')).map(({ id, tool }) => [id, tool]),
    [
      ['dec_6', 'create_charge'],
      ['dec_7', 'create_charge'],
      ['dec_8', 'create_charge'],
    ],
  );
});

test('units given back after a rotation stay in the snapshot: whose they are there is not known', async (context) => {
  const data = scratchDirectory(context);
  const time = 1_790_000_000_000;
  const entry = { key: 'k', units: 10, windowMs: 60_000, time };
  const { log } = await openScratch(data, {
    segmentBytesMax: 1_700,
    countersSnapshot: () => [entry],
  });
  const units = [{ key: 'k', units: 5, windowMs: 60_000 }];
  await log.append(sampleIntent('dec_1', { units }));
  await log.append(sampleIntent('dec_2', { units }));
  assert.equal(
    listSegments(join(data, 'audit')).length,
    2,
    'both intents are in the first segment',
  );
  await log.append(sampleOutcome('dec_1', { status: 'not-sent', givenBack: true }));
  await log.close();
  assert.deepEqual(readUnits(join(data, 'audit'), 0), [entry]);
});

function editLine(directory: string, index: number, change: (line: string) => string): void {
  const lines = readScratch(directory).get(1) ?? [];
  const line = lines.at(index) ?? '';
  writeScratch(directory, 1, lines.with(index, change(line)));
}
