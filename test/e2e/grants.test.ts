import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import type { AuditFiles } from '../../src/audit/audit-files.ts';
import { openRunningLog } from '../../src/cli/audit/running.ts';
import { connectControl } from '../../src/cli/control-client.ts';
import { loadTools } from '../../src/cli/policy/tools.ts';
import {
  portcullis,
  startGateway,
  temporaryFolder,
  type Finished,
  type GatewayProcess,
} from '../support/gateway-process.ts';
import {
  modern,
  modernCall,
  openStream,
  post,
  type OpenedStream,
} from '../support/mcp-requests.ts';
import { fileGrant, writeOperatorFile } from '../support/operator-file.ts';
import { suiteScope } from '../support/scope.ts';
import { startStreamingServer, type StreamingServer } from '../support/streaming-server.ts';

const suite = suiteScope();
let folder = '';
let dataDir = '';
let configPath = '';
let server: StreamingServer;
let gateway: GatewayProcess;
const declared = fileGrant('declared', ['all'], 'open');

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-grants-'));
  dataDir = join(folder, 'data');
  server = await startStreamingServer();
  configPath = await writeOperatorFile(folder, {
    servers: { all: { url: server.url, allowPrivate: true } },
    policies: {
      open: { version: '1', default: 'allow' },
      closed: { version: '1', default: 'deny' },
    },
    grants: [declared],
  });
  gateway = await startGateway(suite, { dataDir, args: ['--config', configPath] });
});

after(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const grant = (...args: string[]): Promise<Finished> =>
  portcullis(['grant', ...args, '--data', dataDir]);

const create = (label: string, ...args: string[]): Promise<Finished> =>
  grant(
    'create',
    label,
    '--principal',
    'agent:e2e',
    '--server',
    'all',
    '--policy',
    'open',
    ...args,
  );

async function created(label: string, ...args: string[]): Promise<string> {
  const made = await create(label, '--json', ...args);
  assert.equal(made.code, 0, made.stderr);
  return (JSON.parse(made.stdout) as { token: string }).token;
}

async function statusWith(token: string): Promise<number> {
  const call = modernCall('read', {});
  return (await post({ url: `${gateway.url}/s/all/mcp`, token }, call)).status;
}

/** One line, no stack, exit code 2. */
function oneLine(ran: Finished, expected: RegExp): void {
  assert.equal(ran.code, 2, ran.stderr);
  assert.equal(ran.stdout, '');
  assert.match(ran.stderr, expected);
  assert.equal(ran.stderr.split('\n').length, 2, ran.stderr);
}

describe('create and list', () => {
  test('the token is shown once, and opens the server', async () => {
    const made = await create('plain');
    assert.equal(made.code, 0, made.stderr);
    const tokens = made.stdout.match(/pcl_\S+/g) ?? [];
    assert.equal(tokens.length, 1, made.stdout);
    assert.equal(await statusWith(tokens[0] ?? ''), 200);
    const listed = await grant('list');
    assert.match(listed.stdout, /plain +live +agent:e2e +enforce +all=open +never +grant_/);
    assert.match(
      listed.stdout,
      /declared +live +agent:declared +enforce +all=open +never +file:declared/,
    );
    assert.doesNotMatch(listed.stdout, /pcl_/);
  });

  test('--json is JSON, without token and hash in lists', async () => {
    await created('as-json');
    const listed = await grant('list', '--json');
    const rows = JSON.parse(listed.stdout) as readonly Readonly<Record<string, unknown>>[];
    const row = rows.find((one) => one['label'] === 'as-json');
    assert.equal(row?.['state'], 'live');
    assert.deepEqual(
      Object.keys(row ?? {}).filter((key) => /token/i.test(key)),
      [],
    );
  });

  const bad: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'an unknown server',
      ['x', '--principal', 'agent:a', '--server', 'none', '--policy', 'open'],
      /there is no server `none`/,
    ],
    [
      'an unknown policy',
      ['x', '--principal', 'agent:a', '--server', 'all', '--policy', 'none'],
      /there is no policy `none`/,
    ],
    [
      'no principal',
      ['x', '--principal', 'nobody', '--server', 'all', '--policy', 'open'],
      /`nobody` is no principal: write a kind and a name/,
    ],
    [
      'a kind that is none',
      ['x', '--principal', 'A B:r', '--server', 'all', '--policy', 'open'],
      /`A B:r` is no principal/,
    ],
    [
      'a bad label',
      ['X Y', '--principal', 'agent:a', '--server', 'all', '--policy', 'open'],
      /`X Y` is no label/,
    ],
    [
      'a label that is taken',
      ['declared', '--principal', 'agent:a', '--server', 'all', '--policy', 'open'],
      /is called `declared` already/,
    ],
    [
      'a mode that is none',
      ['x', '--principal', 'agent:a', '--server', 'all', '--policy', 'open', '--mode', 'lax'],
      /mode/,
    ],
    [
      'a family that is none',
      ['x', '--principal', 'agent:a', '--server', 'all', '--policy', 'open', '--open', 'samplin'],
      /sampling, elicitation, roots/,
    ],
    [
      'a duration that is none',
      ['x', '--principal', 'agent:a', '--server', 'all', '--policy', 'open', '--expires', '1y'],
      /`1y` is no duration/,
    ],
    [
      'a server without policy',
      ['x', '--principal', 'agent:a', '--server', 'all', '--policy', 'other=open'],
      /server `all` has no policy in this grant/,
    ],
  ];
  for (const [name, args, expected] of bad) {
    test(`refused: ${name}`, async () => {
      oneLine(await grant('create', ...args), expected);
    });
  }

  test('a refusal with --json is JSON on stdout', async () => {
    const ran = await grant('revoke', 'nobody', '--json');
    assert.equal(ran.code, 2);
    const answer = JSON.parse(ran.stdout) as { error: { code: string } };
    assert.equal(answer.error.code, 'not-found');
  });

  test('what one opens beside tools is open, and tools stay open', async () => {
    const token = await created('opened', '--open', 'sampling');
    assert.equal(await statusWith(token), 200);
    const client = { url: `${gateway.url}/s/all/mcp`, token };
    const answer = await post(client, modern('resources/list', {}));
    assert.doesNotMatch(answer.text, /not opened/);
  });

  test('a grant ends by itself', async () => {
    const token = await created('short', '--expires', '1s');
    assert.equal(await statusWith(token), 200);
    const stream = await listen(token);
    await within(stream, 60_000);
    assert.equal(await statusWith(token), 401);
    assert.match((await grant('list')).stdout, /short +expired/);
  });
});

async function legacyStream(token: string): Promise<OpenedStream> {
  const client = { url: `${gateway.url}/s/all/mcp`, token };
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'e2e', version: '1' },
  };
  const opened = await post(client, {
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  });
  const session = String(opened.headers['mcp-session-id']);
  const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' };
  await post(client, { body: '{"jsonrpc":"2.0","method":"notifications/initialized"}', headers });
  const stream = await openStream(client, { method: 'GET', headers });
  assert.equal(stream.status, 200);
  return stream;
}

async function listen(token: string): Promise<OpenedStream> {
  const request = modern(
    'subscriptions/listen',
    { notifications: { toolsListChanged: true } },
    { id: 'l' },
  );
  const stream = await openStream(
    { url: `${gateway.url}/s/all/mcp`, token },
    { method: 'POST', body: request.body, headers: request.headers },
  );
  assert.equal(stream.status, 200);
  return stream;
}

/** The other side ends the stream within so many milliseconds. */
async function within(stream: OpenedStream, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => (timer = setTimeout(() => resolve('late'), ms)));
  const first = await Promise.race([stream.closed.then(() => 'closed'), late]);
  clearTimeout(timer);
  stream.end();
  assert.equal(first, 'closed', `still open after ${ms} ms: ${stream.text()}`);
}

/** Both kinds of streams of a token, open and still open after a moment. */
async function streamsOf(token: string): Promise<readonly OpenedStream[]> {
  const streams = [await legacyStream(token), await listen(token)];
  const ended = streams.map((stream) =>
    stream.closed.then(() => assert.fail('a stream ended early')),
  );
  await Promise.race([...ended, new Promise((resolve) => setTimeout(resolve, 300))]);
  for (const end of ended) end.catch(() => null);
  return streams;
}

/** What a command that ends access does to calls and open streams, and to nobody else's. */
async function cutsOff(token: string, act: () => Promise<Finished>): Promise<Finished> {
  const others = await streamsOf(declared.token);
  const streams = await streamsOf(token);
  const ran = await act();
  assert.equal(ran.code, 0, ran.stderr);
  assert.equal(await statusWith(token), 401);
  await Promise.all(streams.map((stream) => within(stream, 60_000)));
  const alive = new Promise((resolve) => setTimeout(resolve, 300));
  const ended = others.map((stream) =>
    stream.closed.then(() => assert.fail("another grant's stream ended")),
  );
  await Promise.race([...ended, alive]);
  for (const end of ended) end.catch(() => null);
  for (const stream of others) stream.end();
  assert.equal(await statusWith(declared.token), 200);
  return ran;
}

describe('revoke and rotate', () => {
  test('revoked: the next call is refused, open streams end', async () => {
    const token = await created('to-revoke');
    const ran = await cutsOff(token, () => grant('revoke', 'to-revoke'));
    assert.match(ran.stdout, /revoked `to-revoke`/);
    assert.match((await grant('list')).stdout, /to-revoke +revoked/);
    oneLine(await grant('revoke', 'to-revoke'), /there is no live grant `to-revoke`/);
  });

  test('rotated: the old token opens nothing, its streams end, the new one works', async () => {
    const token = await created('to-rotate');
    const ran = await cutsOff(token, () => grant('rotate', 'to-rotate', '--json'));
    const fresh = (JSON.parse(ran.stdout) as { token: string }).token;
    assert.notEqual(fresh, token);
    assert.equal(await statusWith(fresh), 200);
  });

  for (const action of ['revoke', 'rotate']) {
    test(`${action}: a grant of the file is changed in the file`, async () => {
      oneLine(
        await grant(action, 'declared'),
        /`declared` is declared in the operator's file|file/,
      );
      assert.equal(await statusWith(declared.token), 200);
    });

    test(`${action}: a grant that is not there`, async () => {
      oneLine(await grant(action, 'nobody'), /there is no live grant `nobody`/);
    });
  }
});

describe('restarts', () => {
  test('grants and revocations survive a restart, and a kill -9', async () => {
    const live = await created('stays');
    const dead = await created('goes');
    await grant('revoke', 'goes');
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await gateway.end(signal);
      gateway = await startGateway(suite, { dataDir, args: ['--config', configPath] });
      assert.equal(await statusWith(live), 200, signal);
      assert.equal(await statusWith(dead), 401, signal);
    }
  });

  test('a label may be given again after its grant was revoked', async () => {
    const first = await created('again');
    await grant('revoke', 'again');
    const second = await created('again');
    assert.equal(await statusWith(first), 401);
    assert.equal(await statusWith(second), 200);
  });
});

describe('no gateway', () => {
  test('none ever ran there', async (context) => {
    const empty = await temporaryFolder(context);
    const ran = await portcullis(['grant', 'list', '--data', join(empty, 'none')]);
    oneLine(ran, /no gateway runs on .*none; start one with `portcullis up --data /);
  });

  test('it was killed, and somebody else has its port: the key is not sent there', async (context) => {
    const other = await temporaryFolder(context);
    const second = await startGateway(context, {
      dataDir: join(other, 'data'),
      args: ['--config', configPath],
    });
    await second.end('SIGKILL');
    let asked = 0;
    const stranger = createServer((_request, response) => {
      asked += 1;
      response.writeHead(200, { 'content-type': 'application/json' }).end('[]');
    });
    context.after(async () => stranger.close());
    await new Promise<void>((resolve) =>
      stranger.listen(Number(new URL(second.url).port), '127.0.0.1', resolve),
    );
    assert.ok((stranger.address() as AddressInfo).port > 0);
    const ran = await portcullis(['grant', 'list', '--data', join(other, 'data')]);
    oneLine(ran, /no gateway runs on /);
    assert.equal(asked, 0);
  });
});

describe('the log of a gateway that runs', () => {
  test('where a gateway runs the log is read by its control API, and not from the files', async () => {
    const unread = (): never => assert.fail('the files were read');
    const files: AuditFiles = {
      tail: unread,
      search: unread,
      show: unread,
      follow: () => Promise.resolve(),
      everyRecord: unread,
      verify: unread,
      close: () => undefined,
    };
    const log = openRunningLog(dataDir, files);
    const client = { url: `${gateway.url}/s/all/mcp`, token: declared.token };
    const following = new AbortController();
    const seen: string[] = [];
    const before = await log.tail(1);
    assert.ok(before.ok);
    const followed = log.follow(
      before.value.at(-1)?.seq ?? 0,
      ({ body }) => {
        if (body.kind === 'intent') seen.push(body.id);
        if (seen.length === 1) following.abort();
      },
      AbortSignal.any([following.signal, AbortSignal.timeout(60_000)]),
    );
    await post(client, modernCall('read', {}));
    await followed;
    const [id = ''] = seen;
    const shown = await log.show(id);
    assert.ok(shown.ok && shown.value.records.every(({ body }) => body.id === id));
    assert.equal(shown.value.records[0]?.body.kind, 'intent');
    const found = await log.search({ decision: 'allow', limit: 1 });
    assert.deepEqual(found.ok && found.value.records.map(({ body }) => body.id), [id]);
    const offline = await portcullis([
      'audit',
      'show',
      id,
      '--data',
      dataDir,
      '--offline',
      '--json',
    ]);
    const [line = ''] = offline.stdout.split('\n');
    assert.deepEqual(JSON.parse(line).body, shown.value.records[0]?.body);
  });
});

describe('the tools of a gateway that runs', () => {
  test('a policy is put to what is pinned there, and to what a person said of it', async () => {
    const control = await connectControl(dataDir);
    assert.ok(control.ok);
    const pinned = async (): Promise<readonly string[]> => {
      const tools = await loadTools({ server: 'all', data: dataDir });
      assert.ok(tools.ok, JSON.stringify(tools));
      return (tools.value ?? []).map(
        ({ name, state, category, risk }) => `${name} ${state} ${category} ${risk}`,
      );
    };
    // What is called was pinned before.
    await post({ url: `${gateway.url}/s/all/mcp`, token: declared.token }, modernCall('read', {}));
    const before = await pinned();
    const [name = ''] = before[0]?.split(' ') ?? [];
    const path = `/api/v1/servers/all/tools/${name}/category`;
    for (const category of ['Destructive', 'Read']) {
      const risk = category === 'Read' ? 'Low' : 'Critical';
      const said = await control.value.put(path, { category, risk, reason: 'as it is' });
      assert.ok(said.ok, JSON.stringify(said));
      const [first, ...others] = await pinned();
      assert.equal(first, `${name} pinned ${category} ${risk}`);
      assert.deepEqual(others, before.slice(1));
    }
    assert.ok((await control.value.remove(path)).ok);
    assert.deepEqual(await pinned(), before);
  });
});
