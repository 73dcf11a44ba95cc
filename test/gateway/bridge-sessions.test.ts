import assert from 'node:assert/strict';
import { createServer, request, type ClientRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';

import { silentLog } from '../../src/base/log.ts';
import { defaultGatewayLimits } from '../../src/gateway/gateway.ts';
import { BridgeSessions } from '../../src/gateway/bridge-sessions.ts';
import { askedBackMax } from '../../src/gateway/inquire.ts';
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

/** What happens while the next tool runs. */
let meanwhile: () => void = () => undefined;

const inputSchema = { type: 'object', properties: {} };
const listed = {
  tools: ['pay', 'read', 'asks', 'asks-on', 'hang'].map((name) => ({ name, inputSchema })),
};

/** A server of the legacy era alone, whose `pay` runs and then denies that there is a session. */
const server: Server = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    const session = String(incoming.headers['mcp-session-id'] ?? '');
    if (incoming.method === 'DELETE') {
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
        meanwhile();
        if (tool === 'pay') return response.writeHead(404).end();
        if (tool === 'hang') return undefined;
        if (tool === 'asks' || tool === 'asks-on') {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          const question = {
            jsonrpc: '2.0',
            id: 'q',
            method: 'sampling/createMessage',
            params: {},
          };
          const times = tool === 'asks' ? 1 : 1_000;
          response.write(`data: ${JSON.stringify(question)}\n\n`.repeat(times));
          const done = { jsonrpc: '2.0', id: asked.id, result: { content: [] } };
          return response.end(`data: ${JSON.stringify(done)}\n\n`);
        }
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
    policies: { old: { version: '1', default: 'allow', tools: { pay: { limits } } } },
  });
});

after(async () => {
  await path.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A call that has reached the server, and is not answered. */
async function startedCall(
  body: string,
  more: Readonly<Record<string, string>>,
): Promise<ClientRequest> {
  const before = ran.length;
  const headers = {
    ...more,
    authorization: `Bearer ${path.token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const sent = request(`${path.url}/mcp`, { method: 'POST', headers, agent: false });
  sent.on('error', () => undefined);
  sent.end(body);
  await until('the call at its server', () => ran.length > before);
  return sent;
}

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

  test('what a server asks back is declined, and on record', async () => {
    path.records.length = 0;
    assert.match((await call('asks')).text, /"content":\[\]/);
    const asked = path.records.filter(
      (record) => record.kind === 'method' && record.decision === 'deny',
    );
    assert.deepEqual(
      asked.map((record) => [
        record.kind === 'method' ? record.method : '',
        record.kind === 'method' ? record.code : '',
      ]),
      [['sampling/createMessage', 'not-aggregated']],
    );
  });

  test('a server that asks without an end is given up, and the log is not filled with it', async () => {
    path.records.length = 0;
    assert.match((await call('asks-on')).text, /did not answer properly/);
    const asked = path.records.filter(
      (record) => record.kind === 'method' && record.code === 'not-aggregated',
    );
    assert.equal(asked.length, askedBackMax);
  });

  test('a session in which a call was given up is ended at its server, and not used again', async () => {
    const { body, headers } = modernCall('old__hang', {});
    const lost = await startedCall(body, headers);
    const hung = ran.findLast(({ tool }) => tool === 'hang')?.session ?? '';
    lost.destroy();
    await until('its end', () => ended.includes(hung));
    await call('read');
    assert.notEqual(ran.at(-1)?.session, hung);
  });

  test('a session with the server that had the name before is ended there, not here', async () => {
    const asked: UpstreamRequest[] = [];
    const upstream: Upstream = {
      exchange(request) {
        asked.push(request);
        return { pause() {}, resume() {}, abort() {} };
      },
      close: () => Promise.resolve(),
    };
    const owner = { grant: { id: 'grant_test' }, server: 'old' };
    meanwhile = () => {
      for (const upstreamId of ['stale-1', 'stale-2', 'stale-3', 'stale-4']) {
        path.gateway.live.bridges.give(owner, { upstream, upstreamId, headers: {} }, Infinity);
      }
    };
    await call('read');
    meanwhile = () => undefined;
    await until('its end', () => asked.length > 0 || ended.includes('stale-1'));
    assert.deepEqual(
      asked.map(({ method, sessionId }) => [method, sessionId]),
      [['DELETE', 'stale-1']],
    );
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
    const opened = await openBridgeSession(gateway, owner, upstream, () => undefined);
    assert.ok(opened !== null);
    const sessions = new BridgeSessions();
    sessions.give(owner, opened, 0);
    const another = { ...upstream };
    assert.equal(sessions.take(owner, another, 0), null, 'it is of another server');
    sessions.give(owner, opened, 0);
    assert.equal(sessions.take(owner, upstream, 0), opened);
    assert.deepEqual(
      requests.map((request) => [request.message?.method, request.owner?.grant.id]),
      [
        ['initialize', 'grant_a'],
        ['notifications/initialized', 'grant_a'],
      ],
    );
  });
});
