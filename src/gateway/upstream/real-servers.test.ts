import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { bare, eventsOf, post, run, start } from '../../../test/fixtures/upstream/collect.ts';
import {
  eventually,
  keptLog,
  movableClock,
} from '../../../test/fixtures/upstream/stdio-upstream.ts';
import type { ServerConfig } from '../../registry/server.ts';
import { openUpstream } from './open.ts';
import type { Upstream } from './upstream.ts';

const packages = fileURLToPath(
  new URL('../../../node_modules/@modelcontextprotocol/', import.meta.url),
);

function serverScript(name: string): string {
  return join(packages, `server-${name}`, 'dist', 'index.js');
}

function open(config: ServerConfig): Upstream {
  const environment = { PATH: '/usr/bin:/bin', SECRET_OF_GATEWAY: 'x' };
  return openUpstream(config, {
    clock: movableClock(),
    log: keptLog(),
    environment,
    stdioLimits: { graceMs: 200 },
  });
}

function openStdio(name: string, args: readonly string[], env = {}): Upstream {
  return open({
    name,
    transport: 'stdio',
    command: process.execPath,
    args: [serverScript(name), ...args],
    env,
    cwd: null,
  });
}

interface Answer {
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: Readonly<Record<string, unknown>>;
}

/** Initializes a session with full client capabilities and gives a way to ask in it. */
async function openSession(upstream: Upstream): Promise<{
  sessionId: string;
  readonly ask: (method: string, params?: object) => Promise<Answer[]>;
}> {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: { roots: { listChanged: true }, sampling: {}, elicitation: {} },
    clientInfo: { name: 'test', version: '1' },
  };
  const opened = await run(
    upstream,
    post({ jsonrpc: '2.0', id: 0, method: 'initialize', params }, { timeoutMs: 90_000 }),
  );
  assert.equal(opened.status, 200, JSON.stringify(opened));
  const sessionId = opened.headers['mcp-session-id'] ?? '';
  assert.notEqual(sessionId, '');
  const headers = { 'mcp-protocol-version': '2025-11-25' };
  const note = { jsonrpc: '2.0', method: 'notifications/initialized' };
  const accepted = await run(upstream, post(note, { sessionId, headers }));
  assert.equal(accepted.status, 202);
  let id = 0;
  const ask = async (method: string, more: object = {}): Promise<Answer[]> => {
    const message = { jsonrpc: '2.0', id: (id += 1), method, params: more };
    const got = await run(upstream, post(message, { sessionId, headers }));
    assert.equal(got.status, 200, JSON.stringify(got));
    const isStream = got.headers['content-type']?.startsWith('text/event-stream') === true;
    // Both forms carry JSON-RPC messages of the server.
    return (isStream ? eventsOf(got.body) : [JSON.parse(got.body)]) as Answer[];
  };
  return { sessionId, ask };
}

function toolsOf(answers: readonly Answer[]): unknown[] {
  const tools = answers.find(({ result }) => result !== undefined)?.result?.['tools'];
  return Array.isArray(tools) ? tools : [];
}

describe('servers as they are published, over stdio', () => {
  it('server-everything: lists, calls, progress, and its own requests', async () => {
    const upstream = openStdio('everything', ['stdio']);
    const { sessionId, ask } = await openSession(upstream);
    const tools = toolsOf(await ask('tools/list'));
    assert.ok(tools.length >= 13, `${tools.length} tools`);
    const echoed = await ask('tools/call', { name: 'echo', arguments: { message: 'hé' } });
    assert.match(JSON.stringify(echoed), /Echo: hé/u);

    const names = JSON.stringify(tools);
    const sampling = /"(trigger-sampling-request|sampleLLM)"/u.exec(names)?.[1];
    assert.ok(sampling !== undefined, 'the server has a tool that samples');
    const params = { name: sampling, arguments: { prompt: 'p', maxTokens: 5 } };
    const call = { jsonrpc: '2.0', id: 'sample', method: 'tools/call', params };
    const asking = start(upstream, post(call, { sessionId }));
    await asking.until(({ body }) => body.includes('sampling/createMessage'));
    const request = eventsOf(asking.got.body)
      .map((event) => event as Answer)
      .find(({ method }) => method === 'sampling/createMessage');
    const content = { type: 'text', text: 'sampled words' };
    const result = { model: 'm', role: 'assistant', content };
    const answer = { jsonrpc: '2.0', id: request?.id, result };
    assert.equal((await run(upstream, post(answer, { sessionId }))).status, 202);
    assert.match((await asking.finished).body, /sampled words/u);

    const long = /"(trigger-long-running-operation|longRunningOperation)"/u.exec(names)?.[1];
    const progressed = await ask('tools/call', {
      name: long,
      arguments: { duration: 0.2, steps: 2 },
      _meta: { progressToken: 'tok' },
    });
    const progress = progressed.filter(({ method }) => method === 'notifications/progress');
    assert.equal(progress.length, 2);
    await upstream.close();
  });

  it('server-filesystem: reads a file inside its root, and refuses one outside', async () => {
    const root = await mkdtemp(join(tmpdir(), 'upstream-'));
    await writeFile(join(root, 'a.txt'), 'content of a');
    const upstream = openStdio('filesystem', [root]);
    const { ask } = await openSession(upstream);
    const read = (path: string): Promise<Answer[]> =>
      ask('tools/call', { name: 'read_text_file', arguments: { path } });
    assert.match(JSON.stringify(await read(join(root, 'a.txt'))), /content of a/u);
    assert.match(JSON.stringify(await read('/etc/hostname')), /isError/u);
    await upstream.close();
    await rm(root, { recursive: true });
  });

  it('server-memory: keeps what it was told within its session', async () => {
    const root = await mkdtemp(join(tmpdir(), 'upstream-'));
    const upstream = openStdio('memory', [], { MEMORY_FILE_PATH: join(root, 'memory.json') });
    const { ask } = await openSession(upstream);
    const entities = [{ name: 'ada', entityType: 'person', observations: ['writes programs'] }];
    await ask('tools/call', { name: 'create_entities', arguments: { entities } });
    const graph = await ask('tools/call', { name: 'read_graph', arguments: {} });
    assert.match(JSON.stringify(graph), /writes programs/u);
    await upstream.close();
    await rm(root, { recursive: true });
  });

  it("a modern probe gets a legacy server's own error, as a status that clients fall back on", async () => {
    const upstream = openStdio('memory', []);
    const probe = { jsonrpc: '2.0', id: 'probe', method: 'server/discover', params: {} };
    const got = await run(upstream, post(probe, { era: 'modern', timeoutMs: 90_000 }));
    assert.equal(got.status, 400);
    assert.match(got.body, /-32601/u);
    await upstream.close();
  });
});

describe('a modern server of the official SDK over stdio', () => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  };
  const script = new URL('../../../test/fixtures/upstream/modern-server.ts', import.meta.url);
  const config: ServerConfig = {
    name: 'modern',
    transport: 'stdio',
    command: process.execPath,
    args: [script.pathname],
    env: {},
    cwd: null,
  };
  const modern = (
    id: unknown,
    method: string,
    params: { readonly [key: string]: unknown; readonly _meta?: object } = {},
  ) =>
    post(
      { jsonrpc: '2.0', id, method, params: { ...params, _meta: { ..._meta, ...params._meta } } },
      { era: 'modern', timeoutMs: method === 'subscriptions/listen' ? 0 : 20_000 },
    );

  it('is discovered, called with progress by clients whose ids collide, and listened to', async () => {
    const upstream = open(config);
    const discovered = await run(upstream, modern('d', 'server/discover'));
    assert.equal(discovered.status, 200);
    assert.match(discovered.body, /2026-07-28/u);

    const count = (to: number) =>
      run(
        upstream,
        modern(1, 'tools/call', { name: 'count', arguments: { to }, _meta: { progressToken: 0 } }),
      );
    for (const [index, got] of (await Promise.all([count(1), count(2), count(3)])).entries()) {
      const events = eventsOf(got.body);
      assert.equal(events.length, index + 2);
      assert.match(got.body, new RegExp(`counted to ${index + 1}`, 'u'));
      assert.match(got.body, /"progressToken":0[,}]/u);
    }

    const filter = { notifications: { toolsListChanged: true } };
    const streams = ['sub', 'sub', 7].map((id) =>
      start(upstream, modern(id, 'subscriptions/listen', filter)),
    );
    for (const stream of streams) await stream.until(({ body }) => body.includes('acknowledged'));
    streams[0]?.exchange.abort();
    await run(upstream, modern(2, 'tools/call', { name: 'enable', arguments: {} }));
    await streams[1]?.until(({ body }) => body.includes('tools/list_changed'));
    await streams[2]?.until(({ body }) => body.includes('tools/list_changed'));
    assert.match(streams[1]?.got.body ?? '', /"io.modelcontextprotocol\/subscriptionId":"sub"/u);
    assert.match(streams[2]?.got.body ?? '', /"io.modelcontextprotocol\/subscriptionId":7/u);

    const unknown = await run(upstream, modern(3, 'no/such'));
    assert.equal(unknown.status, 404);
    assert.match(unknown.body, /-32601/u);
    await upstream.close();
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('server-everything over streamable HTTP', () => {
  let child: ChildProcess;
  let upstream: Upstream;

  before(async () => {
    const port = await freePort();
    child = spawn(process.execPath, [serverScript('everything'), 'streamableHttp'], {
      env: { PORT: String(port), PATH: '/usr/bin:/bin' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await eventually(() => /listening|port/iu.test(said));
    upstream = open({
      name: 'everything',
      transport: 'http',
      url: `http://127.0.0.1:${port}/mcp`,
      headers: {},
      allowPrivate: true,
    });
  });
  after(async () => {
    await upstream.close();
    child.kill('SIGKILL');
  });

  it('opens a session, calls, streams, and ends it', async () => {
    const { sessionId, ask } = await openSession(upstream);
    assert.ok(toolsOf(await ask('tools/list')).length >= 13);
    const stream = start(upstream, bare('GET', { sessionId }));
    await stream.until((got) => got.status === 200);
    const echoed = await ask('tools/call', { name: 'echo', arguments: { message: 'x' } });
    assert.match(JSON.stringify(echoed), /Echo: x/u);
    const ended = await run(upstream, bare('DELETE', { sessionId }));
    assert.equal(ended.status, 200);
    stream.exchange.abort();
    const call = { jsonrpc: '2.0', id: 9, method: 'tools/list' };
    const gone = await run(upstream, post(call, { sessionId }));
    assert.ok(gone.status === 404 || gone.status === 400);
  });
});

describe('opening a server', () => {
  const refused: readonly (readonly [string, Partial<ServerConfig>])[] = [
    [
      'a private address that is not allowed',
      { url: 'http://127.0.0.1:3000/', allowPrivate: false },
    ],
    ['another scheme', { url: 'ftp://example.com/' }],
    ['a header of HTTP itself', { headers: { Host: 'evil' } }],
    ['a header of the protocol', { headers: { 'Mcp-Session-Id': 'x' } }],
    ['a header with a line break', { headers: { 'x-a': 'b\r\nc: d' } }],
    ['a header twice', { headers: { 'x-a': 'b', 'X-A': 'c' } }],
  ];
  for (const [what, change] of refused) {
    it(`refuses every exchange with ${what}`, async () => {
      const base = { name: 's', transport: 'http', url: 'http://127.0.0.1:9/', headers: {} };
      // Each case changes members of an HTTP server alone.
      const upstream = open({ ...base, allowPrivate: true, ...change } as ServerConfig);
      const got = await run(upstream, post({ jsonrpc: '2.0', id: 1, method: 'x' }));
      assert.deepEqual([got.failure?.kind, got.failure?.reached], ['refused', false]);
      await upstream.close();
    });
  }

  it('gives a child PATH, HOME and LANG of the gateway, and no secret', async () => {
    const fixture = new URL('../../../test/fixtures/upstream/stdio-server.ts', import.meta.url);
    const config: ServerConfig = {
      name: 'fixture',
      transport: 'stdio',
      command: process.execPath,
      args: [fixture.pathname],
      env: { TOKEN: 't' },
      cwd: null,
    };
    const upstream = open(config);
    const { ask } = await openSession(upstream);
    const [answer] = await ask('environment');
    assert.deepEqual(answer?.result?.['env'], { PATH: '/usr/bin:/bin', TOKEN: 't' });
    await upstream.close();
  });
});
