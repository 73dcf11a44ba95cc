import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { startDemoServers, type DemoServers } from './start.ts';

let demo: DemoServers;
before(async () => {
  demo = await startDemoServers();
});
after(() => demo.close());

/** An answer is read without a schema: a wrong shape fails the assertion that looks at it. */
type Json = ReturnType<typeof JSON.parse>;

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Json;
}

type Fields = Readonly<Record<string, string>>;

interface Sent {
  readonly method: string;
  readonly headers: Fields;
  readonly body: unknown;
}

function post(url: string, headers: Fields, body: unknown): Promise<Reply> {
  return send(url, { method: 'POST', headers, body });
}

function send(url: string, { method, headers, body }: Sent): Promise<Reply> {
  return new Promise((done, failed) => {
    const outgoing = request(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const parsed: unknown = text === '' ? null : JSON.parse(text);
        done({ status: response.statusCode ?? 0, headers: response.headers, body: parsed });
      });
    });
    outgoing.on('error', failed);
    outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}

const JSON_TYPE = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

function server(name: string): DemoServers['servers'][number] {
  const found = demo.servers.find((one) => one.name === name);
  assert.ok(found !== undefined);
  return found;
}

function rpc(method: string, params: unknown = {}, id: unknown = 1): object {
  return { jsonrpc: '2.0', id, method, params };
}

function modern(method: string, params: object = {}, version = '2026-07-28'): object {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  return rpc(method, { ...params, _meta });
}

function modernHeaders(method: string, name: string | null = null): Fields {
  const plain = { ...JSON_TYPE, 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': method };
  return name === null ? plain : { ...plain, 'Mcp-Name': name };
}

async function openSession(url: string, version: string): Promise<Fields> {
  const reply = await post(url, JSON_TYPE, rpc('initialize', { protocolVersion: version }));
  const id = reply.headers['mcp-session-id'];
  assert.equal(reply.status, 200);
  assert.ok(typeof id === 'string');
  return { ...JSON_TYPE, 'mcp-session-id': id };
}

async function call(name: string, tool: string, args: object): Promise<Json> {
  const headers = modernHeaders('tools/call', tool);
  const body = modern('tools/call', { name: tool, arguments: args });
  return (await post(server(name).url, headers, body)).body;
}

test('every legacy revision is negotiated, and an unknown one ends at the newest', async () => {
  const { url } = server('callendar');
  const versions = [
    ['2024-11-05', '2024-11-05'],
    ['2025-03-26', '2025-03-26'],
    ['2025-06-18', '2025-06-18'],
    ['2025-11-25', '2025-11-25'],
    ['1999-01-01', '2025-11-25'],
  ];
  for (const [wanted, got] of versions) {
    const reply = await post(url, JSON_TYPE, rpc('initialize', { protocolVersion: wanted }));
    assert.equal(reply.body.result.protocolVersion, got);
    assert.equal(reply.body.result.resultType, undefined);
  }
});

test('a legacy session: initialized, ping, list, call, unknown tool, end', async () => {
  const { url } = server('callendar');
  const headers = await openSession(url, '2025-11-25');
  const notification = { jsonrpc: '2.0', method: 'notifications/initialized' };
  assert.equal((await post(url, headers, notification)).status, 202);
  assert.deepEqual((await post(url, headers, rpc('ping', {}, 'p'))).body, {
    jsonrpc: '2.0',
    id: 'p',
    result: {},
  });
  const tools = (await post(url, headers, rpc('tools/list'))).body.result.tools;
  assert.deepEqual(
    tools.map((tool: { name: string }) => tool.name),
    ['create_callendar_contact_link', 'get_callendar_overview'],
  );
  const args = { expert: 'Ada Brandt', message: 'Hi & bye' };
  const params = { name: 'create_callendar_contact_link', arguments: args };
  const reply = await post(url, headers, rpc('tools/call', params));
  assert.equal(
    reply.body.result.structuredContent.url,
    'https://wa.me/12025550143?text=Hi%20%26%20bye',
  );
  const unknown = await post(url, headers, rpc('tools/call', { name: 'toString' }));
  assert.equal(unknown.body.error.code, -32602);
  assert.equal((await send(url, { method: 'DELETE', headers, body: '' })).status, 204);
  assert.equal((await post(url, headers, rpc('ping'))).status, 404);
});

test('a modern client: discover, list, call', async () => {
  const { url } = server('calculator');
  const discover = await post(url, modernHeaders('server/discover'), modern('server/discover'));
  assert.equal(discover.status, 200);
  assert.equal(discover.headers['mcp-session-id'], undefined);
  const { result } = discover.body;
  assert.deepEqual(result.supportedVersions, ['2026-07-28']);
  assert.equal(result.resultType, 'complete');
  assert.equal(result._meta['io.modelcontextprotocol/serverInfo'].name, 'calculator');
  const listed = await post(url, modernHeaders('tools/list'), modern('tools/list'));
  assert.equal(listed.body.result.tools.length, 9);
  assert.equal(listed.body.result.cacheScope, 'public');
  assert.equal(typeof listed.body.result.ttlMs, 'number');
  const body = await call('calculator', 'calculate_cas', { expression: '6 * 7' });
  assert.equal(body.result.resultType, 'complete');
  assert.deepEqual(body.result.structuredContent, { result: 42 });
});

test('ids come back as they were written', async () => {
  const { url } = server('callendar');
  const headers = await openSession(url, '2025-06-18');
  for (const id of ['0', '""', '1.0', '9007199254740993', '"a\\u0062"']) {
    const text = `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;
    const outgoing = await fetch(url, { method: 'POST', headers, body: text });
    assert.equal(await outgoing.text(), `{"jsonrpc":"2.0","id":${id},"result":{}}`);
  }
});

test('what is not well formed is refused', async () => {
  const { url } = server('qasperai');
  const session = await openSession(url, '2025-11-25');
  const batching = await openSession(url, '2025-03-26');
  const call = modern('tools/call', { name: 'get_services', arguments: {} });
  const noCapabilities = rpc('tools/list', {
    _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' },
  });
  const list = modernHeaders('tools/list');
  const cases: readonly (readonly [string, string, Fields, unknown, number, number | null])[] = [
    ['no JSON', 'POST', session, '{', 400, -32700],
    ['duplicate key', 'POST', session, '{"jsonrpc":"2.0","id":1,"id":2}', 400, -32700],
    ['no message', 'POST', session, '7', 400, -32600],
    ['no version', 'POST', session, '{"id":1,"method":"ping"}', 400, -32600],
    ['unknown method', 'POST', session, rpc('tools/run'), 200, -32601],
    ['no session', 'POST', JSON_TYPE, rpc('tools/list'), 400, -32600],
    ['wrong session', 'POST', { ...JSON_TYPE, 'mcp-session-id': 'x' }, rpc('ping'), 404, -32600],
    ['batch where there is none', 'POST', session, [rpc('ping')], 400, -32600],
    ['empty batch', 'POST', batching, [], 400, -32600],
    ['GET', 'GET', session, '', 405, -32600],
    ['plain text', 'POST', { ...session, 'content-type': 'text/plain' }, rpc('ping'), 415, -32600],
    [
      'foreign origin',
      'POST',
      { ...session, origin: 'http://evil.example' },
      rpc('ping'),
      403,
      -32600,
    ],
    ['foreign host', 'POST', { ...session, host: 'evil.example' }, rpc('ping'), 403, -32600],
    ['modern, unknown method', 'POST', modernHeaders('ping'), modern('ping'), 404, -32601],
    ['modern, no headers', 'POST', JSON_TYPE, modern('tools/list'), 400, -32020],
    [
      'modern, other method',
      'POST',
      modernHeaders('tools/call'),
      modern('tools/list'),
      400,
      -32020,
    ],
    ['modern, other name', 'POST', modernHeaders('tools/call', 'x'), call, 400, -32020],
    ['modern, no meta', 'POST', list, rpc('tools/list'), 400, -32602],
    ['modern, no capabilities', 'POST', list, noCapabilities, 400, -32602],
    ['later version', 'POST', list, modern('tools/list', {}, '2027-01-01'), 400, -32022],
  ];
  for (const [label, method, headers, body, status, code] of cases) {
    const reply = await send(url, { method, headers, body });
    assert.equal(reply.status, status, label);
    assert.equal(reply.body?.error?.code ?? null, code, label);
  }
});

test('2025-03-26 has batches', async () => {
  const { url } = server('callendar');
  const headers = await openSession(url, '2025-03-26');
  const silent = { jsonrpc: '2.0', method: 'notifications/cancelled' };
  const reply = await post(url, headers, [rpc('ping', {}, 7), silent, rpc('nope', {}, 8)]);
  assert.deepEqual(
    reply.body.map((one: { id: number }) => one.id),
    [7, 8],
  );
  assert.equal((await post(url, headers, [silent])).status, 202);
});

test('an encoded name header is read', async () => {
  const encoded = `=?base64?${Buffer.from('get_callendar_overview').toString('base64')}?=`;
  const body = modern('tools/call', { name: 'get_callendar_overview' });
  const reply = await post(server('callendar').url, modernHeaders('tools/call', encoded), body);
  assert.equal(reply.body.result.isError, undefined);
});

test('a booking is made once, takes its slot, and every call is counted', async () => {
  const slotsArgs = { slug: 'linden-hair', date: '2026-12-01', serviceName: 'cut' };
  const open = await call('qasperai', 'check_availability', slotsArgs);
  const [first, second] = open.result.structuredContent.slots;
  const booking = {
    slug: 'linden-hair',
    serviceName: 'cut',
    dateTime: first,
    customerName: 'Sam',
    customerPhone: '+1 202 555 0100',
    customerEmail: 'sam@home.example',
    jobDescription: 'short',
    clientRequestId: 'request-1',
  };
  const made = await call('qasperai', 'book_appointment', booking);
  const again = await call('qasperai', 'book_appointment', booking);
  const other = { ...booking, clientRequestId: 'request-2' };
  const clash = await call('qasperai', 'book_appointment', other);
  assert.match(made.result.structuredContent.booking.id, /^booking_/);
  assert.deepEqual(again.result.structuredContent.booking, made.result.structuredContent.booking);
  assert.equal(clash.result.isError, true);
  const left = await call('qasperai', 'check_availability', slotsArgs);
  assert.equal(left.result.structuredContent.slots[0], second);
  assert.equal(server('qasperai').calls.get('book_appointment'), 3);
  assert.equal(server('qasperai').calls.get('search_businesses'), undefined);
});

test('a calculator session lives from its creation to its end', async () => {
  const made = await call('calculator', 'create_session', { calculator: 'percentage' });
  const { session_id } = made.result.structuredContent;
  const actions = [
    { type: 'set', field: 'part', value: 1 },
    { type: 'set', field: 'whole', value: 4 },
    { type: 'evaluate' },
  ];
  const pushed = await call('calculator', 'push_session_action', { session_id, actions });
  assert.equal(pushed.result.structuredContent.done[2].result, 25);
  const state = await call('calculator', 'get_session_state', { session_id });
  assert.deepEqual(state.result.structuredContent.fields, { part: 1, whole: 4 });
  await call('calculator', 'close_session', { session_id });
  const gone = await call('calculator', 'get_session_state', { session_id });
  assert.equal(gone.result.isError, true);
});

test('arguments that the schema refuses are refused', async () => {
  const cases: readonly (readonly [string, string, object, RegExp])[] = [
    ['calculator', 'calculate', { calculator: 'percentage' }, /inputs is missing/],
    ['calculator', 'calculate', { calculator: 1, inputs: {} }, /calculator must be of type string/],
    ['calculator', 'calculate_cas', { expression: 'x'.repeat(1001) }, /at most 1000 characters/],
    [
      'calculator',
      'push_session_action',
      { session_id: 'x', actions: [{ type: 'run' }] },
      /one of/,
    ],
    ['qasperai', 'search_businesses', [], /must be of type object/],
    [
      'qasperai',
      'check_availability',
      { slug: 'linden-hair', date: 'soon', serviceName: 'cut' },
      /day/,
    ],
  ];
  for (const [name, tool, args, wanted] of cases) {
    const { result } = await call(name, tool, args);
    assert.equal(result.isError, true, tool);
    assert.match(result.content[0].text, wanted);
  }
});
