import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { portcullis, startGateway, temporaryFolder } from '../support/gateway-process.ts';
import { modernCall, post } from '../support/mcp-requests.ts';
import { fileGrant, operatorFile, replace, writeOperatorFile } from '../support/operator-file.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { until } from '../support/until.ts';

/** What an SDK leaves behind that was loaded with an older API than ours. */
const olderSdk = `globalThis[Symbol.for('opentelemetry.js.api.1')] = { version: '1.9.0', trace: {} }`;

test('metrics, readiness, a flood and a second place of a running gateway', async (context) => {
  const folder = await temporaryFolder(context);
  const server = await startRecordingServer();
  context.after(() => server.close());
  const dataDir = join(folder, 'data');
  const file = {
    servers: { s: { url: server.url, allowPrivate: true } },
    policies: { p: { version: '1', default: 'deny', tools: { read: {} } } },
    grants: [fileGrant('g', ['s'], 'p')],
  };
  const path = await writeOperatorFile(folder, file);
  const copy = join(folder, 'copy.jsonl');
  const audit = { sink: { file: copy }, keepDays: 30 };
  await replace(path, { ...operatorFile(file), audit, telemetry: { openTelemetry: true } });
  const gateway = await startGateway(context, {
    dataDir,
    args: ['--config', path],
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(olderSdk)}` },
  });
  const unseen = gateway.stderr().match(/"level":"warn".*OpenTelemetry.*"found":"[^"]* 1\.9\.0"/g);
  assert.equal(unseen?.length, 1, gateway.stderr());
  const client = { url: `${gateway.url}/s/s/mcp`, token: file.grants[0]?.token ?? '' };
  const get = async (target: string, key?: string): Promise<readonly [number, string]> => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const response = await fetch(`${gateway.url}${target}`, { headers });
    return [response.status, await response.text()];
  };
  const key = (await readFile(join(dataDir, 'operator.key'), 'utf8')).trim();

  for (let n = 0; n < 3; n += 1) await post(client, modernCall('read', { n }));
  await post(client, modernCall('pay', {}));
  assert.equal((await get('/metrics'))[0], 401);
  assert.equal((await get('/metrics', 'ptc_wrong'))[0], 401);
  const statuses = new Set<number>();
  for (let n = 0; n < 300; n += 1) {
    const { status } = await post({ ...client, token: 'ptc_wrong' }, modernCall('read', {}));
    statuses.add(status);
  }
  // The first hundred are told that the token is wrong, the others to come back later.
  assert.deepEqual([...statuses], [401, 429]);
  const [status, text] = await get('/metrics', key);
  assert.equal(status, 200);
  for (const line of [
    'portcullis_calls_total{server="s",tool="read",decision="allow",code=""} 3',
    'portcullis_call_outcomes_total{server="s",tool="read",status="ok"} 3',
    'portcullis_call_stage_seconds_count{server="s",stage="upstream"} 3',
    'portcullis_audit_healthy 1',
    'portcullis_policy_stale 0',
    'portcullis_calls_in_flight 0',
    'portcullis_sink_failing 0',
  ]) {
    assert.ok(text.includes(`${line}\n`), `${line}\n${text}`);
  }
  assert.match(text, /portcullis_requests_total\{.*decision="deny",code="token-\w+"\} 300\n/);
  assert.deepEqual(await get('/readyz'), [200, '{"ready":true,"warnings":[]}']);
  assert.equal((await get('/healthz'))[0], 200);

  await writeFile(path, '{ "servers": 7 }');
  await until('the broken file is noticed', async () =>
    (await get('/metrics', key))[1].includes('portcullis_policy_stale 1\n'),
  );
  const [ready, said] = await get('/readyz');
  assert.equal(ready, 200);
  // What is wrong with it has names and paths in it: they are for whoever has the key.
  assert.match(said, /the edited configuration is not in force: the gateway's log says why/);
  assert.doesNotMatch(said, /servers/);
  assert.match((await get('/readyz', key))[1], /is not in force: .*\/servers/);

  await gateway.end('SIGTERM');
  const exported = await portcullis(['audit', 'export', '--format', 'jsonl', '--data', dataDir]);
  const lines = exported.stdout.trim().split('\n');
  const floods = lines
    .map((line) => JSON.parse(line) as { grant?: unknown; decision?: string; count?: number })
    .filter((record) => record.grant === null && record.decision === 'deny');
  assert.ok(floods.length <= 60, `${floods.length} records of 300 wrong tokens`);
  assert.equal(
    floods.reduce((sum, { count = 1 }) => sum + count, 0),
    300,
  );
  const copied = (await readFile(copy, 'latin1')).trim().split('\n');
  assert.deepEqual(copied, lines.slice(0, copied.length));
  assert.ok(copied.length >= lines.length - 2, `${copied.length} of ${lines.length} records`);
  assert.equal((await portcullis(['audit', 'verify', '--data', dataDir])).code, 0);
  await rm(copy);
});
