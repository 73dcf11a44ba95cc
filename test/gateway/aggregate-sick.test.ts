import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';

import { startDataPath, type DataPath } from '../support/data-path.ts';
import { modern, modernCall, post, type Client } from '../support/mcp-requests.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';

const legacy = (id: number, method: string, params: object): { readonly body: string } => ({
  body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
});
const initialize = legacy(0, 'initialize', {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'c', version: '1' },
});

interface Stand {
  readonly path: DataPath;
  readonly server: RecordingServer;
  readonly client: Client;
  /** What the sick server was asked. */
  readonly asked: string[];
  /** Whether its list is waited for, by whoever waits for those of all servers. */
  readonly isWaitedFor: () => boolean;
}

/** The endpoint of all servers: one that answers, and one that takes everything and says nothing. */
async function stand(context: TestContext, amongAllMs: number): Promise<Stand> {
  const server = await startRecordingServer();
  context.after(() => server.close());
  const asked: string[] = [];
  const sick = createServer((request) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => asked.push(text));
  });
  await new Promise<void>((resolve) => sick.listen(0, '127.0.0.1', resolve));
  const end = (): void => sick.close().closeAllConnections();
  context.after(end);
  const { port } = sick.address() as AddressInfo;
  const at = { transport: 'http', headers: {}, allowPrivate: true } as const;
  const policy = { version: '1', default: 'allow' };
  const path = await startDataPath({
    servers: [
      { name: 'sick', ...at, url: `http://127.0.0.1:${port}/mcp` },
      { name: 'well', ...at, url: server.url },
    ],
    policies: { sick: policy, well: policy },
    limits: { amongAllMs },
  });
  context.after(async () => {
    // What hangs ends with its server, and whoever waits for it.
    end();
    await path.close();
  });
  let waited = true;
  void path.gateway.toolsReady('sick', 'all').then(() => (waited = false));
  const client = { url: `${path.url}/mcp`, token: path.token };
  return { path, server, client, asked, isWaitedFor: () => waited };
}

describe('a server that hangs, among all servers', { timeout: 120_000 }, () => {
  test('keeps no call of 2026-07-28 to another one, and no discovery, waiting', async (context) => {
    const { client, server, isWaitedFor } = await stand(context, 30_000);
    const called = await post(client, modernCall('well__read', { nonce: 'n' }));
    assert.match(called.text, /"content"/);
    assert.deepEqual(server.calls, ['read']);
    const discovered = await post(client, modern('server/discover', {}));
    assert.match(discovered.text, /supportedVersions/);
    const none = await post(client, modernCall('nobody__read', {}));
    assert.match(none.text, /Unknown tool/);
    assert.equal(isWaitedFor(), true, 'its list is still waited for');
  });

  test('is left out of a legacy session and of a list after a bound', async (context) => {
    const { client, asked } = await stand(context, 300);
    const opened = await post(client, initialize);
    assert.match(opened.text, /"protocolVersion"/);
    assert.ok(
      asked.some((text) => text.includes('"name":"c"')),
      'it was asked',
    );
    const headers = { 'mcp-session-id': String(opened.headers['mcp-session-id']) };
    const note = { body: '{"jsonrpc":"2.0","method":"notifications/initialized"}', headers };
    assert.equal((await post(client, note)).status, 202);
    const listed = await post(client, { ...legacy(1, 'tools/list', {}), headers });
    assert.match(listed.text, /well__read/);
    const call = legacy(2, 'tools/call', { name: 'well__read', arguments: {} });
    assert.match((await post(client, { ...call, headers })).text, /"content"/);
  });
});

const pageMs = 100;

interface PagedServer {
  readonly url: string;
  /** From now on its list has no end, and no page of it comes at once. */
  beEndless(): void;
  pages(): number;
  end(): void;
}

async function startPaged(): Promise<PagedServer> {
  let isEndless = false;
  let pages = 0;
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      // Only messages of the gateway's are sent here.
      const { id, method } = JSON.parse(text || '{}') as { id?: unknown; method?: string };
      if (method === undefined || id === undefined) return void response.writeHead(202).end();
      const isPage = isEndless && method === 'tools/list';
      const tools = [{ name: 'read', inputSchema: { type: 'object' } }];
      const opened = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: {} };
      const result = { ...opened, tools, ...(isPage ? { nextCursor: `${(pages += 1)}` } : {}) };
      response.setHeader('content-type', 'application/json');
      const answer = JSON.stringify({ jsonrpc: '2.0', id, result });
      setTimeout(() => response.end(answer), isPage ? pageMs : 0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    beEndless: () => (isEndless = true),
    pages: () => pages,
    end: () => server.close().closeAllConnections(),
  };
}

test('a list of all servers is bounded by all pages of each, not by each page', async (context) => {
  const amongAllMs = 1_000;
  const server = await startPaged();
  context.after(() => server.end());
  const at = { transport: 'http', headers: {}, allowPrivate: true } as const;
  const path = await startDataPath({
    servers: [{ name: 'slow', ...at, url: server.url }],
    policies: { slow: { version: '1', default: 'allow' } },
    limits: { amongAllMs },
  });
  context.after(async () => {
    server.end();
    await path.close();
  });
  const client = { url: `${path.url}/mcp`, token: path.token };
  const opened = await post(client, initialize);
  const headers = { 'mcp-session-id': String(opened.headers['mcp-session-id']) };
  assert.equal(await path.gateway.toolsReady('slow'), true);
  server.beEndless();
  const listed = await post(client, { ...legacy(1, 'tools/list', {}), headers });
  assert.match(listed.text, /"tools":/);
  // A hundred of them would be read, each well within the bound.
  assert.ok(server.pages() <= amongAllMs / pageMs + 1, `${server.pages()} pages`);
});
