import assert from 'node:assert/strict';
import { appendFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { portcullis, startGateway, temporaryFolder } from '../support/gateway-process.ts';
import { modernCall, post } from '../support/mcp-requests.ts';
import { fileGrant, writeOperatorFile } from '../support/operator-file.ts';
import { startRecordingServer } from '../support/recording-server.ts';

const limits = [{ counter: 'reads', window: 'day', max: 3, scope: 'grant' }];

test('a backup of a running gateway, restored elsewhere, is the same gateway (R-35)', async (context) => {
  const folder = await temporaryFolder(context);
  const server = await startRecordingServer();
  context.after(() => server.close());
  const [dataDir, backup, again] = ['data', 'backup', 'again'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const grant = fileGrant('g', ['s'], 'p');
  const path = await writeOperatorFile(folder, {
    servers: { s: { url: server.url, allowPrivate: true } },
    policies: {
      p: {
        version: '1',
        default: 'deny',
        tools: { read: { limits }, write: { action: 'require_approval' } },
      },
    },
    grants: [grant],
  });
  const gateway = await startGateway(context, { dataDir, args: ['--config', path] });
  const client = { url: `${gateway.url}/s/s/mcp`, token: grant.token };
  for (let n = 0; n < 3; n += 1) {
    assert.equal((await post(client, modernCall('read', { n }))).text.includes('isError'), false);
  }
  const held = post(client, modernCall('write', {})).catch(() => null);
  const created = await portcullis([
    'grant',
    'create',
    'made',
    '--principal',
    'agent:x',
    '--server',
    's',
    '--policy',
    'p',
    '--data',
    dataDir,
  ]);
  assert.equal(created.code, 0, created.stderr);

  const made = await portcullis(['backup', backup, '--data', dataDir]);
  assert.equal(made.code, 0, made.stderr);
  const grants = await portcullis(['grant', 'list', '--json', '--data', dataDir]);
  const approvals = await portcullis(['approve', 'list', '--json', '--data', dataDir]);
  await gateway.end('SIGKILL');
  await held;

  for (const [name, args, message] of [
    ['a folder that is in use', ['backup', backup, '--data', dataDir], /is not empty/],
    ['no data', ['backup', join(folder, 'x'), '--data', join(folder, 'y')], /holds no data/],
    ['no backup', ['restore', folder, '--data', again], /holds no backup/],
    ['onto what is there', ['restore', backup, '--data', dataDir], /is not empty/],
  ] as const) {
    const refused = await portcullis(args);
    assert.equal(refused.code, 2, name);
    assert.match(refused.stderr, message, name);
  }

  const restored = await portcullis(['restore', backup, '--data', again]);
  assert.equal(restored.code, 0, restored.stderr);
  assert.equal(/record is .*/.exec(restored.stdout)?.[0], /record is .*/.exec(made.stdout)?.[0]);
  assert.equal((await portcullis(['audit', 'verify', '--data', again])).code, 0);

  const second = await startGateway(context, { dataDir: again, args: ['--config', path] });
  const answer = await post({ ...client, url: `${second.url}/s/s/mcp` }, modernCall('read', {}));
  assert.match(answer.text, /POLICY DENIED.*the limit of 3/, 'the counters are as they were');
  assert.equal(
    (await portcullis(['grant', 'list', '--json', '--data', again])).stdout,
    grants.stdout,
  );
  const held2 = await portcullis(['approve', 'list', '--json', '--data', again]);
  assert.equal(held2.code, approvals.code);
  assert.deepEqual(idsIn(held2.stdout), idsIn(approvals.stdout), 'the approvals are as they were');
  await second.end('SIGTERM');
  assert.equal((await portcullis(['audit', 'verify', '--data', again])).code, 0);
});

function idsIn(json: string): readonly string[] {
  return [...json.matchAll(/"id":\s*"([^"]+)"/g)].map(([, id]) => id ?? '').toSorted();
}

test('a backup that is not whole is not restored', async (context) => {
  const folder = await temporaryFolder(context);
  const [dataDir, backup] = [join(folder, 'data'), join(folder, 'backup')];
  const path = await writeOperatorFile(folder, { servers: {}, policies: {}, grants: [] });
  const gateway = await startGateway(context, { dataDir, args: ['--config', path] });
  await gateway.end('SIGTERM');
  const inside = await portcullis(['backup', join(dataDir, 'backup'), '--data', dataDir]);
  assert.equal(inside.code, 2);
  assert.match(inside.stderr, /is inside the data folder/);
  assert.equal((await readdir(dataDir)).includes('backup'), false);
  assert.equal((await portcullis(['backup', backup, '--data', dataDir])).code, 0);
  const segment = join(backup, 'audit', '0000000000000001.jsonl');
  const [lines, manifest] = await Promise.all([
    readFile(segment),
    readFile(join(backup, 'backup.json'), 'utf8'),
  ]);
  const cases: readonly (readonly [string, () => Promise<unknown>, RegExp])[] = [
    ['a changed file', () => appendFile(segment, ' '), /is not as it was backed up/],
    ['a missing file', () => rm(segment), /is not as it was backed up/],
    ['a file too many', () => writeFile(join(backup, 'more'), ''), /more is not as it was/],
    [
      'a path that leads out',
      () => writeFile(join(backup, 'backup.json'), manifest.replace('"audit/', '"../audit/')),
      /holds no backup/,
    ],
  ];
  for (const [name, damage, message] of cases) {
    await damage();
    const refused = await portcullis(['restore', backup, '--data', join(folder, 'again')]);
    assert.equal(refused.code, 2, name);
    assert.match(refused.stderr, message, name);
    await mkdir(join(backup, 'audit'), { recursive: true });
    await writeFile(segment, lines);
    await rm(join(backup, 'more'), { force: true });
    await writeFile(join(backup, 'backup.json'), manifest);
  }
  assert.equal((await portcullis(['restore', backup, '--data', join(folder, 'again')])).code, 0);
});
