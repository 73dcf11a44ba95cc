import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startGateway, temporaryFolder, type GatewayProcess } from '../support/gateway-process.ts';
import { fileGrant, writeOperatorFile } from '../support/operator-file.ts';

const server = fileURLToPath(new URL('../fixtures/hostile-server.mjs', import.meta.url));

const grant = fileGrant('hostile', ['hostile'], 'open');

/** A gateway in front of a server whose names are written to run in the page that shows them. */
async function start(context: TestContext): Promise<{ gateway: GatewayProcess }> {
  const dataDir = await temporaryFolder(context);
  const config = await writeOperatorFile(join(dataDir, 'config'), {
    servers: { hostile: { command: process.execPath, args: [server] } },
    policies: { open: { version: '1', default: 'allow' } },
    grants: [grant],
  });
  const gateway = await startGateway(context, { dataDir, args: ['--config', config] });
  return { gateway };
}

test('a connection that a browser opened ahead of need does not hold up the end', async (context) => {
  const { gateway } = await start(context);
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(gateway.url).port) });
  await new Promise((resolve) => socket.once('connect', resolve));
  const startedMs = performance.now();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => null);
  socket.resume();
  assert.deepEqual(await gateway.end('SIGTERM'), { code: 0, signal: null });
  await closed;
  // Calls under way would be waited for longer.
  assert.ok(performance.now() - startedMs < 25_000);
});

// B-128: what a path of the console leads to is a file of the console, or its first page.
test('no path leads out of the folder of the console', async (context) => {
  const { gateway } = await start(context);
  const { hostname, port } = new URL(gateway.url);
  const paths = [
    '/console/..%2f..%2fpackage.json',
    '/console/%2e%2e/%2e%2e/package.json',
    '/console/....//package.json',
    '/console/assets/..%5c..%5cpackage.json',
    '/console/assets/%00.js',
    '/console//etc/passwd.txt',
    '/console/../package.json',
  ];
  for (const path of paths) {
    const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const asked = request({ hostname, port, path, method: 'GET' }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      asked.on('error', reject).end();
    });
    assert.doesNotMatch(answer.text, /"workspaces"|root:/, path);
    assert.ok([200, 303, 400, 404].includes(answer.status), `${path}: ${answer.status}`);
  }
});
