import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { createRequire } from 'node:module';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

import { aggregatedName } from '../../src/mcp/tool.ts';
import { operate } from '../support/console-stand.ts';
import {
  temporaryFolder,
  command,
  portcullis,
  startGateway,
  type GatewayProcess,
} from '../support/gateway-process.ts';
import { modern, modernCall, post } from '../support/mcp-requests.ts';
import { suiteScope } from '../support/scope.ts';
import { until } from '../support/until.ts';

interface Printed {
  readonly token: string;
  readonly config: {
    readonly mcpServers: Readonly<
      Record<
        string,
        {
          readonly type: string;
          readonly url: string;
          readonly headers: Readonly<Record<string, string>>;
        }
      >
    >;
  };
  readonly curl: string;
}

const suite = suiteScope();
let dataDir = '';
let gateway: GatewayProcess;
let printed: Printed;

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'portcullis-demo-'));
  gateway = await startGateway(suite, { dataDir });
  printed = readBanner(gateway.stdout());
});

after(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

/** What a person would copy from the terminal. */
function readBanner(banner: string): Printed {
  const lines = banner.split('\n');
  const token = lines.find((line) => /^ {4}pcl_\S+$/.test(line))?.trim() ?? '';
  const open = lines.indexOf('    {');
  const close = lines.indexOf('    }', open);
  const first = lines.findIndex((line) => line.trimStart().startsWith('curl '));
  const end = lines.indexOf('', first);
  return {
    token,
    config: JSON.parse(lines.slice(open, close + 1).join('\n')) as Printed['config'],
    curl: lines.slice(first, end).join('\n'),
  };
}

/** One entry of the printed configuration, pointed at one server or at all of them. */
async function connect({ mode, all }: Way, server: string): Promise<Client> {
  const entry = printed.config.mcpServers['portcullis'];
  assert.ok(entry !== undefined && entry.type === 'http');
  const url = new URL(entry.url);
  if (!all) url.pathname = `/s/${server}/mcp`;
  const { headers } = entry;
  const client = new Client({ name: 'e2e', version: '1.0.0' }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  return client;
}

interface Way {
  readonly name: string;
  readonly mode: 'legacy' | 'auto' | { readonly pin: string };
  /** On the endpoint of all servers, where tools carry their server's name. */
  readonly all: boolean;
}

const pinned = { pin: '2026-07-28' };
const ways: readonly Way[] = [
  { name: 'legacy on one server', mode: 'legacy', all: false },
  { name: 'modern on one server', mode: pinned, all: false },
  { name: 'legacy on all servers', mode: 'legacy', all: true },
  { name: 'either on all servers', mode: 'auto', all: true },
  { name: 'modern on all servers', mode: pinned, all: true },
];

/** Calls one tool of one server in one of the ways, and closes the connection. */
async function withClient<T>(
  way: Way,
  server: string,
  work: (call: (tool: string, args: object) => Promise<CallResult>, client: Client) => Promise<T>,
): Promise<T> {
  const client = await connect(way, server);
  const name = (tool: string): string => (way.all ? aggregatedName(server, tool, sha256) : tool);
  try {
    return await work(
      async (tool, args) =>
        // The client checked the shape of the result.
        (await client.callTool({ name: name(tool), arguments: { ...args } })) as CallResult,
      client,
    );
  } finally {
    await client.close();
  }
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

interface CallResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly _meta?: Readonly<Record<string, unknown>>;
}

function textOf(result: CallResult): string {
  return result.content.map((block) => block.text ?? '').join('');
}

/** What the gateway says of its decision in `_meta`. */
function decisionOf(result: CallResult): Readonly<Record<string, unknown>> {
  const found = Object.values(result._meta ?? {}).find(
    (value) => typeof value === 'object' && value !== null && 'decisionId' in value,
  );
  assert.ok(found !== undefined, JSON.stringify(result));
  return found;
}

/** The id of the one call that waits for a person, as the command line shows it. */
async function heldApproval(): Promise<string> {
  let id = '';
  await until('a call waits', async () => {
    const listed = await portcullis(['approve', 'list', '--data', dataDir, '--json']);
    const { approvals } = JSON.parse(listed.stdout) as { approvals: { id: string }[] };
    id = approvals[0]?.id ?? '';
    return id !== '';
  });
  return id;
}

const search = { query: 'review', start: '2026-01-01', end: '2030-01-01' };

describe('the banner', () => {
  test('token, configuration and overview belong to this gateway', () => {
    assert.match(printed.token, /^pcl_[A-Za-z0-9_-]{40,}$/);
    const entry = printed.config.mcpServers['portcullis'];
    assert.equal(entry?.url, `${gateway.url}/mcp`);
    assert.equal(entry?.headers['Authorization'], `Bearer ${printed.token}`);
    assert.match(
      gateway.stdout(),
      /servers {3}calculator, callendar, files, orchard, qasperai, registry/,
    );
  });

  test('the curl line works exactly as printed', async () => {
    const ran = await command('sh', ['-c', printed.curl]);
    assert.equal(ran.code, 0, ran.stderr);
    const answer = JSON.parse(ran.stdout) as {
      result: { structuredContent: { events: { title: string }[] } };
    };
    assert.equal(answer.result.structuredContent.events[0]?.title, 'Budget review');
  });

  test('the first page is the console, which shows nobody anything', async () => {
    const answer = await fetch(`${gateway.url}/`, { redirect: 'manual' });
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.get('location'), '/console/');
    assert.equal((await fetch(`${gateway.url}/api/v1/servers`)).status, 401);
    assert.match(gateway.stdout(), /\/console\/welcome#[\w-]{32}\n/);
  });
});

for (const way of ways) {
  test(`${way.name}: a calendar is searched`, async () => {
    await withClient(way, 'orchard', async (call) => {
      const result = await call('calendar.search', search);
      assert.notEqual(result.isError, true, textOf(result));
      assert.match(textOf(result), /Budget review/);
    });
  });

  test(`${way.name}: lists show what may be called, the hidden tool is not there`, async () => {
    await withClient(way, 'orchard', async (_call, client) => {
      const { tools } = await client.listTools();
      const named = (tool: string): string =>
        way.all ? aggregatedName('orchard', tool, sha256) : tool;
      const names = tools.map((tool) => tool.name);
      assert.ok(names.includes(named('calendar.search')));
      assert.ok(names.includes(named('mail.save_attachment')));
      assert.ok(!names.includes(named('files.trash')));
      if (way.all) assert.ok(names.some((name) => name.startsWith('calculator__')));
      else assert.equal(names.length, 64);
    });
  });

  test(`${way.name}: a tool that the policy does not name is refused by default`, async () => {
    await withClient(way, 'orchard', async (call) => {
      const result = await call('mail.save_attachment', { messageId: 'm', attachmentId: 'a' });
      assert.equal(result.isError, true);
      assert.match(textOf(result), /^\[POLICY DENIED\] /);
      assert.equal(decisionOf(result)['rule'], '(default deny)');
    });
  });

  test(`${way.name}: a deletion waits for a person`, async () => {
    await withClient(way, 'orchard', async (call) => {
      const waiting = call('reminders.delete_list', { id: way.name });
      const id = await heldApproval();
      const denied = await portcullis([
        'approve',
        'deny',
        id,
        '--comment',
        'keep it',
        '--data',
        dataDir,
      ]);
      assert.equal(denied.code, 0, denied.stderr);
      const result = await waiting;
      assert.equal(result.isError, true);
      assert.match(textOf(result), /^\[POLICY DENIED\] a person refused this call.*: keep it$/);
    });
  });

  test(`${way.name}: hidden and unknown are the same error to a client`, async () => {
    await withClient(way, 'orchard', async (call) => {
      const errors: string[] = [];
      for (const tool of ['files.trash', 'files.trask']) {
        const error = await call(tool, { path: 'x' }).then(
          () => assert.fail('an unknown tool answered'),
          (thrown: Error & { code?: number }) => thrown,
        );
        assert.equal(error.code, -32602);
        const asked = way.all ? aggregatedName('orchard', tool, sha256) : tool;
        assert.ok(error.message.includes(asked), error.message);
        errors.push(error.message.replace(asked, 'TOOL'));
      }
      assert.equal(errors[0], errors[1]);
    });
  });
}

const limited = [
  {
    server: 'calculator',
    tool: 'create_session',
    max: 30,
    args: () => ({ calculator: 'percentage' }),
    counter: '/tools/create_session/limits/create_session_rate',
  },
  {
    server: 'qasperai',
    tool: 'book_appointment',
    max: 10,
    args: (n: number) => ({
      slug: 'none-such',
      serviceName: 'x',
      dateTime: '2027-01-01T10:00:00Z',
      customerName: 'A',
      customerPhone: '1',
      customerEmail: 'a@example.com',
      jobDescription: 'x',
      clientRequestId: `r${n}`,
    }),
    counter: '/tools/book_appointment/limits/book_appointment_rate',
  },
] as const;

for (const { server, tool, max, args, counter } of limited) {
  test(`${tool}: ${max} in a minute, however they come, and not one more`, async () => {
    let sent = 0;
    for (const [index, way] of ways.entries()) {
      const share = Math.floor((max * (index + 1)) / ways.length) - sent;
      await withClient(way, server, async (call) => {
        for (let one = 0; one < share; one += 1) {
          sent += 1;
          const result = await call(tool, args(sent));
          assert.doesNotMatch(textOf(result), /POLICY/, `call ${sent}`);
        }
      });
    }
    assert.equal(sent, max);
    for (const way of ways) {
      await withClient(way, server, async (call) => {
        const result = await call(tool, args(0));
        assert.equal(result.isError, true);
        const decision = decisionOf(result);
        assert.equal(decision['rule'], counter);
        const wait = decision['retryAfterMs'];
        assert.ok(typeof wait === 'number' && wait > 0 && wait <= 60_000, String(wait));
      });
    }
    const key = (await readFile(join(dataDir, 'operator.key'), 'utf8')).trim();
    const { limits } = await operate(gateway.url, key, { method: 'GET', path: '/limits' });
    const stand = limits.find((one: { readonly rule: string }) => one.rule === counter);
    assert.deepEqual([stand?.used, stand?.max, stand?.tools], [max, max, [tool]]);
  });
}

test('an agent asks the catalogue before it installs, ruled as by any server', async () => {
  const key = (await readFile(join(dataDir, 'operator.key'), 'utf8')).trim();
  const [grant] = await operate(gateway.url, key, { method: 'GET', path: '/grants' });
  assert.ok(grant.servers.includes('registry'));
  await until('the catalogue knows a server', async () => {
    const asked = modernCall('check_server', { server: 'calculator' });
    const at = { url: `${gateway.url}/registry/mcp`, token: printed.token };
    const { status, text } = await post(at, asked);
    assert.equal(status, 200, text);
    return text.includes('create_session');
  });
  const other = modernCall('install_server', { server: 'calculator' });
  const refused = await post({ url: `${gateway.url}/s/registry/mcp`, token: printed.token }, other);
  assert.match(refused.text, /POLICY DENIED|unknown tool/i);
});

describe('hidden and unknown, byte by byte', () => {
  const cases = [
    ['/s/orchard/mcp', 'files.trash', 'files.trask'],
    ['/mcp', 'orchard__files.trash', 'orchard__files.trask'],
    [
      '/mcp',
      aggregatedName('orchard', 'files.trash', sha256),
      aggregatedName('orchard', 'files.trask', sha256),
    ],
  ] as const;
  for (const [path, hidden, unknown] of cases) {
    test(`modern, ${path}, ${hidden}`, async () => {
      const to = { url: gateway.url + path, token: printed.token };
      const one = await post(to, modernCall(hidden, { path: 'x' }));
      const other = await post(to, modernCall(unknown, { path: 'x' }));
      assert.match(one.text, /-32602/);
      assert.equal(one.text.replaceAll(hidden, 'TOOL'), other.text.replaceAll(unknown, 'TOOL'));
      assert.equal(one.status, other.status);
      const still = { date: null, 'content-length': null };
      assert.deepEqual({ ...one.headers, ...still }, { ...other.headers, ...still });
      const longer = hidden.length - unknown.length;
      assert.equal(
        Number(one.headers['content-length']) - Number(other.headers['content-length']),
        longer,
      );
    });
  }
});

describe('the inspector on the command line', () => {
  const manifest = createRequire(import.meta.url).resolve(
    '@modelcontextprotocol/inspector/package.json',
  );
  const inspector = join(dirname(manifest), 'clients/launcher/build/index.js');
  const run = (
    path: string,
    token: string,
    args: readonly string[],
  ): ReturnType<typeof command> => {
    const home = { HOME: dataDir, MCP_CATALOG_PATH: join(dataDir, 'catalog.json') };
    const to = ['--server-url', gateway.url + path, '--transport', 'http'];
    const header = ['--header', `Authorization: Bearer ${token}`];
    return command(
      process.execPath,
      [
        inspector,
        '--cli',
        ...to,
        ...header,
        '--format',
        'json',
        '-q',
        '--stored-auth-only',
        ...args,
      ],
      { env: home, msMax: 60_000 },
    );
  };

  for (const era of ['legacy', 'modern']) {
    test(`lists tools, ${era}`, async () => {
      const ran = await run('/s/orchard/mcp', printed.token, [
        '--protocol-era',
        era,
        '--method',
        'tools/list',
      ]);
      assert.equal(ran.code, 0, ran.stderr);
      assert.match(ran.stdout, /calendar\.search/);
      assert.doesNotMatch(ran.stdout, /files\.trash/);
    });

    test(`calls a tool, ${era}`, async () => {
      const args = [
        '--method',
        'tools/call',
        '--tool-name',
        aggregatedName('orchard', 'calendar.search', sha256),
      ];
      const json = ['--tool-args-json', JSON.stringify(search)];
      const ran = await run('/mcp', printed.token, ['--protocol-era', era, ...args, ...json]);
      assert.equal(ran.code, 0, ran.stderr);
      assert.match(ran.stdout, /Budget review/);
    });
  }
});

describe('secrets', () => {
  const canary = 'canary-4f1c9e7b-of-an-argument';

  test('no error body repeats a token, and none says which part of it was wrong', async () => {
    const wrong = `${printed.token.slice(0, -4)}AAAA`;
    const { body, headers } = modern('tools/list', {});
    const bodies: string[] = [];
    for (const [path, token] of [
      ['/mcp', wrong],
      ['/s/orchard/mcp', wrong],
      ['/s/none/mcp', printed.token],
      [`/mcp?token=${printed.token}`, printed.token],
      ['/s/orchard/mcp', `${printed.token} `.repeat(2)],
      ['/api/v1/grants', printed.token],
    ] as const) {
      const answer = await post({ url: gateway.url + path, token }, { body, headers });
      assert.ok(answer.status >= 400, `${path} ${answer.status}`);
      bodies.push(answer.text);
    }
    for (const text of bodies) assert.doesNotMatch(text, /pcl_|AAAA/);
  });

  test('an argument, the token and the operator key are in no log and no record', async () => {
    const orchard = { url: `${gateway.url}/s/orchard/mcp`, token: printed.token };
    await post(orchard, modernCall('calendar.search', { ...search, query: canary }));
    await post(
      orchard,
      modernCall('mail.save_attachment', { messageId: canary, attachmentId: 'a' }),
    );
    await post(orchard, { body: `{"jsonrpc":"2.0","id":1,"method":"${canary}` });
    await gateway.end('SIGTERM');

    const key = (await readFile(join(dataDir, 'operator.key'), 'utf8')).trim();
    const secrets = [canary, printed.token, printed.token.slice(4, 40), key];
    const kept = new Set(['operator.key']);
    const files = await readdir(dataDir, { recursive: true, withFileTypes: true });
    let looked = 0;
    for (const file of files) {
      if (!file.isFile() || kept.has(file.name)) continue;
      const path = join(file.parentPath, file.name);
      const text = await readFile(path, 'latin1');
      looked += 1;
      for (const secret of secrets) assert.ok(!text.includes(secret), `${path} holds a secret`);
    }
    assert.ok(looked >= 8, `only ${looked} files`);
    for (const secret of secrets)
      assert.ok(!gateway.stderr().includes(secret), 'stderr holds a secret');
    assert.ok(!gateway.stdout().includes(key), 'the banner holds the operator key');
  });

  test('after a restart on the same folder the token is the same, and works', async () => {
    gateway = await startGateway(suite, { dataDir });
    const again = readBanner(gateway.stdout());
    assert.equal(again.token, printed.token);
    printed = again;
    const ran = await command('sh', ['-c', printed.curl]);
    assert.match(ran.stdout, /Budget review/);
  });

  test('another folder has another token', async (context) => {
    const other = await temporaryFolder(context);
    const second = await startGateway(context, { dataDir: other });
    await second.end('SIGTERM');
    assert.notEqual(readBanner(second.stdout()).token, printed.token);
  });
});
