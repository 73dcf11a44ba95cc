import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { startGateway, type GatewayProcess } from '../support/gateway-process.ts';
import { modernCall, post } from '../support/mcp-requests.ts';
import {
  fileGrant,
  recordsOf,
  writeOperatorFile,
  type FileGrant,
} from '../support/operator-file.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';
import { suiteScope } from '../support/scope.ts';
import { until } from '../support/until.ts';

// An agent that reads an issue of a stranger's, thinks about it with a third server, and wants to
// post: three servers, one principal. What is under test is that the read, and nothing else, stops
// the post.
const policies = {
  'tracker-rules': {
    version: '1',
    default: 'deny',
    tools: { read_issue: { labels: { adds: ['untrusted'] } }, list_issues: {} },
  },
  'notes-rules': { version: '1', default: 'deny', tools: { summarise: {} } },
  'forum-rules': {
    version: '1',
    default: 'deny',
    tools: {
      post_public: { labels: { blocked_by: ['untrusted'] } },
      post_internal: {
        deny_if: [
          { path: 'session.labels', op: 'contains', value: 'untrusted', on_deny: 'not from there' },
        ],
      },
    },
  },
};
const toolsOf: Readonly<Record<string, readonly string[]>> = {
  tracker: ['read_issue', 'list_issues'],
  notes: ['summarise'],
  forum: ['post_public', 'post_internal'],
};
const names = ['tracker', 'notes', 'forum'] as const;

let folder = '';
let servers: Record<string, RecordingServer> = {};
let gateway: GatewayProcess | null = null;
const suite = suiteScope();
let start: () => Promise<GatewayProcess>;

function grantOf(label: string, changes: Partial<FileGrant> = {}): FileGrant {
  return { ...fileGrant(label, [...names], 'unused'), ...changes };
}
const agent = grantOf('agent', { principal: 'agent:ann' });
const second = grantOf('second', { principal: 'agent:ann' });
const stranger = grantOf('stranger');
const watched = grantOf('watched', { principal: 'agent:ann', mode: 'observe' });
const brief = grantOf('brief', { principal: 'agent:brief', labelsLast: '1s' });
const grants = [agent, second, stranger, watched, brief];

async function begin(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-labels-'));
  servers = {};
  for (const name of names) {
    const server = await startRecordingServer();
    server.setTools(
      (toolsOf[name] ?? []).map((tool) => ({ name: tool, inputSchema: { type: 'object' } })),
    );
    servers[name] = server;
  }
  const entries = names.map((name) => [name, { url: servers[name]?.url, allowPrivate: true }]);
  const policy = Object.fromEntries(names.map((name) => [name, `${name}-rules`]));
  const path = await writeOperatorFile(folder, {
    servers: Object.fromEntries(entries),
    policies,
    // One policy for each server: the file's type knows one name for all.
    grants: grants.map((grant) => ({ ...grant, policy: policy as unknown as string })),
  });
  start = () => startGateway(suite, { dataDir: join(folder, 'data'), args: ['--config', path] });
  gateway = await start();
}

async function end(): Promise<void> {
  for (const server of Object.values(servers)) await server.close();
  await rm(folder, { recursive: true, force: true });
}

/** What the agent reads, without what differs from call to call. */
async function call(grant: FileGrant, server: string, tool: string): Promise<string> {
  const client = { url: `${gateway?.url}/s/${server}/mcp`, token: grant.token };
  const answer = await post(client, modernCall(tool, { text: 'hello' }));
  assert.equal(answer.status, 200, answer.text);
  return /\[POLICY [A-Z]+\] [^"]*/.exec(answer.text)?.[0] ?? 'made';
}

async function records(): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const audit = join(folder, 'data', 'audit');
  const files = (await readdir(audit)).filter(
    (name) => name.endsWith('.jsonl') && /^\d/.test(name),
  );
  return recordsOf(files.sort().map((name) => join(audit, name)));
}

describe('an agent that reads what a stranger wrote, then wants to post', () => {
  before(begin);
  after(end);
  beforeEach(() => {
    for (const server of Object.values(servers)) server.calls.length = 0;
  });

  test('without the read, the post is made', async () => {
    assert.equal(await call(agent, 'tracker', 'list_issues'), 'made');
    assert.equal(await call(agent, 'notes', 'summarise'), 'made');
    assert.equal(await call(agent, 'forum', 'post_public'), 'made');
    assert.equal(await call(agent, 'forum', 'post_internal'), 'made');
    assert.deepEqual(servers['forum']?.calls, ['post_public', 'post_internal']);
  });

  test('what is only observed labels nobody', async () => {
    assert.equal(await call(watched, 'tracker', 'read_issue'), 'made');
    assert.equal(await call(agent, 'forum', 'post_public'), 'made');
    assert.equal(await call(watched, 'forum', 'post_public'), 'made');
    const told = (await records()).findLast(
      ({ kind, grant }) => kind === 'intent' && grant === 'file:watched',
    );
    assert.equal(told?.['wouldRefuse'], '/tools/post_public/labels/blocked_by/untrusted');
  });

  test('with the read it is refused, by that rule, and reaches no server', async () => {
    assert.equal(await call(agent, 'tracker', 'read_issue'), 'made');
    assert.equal(await call(agent, 'notes', 'summarise'), 'made');
    assert.match(await call(agent, 'forum', 'post_public'), /^\[POLICY DENIED\]/);
    assert.equal(await call(agent, 'forum', 'post_internal'), '[POLICY DENIED] not from there');
    assert.deepEqual(servers['forum']?.calls, []);
    const all = await records();
    const refusal = all.findLast(({ kind }) => kind === 'refusal');
    assert.equal(refusal?.['code'], 'deny-if');
    const read = all.findLast(({ kind, tool }) => kind === 'intent' && tool === 'read_issue');
    assert.deepEqual(read?.['labels'], ['untrusted']);
  });

  test('another grant of the same principal is under the label too', async () => {
    assert.match(await call(second, 'forum', 'post_public'), /^\[POLICY DENIED\]/);
  });

  test('another principal is not', async () => {
    assert.equal(await call(stranger, 'forum', 'post_public'), 'made');
  });

  test('B-144: a label outlives kill -9, and a clean stop', async () => {
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await gateway?.end(signal);
      gateway = await start();
      assert.match(await call(agent, 'forum', 'post_public'), /^\[POLICY DENIED\]/, signal);
    }
    assert.deepEqual(servers['forum']?.calls, []);
  });

  test('a label ends when its grant says so', async () => {
    assert.equal(await call(brief, 'tracker', 'read_issue'), 'made');
    await until(
      'the label is over',
      async () => (await call(brief, 'forum', 'post_public')) === 'made',
    );
  });

  test('a read that never reached its server labels nobody', async () => {
    await servers['tracker']?.close();
    assert.equal(await call(stranger, 'tracker', 'read_issue'), 'made');
    assert.equal(await call(stranger, 'forum', 'post_public'), 'made');
  });
});
