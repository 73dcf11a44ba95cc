import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { until } from '../support/until.ts';
import { newToken } from '../../src/identity/token.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { modern, openStream, post, type OpenedStream } from '../support/mcp-requests.ts';
import { startStreamingServer, type StreamingServer } from '../support/streaming-server.ts';

const script = fileURLToPath(new URL('../fixtures/upstream/stdio-server.ts', import.meta.url));
const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'c', version: '1' },
  },
});
const listen = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });

let server: StreamingServer;
let path: DataPath;

before(async () => {
  server = await startStreamingServer();
  const http = { transport: 'http', url: server.url, headers: {}, allowPrivate: true } as const;
  const stdio = { command: process.execPath, args: [script, 'echo'], env: {}, cwd: null };
  path = await startDataPath({
    servers: [
      { name: 'web', ...http },
      { name: 'local', transport: 'stdio', ...stdio },
    ],
    policies: {},
    limits: { streamsPerGrantMax: 1, sessionsPerGrantMax: 1 },
  });
});

after(async () => {
  await path.close();
  await server.close();
});

beforeEach(() => {
  path.records.length = 0;
});

const client = (at: string) => ({ url: `${path.url}${at}`, token: path.token });
const refusals = (): readonly unknown[] =>
  path.records
    .filter((record) => record.kind === 'method' && record.decision === 'deny')
    .map((record) => ('code' in record ? record.code : null));

async function openSession(at: string): Promise<{ readonly id: string; readonly text: string }> {
  const answered = await post(client(at), { body: initialize });
  return { id: String(answered.headers['mcp-session-id']), text: answered.text };
}

const endOf = async (at: string, session: string): Promise<void> => {
  const headers = { authorization: `Bearer ${path.token}`, 'mcp-session-id': session };
  await fetch(`${path.url}${at}`, { method: 'DELETE', headers });
};

async function sessionStream(at: string): Promise<OpenedStream> {
  const { id } = await openSession(at);
  const opened = await openStream(client(at), {
    method: 'GET',
    headers: { 'mcp-session-id': id },
  });
  await opened.closed;
  await endOf(at, id);
  return opened;
}

describe('a grant that has all the streams it may have', () => {
  const streams: readonly (readonly [string, () => Promise<OpenedStream>])[] = [
    ['of a session', () => sessionStream('/s/web/mcp')],
    ['of a session over all servers', () => sessionStream('/mcp')],
    ['of HTTP+SSE', () => openStream(client('/s/web/sse'), { method: 'GET' })],
    ['of a subscription', () => openStream(client('/s/web/mcp'), { method: 'POST', ...listen })],
  ];
  for (const [which, open] of streams) {
    test(`gets no other ${which}, is told so, and it is on record`, async () => {
      const first = await openStream(client('/s/web/mcp'), { method: 'POST', ...listen });
      assert.equal(first.status, 200);
      const refused = await open();
      await refused.closed;
      assert.equal(refused.status, 429);
      assert.match(refused.text(), /1 streams of this grant are open, as many as it may have/);
      assert.deepEqual(refusals(), ['streams']);
      first.end();
      await first.closed;
    });
  }
});

describe('a grant that has all the sessions it may have', () => {
  test('is told so where each is a process, and it is on record', async () => {
    let first = await openSession('/s/local/mcp');
    // Sessions that came before are ending.
    await until('no place', async () => {
      if (!first.text.includes('"result"')) first = await openSession('/s/local/mcp');
      return first.text.includes('"result"');
    });
    path.records.length = 0;
    const second = await openSession('/s/local/mcp');
    assert.match(second.text, /sessions or streams are open with this server/);
    assert.deepEqual(refusals(), ['places']);
    await endOf('/s/local/mcp', first.id);
  });

  test('ends its oldest on the endpoint of all servers, and at each of them', async () => {
    const ping = { body: '{"jsonrpc":"2.0","id":2,"method":"ping"}' };
    const [first, second] = [await openSession('/mcp'), await openSession('/mcp')];
    const ask = async (session: string) =>
      (await post(client('/mcp'), { ...ping, headers: { 'mcp-session-id': session } })).status;
    assert.deepEqual([await ask(first.id), await ask(second.id)], [404, 200]);
    await until('no end at a server', () =>
      path.records.some((record) => record.kind === 'method' && record.method === 'DELETE'),
    );
  });
});

test('B-029: wrong tokens are slowed down, a right one is not', async () => {
  const wrong = { url: `${path.url}/s/web/mcp`, token: newToken() };
  const statuses: number[] = [];
  let waits = '';
  for (let n = 0; n < 150; n += 1) {
    const { status, headers } = await post(wrong, { body: initialize });
    statuses.push(status);
    if (status === 429) waits = String(headers['retry-after']);
  }
  assert.deepEqual(statuses.slice(0, 100), Array<number>(100).fill(401));
  assert.ok(statuses.includes(429));
  assert.equal(waits, '1');
  assert.match((await openSession('/s/web/mcp')).text, /"result"/);
  assert.deepEqual([...new Set(refusals())], ['token-unknown']);
});
