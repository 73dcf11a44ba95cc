import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { AuditLog } from '../../src/audit/audit-log.ts';
import { ok } from '../../src/base/result.ts';
import { sealSession } from '../../src/gateway/session.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { openStream, post, type Client } from '../support/mcp-requests.ts';
import { until } from '../support/until.ts';

const list =
  '{"jsonrpc":"2.0","id":ID,"result":{"tools":[{"name":"slow","inputSchema":{"type":"object"}}]}}';
const events = { 'content-type': 'text/event-stream' };
const json = { 'content-type': 'application/json' };
const result = '{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"done"}]}}';

const ownResult = result.replace('done', 'own');

interface Standing {
  readonly path: DataPath;
  readonly client: Client;
  readonly headers: Readonly<Record<string, string>>;
  /** What the server was asked to answer the call on. */
  readonly calls: ServerResponse[];
  /** How many streams it ended that resume another. */
  ended(): number;
}

/** A server that begins the answer of a call with `begin`, and gives it on any GET. */
async function stand(
  context: TestContext,
  begin: (response: ServerResponse) => void,
  audit?: AuditLog,
): Promise<Standing> {
  const calls: ServerResponse[] = [];
  let ended = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      if (request.method === 'GET') {
        response.on('finish', () => (ended += 1));
        response.writeHead(200, events).end(`id: 2\ndata: ${result}\n\n`);
      } else if (body.includes('tools/call')) {
        begin(response);
        calls.push(response);
      } else {
        const id = /"id":([^,]+),/.exec(body)?.[1] ?? 'null';
        response.writeHead(200, json).end(list.replace('ID', id));
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
    ...(audit === undefined ? {} : { audit }),
  });
  context.after(() => path.close());
  await path.gateway.toolsReady('s');

  const owner = { grantId: 'grant_test', server: 's' };
  const about = { id: 'upstream', protocolVersion: '2025-11-25' };
  const { sealedId } = sealSession(path.gateway.installationKey, owner, about);
  const client = { url: `${path.url}/s/s/mcp`, token: path.token };
  const headers = { 'mcp-session-id': sealedId, 'mcp-protocol-version': '2025-11-25' };
  return { path, client, headers, calls, ended: () => ended };
}

function statuses({ path }: Standing): readonly string[] {
  return path.records.flatMap((record) => (record.kind === 'outcome' ? [record.status] : []));
}

/** All that comes on the stream by which a client asks for the rest of another. */
async function resume({ client, headers }: Standing): Promise<string> {
  const rest = await openStream(client, {
    method: 'GET',
    headers: { ...headers, 'last-event-id': '1' },
  });
  await rest.closed;
  return rest.text();
}

const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 7,
  method: 'tools/call',
  params: { name: 'slow', arguments: {} },
});

test('an answer on the stream that resumes another is on record, though the other is open', async (context) => {
  const standing = await stand(context, (response) => {
    response.writeHead(200, events).write('id: 1\ndata:\n\n');
  });
  const { client, headers } = standing;
  const called = await openStream(client, { method: 'POST', body, headers });
  context.after(() => called.end());
  await until('the stream of the call', () => called.text().includes('id: 1'));
  assert.match(await resume(standing), /done/);
  assert.deepEqual(statuses(standing), ['ok']);
});

test('an answer that goes on record leaves on no other stream before', async (context) => {
  const recorded = Promise.withResolvers<void>();
  let outcomes = 0;
  const audit: AuditLog = {
    async append(record) {
      if (record.kind === 'outcome') {
        outcomes += 1;
        await recorded.promise;
      }
      return ok({ seq: 1 });
    },
    healthy: () => true,
    close: () => Promise.resolve(),
  };
  const answer = (response: ServerResponse): void => {
    response.writeHead(200, events).end(`id: 1\ndata: ${result}\n\n`);
  };
  const standing = await stand(context, answer, audit);
  context.after(() => recorded.resolve());
  const { client, headers } = standing;
  const called = await openStream(client, { method: 'POST', body, headers });
  context.after(() => called.end());
  await until('the outcome', () => outcomes === 1);
  const resumed = { method: 'GET', headers: { ...headers, 'last-event-id': '0' } } as const;
  const rest = await openStream(client, resumed);
  await until('the end of the other', () => standing.ended() === 1);
  for (let turn = 0; turn < 50; turn += 1) await nextTurn();
  assert.equal(`${called.text()}${rest.text()}`, '');
  recorded.resolve();
  await Promise.all([called.closed, rest.closed]);
  assert.match(called.text(), /done/);
  assert.match(rest.text(), /done/);
  assert.equal(outcomes, 1);
});

describe('a call that cannot be resumed is answered on its own stream alone', () => {
  const stream = `data: ${ownResult}\n\n`;
  const begun: readonly (readonly [string, (response: ServerResponse) => void, string])[] = [
    ['before its head', () => undefined, ownResult],
    ['a body', (response) => void response.writeHead(200, json).write(' '), ownResult],
    ['no id', (response) => void response.writeHead(200, events).write('data:\n\n'), stream],
  ];
  for (const [name, begin, end] of begun) {
    test(name, async (context) => {
      const standing = await stand(context, begin);
      const { client, headers, calls } = standing;
      const called = post(client, { body, headers });
      await until('the call', () => calls.length === 1);
      assert.doesNotMatch(await resume(standing), /done/);
      assert.deepEqual(statuses(standing), []);
      const [response] = calls;
      assert.ok(response !== undefined);
      if (!response.headersSent) response.writeHead(200, json);
      response.end(end);
      assert.match((await called).text, /own/);
      assert.deepEqual(statuses(standing), ['ok']);
    });
  }
});
