import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { fixtures } from '../../src/attacks/servers/all.ts';
import { listenHttp } from '../../src/attacks/servers/http.ts';
import { startGateway } from '../support/gateway-process.ts';
import { modernCall, post } from '../support/mcp-requests.ts';

const token = 'a-token-of-a-harness-0123456789abcdef';

test('the documented command puts the gateway before a server of somebody else', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-harness-'));
  context.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const calls: string[] = [];
  const make = fixtures['sql'];
  assert.ok(make);
  const options = { ticket: 'hello' };
  const note = (did: string): void => void calls.push(did);
  const server = await listenHttp(await make({ options, note, sandbox: folder }));
  context.after(() => server.close());
  const gateway = await startGateway(context, {
    dataDir: join(folder, 'data'),
    args: ['--config', 'examples/harness/portcullis.json'],
    env: { HARNESS_SERVER: server.url, HARNESS_TOKEN: token },
  });
  const client = { url: `${gateway.url}/s/target/mcp`, token };

  const read = await post(client, modernCall('list_tickets', {}));
  assert.match(read.text, /1: hello/);
  const dropped = await post(client, modernCall('drop_table', { table: 'users', env: 'prod' }));
  assert.match(dropped.text, /POLICY DENIED/);
  assert.ok(!calls.includes('dropped'));
  const stranger = { ...client, token: `${token}x` };
  assert.equal((await post(stranger, modernCall('list_tickets', {}))).status, 401);
});
