import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sampleIntent } from '../../audit/record-samples.ts';
import { openAuditFiles } from './audit-files.ts';
import { openScratch, readScratch, scratchDirectory } from './audit-scratch.ts';
import { inDoubt } from './audit-units.ts';

const child = new URL('./audit-crash-child.ts', import.meta.url).pathname;
const rounds = 10;

async function assertSound(data: string): Promise<void> {
  const answer = await openAuditFiles(data).verify({});
  assert.ok(answer.ok);
  assert.equal(answer.value.finding, null, JSON.stringify(answer.value.finding));
}

for (const durability of ['process', 'power'] as const) {
  test(`kill -9, ${rounds} times (${durability}): the acknowledged is there`, async (context) => {
    const data = scratchDirectory(context);
    const acknowledged: [number, string][] = [];
    for (let round = 0; round < rounds; round += 1) {
      const running = spawn(process.execPath, [child, data, durability, String(round)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      context.after(() => running.kill('SIGKILL'));
      const chunks: Buffer[] = [];
      running.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      // A slow disk may take a while to acknowledge the first.
      while (Buffer.concat(chunks).indexOf('dec_') === -1) await sleep(2);
      await sleep(round * 9);
      running.kill('SIGKILL');
      await once(running, 'close');
      const lines = Buffer.concat(chunks).toString('latin1').split('\n').slice(1, -1);
      assert.ok(lines.length > 0, 'the round acknowledged something');
      for (const line of lines) {
        const [seq, id = ''] = line.split(' ');
        acknowledged.push([Number(seq), id]);
      }
      await assertSound(data);
    }
    const onDisk = new Map<number, string>();
    for (const line of [...readScratch(join(data, 'audit')).values()].flat()) {
      const { seq, id } = JSON.parse(line);
      onDisk.set(seq, id);
    }
    for (const [seq, id] of acknowledged) assert.equal(onDisk.get(seq), id);
    assert.ok(inDoubt(join(data, 'audit')).length > 0);
    const { log } = await openScratch(data);
    await log.close();
    await assertSound(data);
    context.diagnostic(`${acknowledged.length} acknowledged, ${onDisk.size} on disk`);
  });
}

test('a full disk: refused, back by itself, nothing lost or invented', async (context) => {
  const mount = join(scratchDirectory(context), 'mount');
  fs.mkdirSync(mount);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', mount], { stdio: 'ignore' });
  } catch {
    context.skip('mounting a file system is not permitted here');
    return;
  }
  try {
    await fillAndFree(context, mount);
  } finally {
    execFileSync('umount', [mount]);
  }
});

async function fillAndFree(context: TestContext, mount: string): Promise<void> {
  const { log } = await openScratch(mount);
  const kept: string[] = [];
  let refused = 0;
  const append = async (id: string): Promise<boolean> => {
    const result = await log.append(sampleIntent(id));
    if (result.ok) kept.push(id);
    else assert.deepEqual(result.error, { code: 'full' });
    return result.ok;
  };
  fs.writeFileSync(join(mount, 'filler'), Buffer.alloc(200_000));
  for (let call = 0; refused < 50; call += 1) {
    const results = await Promise.all([0, 1, 2].map((n) => append(`dec_${call}_${n}`)));
    refused += results.filter((accepted) => !accepted).length;
  }
  assert.equal(log.healthy(), false);
  fs.rmSync(join(mount, 'filler'));
  await sleep(1_200);
  assert.equal(log.healthy(), true);
  assert.equal(await append('dec_after'), true);
  await log.close();
  await assertSound(mount);
  const lines = [...readScratch(join(mount, 'audit')).values()].flat();
  const ids = lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'intent');
  assert.deepEqual(
    ids.map(({ id }) => id),
    kept,
  );
  context.diagnostic(`${kept.length} kept, ${refused} refused`);
}

test('a hundred thousand records are verified', async (context) => {
  const data = scratchDirectory(context);
  const { log } = await openScratch(data);
  for (let call = 0; call < 100_000; call += 1_000) {
    await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => log.append(sampleIntent(`dec_${call + n}`))),
    );
  }
  await log.close();
  const before = performance.now();
  const answer = await openAuditFiles(data).verify({});
  assert.ok(answer.ok && answer.value.finding === null);
  assert.ok(answer.value.records > 100_000);
  context.diagnostic(
    `${answer.value.records} records in ${Math.round(performance.now() - before)} ms`,
  );
});
