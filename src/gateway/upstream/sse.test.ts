import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { bare, eventsOf, post, run, start } from '../../../test/fixtures/upstream/collect.ts';
import { eventually, movableClock } from '../../../test/fixtures/upstream/stdio-upstream.ts';
import { checkTarget } from './egress.ts';
import { httpUpstreamDefaults } from './http.ts';
import type { SseContext } from './sse-channel.ts';
import { openSseUpstream } from './sse.ts';
import { stdioLimitDefaults } from './stdio-limits.ts';
import type { Upstream } from './upstream.ts';

const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize', params: {} };

function open(url: string, more: Partial<SseContext> = {}): Upstream {
  const target = checkTarget(url, true);
  assert(target.ok);
  const headers = { authorization: 'Bearer up' };
  const egress = { connectTimeoutMs: 60_000 };
  let sessions = 0;
  return openSseUpstream({
    http: { target: target.value, headers, egress, ...httpUpstreamDefaults },
    limits: stdioLimitDefaults,
    clock: movableClock(),
    endpointTimeoutMs: 60_000,
    postTimeoutMs: 60_000,
    newSessionId: () => `s-${(sessions += 1)}`,
    ...more,
  });
}

interface Fixture {
  readonly url: string;
  readonly posted: {
    readonly url: string;
    readonly authorization: string;
    readonly body: string;
  }[];
  readonly streams: Set<ServerResponse>;
  close(): Promise<void>;
}

/** A server of the old transport: names `endpoint`, answers every request on its stream. */
async function serve(endpoint: string, status = 202): Promise<Fixture> {
  const posted: { url: string; authorization: string; body: string }[] = [];
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      streams.add(response);
      response.on('close', () => streams.delete(response));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: endpoint\ndata: ${endpoint}\n\n`);
      return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { authorization = '' } = request.headers;
      posted.push({ url: request.url ?? '', authorization, body });
      response.writeHead(status).end();
      // The cases post JSON-RPC messages.
      const { id, method } = JSON.parse(body) as { id?: unknown; method?: string };
      if (id === undefined || method === undefined || method === 'hang' || status !== 202) return;
      const answer = JSON.stringify({ jsonrpc: '2.0', id, result: { method } });
      for (const stream of streams) stream.write(`event: message\ndata: ${answer}\n\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/sse`,
    posted,
    streams,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

describe('servers of the 2024-11-05 transport', () => {
  it('are presented as streamable HTTP', async () => {
    const server = await serve('/messages?session=7');
    const upstream = open(server.url);
    const opened = await run(upstream, post(initialize));
    assert.deepEqual([opened.status, opened.headers['mcp-session-id']], [200, 's-1']);
    const at = { sessionId: 's-1' };
    const note = { jsonrpc: '2.0', method: 'notifications/initialized' };
    assert.equal((await run(upstream, post(note, at))).status, 202);
    const got = await run(upstream, post({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, at));
    assert.deepEqual(JSON.parse(got.body).result, { method: 'tools/list' });
    assert.deepEqual(
      server.posted.map(({ url, authorization }) => [url, authorization]),
      Array.from({ length: 3 }, () => ['/messages?session=7', 'Bearer up']),
    );
    assert.equal(server.streams.size, 1);
    assert.equal((await run(upstream, bare('DELETE', at))).status, 204);
    await eventually(() => server.streams.size === 0);
    assert.equal((await run(upstream, post(note, at))).status, 404);
    await upstream.close();
    await server.close();
  });

  const endpoints = [
    'http://evil.example/messages',
    '//evil.example/messages',
    'https://127.0.0.1/messages',
    'http://127.0.0.1:1/messages',
    'http://user:pw@127.0.0.1/messages',
    'javascript:alert(1)',
    'http://[',
  ];
  for (const endpoint of endpoints) {
    it(`post nothing to the endpoint ${endpoint}`, async () => {
      const server = await serve(endpoint);
      const upstream = open(server.url);
      const got = await run(upstream, post(initialize));
      assert.deepEqual([got.failure?.kind, got.failure?.reached], ['refused', true]);
      assert.equal(server.posted.length, 0);
      await upstream.close();
      await server.close();
    });
  }

  it('fail a request that their endpoint refuses', async () => {
    const server = await serve('/messages', 500);
    const upstream = open(server.url);
    const got = await run(upstream, post(initialize));
    assert.deepEqual([got.failure?.kind, got.failure?.reached], ['broken', true]);
    await eventually(() => server.streams.size === 0);
    await upstream.close();
    await server.close();
  });

  it('fail what is open when their stream ends, and the session is gone', async () => {
    const server = await serve('/messages');
    const upstream = open(server.url);
    await run(upstream, post(initialize));
    const at = { sessionId: 's-1' };
    const hanging = start(upstream, post({ jsonrpc: '2.0', id: 1, method: 'hang' }, at));
    await eventually(() => server.posted.length === 2);
    for (const stream of server.streams) stream.end();
    assert.equal((await hanging.finished).failure?.kind, 'broken');
    assert.equal((await run(upstream, bare('GET', at))).status, 404);
    await upstream.close();
    await server.close();
  });

  it('fail in time when they name no endpoint, or are not there', async () => {
    const server = await serve('/messages');
    const silent = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an address with a port.
    const { port } = silent.address() as AddressInfo;
    const upstream = open(`http://127.0.0.1:${port}/sse`, { endpointTimeoutMs: 60 });
    assert.equal((await run(upstream, post(initialize))).failure?.kind, 'timeout');
    await upstream.close();
    silent.closeAllConnections();
    silent.close();
    await server.close();
    const absent = open(server.url);
    const got = await run(absent, post(initialize));
    assert.deepEqual([got.failure?.kind, got.failure?.reached], ['unreachable', false]);
    await absent.close();
  });

  it('answer a modern message as a legacy server does', async () => {
    const upstream = open('http://127.0.0.1:9999/sse');
    const probe = { jsonrpc: '2.0', id: 'p', method: 'server/discover', params: {} };
    const got = await run(upstream, post(probe, { era: 'modern' }));
    assert.equal(got.status, 400);
    assert.match(got.body, /"id":"p".*-32601/u);
    await upstream.close();
  });

  it('include server-everything, with its own requests to the client', async (context) => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an address with a port.
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const script = fileURLToPath(
      new URL(
        '../../../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
        import.meta.url,
      ),
    );
    const child = spawn(process.execPath, [script, 'sse'], {
      env: { PORT: String(port), PATH: '/usr/bin:/bin' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    context.after(() => child.kill('SIGKILL'));
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await eventually(() => /listening|port/iu.test(said));
    const upstream = open(`http://127.0.0.1:${port}/sse`, {
      endpointTimeoutMs: 60_000,
      postTimeoutMs: 60_000,
    });
    const params = {
      protocolVersion: '2024-11-05',
      capabilities: { sampling: {} },
      clientInfo: { name: 'test', version: '1' },
    };
    const opened = await run(upstream, post({ ...initialize, params }));
    assert.equal(opened.status, 200, JSON.stringify(opened));
    const at = { sessionId: opened.headers['mcp-session-id'] ?? '' };
    await run(upstream, post({ jsonrpc: '2.0', method: 'notifications/initialized' }, at));
    const call = { name: 'trigger-sampling-request', arguments: { prompt: 'p', maxTokens: 5 } };
    const asking = start(
      upstream,
      post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call }, at),
    );
    await asking.until(({ body }) => body.includes('sampling/createMessage'));
    // The events of the stream are JSON-RPC messages.
    const asked = eventsOf(asking.got.body).map(
      (event) => event as { id?: unknown; method?: string },
    );
    const id = asked.find(({ method }) => method === 'sampling/createMessage')?.id;
    const content = { type: 'text', text: 'sampled words' };
    const result = { model: 'm', role: 'assistant', content };
    await run(upstream, post({ jsonrpc: '2.0', id, result }, at));
    assert.match((await asking.finished).body, /sampled words/u);
    await upstream.close();
  });
});
