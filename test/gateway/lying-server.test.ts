import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';

import { startDataPath, type DataPath } from '../support/data-path.ts';
import { modern, openStream, post, type Answered } from '../support/mcp-requests.ts';

/** A server whose next answer is what a test says, and which is honest until then. */
let server: Server;
let path: DataPath;
let lie: { readonly type: string; readonly body: string } | null = null;
const bodies: string[] = [];

const secret = '{"name":"secret","description":"CANARY","inputSchema":{"type":"object"}}';
const region = '{"region":{"type":"string","x-mcp-header":"Region"}}';
const mirrored = `{"name":"mirrored","description":"CANARY","inputSchema":{"type":"object","properties":${region}}}`;
const shown = `{"name":"shown","inputSchema":{"type":"object","properties":${region}}}`;
const broken = '{"x":{"type":"number","x-mcp-header":"X"}}';
const annotated = `{"name":"annotated","inputSchema":{"type":"object","properties":${broken}}}`;

function answerTo(body: string): string {
  // The tests send JSON-RPC requests.
  const { method } = JSON.parse(body) as { method: string };
  const isModern = body.includes('"2026-07-28"');
  switch (method) {
    case 'initialize':
      return '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"t","version":"1"}}';
    case 'server/discover':
      return '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"public"}';
    case 'tools/list':
      return `{${isModern ? '"resultType":"complete","ttlMs":0,"cacheScope":"public",' : ''}"tools":[${secret},${mirrored},${shown},${annotated}]}`;
    default:
      return `{${isModern ? '"resultType":"complete",' : ''}"content":[]}`;
  }
}

before(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      bodies.push(body);
      if (lie !== null) {
        response.writeHead(200, { 'content-type': lie.type }).end(lie.body);
        return;
      }
      if (request.method !== 'POST' || !body.includes('"id"')) {
        response.writeHead(request.method === 'POST' ? 202 : 405).end();
        return;
      }
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
    policies: { s: { version: '1', default: 'allow', hide: ['secret', 'mirrored', 'annotated'] } },
    grant: { methods: ['tasks'] },
  });
  await path.gateway.toolsReady('s');
});

after(async () => {
  await path.close();
  server.close();
});

type Era = 'legacy' | 'modern';

function ask(era: Era, method: string, params: object, headers: object = {}): Promise<Answered> {
  const client = { url: `${path.url}/s/s/mcp`, token: path.token };
  if (era === 'legacy') {
    return post(client, { body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
  }
  const message = modern(method, params);
  return post(client, { ...message, headers: { ...message.headers, ...headers } });
}

async function lying<T>(type: string, body: string, during: () => Promise<T>): Promise<T> {
  lie = { type, body };
  return during().finally(() => (lie = null));
}

const json = 'application/json';
const events = 'text/event-stream';
const list = `{"jsonrpc":"2.0","id":1,"result":{"tools":[${secret}]}}`;

describe('B-072: what a grant must not see stays hidden, however the list is answered', () => {
  const cases: readonly (readonly [title: string, type: string, body: string])[] = [
    [
      'as a request for input',
      json,
      `{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","tools":[${secret}]}}`,
    ],
    [
      'as a request for input, with a state',
      json,
      `{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","requestState":"x","tools":[${secret}]}}`,
    ],
    [
      'as a task',
      json,
      `{"jsonrpc":"2.0","id":1,"result":{"resultType":"task","taskId":"t","tools":[${secret}]}}`,
    ],
    [
      'behind a mark that the client takes for its first',
      events,
      `data: x\n\n\uFEFFdata: ${list}\n\n`,
    ],
    ['behind a mark, with an empty line', events, `data: x\n\n\uFEFFdata: ${list}\ndata\n\n`],
    ['behind two marks', events, `\uFEFF\uFEFFdata: ${list}\n\n`],
    ['behind what some take for a mark', events, `\u00EF\u00BB\u00BFdata: ${list}\n\n`],
    [
      'behind what some take for the end of a line',
      events,
      `: \u2028data: ${list}\u2028\u2028\n\n`,
    ],
    [
      'in the name of an event',
      events,
      `event: a\vdata: ${list}\v\v\ndata: {"jsonrpc":"2.0","method":"notifications/message"}\n\n`,
    ],
    ['behind a mark, after a comment of its own', events, `:\n\n\uFEFFdata: ${list}\n\n`],
  ];
  for (const [title, type, body] of cases) {
    for (const era of ['legacy', 'modern'] as const) {
      test(`${era}: ${title}`, async () => {
        const answered = await lying(type, body, () => ask(era, 'tools/list', {}));
        assert.doesNotMatch(answered.text, /CANARY/);
      });
    }
  }
});

test('B-078: a message holds no other one for readers that end lines at more than the standard', async () => {
  const note = `{"jsonrpc":"2.0","method":"notifications/message","params":{\u2028\u2028data: ${list}\u2028}}`;
  const answered = await lying(events, `data: ${note}\n\n`, () => ask('legacy', 'tools/list', {}));
  assert.match(answered.text, /notifications\/message/);
  const lines = answered.text.split(/[\n\r\v\f\u0085\u2028\u2029]/);
  assert.equal(lines.includes(`data: ${list}`), false);
});

describe('B-179: a replayed list of tasks shows those of the grant alone', () => {
  const tasks = '[{"taskId":"CANARY"}]';
  for (const result of [`{"tasks":${tasks}}`, `{"tasks":[],"Tasks":${tasks}}`]) {
    test(result, async () => {
      const body = `id: 1\ndata: {"jsonrpc":"2.0","id":1,"result":${result}}\n\n`;
      const answered = await lying(events, body, async () => {
        const stream = await openStream(
          { url: `${path.url}/s/s/mcp`, token: path.token },
          { method: 'GET', headers: { 'last-event-id': '0' } },
        );
        await stream.closed;
        return stream.text();
      });
      assert.doesNotMatch(answered, /CANARY/);
    });
  }
});

describe('B-074: a hidden tool is not told from one that is not there by its headers', () => {
  const cases: readonly (readonly [title: string, args: object, headers: object])[] = [
    ['an argument without its header', { region: 'x' }, {}],
    ['a header without its argument', {}, { 'mcp-param-region': 'x' }],
    ['a header that disagrees', { region: 'x' }, { 'mcp-param-region': 'y' }],
    ['a name in a header that disagrees', {}, { 'mcp-name': 'other' }],
  ];
  for (const [title, args, headers] of cases) {
    test(title, async () => {
      const answers = [];
      for (const name of ['mirrored', 'annotated', 'nothing']) {
        const { status, text } = await ask(
          'modern',
          'tools/call',
          { name, arguments: args },
          { 'mcp-name': name, ...headers },
        );
        answers.push(`${status} ${text.replaceAll(name, '<name>')}`);
      }
      assert.deepEqual(answers, [answers[2], answers[2], answers[2]]);
    });
  }

  test('of a tool that is shown it still must agree', async () => {
    const params = { name: 'shown', arguments: { region: 'x' } };
    const answered = await ask('modern', 'tools/call', params, { 'mcp-name': 'shown' });
    assert.equal(answered.status, 400);
  });
});

describe('a grant without resources does not hear of them', () => {
  const listen = (resourceSubscriptions: unknown): Promise<Answered> =>
    ask('modern', 'subscriptions/listen', { notifications: { resourceSubscriptions } });
  const updated =
    '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"CANARY"}}';

  for (const asked of [['file:///a'], { 0: 'file:///a' }, 'file:///a']) {
    test(`asked for as ${JSON.stringify(asked)}`, async () => {
      bodies.length = 0;
      assert.match((await listen(asked)).text, /not opened to this grant/);
      assert.deepEqual(bodies, []);
    });
  }

  test('not asked for', async () => {
    const answered = await lying(events, `data: ${updated}\n\n`, () => listen([]));
    assert.equal(answered.status, 200);
    assert.doesNotMatch(answered.text, /CANARY/);
  });
});
