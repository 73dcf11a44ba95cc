import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import type { Grant } from '../../src/identity/grant.ts';
import { hashToken, newToken } from '../../src/identity/token.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { openStream, post, type OpenedStream } from '../support/mcp-requests.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';
import { until } from '../support/until.ts';

const policy = { version: '1', default: 'deny', hide: ['secret'], tools: { read: {} } };
const initialize =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"old","version":"1"}}}';

const call = (name: string, id = 1): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}","arguments":{"n":1.0}}}`;

let server: RecordingServer;
let path: DataPath;
const otherToken = newToken();

before(async () => {
  server = await startRecordingServer();
  const config = { transport: 'http', url: server.url, headers: {}, allowPrivate: true } as const;
  path = await startDataPath({
    servers: [
      { name: 'rec', ...config },
      { name: 'rec-b', ...config },
    ],
    policies: { rec: policy, 'rec-b': policy },
  });
  path.publish((snapshot) => {
    const [first] = snapshot.grantsByToken.values();
    assert.ok(first !== undefined);
    const other: Grant = { ...first, id: 'grant_other', tokenSha256: hashToken(otherToken) };
    const grantsByToken = new Map([...snapshot.grantsByToken, [other.tokenSha256, other]]);
    return { ...snapshot, grantsByToken };
  });
  await path.gateway.toolsReady('rec');
});

after(async () => {
  await path.close();
  await server.close();
});

beforeEach(() => {
  server.bodies.length = 0;
  server.calls.length = 0;
});

/** A stream, and where its first event says that messages go. */
async function open(target = '/s/rec/sse'): Promise<{ stream: OpenedStream; endpoint: string }> {
  const { token, url } = path;
  const stream = await openStream({ url: `${url}${target}`, token }, { method: 'GET' });
  assert.equal(stream.status, 200);
  await until('an endpoint', () => /^data: .+\n\n/m.test(stream.text()));
  const endpoint = /^event: endpoint\ndata: (\S+)\n\n/.exec(stream.text())?.[1] ?? '';
  return { stream, endpoint };
}

function send(endpoint: string, body: string, token = path.token): Promise<number> {
  return post({ url: `${path.url}${endpoint}`, token }, { body }).then(({ status }) => status);
}

describe('clients of HTTP+SSE', () => {
  test('are given an endpoint of the gateway, and answers on their stream', async () => {
    const { stream, endpoint } = await open();
    assert.match(endpoint, /^\/s\/rec\/message\?session=sse_[A-Za-z0-9_-]+$/);
    assert.equal(await send(endpoint, initialize), 202);
    await until('an answer', () => stream.text().includes('"recorder"'));
    assert.equal(
      await send(endpoint, '{"jsonrpc":"2.0","method":"notifications/initialized"}'),
      202,
    );
    assert.equal(await send(endpoint, call('read')), 202);
    await until('an answer', () => stream.text().includes('9007199254740993,"one":1.0'));
    assert.deepEqual(server.calls, ['read']);
    assert.equal(server.bodies.at(-1), call('read'));
    stream.end();
  });

  test('are refused what the policy refuses, and see hidden tools as unknown', async () => {
    const { stream, endpoint } = await open();
    await send(endpoint, call('pay', 7));
    await until('a refusal', () => /"id":7,.*POLICY DENIED/.test(stream.text()));
    await send(endpoint, call('secret', 8));
    await until('an error', () => /"id":8,"error":.*-32602.*Unknown tool/.test(stream.text()));
    await send(endpoint, '{"jsonrpc":"2.0","id":9,"id":9,"method":"ping"}');
    await until('an error', () => stream.text().includes('duplicate-key'));
    await send(endpoint, `[${call('read', 3)}]`);
    await until('an error', () => stream.text().includes('"id":3'));
    assert.deepEqual(server.calls, ['read']);
    stream.end();
  });

  test('reach all servers of the grant under one address', async () => {
    await path.gateway.toolsReady('rec-b');
    const { stream, endpoint } = await open('/sse');
    assert.match(endpoint, /^\/message\?session=/);
    await send(endpoint, initialize);
    await until('an answer', () => stream.text().includes('"portcullis"'));
    await send(endpoint, call('rec-b__read', 2));
    await until('an answer', () => stream.text().includes('"id":2,"result"'));
    assert.deepEqual(server.calls, ['read']);
    const before = path.records.length;
    stream.end();
    const ended = (): readonly unknown[] =>
      path.records.slice(before).filter((r) => r.kind === 'method' && r.method === 'DELETE');
    await until('the end of the session with each of them', () => ended().length === 2);
  });

  const strangers: readonly (readonly [string, (endpoint: string) => Promise<number>, number])[] = [
    ['another grant', (endpoint) => send(endpoint, call('read'), otherToken), 404],
    ['no grant', (endpoint) => send(endpoint, call('read'), 'pc_none'), 401],
    ['a session of another server', (e) => send(e.replace('/rec/', '/rec-b/'), call('read')), 404],
    ['a session that is not there', (e) => send(`${e}x`, call('read')), 404],
    ['a path with more behind it', (e) => send(`${e}&x=1`, call('read')), 404],
    ['a token in the query', (e) => send(`${e}&token=${path.token}`, call('read'), 'x'), 404],
  ];
  for (const [who, sent, status] of strangers) {
    test(`cannot be spoken for by ${who}`, async () => {
      const { stream, endpoint } = await open();
      assert.equal(await sent(endpoint), status);
      assert.deepEqual(server.calls, []);
      stream.end();
    });
  }

  test('end their session when they leave', async () => {
    const { stream, endpoint } = await open();
    await send(endpoint, initialize);
    await until('an answer', () => stream.text().includes('"recorder"'));
    const before = path.records.length;
    stream.end();
    const ended = (): boolean =>
      path.records.slice(before).some((r) => r.kind === 'method' && r.method === 'DELETE');
    await until('the end of the session', ended);
    await until('no session', async () => (await send(endpoint, call('read'))) === 404);
    assert.equal(path.gateway.live.streamCount(), 0);
  });

  for (const target of ['/s/rec/sse', '/sse']) {
    test(`end on ${target} the session that is opened for them after they left`, async (context) => {
      const { stream, endpoint } = await open(target);
      const before = path.records.length;
      const opening = server.bodies.length;
      const servers = target === '/sse' ? 2 : 1;
      const release = server.holdAnswers();
      context.after(release);
      await send(endpoint, initialize);
      await until('the server is asked', () => server.bodies.length === opening + servers);
      stream.end();
      await until('the client has gone', () => path.gateway.live.streamCount() === 0);
      release();
      const ended = (): number =>
        path.records.slice(before).filter((r) => r.kind === 'method' && r.method === 'DELETE')
          .length;
      await until('the end of the session with each server', () => ended() === servers);
    });
  }

  test('lose their stream with their grant', async () => {
    const { stream } = await open();
    const kept = path.gateway.snapshot();
    path.publish((snapshot) => ({ ...snapshot, grantsByToken: new Map() }));
    await stream.closed;
    path.publish(() => kept);
    const { token, url } = path;
    const again = await openStream({ url: `${url}/s/rec/sse`, token }, { method: 'POST' });
    assert.equal(again.status, 405);
  });
});
