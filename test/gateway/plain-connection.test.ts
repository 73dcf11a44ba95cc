import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { after, before, beforeEach, describe, test, type TestContext } from 'node:test';

import { defaultGatewayLimits } from '../../src/gateway/gateway.ts';
import { loopbackHosts } from '../../src/gateway/listen/hosts.ts';
import { McpListener } from '../../src/gateway/listen/http.ts';
import { PlainConnections } from '../../src/gateway/listen/plain-connection.ts';
import { openPort } from '../../src/gateway/listen/server.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { modernCall } from '../support/mcp-requests.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';
import { startStreamingServer, type StreamingServer } from '../support/streaming-server.ts';
import { until } from '../support/until.ts';

let server: RecordingServer;
let streaming: StreamingServer;
let path: DataPath;

before(async () => {
  server = await startRecordingServer();
  streaming = await startStreamingServer();
  const http = { transport: 'http', headers: {}, allowPrivate: true } as const;
  const policy = { version: '1', default: 'allow' };
  path = await startDataPath({
    servers: [
      { name: 'rec', url: server.url, ...http },
      { name: 'streams', url: streaming.url, ...http },
    ],
    policies: { rec: policy, streams: policy },
    limits: { json: { ...defaultGatewayLimits.json, bytesMax: 300_000 } },
  });
  await path.gateway.toolsReady('rec');
});

after(async () => {
  await path.close();
  await server.close();
  await streaming.close();
});

beforeEach(() => {
  server.bodies.length = 0;
});

interface Asked {
  readonly nonce?: string;
  readonly path?: string;
  readonly token?: string;
  readonly lines?: string;
  readonly body?: string;
}

/** One call of 2026-07-28 as a client writes it. */
function requestOf(asked: Asked = {}): { readonly head: string; readonly body: string } {
  const call = modernCall('read', { nonce: asked.nonce ?? 'n' });
  const body = asked.body ?? call.body;
  const named = Object.entries(call.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head =
    `POST ${asked.path ?? '/s/rec/mcp'} HTTP/1.1\r\nHost: localhost\r\n` +
    `Authorization: Bearer ${asked.token ?? path.token}\r\nContent-Type: application/json\r\n` +
    `Accept: application/json, text/event-stream\r\n${named.join('')}${asked.lines ?? ''}`;
  return { head, body };
}

function whole(asked: Asked = {}): string {
  const { head, body } = requestOf(asked);
  return `${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** A connection that keeps what it hears. */
class Client {
  readonly socket: Socket;
  text = '';
  closed = false;

  constructor(context: TestContext, port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (chunk: string) => (this.text += chunk));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.closed = true));
    this.socket.on('end', () => this.socket.end());
    context.after(() => this.socket.destroy());
  }

  /** The statuses of the answers so far. */
  statuses(): readonly number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }

  /** Waits until that many answers are whole: each ends in what closes its JSON. */
  async answers(count: number): Promise<string> {
    await until(
      () => `${count} answers, came: ${this.text}`,
      () =>
        [...this.text.matchAll(/\r\n\r\n\{[^\r]*\}$|\r\n\r\n\{[^\r]*\}(?=HTTP)/g)].length >= count,
    );
    return this.text;
  }
}

const portOf = (url: string): number => Number(new URL(url).port);
const undated = (text: string): string => text.replace(/Date: [^\r]*/g, 'Date: -');

async function inPieces(socket: Socket, text: string, size: number): Promise<void> {
  for (let at = 0; at < text.length; at += size) {
    socket.write(text.slice(at, at + size), 'latin1');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('one request, however it is written', () => {
  const { body } = modernCall('read', { nonce: 'n' });
  const ways: readonly (readonly [string, (socket: Socket) => unknown])[] = [
    ['at once', (socket) => socket.write(whole())],
    [
      'its head and its body apart',
      async (socket) => {
        const text = whole();
        const at = text.indexOf('\r\n\r\n') + 4;
        await inPieces(socket, text, at);
      },
    ],
    ['byte by byte', (socket) => inPieces(socket, whole(), 1)],
    ['in pieces of 300 bytes', (socket) => inPieces(socket, whole(), 300)],
    [
      'in chunks',
      (socket) => {
        const chunked = `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
        socket.write(requestOf().head + chunked);
      },
    ],
    ['behind an empty line', (socket) => socket.write(`\r\n${whole()}`)],
    [
      'with a header that is not plain',
      (socket) => socket.write(whole({ lines: 'TE: trailers\r\n' })),
    ],
  ];
  for (const [way, write] of ways) {
    test(`has the same answer: ${way}`, async (context) => {
      const expected = new Client(context, portOf(path.url));
      expected.socket.write(whole());
      const client = new Client(context, portOf(path.url));
      await write(client.socket);
      assert.equal(undated(await client.answers(1)), undated(await expected.answers(1)));
      assert.deepEqual(server.bodies, [body, body]);
      // The connection goes on.
      client.socket.write(whole({ nonce: 'second' }));
      assert.match(await client.answers(2), /second/);
      assert.equal(client.closed, false);
    });
  }
});

test('requests of different heads follow each other on one connection', async (context) => {
  const client = new Client(context, portOf(path.url));
  let count = 0;
  for (const lines of ['', 'X-A: 1\r\n', '', 'X-A: 22\r\n', 'TE: trailers\r\n', '']) {
    count += 1;
    client.socket.write(whole({ nonce: 'n'.repeat(count * 7), lines }));
    assert.match(await client.answers(count), new RegExp(`\\bn{${count * 7}}\\b`));
  }
  assert.deepEqual(
    client.statuses(),
    Array.from({ length: 6 }, () => 200),
  );
});

describe('a request before the answer to the one before it', () => {
  for (const [how, together] of [
    ['in the same write', true],
    ['in another', false],
  ] as const) {
    test(`is refused and not forwarded: ${how}`, async (context) => {
      const give = server.holdAnswers();
      const client = new Client(context, portOf(path.url));
      client.socket.write(
        together ? whole({ nonce: '1' }) + whole({ nonce: '2' }) : whole({ nonce: '1' }),
      );
      await until('the first call', () => server.bodies.length === 1);
      if (!together) client.socket.write(whole({ nonce: '2' }));
      // Sent behind the second, so the gateway has read that one when this one's answer is there.
      client.socket.write(whole({ nonce: '3' }));
      const probe = new Client(context, portOf(path.url));
      probe.socket.write(whole({ path: '/s/rec/mcp', body: '{' }));
      await probe.answers(1);
      give();
      await until('the end of the connection', () => client.closed);
      assert.deepEqual(client.statuses(), [200, 400]);
      assert.match(client.text, /wait for the answer before the next request/);
      assert.equal(server.bodies.length, 1);
    });
  }
});

for (const lines of [['\r\n'], ['\r', '\n'], ['\r\n\r\n']]) {
  test(`empty lines behind a request are nothing: ${JSON.stringify(lines)}`, async (context) => {
    const give = server.holdAnswers();
    const client = new Client(context, portOf(path.url));
    client.socket.write(whole());
    await until('the call', () => server.bodies.length === 1);
    for (const line of lines) {
      client.socket.write(line);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const probe = new Client(context, portOf(path.url));
    probe.socket.write(whole({ body: '{' }));
    await probe.answers(1);
    give();
    await client.answers(1);
    client.socket.write(whole());
    await client.answers(2);
    assert.deepEqual(client.statuses(), [200, 200]);
  });
}

test('a client that goes on sending while its answer is due is cut off', async (context) => {
  const give = server.holdAnswers();
  context.after(give);
  const client = new Client(context, portOf(path.url));
  client.socket.write(whole());
  await until('the call', () => server.bodies.length === 1);
  const more = Buffer.alloc(65_536, 'G');
  const send = (): void => {
    while (!client.closed && client.socket.write(more));
  };
  client.socket.on('drain', send);
  send();
  await until('the end', () => client.closed);
  assert.equal(client.text, '');
});

test('a client that half-closes while a large answer leaves gets all of it', async (context) => {
  const size = 9_000_000;
  server.setFill(size);
  context.after(() => server.setFill(0));
  path.records.length = 0;
  const client = new Client(context, portOf(path.url));
  client.socket.pause();
  client.socket.write(whole());
  await until('the answer', () => path.records.some((record) => record.kind === 'outcome'));
  client.socket.end();
  // Its answer stands in the way, so the gateway has read the end when this one is there.
  const probe = new Client(context, portOf(path.url));
  probe.socket.write(whole({ body: '{' }));
  await probe.answers(1);
  client.socket.resume();
  await until('the end', () => client.closed);
  assert.ok(client.text.length > size && client.text.endsWith('}'), `${client.text.length}`);
});

test('a token that ended opens nothing on a connection that it opened', async (context) => {
  const client = new Client(context, portOf(path.url));
  client.socket.write(whole());
  await client.answers(1);
  const { grantsByToken } = path.gateway.snapshot();
  path.publish((snapshot) => ({ ...snapshot, grantsByToken: new Map() }));
  context.after(() => path.publish((snapshot) => ({ ...snapshot, grantsByToken })));
  client.socket.write(whole());
  await client.answers(2);
  assert.deepEqual(client.statuses(), [200, 401]);
  assert.equal(server.bodies.length, 1);
});

for (const [what, asked, status] of [
  ['another token', { token: 'pcl_x' }, 401],
  ['another host', { lines: 'Origin: https://evil.example\r\n' }, 403],
  ['a server that is not there', { path: '/s/none/mcp' }, 404],
  ['a header that stands twice', { lines: 'Accept: */*\r\n' }, 400],
  ['a body that is no message', { body: '{"a":' }, 400],
  ['another type', { lines: 'Content-Encoding: gzip\r\n' }, 415],
] as const) {
  test(`${what} is refused, and the connection ends where that is so elsewhere`, async (context) => {
    const client = new Client(context, portOf(path.url));
    client.socket.write(whole(asked));
    await client.answers(1);
    const other = new Client(context, portOf(path.url));
    other.socket.write(
      whole({ ...asked, lines: `${'lines' in asked ? asked.lines : ''}TE: a\r\n` }),
    );
    assert.equal(undated(await other.answers(1)), undated(client.text));
    assert.deepEqual(client.statuses(), [status]);
    assert.equal(server.bodies.length, 0);
    if (/Connection: close/.test(client.text))
      await until('the end', () => client.closed && other.closed);
  });
}

test('a large argument and its answer pass whole', async (context) => {
  const client = new Client(context, portOf(path.url));
  for (const [count, size] of [
    [1, 250_000],
    [2, 10],
    [3, 70_000],
  ] as const) {
    client.socket.write(whole({ nonce: 'x'.repeat(size) }));
    assert.ok((await client.answers(count)).includes('x'.repeat(size)));
  }
  client.socket.write(whole({ nonce: 'x'.repeat(300_000) }));
  await client.answers(4);
  assert.deepEqual(client.statuses(), [200, 200, 200, 413]);
});

test('a client that half-closes has gone: what it waited for is cancelled', async (context) => {
  const give = server.holdAnswers();
  context.after(give);
  path.records.length = 0;
  const client = new Client(context, portOf(path.url));
  client.socket.write(whole());
  await until('the call', () => server.bodies.length === 1);
  client.socket.end();
  await until('its outcome', () =>
    path.records.some((record) => record.kind === 'outcome' && record.status === 'cancelled'),
  );
});

test('events come in chunks, and the connection goes on behind them', async (context) => {
  const client = new Client(context, portOf(path.url));
  const call = modernCall('read', { nonce: 'streamed' });
  const text = whole({ path: '/s/streams/mcp', body: call.body });
  client.socket.write(text);
  await until('an answer', () => client.text.includes('streamed'));
  const first = client.text;
  const other = new Client(context, portOf(path.url));
  other.socket.write(whole({ path: '/s/streams/mcp', body: call.body, lines: 'TE: a\r\n' }));
  await until('the other answer', () => other.text.length >= first.length);
  assert.equal(undated(other.text), undated(client.text));
  client.socket.write(whole());
  await until('the next answer', () => client.statuses().length === 2);
});

test('a request on a new connection is told that the gateway stops', async (context) => {
  const mcp = new McpListener(path.gateway);
  const hosts = { hosts: new Set(loopbackHosts), port: null, origins: new Set<string>() };
  const pages = (_request: unknown, response: { end(): unknown }): void => void response.end();
  const opened = await openPort({ mcp, pages, hosts: () => hosts }, { host: '127.0.0.1', port: 0 });
  assert.ok(opened.ok);
  const client = new Client(context, opened.value.port);
  await once(client.socket, 'connect');
  // Behind it the connection was taken.
  const probe = new Client(context, opened.value.port);
  probe.socket.write(whole());
  await probe.answers(1);
  client.socket.write(whole());
  const closed = opened.value.close(5_000);
  await until('the end', () => client.closed);
  assert.deepEqual(client.statuses(), [503]);
  await closed;
  mcp.close();
});

/** Plain connections that are looked at often, before a server that answers with what it read. */
interface Stand {
  readonly port: number;
  /** Connections that were given to `node:http`. */
  readonly left: readonly Socket[];
}

async function startStand(context: TestContext, lookMs: number): Promise<Stand> {
  const left: Socket[] = [];
  const reader: Server = createHttpServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    request.on('end', () => response.end(JSON.stringify({ read: text })));
  });
  const mcp = new McpListener(path.gateway);
  const hosts = { hosts: new Set(loopbackHosts), port: null, origins: new Set<string>() };
  const leave = (socket: Socket): void => {
    left.push(socket);
    reader.emit('connection', socket);
  };
  const plain = new PlainConnections({ mcp, hosts: () => hosts, leave }, lookMs);
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
    plain.take(socket),
  );
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    plain.cut();
    for (const socket of left) socket.destroy();
    mcp.close();
    listener.close();
  });
  // A listening TCP server has an AddressInfo.
  return { port: (listener.address() as AddressInfo).port, left };
}

describe('what becomes of a connection', () => {
  const never = 3_600_000;

  test('plain requests stay, also in pieces', async (context) => {
    const stand = await startStand(context, never);
    const client = new Client(context, stand.port);
    client.socket.write(whole());
    await client.answers(1);
    const text = whole();
    await inPieces(client.socket, text, text.indexOf('\r\n\r\n') + 10);
    await client.answers(2);
    assert.deepEqual(stand.left, []);
    assert.equal(server.bodies.length, 2);
  });

  for (const [what, from, to] of [
    ['nothing', 0, 0],
    ['a part of a head', 0, 40],
    ['a part of a body', 0, -5],
  ] as const) {
    test(`with ${what} sent it is left to node:http in time, and nothing is lost`, async (context) => {
      const stand = await startStand(context, 10);
      const client = new Client(context, stand.port);
      const text = whole();
      const sent = text.slice(from, to);
      if (sent !== '') client.socket.write(sent);
      await until('leaving', () => stand.left.length === 1);
      client.socket.write(text.slice(sent.length));
      const answer = await client.answers(1);
      const body = text.slice(text.indexOf('\r\n\r\n') + 4);
      assert.ok(answer.endsWith(JSON.stringify({ read: body })), answer);
      assert.equal(server.bodies.length, 0);
    });
  }

  for (const [what, asked] of [
    ['a wrong token', { token: 'pcl_wrong' }],
    ['a body that is too large', { nonce: 'x'.repeat(300_001) }],
    ['another path', { path: '/console' }],
  ] as const) {
    test(`${what} is left to node:http whole`, async (context) => {
      const stand = await startStand(context, never);
      const client = new Client(context, stand.port);
      const text = whole(asked);
      client.socket.write(text);
      const answer = await client.answers(1);
      const read = JSON.stringify({ read: text.slice(text.indexOf('\r\n\r\n') + 4) });
      assert.ok(answer.endsWith(read), answer.slice(0, 500));
      assert.equal(stand.left.length, 1);
    });
  }

  test('a body that ends early is refused', async (context) => {
    const stand = await startStand(context, never);
    const client = new Client(context, stand.port);
    client.socket.end(whole().slice(0, -5));
    await until('the end', () => client.closed);
    assert.match(
      client.text,
      /^HTTP\/1\.1 400 [^]*Connection: close[^]*the request ended inside its body/,
    );
    assert.equal(server.bodies.length, 0);
  });

  test('without a request it ends after a while', async (context) => {
    const stand = await startStand(context, 5);
    const client = new Client(context, stand.port);
    client.socket.write(whole());
    await client.answers(1);
    await until('the end', () => client.closed);
    assert.deepEqual(client.statuses(), [200]);
  });
});
