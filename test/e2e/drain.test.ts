import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { compileCache } from '../../scripts/compile-cache.ts';
import {
  descendants,
  isAlive,
  portcullis,
  program,
  startGateway,
  temporaryFolder,
  type GatewayProcess,
} from '../support/gateway-process.ts';
import { modern, modernCall, openStream, post, type Answered } from '../support/mcp-requests.ts';
import { fileGrant, writeOperatorFile } from '../support/operator-file.ts';
import { startStreamingServer, type StreamingServer } from '../support/streaming-server.ts';
import { until } from '../support/until.ts';

const orchard = new URL('../../src/demo/orchard.ts', import.meta.url).pathname;
const grant = fileGrant('g', ['s', 'child'], 'p');

interface Started {
  readonly gateway: GatewayProcess;
  readonly dataDir: string;
  readonly server: StreamingServer;
}

/** A gateway before one server over HTTP and one that it started itself. */
async function started(context: { after(work: () => Promise<void>): void }): Promise<Started> {
  const folder = await temporaryFolder(context);
  const server = await startStreamingServer();
  context.after(() => server.close());
  const path = await writeOperatorFile(folder, {
    servers: {
      s: { url: server.url, allowPrivate: true },
      child: { command: process.execPath, args: [orchard] },
    },
    policies: { p: { version: '1', default: 'allow' } },
    grants: [grant],
  });
  const dataDir = join(folder, 'data');
  const gateway = await startGateway(context, { dataDir, args: ['--config', path] });
  return { gateway, dataDir, server };
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal}: calls under way are answered, new ones are not taken, nothing is left`, async (context) => {
    const { gateway, dataDir, server } = await started(context);
    const agent = new Agent({ keepAlive: true });
    context.after(async () => agent.destroy());
    const client = { url: `${gateway.url}/s/s/mcp`, token: grant.token };
    const child = { url: `${gateway.url}/s/child/mcp`, token: grant.token };
    assert.equal((await post(child, modernCall('calendar.today', {}))).status, 200);
    const below = await descendants(gateway.pid);
    assert.ok(below.length > 0, 'the server was not started');

    // A stream that would stay open for ever, and two calls that take a while.
    const listening = modern(
      'subscriptions/listen',
      { notifications: { toolsListChanged: true } },
      { id: 'l' },
    );
    const stream = await openStream(client, { method: 'POST', ...listening });
    const letGo = server.holdCalls();
    const calls = ['one', 'two'].map((nonce) =>
      post({ ...client, agent }, modernCall('read', { nonce })),
    );
    await until('the calls did not arrive', () => server.calls.length === 2);

    const startedMs = performance.now();
    const ended = gateway.end(signal);
    await gateway.said(/stopping: calls under way may end, new ones are refused/);
    const late: Answered | string = await post(client, modernCall('read', { nonce: 'late' })).catch(
      (error: NodeJS.ErrnoException) => error.code ?? error.message,
    );
    assert.equal(
      typeof late === 'string' ? late : late.status,
      typeof late === 'string' ? 'ECONNREFUSED' : 503,
    );

    letGo();
    const answers = await Promise.all(calls);
    for (const answer of answers) {
      assert.equal(answer.status, 200);
      assert.match(answer.text, /nonce/);
    }
    await stream.closed;
    assert.deepEqual(await ended, { code: 0, signal: null }, gateway.stderr());
    const tookMs = performance.now() - startedMs;
    // The stream that stays open is not waited for, as calls would be.
    assert.ok(tookMs < 25_000, `the end took ${tookMs} ms`);
    assert.equal(server.calls.length, 2);
    for (const pid of below) assert.equal(await isAlive(pid), false, `process ${pid} is left`);

    await assert.rejects(stat(join(dataDir, 'run.json')), { code: 'ENOENT' });
    const verified = await portcullis(['audit', 'verify', '--data', dataDir]);
    assert.equal(verified.code, 0, verified.stdout);
    const found = await portcullis(['audit', 'tail', '-n', '200', '--data', dataDir, '--json']);
    assert.equal(found.stdout.match(/"kind":"outcome"/g)?.length, 3, found.stdout);
    assert.match(found.stdout, /"event":"stop"/);
  });
}

test('a request on a connection that was open before is refused with 503', async (context) => {
  const { gateway, server } = await started(context);
  const client = { url: `${gateway.url}/s/s/mcp`, token: grant.token };
  assert.match((await post(client, modernCall('read', { nonce: 'first' }))).text, /first/);
  const letGo = server.holdCalls();
  const held = post(client, modernCall('read', { nonce: 'slow' }));
  // Half of a head: this connection is neither idle nor has it a request yet.
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  const { body, headers } = modernCall('write', { nonce: 'late' });
  const lines = Object.entries({ ...headers, authorization: `Bearer ${grant.token}` });
  socket.write(`POST /s/s/mcp HTTP/1.1\r\nhost: ${new URL(gateway.url).host}\r\n`);
  await until('the slow call did not arrive', () => server.calls.length === 2);
  const ended = gateway.end('SIGTERM');
  await gateway.said(/stopping/);
  socket.write(
    lines.map(([name, value]) => `${name}: ${value}\r\n`).join('') +
      'content-type: application/json\r\naccept: application/json, text/event-stream\r\n' +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  await closed;
  letGo();
  assert.match(received, /^HTTP\/1\.1 503 /);
  assert.match(received, /connection: close/i);
  assert.equal((await held).status, 200);
  assert.deepEqual(await ended, { code: 0, signal: null }, gateway.stderr());
  assert.deepEqual(
    server.calls.map((call) => call.args['nonce']),
    ['first', 'slow'],
  );
});

test('whoever asks a second time does not wait: what was under way is on record as broken off', async (context) => {
  const { gateway, dataDir, server } = await started(context);
  server.holdCalls();
  const client = { url: `${gateway.url}/s/s/mcp`, token: grant.token };
  const call = post(client, modernCall('write', { nonce: 'x' })).catch(() => null);
  await until('the call did not arrive', () => server.calls.length === 1);
  const startedMs = performance.now();
  const ended = gateway.end('SIGTERM');
  await gateway.said(/stopping/);
  process.kill(gateway.pid, 'SIGTERM');
  assert.deepEqual(await ended, { code: 0, signal: null }, gateway.stderr());
  // Calls under way would be waited for longer.
  assert.ok(performance.now() - startedMs < 25_000);
  await call;
  const verified = await portcullis(['audit', 'verify', '--data', dataDir]);
  assert.equal(verified.code, 0, verified.stdout);
  const found = await portcullis(['audit', 'tail', '--data', dataDir, '--json']);
  const outcome = found.stdout.split('\n').find((line) => line.includes('"kind":"outcome"'));
  assert.match(outcome ?? '', /"status":"(cancelled|broken)"/);
});

test('a gateway goes on when nobody reads what it says of itself', async (context) => {
  const folder = await temporaryFolder(context);
  const config = join(folder, 'portcullis.json');
  await writeFile(config, '{"servers":{}}');
  const dataDir = join(folder, 'data');
  const args = [program, 'up', '--port', '0', '--config', config, '--data', dataDir];
  const env = { ...process.env, ...compileCache };
  const gateway = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  gateway.stdout.destroy();
  gateway.stderr.destroy();
  const ended = new Promise((resolve) => gateway.on('exit', resolve));
  context.after(async () => {
    gateway.kill('SIGKILL');
    await ended;
  });
  let url = '';
  await until('where it listens', async () => {
    const run = await readFile(join(dataDir, 'run.json'), 'utf8').catch(() => '');
    url = /"url":\s*"([^"]+)"/.exec(run)?.[1] ?? '';
    return url !== '';
  });
  // One after the other: what comes of a lost banner has come by then.
  for (let asked = 0; asked < 20; asked += 1) {
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  }
  gateway.kill('SIGTERM');
  assert.equal(await ended, 0);
});
