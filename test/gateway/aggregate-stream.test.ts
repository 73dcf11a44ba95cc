import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startDataPath, type DataPath } from '../support/data-path.ts';
import { openStream, post } from '../support/mcp-requests.ts';
import { until } from '../support/until.ts';

const script = fileURLToPath(new URL('../fixtures/upstream/chatty-stdio.mjs', import.meta.url));
const initialize =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}';

let path: DataPath;

before(async () => {
  const stdio = { transport: 'stdio', command: process.execPath, env: {}, cwd: null } as const;
  const policy = { version: '1', default: 'allow' };
  path = await startDataPath({
    servers: [
      { name: 'one', ...stdio, args: [script, 'one'] },
      { name: 'two', ...stdio, args: [script, 'two'] },
    ],
    policies: { one: policy, two: policy },
  });
});
after(() => path.close());

describe('the event stream of all servers', () => {
  test('carries what each of them sends by itself, and ends with its client', async () => {
    const client = { url: `${path.url}/mcp`, token: path.token };
    const opened = await post(client, { body: initialize });
    assert.match(opened.text, /"listChanged":true/);
    const headers = { 'mcp-session-id': String(opened.headers['mcp-session-id']) };
    await post(client, { headers, body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' });
    const stream = await openStream(client, { method: 'GET', headers });
    assert.equal(stream.status, 200);
    const both = (): boolean => /"one"/.test(stream.text()) && /"two"/.test(stream.text());
    await until('a message of each', both);
    assert.equal(path.gateway.live.streamCount(), 1);
    stream.end();
    await until('no stream', () => path.gateway.live.streamCount() === 0);

    const end = await openStream({ ...client }, { method: 'GET', headers: {} });
    assert.equal(end.status, 400);
    const foreign = { 'mcp-session-id': 'agg_none' };
    assert.equal((await openStream(client, { method: 'GET', headers: foreign })).status, 404);
  });
});
