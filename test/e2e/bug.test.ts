import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import {
  command,
  portcullis,
  program,
  startGateway,
  temporaryFolder,
} from '../support/gateway-process.ts';

// A bug is put into the real program: something that it calls throws.

const broken = 'process.stdout.write = () => { throw new TypeError("no such luck"); };';
const onSignal = 'process.once("SIGUSR2", () => { throw new TypeError("no such luck"); });';

/** The environment in which this runs before the program. */
function before(code: string): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

test('a bug in a command: one line, where to report it, an exit code of its own', async (context) => {
  const folder = await temporaryFolder(context);
  const policy = join(folder, 'policy.json');
  await writeFile(policy, '{"version":"1","default":"allow"}');
  const args = ['policy', 'check', policy];
  const env = before(broken);
  const ran = await portcullis(args, { env });
  assert.deepEqual([ran.code, ran.stdout], [3, ''], ran.stderr);
  assert.match(
    ran.stderr,
    /^portcullis: `policy check` ended through a bug in Portcullis \d.*: TypeError: no such luck; please report it .*\n$/,
  );
  const verbose = await portcullis(args, { env: { ...env, NODE_DEBUG: 'portcullis' } });
  assert.equal(verbose.code, 3);
  assert.match(verbose.stderr, /TypeError: no such luck\n\s+at .*[^]*\nportcullis: `policy check`/);
});

test('a bug that ends a gateway: one line, and its place in the log', async (context) => {
  const folder = await temporaryFolder(context);
  const config = join(folder, 'portcullis.json');
  await writeFile(config, '{"servers":{}}');
  const gateway = await startGateway(context, {
    dataDir: join(folder, 'data'),
    args: ['--config', config],
    env: before(onSignal),
  });
  assert.deepEqual(await gateway.end('SIGUSR2'), { code: 3, signal: null });
  const lines = gateway.stderr().trimEnd().split('\n').slice(-2);
  const { level, event, where } = JSON.parse(lines[0] ?? '');
  assert.deepEqual([level, event], ['error', 'ended by what nothing caught']);
  assert.match(where, /^at /);
  assert.match(lines[1] ?? '', /^portcullis: `up` ended through a bug in .*no such luck; please/);
});

const fullDevice = '/dev/full';
const skip = existsSync(fullDevice) ? false : `there is no ${fullDevice} here`;

test('a full disk behind the output is no success', { skip }, async () => {
  const line = `exec "$0" "$@" > ${fullDevice}`;
  const args = [process.execPath, program, 'attack', 'list'];
  const ran = await command('sh', ['-c', line, ...args]);
  assert.equal(ran.code, 2, ran.stderr);
  assert.match(ran.stderr, /could not be carried out: Error: ENOSPC/);
});

test('a store that may grow no further says so', async (context) => {
  const folder = await temporaryFolder(context);
  const args = [process.execPath, program, 'catalogue', 'seed', '--data', join(folder, 'data')];
  const ran = await command('sh', ['-c', 'ulimit -f 64; exec "$0" "$@"', ...args]);
  assert.equal(ran.code, 2, ran.stderr);
  assert.match(ran.stderr, /disk/);
  assert.doesNotMatch(ran.stderr, /rollback/);
});
