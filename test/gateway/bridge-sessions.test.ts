import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';

import { silentLog } from '../../src/base/log.ts';
import { defaultGatewayLimits } from '../../src/gateway/gateway.ts';
import { openBridgeSession } from '../../src/gateway/open-bridge.ts';
import type { Upstream, UpstreamRequest } from '../../src/gateway/upstream/upstream.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { modernCall, post } from '../support/mcp-requests.ts';
import { until } from '../support/until.ts';

interface Asked {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly name?: string };
}

/** What reached the server: sessions that were opened and ended, and the tools that ran in them. */
const opened: string[] = [];
const ended: string[] = [];
const ran: { readonly tool: string; readonly session: string }[] = [];

const inputSchema = { type: 'object', properties: {} };
const listed = { tools: ['pay', 'read'].map((name) => ({ name, inputSchema })) };

/** A server of the legacy era alone, whose `pay` runs and then denies that there is a session. */
const server: Server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const session = String(request.headers['mcp-session-id'] ?? '');
    if (request.method === 'DELETE') {
      ended.push(session);
      return response.writeHead(204).end();
    }
    const asked = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Asked;
    const answer = (result: object, headers: object = {}): void => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: asked.id, result }));
    };
    switch (asked.method) {
      case 'initialize': {
        const id = `session-${opened.length + 1}`;
        opened.push(id);
        const serverInfo = { name: 's', version: '1' };
        const about = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo };
        return answer(about, { 'mcp-session-id': id });
      }
      case 'tools/list':
        return answer(listed);
      case 'tools/call': {
        const tool = asked.params?.name ?? '';
        ran.push({ tool, session });
        if (tool === 'pay') return response.writeHead(404).end();
        return answer({ content: [{ type: 'text', text: 'done' }] });
      }
      default:
        return response.writeHead(asked.id === undefined ? 202 : 400).end();
    }
  });
});

let path: DataPath;

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const limits = [{ counter: 'paid', window: 'hour', max: 2, scope: 'grant' }];
  path = await startDataPath({
    servers: [{ name: 'old', transport: 'http', url, headers: {}, allowPrivate: true }],
    policies: { old: { version: '1', default: 'allow', tools: { pay: { limits }, read: {} } } },
  });
});

after(async () => {
  await path.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const call = (tool: string): ReturnType<typeof post> =>
  post({ url: `${path.url}/mcp`, token: path.token }, modernCall(`old__${tool}`, {}));

describe('sessions of the gateway’s own with servers of the legacy era', () => {
  test('a server that ran a call and says that its session is gone gives no units back', async () => {
    const texts = [await call('pay'), await call('pay'), await call('pay')].map(({ text }) => text);
    assert.equal(ran.filter(({ tool }) => tool === 'pay').length, 2, texts.join('\n'));
    assert.match(texts[2] ?? '', /POLICY DENIED/);
    const outcomes = path.records.filter((record) => record.kind === 'outcome');
    assert.deepEqual(
      outcomes.map(({ givenBack }) => givenBack),
      [false, false],
    );
  });

  test('a session in which something failed is ended at its server', async () => {
    const failed = ran.filter(({ tool }) => tool === 'pay').map(({ session }) => session);
    assert.equal(failed.length, 2);
    await until('its end', () => failed.every((session) => ended.includes(session)));
    await call('read');
    assert.ok(!failed.includes(ran.at(-1)?.session ?? ''));
  });

  test('a session takes its place at the server in the name of the grant', async () => {
    const requests: UpstreamRequest[] = [];
    const upstream: Upstream = {
      exchange(request, listener) {
        requests.push(request);
        const result = { protocolVersion: '2025-11-25', capabilities: {} };
        queueMicrotask(() => {
          listener.head(200, { 'content-type': 'application/json' });
          const { id } = request.message ?? {};
          const text = JSON.stringify({ jsonrpc: '2.0', id: Number(id), result });
          if (id !== null) listener.data(Buffer.from(text));
          listener.end();
        });
        return { pause() {}, resume() {}, abort() {} };
      },
      close: () => Promise.resolve(),
    };
    const owner = { grant: { id: 'grant_a' }, server: 'old' };
    const gateway = { limits: defaultGatewayLimits, log: silentLog };
    assert.notEqual(await openBridgeSession(gateway, owner, upstream), null);
    assert.deepEqual(
      requests.map((request) => [request.message?.method, request.owner?.grant.id]),
      [
        ['initialize', 'grant_a'],
        ['notifications/initialized', 'grant_a'],
      ],
    );
  });
});
