import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import { until } from '../../test/support/until.ts';
import { silentLog } from '../base/log.ts';
import { ToolReader } from './tool-reader.ts';
import { checkTarget } from './upstream/egress.ts';
import { openHttpUpstream } from './upstream/http.ts';

// By itself a reading gives up three seconds later; time in which the machine stands still does not count.
const closedMsMax = 12_000;

test('a reader that is closed leaves a server that does not answer', async (context) => {
  const server = createServer(() => undefined);
  server.listen(0, '127.0.0.1');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  // A listening TCP server has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const target = checkTarget(`http://127.0.0.1:${port}/mcp`, true);
  assert.ok(target.ok);
  const egress = { connectTimeoutMs: 5_000 };
  const options = { target: target.value, headers: {}, egress, callsMax: 4, streamsMax: 4 };
  const said: string[] = [];
  const reader = new ToolReader({
    connect: () => openHttpUpstream(options),
    pin: () => Promise.resolve(),
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
    log: { ...silentLog, warn: (text) => said.push(text) },
  });
  const asked = once(server, 'request');
  const read = reader.ready('silent');
  await asked;
  let isClosed = false;
  void reader.close().then(() => (isClosed = true));
  await until('the reader is closed', () => isClosed, closedMsMax);
  assert.equal(await read, false);
  assert.deepEqual(said, []);
  assert.equal(await reader.ready('silent'), false);
});
