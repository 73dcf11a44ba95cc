import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

import { startDataPath, type DataPath } from '../support/data-path.ts';
import { modern, modernCall, post } from '../support/mcp-requests.ts';
import { startPublished, type Published } from '../clients/stand.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';
import { until } from '../support/until.ts';
import { suiteScope } from '../support/scope.ts';

const everything = fileURLToPath(
  new URL(
    '../../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
    import.meta.url,
  ),
);

let recorder: RecordingServer;
let published: Published;
let path: DataPath;
const suite = suiteScope();

/** A modern server, and three of the legacy era alone: over stdio, over HTTP, over HTTP+SSE. */
before(async () => {
  recorder = await startRecordingServer();
  published = await startPublished(suite, 'streamableHttp');
  const limited = {
    echo: {},
    'get-sum': { limits: [{ counter: 'c', window: 'hour', max: 2, scope: 'grant' }] },
  };
  const open = { version: '1', default: 'allow', tools: { 'get-env': { action: 'deny' } } };
  path = await startDataPath({
    servers: [
      { name: 'both', transport: 'http', url: recorder.url, headers: {}, allowPrivate: true },
      {
        name: 'old',
        transport: 'stdio',
        command: process.execPath,
        args: [everything, 'stdio'],
        env: {},
        cwd: null,
      },
      { name: 'web', transport: 'http', url: published.url, headers: {}, allowPrivate: true },
    ],
    policies: { both: open, old: { ...open, tools: { ...open.tools, ...limited } }, web: open },
  });
});

after(async () => {
  await path.close();
  await recorder.close();
});

const all = (): { url: string; token: string } => ({ url: `${path.url}/mcp`, token: path.token });

describe('clients of 2026-07-28 on the endpoint of all servers', { timeout: 280_000 }, () => {
  for (const mode of ['auto', { pin: '2026-07-28' }] as const) {
    test(`SDK v2, ${JSON.stringify(mode)}: lists and calls on servers of both eras`, async () => {
      const client = new Client({ name: 'c', version: '1' }, { versionNegotiation: { mode } });
      const { url, token } = all();
      await client.connect(
        new StreamableHTTPClientTransport(new URL(url), {
          requestInit: { headers: { authorization: `Bearer ${token}` } },
        }),
      );
      assert.equal(client.getNegotiatedProtocolVersion(), '2026-07-28');
      const { tools } = await client.listTools();
      const names = tools.map(({ name }) => name);
      for (const name of ['both__read', 'old__echo', 'web__echo']) assert.ok(names.includes(name));
      for (const server of ['old', 'web']) {
        const called = await client.callTool({
          name: `${server}__echo`,
          arguments: { message: 'hé' },
        });
        assert.match(JSON.stringify(called), /Echo: hé/);
        const heard: number[] = [];
        await client.callTool(
          {
            name: `${server}__trigger-long-running-operation`,
            arguments: { duration: 0.3, steps: 3 },
          },
          { onprogress: ({ progress }) => heard.push(progress) },
        );
        assert.deepEqual(heard, [1, 2, 3]);
      }
      await client.close();
    });
  }

  test('are refused what the policy refuses, and limits hold', async () => {
    const denied = await post(all(), modernCall('old__get-env', {}));
    assert.match(denied.text, /POLICY DENIED/);
    const sums = ['get-sum', 'get-sum', 'get-sum'].map((tool) =>
      post(all(), modernCall(`old__${tool}`, { a: 2, b: 40 })),
    );
    const texts = (await Promise.all(sums)).map(({ text }) => text);
    assert.equal(texts.filter((text) => text.includes('42')).length, 2, texts.join('\n'));
    assert.equal(texts.filter((text) => text.includes('POLICY DENIED')).length, 1);
    for (const text of texts) assert.match(text, /"resultType":"complete"/);
  });

  test('may share an id: every answer finds its own request', async () => {
    const calls = Array.from({ length: 12 }, (_, n) =>
      post(all(), modernCall('old__echo', { message: `m${n}.` }, 1)),
    );
    for (const [n, { text }] of (await Promise.all(calls)).entries()) {
      assert.match(text, new RegExp(`Echo: m${n}\\.`));
      assert.match(text, /"id":1[,}]/);
    }
  });

  test('what goes wrong at the server is an answer, and every call has its outcome', async () => {
    const broken = await post(all(), modernCall('old__echo', { message: 5 }));
    assert.match(broken.text, /"isError":true|"error"/);
    const unknown = await post(all(), modernCall('old__none', {}));
    assert.match(unknown.text, /Unknown tool: old__none/);
    const resources = await post(all(), modern('resources/list', {}));
    assert.equal(resources.status, 404);
    await until('all outcomes', () => {
      const { records } = path;
      const of = (kind: string): number => records.filter((r) => r.kind === kind).length;
      return of('intent') > 0 && of('intent') === of('outcome');
    });
  });
});
