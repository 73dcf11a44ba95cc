import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../../base/log.ts';
import { err, ok } from '../../base/result.ts';
import { sampleIntent } from '../../audit/record-samples.ts';
import { auditPaths } from './audit-paths.ts';
import { openScratch, readScratch, scratchDirectory, testClock } from './audit-scratch.ts';
import { fileSink, httpSink } from './audit-sink-target.ts';
import { startAuditSink, type SinkState } from './audit-sink-thread.ts';
import { SinkFeeder, type SinkBatch, type SinkTarget } from './audit-sink.ts';

/** Some segments, and the lines of all of them. */
async function someLog(data: string, records = 300): Promise<readonly string[]> {
  const { log } = await openScratch(data, { segmentBytesMax: 40_000 });
  for (let n = 0; n < records; n += 1) await log.append(sampleIntent(`dec_${n}`));
  await log.close();
  return linesOf(data);
}

function linesOf(data: string): readonly string[] {
  return [...readScratch(join(data, 'audit')).values()].flat();
}

async function feed(feeder: SinkFeeder, head: number): Promise<void> {
  for (;;) {
    const done = await feeder.step(head);
    assert.ok(done.ok, JSON.stringify(done));
    if (!done.value) return;
  }
}

const fileLines = (path: string): readonly string[] =>
  fs.readFileSync(path, 'latin1').split('\n').slice(0, -1);

test('a file gets every line, byte for byte, and the signed heads beside it', async (context) => {
  const data = scratchDirectory(context);
  const lines = await someLog(data);
  const copy = join(data, 'copy.jsonl');
  await feed(new SinkFeeder(auditPaths(data), fileSink(copy)), lines.length);
  assert.deepEqual(fileLines(copy), lines);
  const heads = fs.readFileSync(join(data, 'audit', 'checkpoints.jsonl'), 'latin1').split('\n');
  assert.ok(heads.includes(fileLines(`${copy}.checkpoints`)[0] ?? ''));
});

test('nothing beyond the durable head is sent', async (context) => {
  const data = scratchDirectory(context);
  const lines = await someLog(data);
  const copy = join(data, 'copy.jsonl');
  const feeder = new SinkFeeder(auditPaths(data), fileSink(copy));
  for (const head of [0, 1, 17, 17, 290]) {
    await feed(feeder, head);
    const held = head === 0 ? [] : fileLines(copy);
    assert.deepEqual(held, lines.slice(0, head), String(head));
  }
});

/** What stood in the file, or in the cursor, when the program ended somewhere in a batch. */
const crashes: readonly (readonly [string, (copy: string, cursor: string) => void])[] = [
  ['before the cursor moved', (_copy, cursor) => fs.rmSync(cursor)],
  ['in the middle of a line', (copy) => fs.truncateSync(copy, fs.statSync(copy).size - 40)],
  [
    'in the middle of a batch',
    (copy) => {
      const kept = fileLines(copy).slice(0, 31);
      fs.writeFileSync(copy, kept.map((line) => `${line}\n`).join(''));
      fs.writeFileSync(join(copy, '..', 'audit-sink.json'), '');
    },
  ],
  ['after the file was moved away', (copy) => fs.renameSync(copy, `${copy}.1`)],
];
for (const [name, crash] of crashes) {
  test(`no gap and no duplicate when it ended ${name} (R-16)`, async (context) => {
    const data = scratchDirectory(context);
    const lines = await someLog(data);
    const copy = join(data, 'copy.jsonl');
    await feed(new SinkFeeder(auditPaths(data), fileSink(copy)), 100);
    crash(copy, join(data, 'audit-sink.json'));
    // A line that was cut short lacks where the cursor says it is there: the cursor is set back.
    if (name === 'in the middle of a line') fs.rmSync(join(data, 'audit-sink.json'));
    await feed(new SinkFeeder(auditPaths(data), fileSink(copy)), lines.length);
    const moved = fs.existsSync(`${copy}.1`) ? fileLines(`${copy}.1`) : [];
    assert.deepEqual([...moved, ...fileLines(copy)], lines);
  });
}

test('a file that holds another log is left alone', async (context) => {
  const [data, other] = [scratchDirectory(context), scratchDirectory(context)];
  const copy = join(data, 'copy.jsonl');
  const lines = await someLog(other, 20);
  await feed(new SinkFeeder(auditPaths(other), fileSink(copy)), lines.length);
  await someLog(data, 40);
  assert.throws(() => new SinkFeeder(auditPaths(data), fileSink(copy)), /foreign/);
  assert.deepEqual(fileLines(copy), lines);
});

test('after a crash the very same batch is sent again', async (context) => {
  const data = scratchDirectory(context);
  await someLog(data);
  const sent: SinkBatch[] = [];
  let works = false;
  const target: SinkTarget = {
    name: 'a fake',
    lastLine: () => null,
    send: (batch) => {
      sent.push(batch);
      return Promise.resolve(works ? ok(null) : err('down'));
    },
  };
  const first = new SinkFeeder(auditPaths(data), target);
  assert.deepEqual(await first.step(50), err('down'));
  works = true;
  // Meanwhile the log went on; the batch that may have arrived keeps its bounds.
  await feed(new SinkFeeder(auditPaths(data), target), 200);
  assert.deepEqual(sent[1], sent[0]);
  assert.deepEqual(
    sent.map(({ first: from, last }) => [from, last]),
    [
      [1, 50],
      [1, 50],
      [51, 200],
    ],
  );
});

interface Receiver {
  readonly url: string;
  readonly lines: string[];
  readonly keys: string[];
  status: number;
}

/** Keeps each batch once, as one that takes part in the agreement does. */
async function receiver(context: TestContext): Promise<Receiver> {
  const made = { url: '', lines: [] as string[], keys: [] as string[], status: 200 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const key = String(request.headers['idempotency-key']);
      if (made.status < 300 && !made.keys.includes(key)) {
        made.keys.push(key);
        made.lines.push(...Buffer.concat(chunks).toString('latin1').split('\n').slice(0, -1));
      }
      response.writeHead(made.status, { location: 'http://127.0.0.1:1/' }).end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  // A server that listens on TCP has an address with a port.
  made.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`;
  return made;
}

test('over HTTP: refused, redirected and answered too late, then whole', async (context) => {
  const data = scratchDirectory(context);
  const lines = await someLog(data);
  const place = await receiver(context);
  const target = httpSink({ url: place.url, headers: { authorization: 'x' }, timeoutMs: 5_000 });
  const feeder = new SinkFeeder(auditPaths(data), target);
  for (const status of [500, 404, 302]) {
    place.status = status;
    assert.deepEqual(await feeder.step(lines.length), err(`http ${status}`));
  }
  const nowhere = httpSink({ url: 'http://127.0.0.1:1/', headers: {}, timeoutMs: 5_000 });
  const lost = await new SinkFeeder(auditPaths(data), nowhere).step(lines.length);
  assert.deepEqual(lost, err('unreachable'));
  place.status = 202;
  await feed(new SinkFeeder(auditPaths(data), target), lines.length);
  assert.deepEqual(place.lines, lines);
});

test('the place is down while records come: behind, said once, then whole (R-16)', async (context) => {
  const data = scratchDirectory(context);
  const place = await receiver(context);
  place.status = 503;
  const opened = await openScratch(data, { segmentBytesMax: 20_000 });
  const changes: SinkState[] = [];
  const sink = startAuditSink({
    dir: data,
    place: { kind: 'http', url: place.url, headers: {} },
    clock: testClock,
    log: silentLog,
    head: opened.headSeq,
    onChange: (state) => changes.push(state),
    lagMs: 100,
  });
  context.after(() => sink.stop());
  for (let n = 0; n < 200; n += 1) await opened.log.append(sampleIntent(`dec_${n}`));
  while (changes.length === 0) await sleep(10);
  assert.deepEqual(
    changes.map(({ behind }) => behind),
    [true],
  );
  while (sink.state().failing !== 'http 503') await sleep(10);
  assert.equal(opened.log.healthy(), true);
  place.status = 200;
  while (changes.length === 1) await sleep(10);
  assert.equal(changes[1]?.behind, false);
  await opened.log.append(sampleIntent('dec_last'));
  while (sink.sent() < opened.headSeq()) await sleep(10);
  assert.deepEqual(sink.state(), { behind: false, records: 0, lagMs: 0, failing: null });
  await opened.log.close();
  await sink.stop();
  assert.deepEqual(place.lines, linesOf(data).slice(0, place.lines.length));
  assert.ok(place.lines.length >= linesOf(data).length - 1, 'all but what closing wrote');
});
