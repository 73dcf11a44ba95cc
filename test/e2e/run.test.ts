import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';

import { openAuditFiles } from '../../src/storage/embedded/audit-files.ts';
import { compileCache } from '../../scripts/compile-cache.ts';
import { isAlive, portcullis, runArguments, temporaryFolder } from '../support/gateway-process.ts';
import { replace } from '../support/operator-file.ts';
import { until } from '../support/until.ts';

const require = createRequire(import.meta.url);
const program = (name: string): string =>
  join(dirname(require.resolve(`@modelcontextprotocol/${name}/package.json`)), 'dist', 'index.js');
const orchard = new URL('../../dist/demo/orchard.js', import.meta.url).pathname;
const policies = new URL('../../policies/', import.meta.url).pathname;

interface CallResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly text?: string }[];
}

/** What the tests need of either client. */
interface AnyClient {
  list(): Promise<readonly string[]>;
  call(name: string, args: object, onProgress?: () => void): Promise<CallResult>;
  close(): Promise<void>;
}

interface Launch {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What the client can be asked, and how it answers. */
  readonly asked?: boolean;
}

type Kind = 'v1' | 'v2 legacy' | 'v2 modern' | 'v2 auto';

/** Starts `portcullis run` as a client does: as the command of a stdio server. */
async function connect(kind: Kind, { args, env, asked = false }: Launch): Promise<AnyClient> {
  const params = {
    command: process.execPath,
    args: [...args],
    env: { ...defaultEnvironment(), ...env },
  };
  const sampled = {
    model: 'm',
    role: 'assistant',
    content: { type: 'text', text: 'sampled' },
  } as const;
  const elicited = { action: 'accept', content: { name: 'elicited' } } as const;
  const capabilities = asked ? { sampling: {}, elicitation: {} } : {};
  if (kind === 'v1') {
    const client = new ClientV1({ name: 'e2e', version: '1' }, { capabilities });
    if (asked) {
      client.setRequestHandler(CreateMessageRequestSchema, () => sampled);
      client.setRequestHandler(ElicitRequestSchema, () => elicited);
    }
    await client.connect(new StdioV1({ ...params, stderr: 'ignore' }));
    return {
      list: async () => (await client.listTools()).tools.map((tool) => tool.name),
      call: async (name, input, onprogress) =>
        (await client.callTool(
          { name, arguments: { ...input } },
          undefined,
          onprogress === undefined ? {} : { onprogress },
        )) as CallResult,
      close: () => client.close(),
    };
  }
  const mode =
    kind === 'v2 legacy' ? 'legacy' : kind === 'v2 auto' ? 'auto' : { pin: '2026-07-28' };
  const client = new ClientV2(
    { name: 'e2e', version: '1' },
    { capabilities, versionNegotiation: { mode } },
  );
  if (asked) {
    client.setRequestHandler('sampling/createMessage', () => sampled);
    client.setRequestHandler('elicitation/create', () => elicited);
  }
  await client.connect(new StdioV2({ ...params, stderr: 'ignore' }));
  return {
    list: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (name, input, onprogress) =>
      (await client.callTool(
        { name, arguments: { ...input } },
        onprogress === undefined ? {} : { onprogress },
      )) as CallResult,
    close: () => client.close(),
  };
}

function defaultEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { ...compileCache, PATH, HOME };
}

function textOf(result: CallResult): string {
  return result.content.map((block) => block.text ?? '').join('');
}

/** Folders of one test, and the arguments of `run` before a server's command. */
async function prepared(context: TestContext): Promise<{
  readonly folder: string;
  readonly dir: string;
  readonly launch: (policy: string, command: readonly string[], more?: readonly string[]) => Launch;
}> {
  const folder = await temporaryFolder(context);
  const dir = join(folder, 'records');
  return {
    folder,
    dir,
    launch: (policy, command, more = ['--audit', dir]) => ({
      args: runArguments(['--policy', policy, '--hold', '0', ...more, '--', ...command]),
      env: {
        XDG_STATE_HOME: join(folder, 'state'),
        MEMORY_FILE_PATH: join(folder, 'memory.jsonl'),
      },
    }),
  };
}

/** The records verify, and these are their kinds, in order. */
async function verified(dir: string): Promise<readonly string[]> {
  const files = openAuditFiles(dir);
  const answer = await files.verify({});
  assert.ok(answer.ok && answer.value.finding === null, JSON.stringify(answer));
  const found = await files.tail(1_000);
  assert.ok(found.ok);
  return found.value.map((record) => record.body.kind);
}

interface ServerCase {
  readonly name: string;
  readonly kinds: readonly Kind[];
  readonly policy: string;
  readonly command: (folder: string) => readonly string[];
  readonly hidden: readonly string[];
  readonly shown: readonly string[];
  readonly allowed: readonly [string, (folder: string) => object, RegExp];
  readonly refused: readonly [string, (folder: string) => object, RegExp];
}

const servers: readonly ServerCase[] = [
  {
    name: 'filesystem',
    kinds: ['v1', 'v2 legacy', 'v2 auto'],
    policy: 'filesystem',
    command: (folder) => [process.execPath, program('server-filesystem'), folder],
    shown: ['read_text_file', 'write_file'],
    hidden: [],
    allowed: ['read_text_file', (folder) => ({ path: join(folder, 'a.txt') }), /^hello$/],
    refused: [
      'create_directory',
      (folder) => ({ path: join(folder, 'x') }),
      /^\[POLICY DENIED\] folders are made below \/srv\/shared only/,
    ],
  },
  {
    name: 'memory',
    kinds: ['v1', 'v2 legacy'],
    policy: 'memory',
    command: () => [process.execPath, program('server-memory')],
    shown: ['create_entities', 'delete_entities'],
    hidden: [],
    allowed: [
      'create_entities',
      () => ({ entities: [{ name: 'Ada', entityType: 'person', observations: [] }] }),
      /Ada/,
    ],
    refused: ['delete_entities', () => ({ entityNames: ['Ada'] }), /^\[POLICY HELD\] /],
  },
  {
    name: 'everything',
    kinds: ['v1', 'v2 legacy'],
    policy: 'everything',
    command: () => [process.execPath, program('server-everything')],
    shown: ['echo', 'get-sum'],
    hidden: ['get-env'],
    allowed: ['echo', () => ({ message: 'back' }), /back/],
    refused: ['get-env', () => ({}), /Unknown tool: get-env/],
  },
  {
    name: 'orchard',
    kinds: ['v1', 'v2 legacy', 'v2 modern', 'v2 auto'],
    policy: 'orchard',
    command: () => [process.execPath, orchard],
    shown: ['calendar.search', 'mail.save_attachment'],
    hidden: ['files.trash'],
    allowed: [
      'calendar.search',
      () => ({ query: 'review', start: '2026-01-01', end: '2030-01-01' }),
      /Budget review/,
    ],
    refused: [
      'mail.save_attachment',
      () => ({ messageId: 'm', attachmentId: 'a' }),
      /^\[POLICY DENIED\] /,
    ],
  },
];

describe('servers', { concurrency: 3 }, () => {
  for (const { name, kinds, policy, command, shown, hidden, allowed, refused } of servers) {
    for (const kind of kinds) {
      test(`${name}, ${kind}: the list is filtered, calls are judged, records verify`, async (context) => {
        const { folder, dir, launch } = await prepared(context);
        await writeFile(join(folder, 'a.txt'), 'hello');
        const client = await connect(
          kind,
          launch(join(policies, `${policy}.json`), command(folder)),
        );
        const tools = await client.list();
        for (const tool of shown)
          assert.ok(tools.includes(tool), `${tool} is not in ${tools.join(' ')}`);
        for (const tool of hidden) assert.ok(!tools.includes(tool), `${tool} is shown`);
        const [allowedTool, allowedArgs, allowedText] = allowed;
        assert.match(textOf(await client.call(allowedTool, allowedArgs(folder))), allowedText);
        const [refusedTool, refusedArgs, refusedText] = refused;
        const answer = await client
          .call(refusedTool, refusedArgs(folder))
          .then(textOf, (error: Error) => error.message);
        assert.match(answer.replace(/^MCP error -32602: /, ''), refusedText);
        await client.close();
        const calls = (await verified(dir)).filter((one) =>
          ['intent', 'outcome', 'refusal'].includes(one),
        );
        assert.deepEqual(calls, ['intent', 'outcome', 'refusal']);
      });
    }
  }
});

describe('what a server says by itself', { concurrency: 3 }, () => {
  for (const kind of ['v1', 'v2 legacy'] as const) {
    test(`${kind}: progress arrives`, async (context) => {
      const { launch } = await prepared(context);
      const client = await connect(
        kind,
        launch(join(policies, 'everything.json'), [process.execPath, program('server-everything')]),
      );
      let heard = 0;
      const result = await client.call(
        'trigger-long-running-operation',
        { duration: 0.4, steps: 4 },
        () => (heard += 1),
      );
      assert.notEqual(result.isError, true, textOf(result));
      await client.close();
      assert.ok(heard >= 3, `${heard} of 4`);
    });

    test(`${kind}: sampling and elicitation, when they are opened`, async (context) => {
      const { folder, dir, launch } = await prepared(context);
      const command = [process.execPath, program('server-everything')];
      const policy = join(policies, 'everything.json');
      const closed = await connect(kind, {
        ...launch(policy, command, ['--audit', dir]),
        asked: true,
      });
      const refused = await closed
        .call('trigger-sampling-request', { prompt: 'p', maxTokens: 5 })
        .then(textOf, (error: Error) => error.message);
      assert.doesNotMatch(refused, /sampled/);
      await closed.close();

      const second = join(folder, 'opened');
      const more = ['--open', 'sampling', 'elicitation', '--audit', second];
      const open = await connect(kind, { ...launch(policy, command, more), asked: true });
      const sampled = await open.call('trigger-sampling-request', { prompt: 'p', maxTokens: 5 });
      assert.match(textOf(sampled), /sampled/);
      const elicited = await open.call('trigger-elicitation-request', {});
      assert.match(textOf(elicited), /elicited/);
      await open.close();
      await verified(second);
    });
  }
});

const limitedPolicy = {
  version: '1',
  default: 'deny',
  tools: {
    'calendar.today': { limits: [{ counter: 'today', window: 'hour', max: 3, scope: 'grant' }] },
  },
};

describe('from one start to the next', () => {
  test('limits hold, in the folder of this policy and command', async (context) => {
    const { folder, launch } = await prepared(context);
    const policy = join(folder, 'limited.json');
    await replace(policy, limitedPolicy);
    const answers: string[] = [];
    for (let start = 0; start < 3; start += 1) {
      const client = await connect('v2 legacy', launch(policy, [process.execPath, orchard], []));
      for (let call = 0; call < 2; call += 1)
        answers.push(textOf(await client.call('calendar.today', {})));
      await client.close();
    }
    assert.deepEqual(
      answers.map((text) => text.startsWith('[POLICY DENIED]')),
      [false, false, false, true, true, true],
    );
    const states = await readdir(join(folder, 'state', 'portcullis', 'run'));
    assert.equal(states.length, 1, String(states));
  });

  test('a definition that changed is neither shown nor callable, until its pins are removed', async (context) => {
    const { folder, dir, launch } = await prepared(context);
    const text = await readFile(
      new URL('../fixtures/changing-server.mjs', import.meta.url),
      'utf8',
    );
    const server = join(folder, 'server.mjs');
    await writeFile(server, text);
    const policy = join(folder, 'all.json');
    await replace(policy, { version: '1', default: 'allow' });
    const look = async (): Promise<readonly [readonly string[], string]> => {
      const client = await connect('v1', launch(policy, [process.execPath, server]));
      const tools = await client.list();
      const answer = await client.call('changes', {}).then(textOf, (error: Error) => error.message);
      await client.close();
      return [tools, answer];
    };
    assert.deepEqual(await look(), [['changes', 'stays'], 'ran changes']);
    await writeFile(server, text.replace('does one thing', 'does another thing'));
    const [tools, answer] = await look();
    assert.deepEqual(tools, ['stays']);
    assert.match(answer, /Unknown tool: changes/);
    await rm(join(dir, 'pins.json'));
    assert.deepEqual(await look(), [['changes', 'stays'], 'ran changes']);
    await verified(dir);
  });
});

describe('two at once', { concurrency: 3 }, () => {
  test('each takes a folder of its own when none is named', async (context) => {
    const { folder, launch } = await prepared(context);
    const policy = join(policies, 'orchard.json');
    const launches = launch(policy, [process.execPath, orchard], []);
    const clients = await Promise.all([connect('v1', launches), connect('v2 legacy', launches)]);
    for (const client of clients) {
      assert.match(textOf(await client.call('system.doctor', {})), /./);
    }
    const root = join(folder, 'state', 'portcullis', 'run');
    const states = (await readdir(root)).toSorted();
    assert.equal(states.length, 2, String(states));
    assert.equal(states[1], `${states[0]}-2`);
    await Promise.all(clients.map((client) => client.close()));
    for (const state of states) await verified(join(root, state));
  });

  test('a folder that was named is not shared', async (context) => {
    const { dir, launch } = await prepared(context);
    const policy = join(policies, 'orchard.json');
    const command = [process.execPath, orchard];
    const first = await connect('v1', launch(policy, command));
    const second = await portcullis(['run', '--policy', policy, '--audit', dir, '--', ...command]);
    assert.equal(second.code, 2);
    assert.equal(second.stdout, '');
    assert.match(
      second.stderr,
      /^portcullis: another run writes to .*records; end it, or choose another folder with --audit\n$/,
    );
    assert.match(textOf(await first.call('system.doctor', {})), /./);
    await first.close();
  });
});

describe('what cannot be run', { concurrency: 3 }, () => {
  const cases: readonly (readonly [string, string | null, readonly string[], RegExp])[] = [
    ['a policy that does not parse', '{\n  "version": "1",\n}', [], /policy\.json:3:1/],
    [
      'a policy with an unknown field',
      '{\n  "version": "1",\n  "default": "deny",\n  "tolls": {}\n}',
      [],
      /policy\.json:4:3: .*did you mean `tools`/,
    ],
    ['a policy that is not there', null, [], /--policy: there is no file/],
    [
      'a family that is none',
      '{"version":"1","default":"deny"}',
      ['--open', 'samplin'],
      /--open: there is no `samplin`/,
    ],
  ];
  for (const [name, text, more, expected] of cases) {
    test(name, async (context) => {
      const folder = await temporaryFolder(context);
      const policy = join(folder, 'policy.json');
      if (text !== null) await writeFile(policy, text);
      const args = ['--policy', policy, '--audit', join(folder, 'records'), ...more];
      const ran = await portcullis(['run', ...args, '--', process.execPath, orchard]);
      assert.equal(ran.code, 2, ran.stderr);
      assert.equal(ran.stdout, '');
      assert.match(ran.stderr, expected);
      assert.equal(ran.stderr.trimEnd().split('\n').length, 1, ran.stderr);
    });
  }

  test('a folder for records that cannot be made', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(join(folder, 'file'), '');
    const args = ['--policy', join(policies, 'orchard.json'), '--audit', join(folder, 'file', 'x')];
    const ran = await portcullis(['run', ...args, '--', process.execPath, orchard]);
    assert.equal(ran.code, 2, ran.stderr);
    assert.match(ran.stderr, /^portcullis: .*file.*\n$/);
  });
});

describe('the process', { concurrency: 3 }, () => {
  /** `run` around a command, spoken to line by line. */
  async function raw(context: TestContext, command: readonly string[]) {
    const folder = await temporaryFolder(context);
    const policy = join(folder, 'all.json');
    await replace(policy, { version: '1', default: 'allow' });
    const dir = join(folder, 'records');
    await mkdir(dir);
    const args = runArguments(['--policy', policy, '--audit', dir, '--', ...command]);
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...compileCache },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    context.after(() => void child.kill('SIGKILL'));
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    const ended = new Promise<number | null>((resolve) =>
      child.on('close', (code) => resolve(code)),
    );
    const send = (message: object): void =>
      void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    const initialize = (): void => {
      const clientInfo = { name: 'e2e', version: '1' };
      send({
        id: 1,
        method: 'initialize',
        params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
      });
    };
    return { child, dir, send, initialize, ended, stdout: () => stdout, stderr: () => stderr };
  }

  test('stdout carries the protocol alone; what the server writes to stderr is not there', async (context) => {
    const run = await raw(context, [process.execPath, program('server-everything')]);
    run.initialize();
    await until('no answer', () => run.stdout().includes('"id":1'));
    run.send({ method: 'notifications/initialized' });
    run.send({
      id: 2,
      method: 'tools/call',
      params: { name: 'echo', arguments: { message: 'line\nbreak' } },
    });
    run.child.stdin.write('this is no message\n');
    run.send({ id: 3, method: 'tools/call', params: { name: 'no-such-tool', arguments: {} } });
    run.child.stdin.end();
    assert.equal(await run.ended, 0, run.stderr());
    const lines = run
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { jsonrpc: string; id?: unknown });
    for (const line of lines) assert.equal(line.jsonrpc, '2.0');
    for (const id of [1, 2, 3])
      assert.equal(lines.filter((line) => line.id === id).length, 1, run.stdout());
    await verified(run.dir);
  });

  for (const how of ['SIGTERM', 'SIGINT'] as const) {
    test(`${how} in the middle of a call: an end that does not wait for it, the call on record, no child left`, async (context) => {
      const run = await raw(context, [process.execPath, program('server-everything')]);
      run.initialize();
      await until('no answer', () => run.stdout().includes('"id":1'));
      run.send({ method: 'notifications/initialized' });
      const params = {
        name: 'trigger-long-running-operation',
        // Longer than a test may take.
        arguments: { duration: 600, steps: 2 },
      };
      run.send({ id: 2, method: 'tools/call', params });
      const segment = join(run.dir, 'audit', '0000000000000001.jsonl');
      await until('no intent', async () =>
        (await readFile(segment, 'utf8')).includes('"kind":"intent"'),
      );
      const children = await readFile(
        `/proc/${run.child.pid}/task/${run.child.pid}/children`,
        'utf8',
      );
      run.child.kill(how);
      assert.equal(await run.ended, 0, run.stderr());
      const pids = children.trim().split(' ').map(Number);
      assert.ok(pids.length > 0 && pids.every((pid) => pid > 0));
      for (const pid of pids) assert.equal(await isAlive(pid), false, `process ${pid} is left`);
      await verified(run.dir);
      assert.match(await readFile(segment, 'utf8'), /"kind":"outcome"/);
    });
  }

  test('a command that does not exist: every request is answered, with what is wrong on stderr', async (context) => {
    const run = await raw(context, ['/no/such/command']);
    run.initialize();
    await until('no answer', () => run.stdout().includes('"id":1'));
    assert.match(run.stdout(), /"error"/);
    run.child.stdin.end();
    assert.equal(await run.ended, 0);
    assert.match(run.stderr(), /`\/no\/such\/command` was not found/);
    assert.doesNotMatch(run.stderr(), /\n\s+at /);
  });
});
