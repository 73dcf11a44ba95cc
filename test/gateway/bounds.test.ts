import assert from 'node:assert/strict';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';

import { startDataPath, type DataPath } from '../support/data-path.ts';
import { openStream, post } from '../support/mcp-requests.ts';
import { until } from '../support/until.ts';

const eventBytes = 64_000;
const sse = (message: object): string => `data: ${JSON.stringify(message)}\n\n`;
const notice = sse({
  jsonrpc: '2.0',
  method: 'notifications/message',
  params: { level: 'info', data: 'x'.repeat(eventBytes) },
});

/** Writes notices as fast as they are taken, until `total` of them or the end of the connection. */
async function flood(response: ServerResponse, total: number): Promise<void> {
  for (let sent = 0; sent < total && !response.destroyed; sent += 1) {
    if (response.write(notice)) continue;
    await new Promise<void>((resolve) => {
      response.once('drain', resolve);
      response.once('close', resolve);
    });
  }
}

/** Answers a call with 20 MB of events; opens a session with events that never end. */
function startFlooding(): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      // Only objects are sent to this server.
      const message = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
        id?: number;
        method: string;
        params?: { clientInfo?: { name: string } };
      };
      if (message.id === undefined) return void response.writeHead(202).end();
      const answer = (result: object): object => ({ jsonrpc: '2.0', id: message.id, result });
      const opens = message.method === 'initialize';
      const endless = opens && message.params?.clientInfo?.name === 'endless';
      if (message.method === 'tools/call' || endless) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        void flood(response, endless ? 2_000 : 300).then(() =>
          response.end(sse(answer({ content: [] }))),
        );
        return;
      }
      const result = opens
        ? {
            protocolVersion: '2025-03-26',
            capabilities: {},
            serverInfo: { name: 'f', version: '1' },
          }
        : { tools: [{ name: 'read', inputSchema: { type: 'object' } }] };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer(result)));
    });
  });
}

const batch = `[${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read' } })}]`;

describe('a server that sends much', { timeout: 280_000 }, () => {
  let server: Server;
  let path: DataPath;
  const client = () => ({ url: `${path.url}/s/flood/mcp`, token: path.token });
  const outcomes = () => path.records.filter((record) => record.kind === 'outcome').length;

  before(async () => {
    server = startFlooding();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A listening TCP server has an AddressInfo.
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
    const config = { name: 'flood', transport: 'http', url, headers: {}, allowPrivate: true };
    path = await startDataPath({
      servers: [{ ...config, transport: 'http' }],
      policies: { flood: { version: '1', default: 'allow' } },
    });
    await path.gateway.toolsReady('flood');
  });
  after(async () => {
    await path.close();
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    path.records.length = 0;
  });

  test('a batch whose client reads gets all of it', async () => {
    const answered = await post(client(), { body: batch });
    assert.ok(answered.text.length > 300 * eventBytes);
    assert.match(answered.text, /"result":\{"content":\[\]\}/);
    assert.equal(outcomes(), 1);
  });

  test('a batch whose client left is read to its end, and recorded', async () => {
    const stream = await openStream(client(), { method: 'POST', body: batch });
    stream.end();
    await until('no outcome is on record', () => outcomes() === 1);
  });

  test('an answer that is a stream ends with its grant; the call is on record', async () => {
    const body = batch.slice(1, -1);
    const stream = await openStream(client(), { method: 'POST', body });
    const grants = new Map(path.gateway.snapshot().grantsByToken);
    const ended = [...grants].map(([hash, grant]) => [hash, { ...grant, revokedMs: 1 }] as const);
    path.publish((snapshot) => ({ ...snapshot, grantsByToken: new Map(ended) }));
    await stream.closed;
    assert.doesNotMatch(stream.text(), /"result"/);
    await until('no outcome is on record', () => outcomes() === 1);
    path.publish((snapshot) => ({ ...snapshot, grantsByToken: grants }));
  });

  test('an answer to `initialize` that does not end is bounded', async () => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'endless' } },
    });
    const answered = await post(client(), { body });
    assert.ok(answered.text.length < 1_000);
    assert.match(answered.text, /"error"/);
  });
});
