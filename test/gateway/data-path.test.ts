import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';

import type { Grant } from '../../src/identity/grant.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';

const policy = {
  version: '1',
  default: 'deny',
  hide: ['secret'],
  tools: {
    read: {},
    write: { action: 'require_approval' },
    pay: {
      deny_if: [{ path: 'args.amount', op: 'gt', value: 1000, on_deny: 'too much' }],
      limits: [{ counter: 'pays', window: 'minute', max: 3, scope: 'grant', on_deny: 'enough' }],
    },
  },
};

interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

let server: RecordingServer;
let path: DataPath;

async function start(options: Partial<Parameters<typeof startDataPath>[0]> = {}): Promise<void> {
  server = await startRecordingServer();
  const config = {
    name: 'rec',
    transport: 'http',
    url: server.url,
    headers: { 'x-key': 'own' },
    allowPrivate: true,
  } as const;
  path = await startDataPath({ servers: [config], policies: { rec: policy }, ...options });
  await path.gateway.toolsReady('rec');
  server.bodies.length = 0;
  server.headers.length = 0;
}

async function stop(): Promise<void> {
  await path.close();
  await server.close();
}

/** Raw HTTP, so that nothing between the test and the gateway repairs what is sent. */
function send(
  body: string | Buffer,
  headers: Record<string, string> = {},
  target = '/s/rec/mcp',
  method = 'POST',
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${path.url}${target}`, {
      method,
      headers: {
        authorization: `Bearer ${path.token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    request.end(body);
  });
}

const call = (name: string, args: string = '{}', id = '1'): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":${JSON.stringify(name)},"arguments":${args}}}`;

const meta =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';
const modernCall = (name: string, args = '{}'): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${meta},"name":${JSON.stringify(name)},"arguments":${args}}}`;
const modernHeaders = (name: string): Record<string, string> => ({
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': name,
});

describe('one call', () => {
  before(() => start());
  after(stop);
  beforeEach(() => {
    server.bodies.length = 0;
    server.calls.length = 0;
    path.records.length = 0;
  });

  test('what was judged is what arrives, byte for byte, and so is the answer', async () => {
    const sent = call(
      'read',
      '{ "z":1.0,"a":9007199254740993,\t"e":1E400,"n":-0,"u":"\\u00e9é" }',
      '"id-\\u0061"',
    );
    const answer = await send(sent);
    assert.equal(server.bodies[0], sent);
    assert.match(answer.text, /"id":"id-\\u0061"/);
    assert.match(answer.text, /"big":9007199254740993,"one":1\.0/);
  });

  test('intent before, outcome after, joined by one id', async () => {
    await send(call('read'));
    const [intent, outcome] = path.records;
    assert.equal(intent?.kind, 'intent');
    assert.equal(outcome?.kind, 'outcome');
    assert.equal(intent.id, outcome.id);
    assert.equal(outcome.status, 'ok');
  });

  test("the client's token never travels on; the server's own credential does", async () => {
    server.headers.length = 0;
    await send(call('read'), { cookie: 'a=b', 'x-forwarded-for': '1.2.3.4' });
    const headers = server.headers[0] ?? {};
    assert.equal(headers.authorization, undefined);
    assert.equal(headers.cookie, undefined);
    assert.equal(headers['x-forwarded-for'], undefined);
    assert.equal(headers['x-key'], 'own');
  });

  const refusals: readonly (readonly [string, string, RegExp])[] = [
    ['not listed', call('nothing'), /"code":-32602,"message":"Unknown tool: nothing"/],
    ['hidden', call('secret'), /"code":-32602,"message":"Unknown tool: secret"/],
    ['held', call('write'), /\[POLICY HELD\]/],
    [
      'too much',
      call('pay', '{"amount":1001}'),
      /\[POLICY DENIED\] too much.*deny_if\/args\.amount-gt/,
    ],
    ['text for a number', call('pay', '{"amount":"5000"}'), /\[POLICY DENIED\] too much/],
    ['a list for a number', call('pay', '{"amount":[5000]}'), /\[POLICY DENIED\] too much/],
    ['out of range', call('pay', '{"amount":1e400}'), /\[POLICY DENIED\] too much/],
    ['unsafe integer', call('pay', '{"amount":9007199254740993}'), /\[POLICY DENIED\] too much/],
    ['another spelling of the key', call('pay', '{"Amount":5000}'), /ambiguous key/],
    ['arguments that are a list', call('read', '[]'), /invalid arguments/],
    ['duplicate key', call('read', '{"a":1,"a":2}'), /duplicate-key/],
    [
      'duplicate key, escaped',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","n\\u0061me":"secret"}}',
      /duplicate-key/,
    ],
    ['prototype key', call('read', '{"__proto__":{}}'), /prototype-key/],
    [
      'variant of a protocol key',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","Method":"ping","params":{"name":"read"}}',
      /member-variant/,
    ],
    ['trailing garbage', `${call('read')} {}`, /syntax/],
    ['no jsonrpc', '{"id":1,"method":"tools/call","params":{"name":"read"}}', /jsonrpc-version/],
    ['a batch', `[${call('read')},${call('secret')}]`, /batch/],
    [
      'a notification that is a call',
      '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"read"}}',
      /needs an id/,
    ],
    ['an unknown method', '{"jsonrpc":"2.0","id":1,"method":"tools/callx"}', /-32601/],
    [
      'a method of the other direction',
      '{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}',
      /-32601/,
    ],
    ['an answer that nobody asked for', '{"jsonrpc":"2.0","id":1,"result":{}}', /^$/],
    ['depth', call('read', `${'['.repeat(80)}${']'.repeat(80)}`), /too-deep/],
  ];
  for (const [name, body, expected] of refusals) {
    test(`nothing arrives: ${name}`, async () => {
      // A session of 2025-06-18, where batches are gone.
      const answer = await send(body, { 'mcp-protocol-version': '2025-06-18' });
      assert.match(answer.text, expected);
      assert.deepEqual(server.bodies, []);
      assert.equal(
        path.records.some(
          (record) =>
            record.kind === 'refusal' || (record.kind === 'method' && record.decision === 'deny'),
        ),
        true,
      );
    });
  }

  const malformed: readonly (readonly [string, Buffer | string, Record<string, string>, number])[] =
    [
      ['BOM', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(call('read'))]), {}, 400],
      ['bad UTF-8', Buffer.concat([Buffer.from(call('re')), Buffer.from([0xc3])]), {}, 400],
      ['text/plain', call('read'), { 'content-type': 'text/plain' }, 415],
      ['UTF-16', call('read'), { 'content-type': 'application/json; charset=utf-16' }, 415],
      ['compressed', call('read'), { 'content-encoding': 'gzip' }, 415],
      ['too large', `"${'x'.repeat(1_048_577)}"`, {}, 413],
      ['no JSON accepted', call('read'), { accept: 'text/html' }, 406],
      ['wrong token', call('read'), { authorization: 'Bearer pcl_wrong' }, 401],
      ['two tokens in one line', call('read'), { authorization: 'Bearer a, Bearer b' }, 401],
      ['another scheme', call('read'), { authorization: 'Basic YTpi' }, 401],
      ['foreign host', call('read'), { host: 'evil.example' }, 403],
      ['near host', call('read'), { host: 'localhost.evil.com' }, 403],
      ['foreign origin', call('read'), { origin: 'http://evil.example' }, 403],
      ['null origin', call('read'), { origin: 'null' }, 403],
      ['unknown revision', call('read'), { 'mcp-protocol-version': '1999-01-01' }, 400],
      ['modern header, legacy body', call('read'), { 'mcp-protocol-version': '2026-07-28' }, 400],
      ['a session of somebody else', call('read'), { 'mcp-session-id': 'session-1' }, 404],
    ];
  for (const [name, body, headers, status] of malformed) {
    test(`HTTP ${status}: ${name}`, async () => {
      const answer = await send(body, headers);
      assert.equal(answer.status, status);
      assert.deepEqual(server.bodies, []);
    });
  }

  test('modern: the header must agree with the body', async () => {
    const lie = await send(modernCall('secret'), modernHeaders('read'));
    assert.equal(lie.status, 400);
    assert.match(lie.text, /-32020/);
    assert.deepEqual(server.bodies, []);

    const honest = await send(modernCall('read'), modernHeaders('read'));
    assert.equal(honest.status, 200);
    assert.match(honest.text, /"resultType":"complete"/);
    assert.equal(server.headers.at(-1)?.['mcp-name'], 'read');
  });

  test('modern: a refusal is a complete result', async () => {
    const answer = await send(modernCall('write'), modernHeaders('write'));
    assert.match(answer.text, /"resultType":"complete"/);
    assert.match(answer.text, /\[POLICY HELD\]/);
  });

  test('the list is filtered in place, and private', async () => {
    const list = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{${meta}}}`;
    const answer = await send(list, {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/list',
    });
    assert.doesNotMatch(answer.text, /secret/);
    assert.match(answer.text, /"name":"read".*"name":"write".*"name":"pay"/);
    assert.match(answer.text, /"cacheScope":"private"/);
    assert.match(answer.text, /"ttlMs":5000/);
  });
});

describe('limits, records and grants', () => {
  beforeEach(() => start());
  const each = (name: string, body: () => Promise<void>): void => {
    test(name, async () => {
      try {
        await body();
      } finally {
        await stop();
      }
    });
  };

  each('three are admitted of twenty at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => send(call('pay', '{"amount":1}'))),
    );
    assert.equal(server.calls.length, 3);
    const refused = answers.filter((answer) => /\[POLICY DENIED\] enough/.test(answer.text));
    assert.equal(refused.length, 17);
    assert.match(refused[0]?.text ?? '', /"retryAfterMs":[1-9]/);
    const limits = path.records.flatMap((record) =>
      record.kind === 'refusal' ? [record.limit] : [],
    );
    assert.equal(limits.length, 17);
    for (const limit of limits) {
      assert.deepEqual(
        { asked: limit?.asked, before: limit?.before, max: limit?.max },
        { asked: 1, before: 3, max: 3 },
      );
    }
  });

  each('no record, no call', async () => {
    path.breakAudit(true);
    const answer = await send(call('read'));
    assert.match(answer.text, /could not be put on record/);
    assert.deepEqual(server.bodies, []);
    path.breakAudit(false);
    assert.match((await send(call('read'))).text, /"result"/);
  });

  each('no outcome on record, no answer', async () => {
    server.setDelay(500);
    const pending = send(call('read'));
    while (server.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    path.breakAudit(true);
    assert.match((await pending).text, /outcome could not be put on record/);
  });

  each('units are given back when the server was never reached, and only then', async () => {
    await server.close();
    for (let count = 0; count < 4; count += 1) {
      assert.match((await send(call('pay', '{"amount":1}'))).text, /could not be reached/);
    }
  });

  each('a revoked grant is refused on its next call', async () => {
    path.publish((snapshot) => ({
      ...snapshot,
      grantsByToken: new Map(
        [...snapshot.grantsByToken].map(([hash, grant]) => [hash, { ...grant, revokedMs: 1 }]),
      ),
    }));
    assert.equal((await send(call('read'))).status, 401);
  });

  const edit = (change: Partial<Grant>): void =>
    path.publish((snapshot) => ({
      ...snapshot,
      grantsByToken: new Map(
        [...snapshot.grantsByToken].map(([hash, grant]) => [hash, { ...grant, ...change }]),
      ),
    }));

  each('a session over all servers opens what its grant says now, not what it said', async () => {
    const opened = await send(
      '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}',
      {},
      '/mcp',
    );
    const session = { 'mcp-session-id': String(opened.headers['mcp-session-id']) };
    await send(call('rec__read'), session, '/mcp');
    assert.deepEqual(server.calls, ['read']);
    edit({ policies: {} });
    assert.match((await send(call('rec__read'), session, '/mcp')).text, /\[POLICY DENIED\]/);
    edit({ servers: [] });
    assert.match((await send(call('rec__read'), session, '/mcp')).text, /Unknown tool/);
    assert.deepEqual(server.calls, ['read']);
  });

  for (const [change, status] of [
    [{ revokedMs: 1 }, 401],
    [{ expiresMs: 1 }, 401],
    [{ servers: [] }, 404],
  ] as const) {
    each(`a body that comes in after ${JSON.stringify(change)} is refused`, async () => {
      const body = call('read');
      const answered = await new Promise<number>((resolve, reject) => {
        const sent = httpRequest(`${path.url}/s/rec/mcp`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${path.token}`,
            'content-type': 'application/json',
            'content-length': String(body.length),
          },
        });
        sent.on('error', reject);
        sent.on('response', (response) => resolve(response.resume().statusCode ?? 0));
        sent.write(body.slice(0, 10));
        setTimeout(() => {
          edit(change);
          sent.end(body.slice(10));
        }, 50);
      });
      assert.equal(answered, status);
      assert.deepEqual(server.calls, []);
    });
  }

  each('a session belongs to its grant, and is the seal that says so', async () => {
    const opened = await send(
      '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}',
    );
    const session = String(opened.headers['mcp-session-id']);
    assert.match(session, /^session-\d+\.c/);
    assert.equal((await send(call('read'), { 'mcp-session-id': session })).status, 200);
    assert.match(String(server.headers.at(-1)?.['mcp-session-id']), /^session-\d+$/);
    const forged = session.replace('.c', '.b');
    assert.equal((await send(call('read'), { 'mcp-session-id': forged })).status, 404);
  });

  each('a changed definition is neither shown nor callable', async () => {
    server.setTools([
      { name: 'read', description: 'now sends your keys', inputSchema: { type: 'object' } },
    ]);
    const list = await send('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
    assert.match(list.text, /"tools":\[\]/);
  });

  each('a batch of 2025-03-26 is judged one by one', async () => {
    const answer = await send(
      `[${call('read', '{}', '1')},${call('secret', '{}', '2')},${call('pay', '{"amount":5000}', '3')}]`,
      {
        'mcp-protocol-version': '2025-03-26',
      },
    );
    assert.deepEqual(server.calls, ['read']);
    assert.match(answer.text, /Unknown tool: secret/);
    assert.match(answer.text, /too much/);
  });
});

test('observe: forwarded, recorded as what would have been refused, guardrails in force', async () => {
  await start({
    grant: { mode: 'observe' },
    guardrails: {
      org: { version: '1', default: 'allow', tools: { pay: { action: 'deny', reason: 'never' } } },
    },
  });
  const answer = await send(call('secret'));
  assert.match(answer.text, /"result"/);
  const intent = path.records.find((record) => record.kind === 'intent');
  assert.equal(intent?.kind === 'intent' ? intent.wouldRefuse : null, '(hidden)');
  assert.match((await send(call('pay', '{"amount":1}'))).text, /\[POLICY DENIED\] never/);
  assert.match((await send(call('nothing'))).text, /Unknown tool/);
  await stop();
});
