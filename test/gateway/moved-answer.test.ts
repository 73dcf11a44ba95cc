import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import { sealSession } from '../../src/gateway/session.ts';
import { startDataPath } from '../support/data-path.ts';
import { openStream } from '../support/mcp-requests.ts';
import { until } from '../support/until.ts';

const list =
  '{"jsonrpc":"2.0","id":ID,"result":{"tools":[{"name":"slow","inputSchema":{"type":"object"}}]}}';
const result = '{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"done"}]}}';

test('an answer on the stream that resumes another is on record, though the other is open', async (context) => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const events = { 'content-type': 'text/event-stream' };
      if (request.method === 'GET') {
        response.writeHead(200, events).end(`id: 2\ndata: ${result}\n\n`);
      } else if (body.includes('tools/call')) {
        response.writeHead(200, events).write('id: 1\ndata:\n\n');
      } else {
        const id = /"id":([^,]+),/.exec(body)?.[1] ?? 'null';
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(list.replace('ID', id));
      }
    });
  });
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address with a port.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const path = await startDataPath({
    servers: [{ name: 's', transport: 'http', url, headers: {}, allowPrivate: true }],
    policies: { s: { version: '1', default: 'allow' } },
  });
  context.after(() => path.close());
  await path.gateway.toolsReady('s');

  const owner = { grantId: 'grant_test', server: 's' };
  const about = { id: 'upstream', protocolVersion: '2025-11-25' };
  const { sealedId } = sealSession(path.gateway.installationKey, owner, about);
  const client = { url: `${path.url}/s/s/mcp`, token: path.token };
  const headers = { 'mcp-session-id': sealedId, 'mcp-protocol-version': '2025-11-25' };
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 7,
    method: 'tools/call',
    params: { name: 'slow', arguments: {} },
  });
  const called = await openStream(client, { method: 'POST', body, headers });
  context.after(() => called.end());
  await until('the stream of the call', () => called.text().includes('id: 1'));

  const rest = await openStream(client, {
    method: 'GET',
    headers: { ...headers, 'last-event-id': '1' },
  });
  await rest.closed;
  assert.match(rest.text(), /done/);
  const outcomes = path.records.filter((record) => record.kind === 'outcome');
  assert.deepEqual(
    outcomes.map((record) => record.status),
    ['ok'],
  );
});
