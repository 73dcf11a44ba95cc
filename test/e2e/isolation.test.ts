import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';

import { startGateway, type GatewayProcess } from '../support/gateway-process.ts';
import {
  modern,
  modernCall,
  openStream,
  post,
  type Client,
  type OpenedStream,
} from '../support/mcp-requests.ts';
import { fileGrant, writeOperatorFile } from '../support/operator-file.ts';
import { suiteScope } from '../support/scope.ts';
import { startStreamingServer, type StreamingServer } from '../support/streaming-server.ts';
import { until } from '../support/until.ts';

const grants = [fileGrant('reader', ['s'], 'reads'), fileGrant('writer', ['s'], 'writes')] as const;
const [reader, writer] = grants;

const suite = suiteScope();
let folder = '';
let server: StreamingServer;
let gateway: GatewayProcess;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-isolation-'));
  server = await startStreamingServer();
  const path = await writeOperatorFile(folder, {
    servers: { s: { url: server.url, allowPrivate: true } },
    policies: {
      reads: { version: '1', default: 'deny', hide: ['pay', 'write'], tools: { read: {} } },
      writes: {
        version: '1',
        default: 'deny',
        hide: ['read', 'secret'],
        tools: { write: {}, pay: {} },
      },
    },
    grants: [...grants],
  });
  gateway = await startGateway(suite, { dataDir: join(folder, 'data'), args: ['--config', path] });
});

after(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

interface Session {
  readonly client: Client;
  readonly headers: Readonly<Record<string, string>>;
}

async function openSession(token: string, agent?: Agent): Promise<Session> {
  const client = {
    url: `${gateway.url}/s/s/mcp`,
    token,
    ...(agent === undefined ? {} : { agent }),
  };
  const clientInfo = { name: 'e2e', version: '1' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const opened = await post(client, {
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  });
  assert.equal(opened.status, 200, opened.text);
  const headers = {
    'mcp-session-id': String(opened.headers['mcp-session-id']),
    'mcp-protocol-version': '2025-11-25',
  };
  await post(client, { body: '{"jsonrpc":"2.0","method":"notifications/initialized"}', headers });
  return { client, headers };
}

function legacyCall(name: string, args: object, id: number): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name, arguments: args },
  });
}

describe('two grants on one server', () => {
  test("a session of one is nobody's to the other", async () => {
    const mine = await openSession(reader.token);
    const stolen: Client = { ...mine.client, token: writer.token };
    const { headers } = mine;
    const before = server.calls.length;
    const called = await post(stolen, { body: legacyCall('write', {}, 2), headers });
    assert.equal(called.status, 404);
    assert.match(called.text, /Session not found/);
    const stream = await openStream(stolen, { method: 'GET', headers });
    assert.equal(stream.status, 404);
    const nobody = { ...headers, 'mcp-session-id': `${headers['mcp-session-id']}x` };
    const unknown = await post(stolen, { body: legacyCall('write', {}, 2), headers: nobody });
    assert.equal(unknown.text, called.text);
    assert.equal(server.calls.length, before);
    // It is still its owner's.
    const own = await post(mine.client, { body: legacyCall('read', {}, 3), headers });
    assert.match(own.text, /"content"/);
  });

  for (const era of ['legacy', 'modern'] as const) {
    test(`each sees its own list, ${era}`, async () => {
      const lists: string[][] = [];
      for (const { token } of grants) {
        const { client, headers } = await openSession(token);
        const body = '{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}';
        const listed =
          era === 'legacy'
            ? await post(client, { body, headers })
            : await post(client, modern('tools/list', {}));
        const answer = JSON.parse(listed.text) as { result: { tools: { name: string }[] } };
        lists.push(answer.result.tools.map((tool) => tool.name).toSorted());
      }
      assert.deepEqual(lists, [
        ['read', 'secret'],
        ['pay', 'write'],
      ]);
    });
  }

  test('what the server says on one stream is heard on that stream alone', async () => {
    const sessions = await Promise.all(
      [reader, writer, reader, writer].map(({ token }) => openSession(token)),
    );
    const before = new Set(server.streams.keys());
    const streams = await Promise.all(
      sessions.map(({ client, headers }) => openStream(client, { method: 'GET', headers })),
    );
    const legacy = [...server.streams.keys()].filter((key) => !before.has(key));
    assert.equal(legacy.length, 4);
    const modernStreams: OpenedStream[] = [];
    for (const [index, { token }] of grants.entries()) {
      const listening = modern(
        'subscriptions/listen',
        { notifications: { toolsListChanged: true } },
        { id: `l${index}` },
      );
      const client = { url: `${gateway.url}/s/s/mcp`, token };
      modernStreams.push(await openStream(client, { method: 'POST', ...listening }));
    }
    const all = [...streams, ...modernStreams];
    const keys = [...legacy, 'l0', 'l1'];
    for (const key of keys) {
      const method = 'notifications/message';
      server.announce(key, {
        jsonrpc: '2.0',
        method,
        params: { level: 'info', data: `for ${key};` },
      });
    }
    await until(
      'not every stream heard its own',
      () => all.every((stream) => stream.text().includes('for ')),
      5_000,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    const heard = all.map((stream) => stream.text().match(/for [^;]+;/g) ?? []);
    for (const each of heard) assert.equal(each.length, 1, JSON.stringify(heard));
    assert.deepEqual(heard.flat().toSorted(), keys.map((key) => `for ${key};`).toSorted());
    for (const stream of all) stream.end();
  });
});

test(
  'two hundred clients with the same ids, interleaved: each gets its own answers',
  { timeout: 280_000 },
  async (context) => {
    const clients = 200;
    const rounds = 15;
    const agent = new Agent({ keepAlive: true, maxSockets: 100 });
    context.after(async () => agent.destroy());
    const before = server.calls.length;
    let wrong = 0;
    let right = 0;
    const check = (text: string, id: number, nonce: string): void => {
      const own = text.includes(`"id":${id},`) && text.includes(`\\"nonce\\":\\"${nonce}\\"`);
      if (own && !/n\d+-\d+-\d+/.exec(text.replaceAll(nonce, ''))) right += 1;
      else wrong += 1;
    };
    await Promise.all(
      Array.from({ length: clients }, async (_, index) => {
        const grant = grants[index % 2 === 0 ? 0 : 1];
        const tool = index % 2 === 0 ? 'read' : 'write';
        const isLegacy = index % 4 < 2;
        const session = isLegacy ? await openSession(grant.token, agent) : null;
        const client = session?.client ?? {
          url: `${gateway.url}/s/s/mcp`,
          token: grant.token,
          agent,
        };
        for (let round = 0; round < rounds; round += 1) {
          // Two at once from each client, under ids that every client uses.
          await Promise.all(
            [10 + round, 1_000 + round].map(async (id) => {
              const nonce = `n${index}-${round}-${id}`;
              const call =
                session === null
                  ? modernCall(tool, { nonce }, id)
                  : { body: legacyCall(tool, { nonce }, id), headers: session.headers };
              const answer = await post(client, call);
              check(answer.text, id, nonce);
            }),
          );
        }
      }),
    );
    assert.equal(wrong, 0);
    assert.equal(right, clients * rounds * 2);

    const received = server.calls.slice(before);
    assert.equal(received.length, clients * rounds * 2);
    const sessionOf = new Map<string, string>();
    for (const { tool, args, session } of received) {
      const client = /^n(\d+)-/.exec(String(args['nonce']))?.[1] ?? '';
      assert.equal(tool, Number(client) % 2 === 0 ? 'read' : 'write');
      const known = sessionOf.get(client);
      if (known !== undefined)
        assert.equal(session, known, `client ${client} came in two sessions`);
      sessionOf.set(client, session);
    }
    const legacy = [...sessionOf.values()].filter((session) => session !== '');
    assert.equal(legacy.length, clients / 2);
    assert.equal(new Set(legacy).size, legacy.length, 'two clients shared a session');
  },
);
