import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';

import { sealSession } from '../../src/gateway/session.ts';
import { freePort, startDataPath, type DataPath } from '../support/data-path.ts';
import { modern, post } from '../support/mcp-requests.ts';
import { startRecordingServer } from '../support/recording-server.ts';

const limits = [
  { counter: 'spent', window: 'hour', max: 100, scope: 'grant', cost: 'args.amount' },
];
const policy = { version: '1', default: 'deny', tools: { pay: { limits } } };

async function pathTo(context: TestContext, url: string): Promise<DataPath> {
  const config = { name: 's', transport: 'http', url, headers: {}, allowPrivate: true } as const;
  const path = await startDataPath({ servers: [config], policies: { s: policy } });
  context.after(() => path.close());
  return path;
}

/** Text of a call whose amount is written as it stands. */
async function pay(path: DataPath, amount: string): Promise<string> {
  const params = { name: 'pay', arguments: { amount: 'AMOUNT' } };
  const { body, headers } = modern('tools/call', params, { name: 'pay' });
  const client = { url: `${path.url}/s/s/mcp`, token: path.token };
  return (await post(client, { body: body.replace('"AMOUNT"', amount), headers })).text;
}

// What a cost cannot be told from is refused before anything is counted.
const amounts = ['-1', '-0.01', '"60"', '"NaN"', 'null', 'true', '[60]', '{}', '1e308', '1e999'];
for (const amount of amounts) {
  test(`B-146: an amount of ${amount} is refused, and counts nothing`, async (context) => {
    const server = await startRecordingServer();
    context.after(() => server.close());
    const path = await pathTo(context, server.url);
    await path.gateway.toolsReady('s');
    server.calls.length = 0;
    assert.match(await pay(path, amount), /POLICY DENIED/);
    assert.deepEqual(server.calls, []);
    assert.doesNotMatch(await pay(path, '100'), /POLICY DENIED/);
    assert.match(await pay(path, '1'), /POLICY DENIED/);
    assert.deepEqual(server.calls, ['pay']);
  });
}

test('B-141: what a server may have run stays counted, what it never got does not', async (context) => {
  const server = await startRecordingServer();
  const target = { url: server.url };
  let breaks = false;
  // Stands between: passes on, or breaks off once the call was received.
  const between = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (breaks) return void response.destroy();
      const headers = request.headers as Record<string, string>;
      const { host: _, connection: __, 'content-length': ___, ...passed } = headers;
      const body = Buffer.concat(chunks).toString();
      void fetch(target.url, { method: 'POST', headers: passed, body }).then(async (answer) => {
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(await answer.text());
      });
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => between.listen(port, '127.0.0.1', resolve));
  const path = await pathTo(context, `http://127.0.0.1:${(between.address() as AddressInfo).port}`);
  context.after(() => server.close());
  await path.gateway.toolsReady('s');

  breaks = true;
  assert.match(await pay(path, '60'), /whether it ran the call is unknown/);
  breaks = false;
  assert.match(await pay(path, '60'), /POLICY DENIED/, 'the sixty stay counted');
  between.closeAllConnections();
  await new Promise((resolve) => between.close(resolve));
  assert.match(await pay(path, '40'), /could not be reached; the call was not made/);
  await new Promise<void>((resolve) => between.listen(port, '127.0.0.1', resolve));
  assert.doesNotMatch(await pay(path, '40'), /POLICY DENIED/, 'the forty came back');
  assert.match(await pay(path, '1'), /POLICY DENIED/);
  between.closeAllConnections();
  await new Promise((resolve) => between.close(resolve));
});

test('B-145: naming a session opens no other count where the era has none', async (context) => {
  const server = await startRecordingServer();
  context.after(() => server.close());
  const config = { name: 's', transport: 'http', url: server.url, headers: {}, allowPrivate: true };
  const path = await startDataPath({
    servers: [{ ...config, transport: 'http' }],
    policies: { s: { version: '1', default: 'deny', tools: { pay: { rate_limit: once } } } },
  });
  context.after(() => path.close());
  await path.gateway.toolsReady('s');
  const answers: string[] = [];
  for (const id of ['one', 'other', null]) {
    const { body, headers } = modern('tools/call', { name: 'pay', arguments: {} }, { name: 'pay' });
    const named = id === null ? {} : { 'mcp-session-id': sealed(path, id) };
    const client = { url: `${path.url}/s/s/mcp`, token: path.token };
    answers.push((await post(client, { body, headers: { ...headers, ...named } })).text);
  }
  assert.deepEqual(
    answers.map((text) => text.includes('POLICY DENIED')),
    [false, true, true],
  );
});

const once = { max: 1, window: 3600 };

/** The id of a session that this grant has with the server. */
function sealed({ gateway }: DataPath, id: string): string {
  const owner = { grantId: 'grant_test', server: 's' };
  return sealSession(gateway.installationKey, owner, { id, protocolVersion: '2025-11-25' })
    .sealedId;
}
