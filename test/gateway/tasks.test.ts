import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';

import type { Grant } from '../../src/identity/grant.ts';
import { hashToken, newToken } from '../../src/identity/token.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { modern, post, type Answered } from '../support/mcp-requests.ts';

let server: Server;
let path: DataPath;
let tasks = 0;
const bodies: string[] = [];
const otherToken = newToken();

/** A server that cannot tell its clients apart: whoever names a task gets it. */
function answerTo(body: string): string {
  // The tests send JSON-RPC requests.
  const { method, params } = JSON.parse(body) as { method: string; params?: { taskId?: string } };
  const isModern = body.includes('"2026-07-28"');
  switch (method) {
    case 'initialize':
      return '{"protocolVersion":"2025-11-25","capabilities":{"tools":{},"tasks":{}},"serverInfo":{"name":"t","version":"1"}}';
    case 'server/discover':
      return '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"public"}';
    case 'tools/list':
      return `{${isModern ? '"resultType":"complete","ttlMs":0,"cacheScope":"public",' : ''}"tools":[{"name":"slow","inputSchema":{"type":"object"}}]}`;
    case 'tools/call':
      tasks += 1;
      return isModern
        ? `{"resultType":"task","taskId":"t-${tasks}","status":"working"}`
        : `{"task":{"status":"working","taskId":"t-${tasks}"}}`;
    case 'tasks/list':
      return `{"tasks":[${Array.from({ length: tasks }, (_, n) => `{"taskId":"t-${n + 1}","n":1.0}`).join(', ')}],"nextCursor":"c"}`;
    default:
      return `{${isModern ? '"resultType":"complete",' : ''}"taskId":"${params?.taskId ?? ''}","status":"completed"}`;
  }
}

before(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      if (request.method !== 'POST' || !body.includes('"id"')) {
        response.writeHead(request.method === 'POST' ? 202 : 405).end();
        return;
      }
      bodies.push(body);
      const id = /"id":([^,]+),/.exec(body)?.[1] ?? 'null';
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(`{"jsonrpc":"2.0","id":${id},"result":${answerTo(body)}}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address with a port.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  path = await startDataPath({
    servers: [{ name: 's', transport: 'http', url, headers: {}, allowPrivate: true }],
    policies: { s: { version: '1', default: 'allow' } },
  });
  path.publish((snapshot) => {
    const [first] = snapshot.grantsByToken.values();
    assert.ok(first !== undefined);
    const other: Grant = { ...first, id: 'grant_other', tokenSha256: hashToken(otherToken) };
    const grantsByToken = new Map([...snapshot.grantsByToken, [other.tokenSha256, other]]);
    return { ...snapshot, grantsByToken };
  });
  await path.gateway.toolsReady('s');
});

after(async () => {
  await path.close();
  server.close();
});

beforeEach(() => {
  bodies.length = 0;
});

type Era = 'legacy' | 'modern';

function ask(era: Era, token: string, method: string, params: object): Promise<Answered> {
  const client = { url: `${path.url}/s/s/mcp`, token };
  const named = 'taskId' in params ? params.taskId : 'name' in params ? params.name : undefined;
  if (era === 'modern') {
    return post(client, modern(method, params, typeof named === 'string' ? { name: named } : {}));
  }
  return post(client, { body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
}

async function newTask(era: Era, token: string): Promise<string> {
  const called = await ask(era, token, 'tools/call', { name: 'slow', arguments: {}, task: {} });
  return /"taskId":"([^"]+)"/.exec(called.text)?.[1] ?? '';
}

const methods: readonly (readonly [Era, string])[] = [
  ['legacy', 'tasks/get'],
  ['legacy', 'tasks/result'],
  ['legacy', 'tasks/cancel'],
  ['modern', 'tasks/get'],
  ['modern', 'tasks/update'],
  ['modern', 'tasks/cancel'],
];

describe('tasks belong to the grant whose call made them', () => {
  for (const [era, method] of methods) {
    test(`${era}: ${method}`, async () => {
      const taskId = await newTask(era, path.token);
      assert.match((await ask(era, path.token, method, { taskId })).text, /completed/);
      bodies.length = 0;
      for (const [token, id] of [
        [otherToken, taskId],
        [path.token, 'guessed'],
      ] as const) {
        const refused = await ask(era, token, method, { taskId: id });
        assert.match(refused.text, /"error":\{"code":-32602,"message":"Task not found"\}/);
      }
      assert.deepEqual(bodies, []);
    });
  }

  test('legacy: tasks/list shows those of the grant alone', async () => {
    const own = await newTask('legacy', otherToken);
    const listed = await ask('legacy', otherToken, 'tasks/list', {});
    assert.match(listed.text, new RegExp(`"tasks":\\[\\{"taskId":"${own}","n":1\\.0\\}\\]`));
    assert.match(listed.text, /"nextCursor":"c"/);
  });
});
