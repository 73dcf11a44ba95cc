import assert from 'node:assert/strict';
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
  const gateway = await startGateway({ dataDir, args: ['--config', config] });
  context.after(() => gateway.end('SIGTERM'));
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
  // Half of what calls under way are waited for.
  assert.ok(performance.now() - startedMs < 15_000);
});
