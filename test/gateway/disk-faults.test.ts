import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { silentLog } from '../../src/base/log.ts';
import { openAuditFiles } from '../../src/storage/embedded/audit-files.ts';
import { openAuditLog, type OpenedAuditLog } from '../../src/storage/embedded/audit-open.ts';
import {
  nodeSegmentFiles,
  type SegmentFiles,
} from '../../src/storage/embedded/audit-segment-files.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { modernCall, post } from '../support/mcp-requests.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';
import { until } from '../support/until.ts';

/** A disk that does as it is told. */
interface FaultyDisk extends SegmentFiles {
  /** The code that every write fails with; null writes. */
  fault: string | null;
  /** Milliseconds that each sync takes. */
  syncMs: number;
}

function faultyDisk(): FaultyDisk {
  const disk: FaultyDisk = {
    ...nodeSegmentFiles,
    fault: null,
    syncMs: 0,
    write: (...args) => {
      if (disk.fault === null) return nodeSegmentFiles.write(...args);
      throw Object.assign(new Error(disk.fault), { code: disk.fault });
    },
    datasync: (file, done) =>
      void setTimeout(() => nodeSegmentFiles.datasync(file, done), disk.syncMs),
  };
  return disk;
}

interface Stand {
  readonly path: DataPath;
  readonly server: RecordingServer;
  readonly opened: OpenedAuditLog;
  /** Sends one call; what the client was told, and how long that took. */
  readonly call: (nonce: string) => Promise<{ readonly text: string; readonly tookMs: number }>;
  /** Closes all of it: every call that reached the server is on record, and the chain holds. */
  readonly settle: () => Promise<void>;
}

async function stand(
  context: TestContext,
  options: { readonly dir: string; readonly files?: SegmentFiles; readonly power?: boolean },
): Promise<Stand> {
  const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
  const opened = await openAuditLog({
    dir: options.dir,
    durability: options.power === true ? 'power' : 'process',
    clock,
    log: silentLog,
    countersSnapshot: () => [],
    ...(options.files === undefined ? {} : { files: options.files }),
  });
  assert.ok(opened.ok);
  const server = await startRecordingServer();
  const path = await startDataPath({
    servers: [{ name: 's', transport: 'http', url: server.url, headers: {}, allowPrivate: true }],
    policies: { s: { version: '1', default: 'deny', tools: { read: {} } } },
    audit: opened.value.log,
  });
  await path.gateway.toolsReady('s');
  let settled = false;
  const settle = async (): Promise<void> => {
    if (settled) return;
    settled = true;
    await path.close();
    await server.close();
    await opened.value.log.close();
    const segments = join(options.dir, 'audit');
    const lines = readdirSync(segments)
      .filter((name) => /^[0-9]{16}\.jsonl$/.test(name))
      .flatMap((name) => readFileSync(join(segments, name), 'latin1').split('\n').slice(0, -1));
    const intents = lines.filter((line) => line.includes('"kind":"intent"')).length;
    assert.ok(server.calls.length <= intents, `${server.calls.length} ran, ${intents} intents`);
    const verified = await openAuditFiles(options.dir).verify({});
    assert.ok(verified.ok && verified.value.finding === null, JSON.stringify(verified));
  };
  context.after(settle);
  const client = { url: `${path.url}/s/s/mcp`, token: path.token };
  const call: Stand['call'] = async (nonce) => {
    const before = performance.now();
    const { text } = await post(client, modernCall('read', { nonce }));
    return { text, tookMs: performance.now() - before };
  };
  return { path, server, opened: opened.value, call, settle };
}

function scratch(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'portcullis-faults-'));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const notRecorded = /could not be put on record, so it was not made/;

for (const fault of ['ENOSPC', 'EROFS', 'EIO']) {
  test(`${fault}: no forward without a record, told at once, back by itself (R-14, R-15)`, async (context) => {
    const disk = faultyDisk();
    const { server, opened, call, settle } = await stand(context, {
      dir: scratch(context),
      files: disk,
    });
    assert.doesNotMatch((await call('before')).text, notRecorded);
    disk.fault = fault;
    for (let n = 0; n < 10; n += 1) {
      // A refusal that waits for the disk would wait for ever here.
      assert.match((await call(`lost ${n}`)).text, notRecorded);
    }
    assert.equal(server.calls.length, 1, 'nothing was forwarded');
    assert.equal(opened.log.healthy(), false);
    disk.fault = null;
    await until('the log recovers', () => opened.log.healthy());
    assert.doesNotMatch((await call('after')).text, notRecorded);
    assert.equal(server.calls.length, 2);
    await settle();
  });
}

test('a sync of half a second delays a call and skips nothing (R-15)', async (context) => {
  const disk = faultyDisk();
  const { server, call, settle } = await stand(context, {
    dir: scratch(context),
    files: disk,
    power: true,
  });
  disk.syncMs = 500;
  const calls = Promise.all([call('one'), call('two')]);
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.equal(server.calls.length, 0, 'nothing is forwarded before its record is on the disk');
  for (const { text, tookMs } of await calls) {
    assert.doesNotMatch(text, notRecorded);
    // The intent waits for one sync, the outcome for another.
    assert.ok(tookMs >= 990, `${tookMs} ms`);
  }
  assert.equal(server.calls.length, 2);
  await settle();
});

test('a real file system that is full, then not (R-14)', async (context) => {
  const mount = mkdtempSync(join(tmpdir(), 'portcullis-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', mount], { stdio: 'ignore' });
  } catch {
    rmSync(mount, { recursive: true });
    context.skip('mounting a file system is not permitted here');
    return;
  }
  try {
    await fillAndFree(context, mount);
  } finally {
    execFileSync('umount', [mount]);
    rmSync(mount, { recursive: true });
  }
});

async function fillAndFree(context: TestContext, mount: string): Promise<void> {
  const { server, opened, call, settle } = await stand(context, { dir: mount });
  await call('before');
  writeFileSync(join(mount, 'filler'), Buffer.alloc(300_000));
  let refused = 0;
  for (let n = 0; refused < 5 && n < 2_000; n += 1) {
    const before = server.calls.length;
    const { text } = await call(`fill ${n}`);
    if (!notRecorded.test(text)) continue;
    refused += 1;
    assert.equal(server.calls.length, before, 'a refused call was not forwarded');
  }
  assert.equal(refused, 5, 'the file system was never full');
  rmSync(join(mount, 'filler'));
  await until('the log recovers', () => opened.log.healthy());
  assert.doesNotMatch((await call('after')).text, notRecorded);
  await settle();
}
