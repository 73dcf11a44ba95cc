import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { portcullis, startGateway, type GatewayProcess } from '../support/gateway-process.ts';
import {
  modern,
  modernCall,
  openStream,
  post,
  type OpenedStream,
} from '../support/mcp-requests.ts';
import { fileGrant, writeOperatorFile, type FileGrant } from '../support/operator-file.ts';
import { suiteScope } from '../support/scope.ts';
import { startStreamingServer, type StreamingServer } from '../support/streaming-server.ts';
import { until } from '../support/until.ts';

const one = fileGrant('one', ['s', 't'], 'open');
const two = fileGrant('two', ['s', 't'], 'open');

let folder = '';
let servers: Record<'s' | 't', StreamingServer>;
let gateway: GatewayProcess;
const suite = suiteScope();
let start: () => Promise<GatewayProcess>;

async function begin(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-stop-'));
  servers = { s: await startStreamingServer(), t: await startStreamingServer() };
  const path = await writeOperatorFile(folder, {
    servers: {
      s: { url: servers.s.url, allowPrivate: true },
      t: { url: servers.t.url, allowPrivate: true },
    },
    policies: { open: { version: '1', default: 'allow' } },
    grants: [one, two],
  });
  start = () => startGateway(suite, { dataDir: join(folder, 'data'), args: ['--config', path] });
  gateway = await start();
}

async function end(): Promise<void> {
  await Promise.all([servers.s.close(), servers.t.close()]);
  await rm(folder, { recursive: true, force: true });
}

function stop(...args: readonly string[]): ReturnType<typeof portcullis> {
  return portcullis(['stop', ...args, '--data', join(folder, 'data')]);
}

async function done(...args: readonly string[]): Promise<string> {
  const ran = await stop(...args);
  assert.equal(ran.code, 0, ran.stderr);
  return ran.stdout;
}

const client = (grant: FileGrant, server: string) => ({
  url: `${gateway.url}/s/${server}/mcp`,
  token: grant.token,
});

async function call(grant: FileGrant, server = 's'): Promise<string> {
  return (await post(client(grant, server), modernCall('read', {}))).text;
}

function listen(grant: FileGrant, server: string): Promise<OpenedStream> {
  const asked = { notifications: { toolsListChanged: true } };
  const message = modern('subscriptions/listen', asked, { id: 'l' });
  return openStream(client(grant, server), { method: 'POST', ...message });
}

/** Whether a stream has ended, without waiting for it. */
async function isClosed(stream: OpenedStream): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([stream.closed, Promise.resolve(pending)])) !== pending;
}

const stoppedSentence = /\[POLICY DENIED\] the operator has stopped every call/;

describe('B-163, R-39: the kill switch', () => {
  before(begin);
  after(end);

  const kinds: readonly (readonly [
    string,
    readonly string[],
    readonly [FileGrant, 's' | 't'][],
  ])[] = [
    [
      'everything',
      ['--all'],
      [
        [one, 's'],
        [one, 't'],
        [two, 's'],
        [two, 't'],
      ],
    ],
    [
      'a grant',
      ['--grant', 'one'],
      [
        [one, 's'],
        [one, 't'],
      ],
    ],
    [
      'a server',
      ['--server', 't'],
      [
        [one, 't'],
        [two, 't'],
      ],
    ],
  ];
  for (const [name, target, stopped] of kinds) {
    test(`${name}: calls, streams and what is under way, and nothing else`, async () => {
      const pairs = [one, two].flatMap((grant) =>
        (['s', 't'] as const).map((to) => [grant, to] as const),
      );
      const streams = await Promise.all(pairs.map(([grant, to]) => listen(grant, to)));
      const before = { s: servers.s.calls.length, t: servers.t.calls.length };
      const letGo = [servers.s.holdCalls(), servers.t.holdCalls()];
      const underWay = pairs.map(([grant, to]) => call(grant, to));
      await until('two calls are under way at each server', () =>
        [servers.s.calls.length - before.s, servers.t.calls.length - before.t].every(
          (n) => n === 2,
        ),
      );

      await done(...target, '--reason', 'being looked into');
      for (const each of letGo) each();
      for (const [index, [grant, to]] of pairs.entries()) {
        const isStopped = stopped.some(([g, s]) => g === grant && s === to);
        const stream = streams[index];
        assert.ok(stream !== undefined);
        if (isStopped) {
          await stream.closed;
          assert.match(
            (await underWay[index]) ?? '',
            /operator stopped this call while it was under/,
          );
          assert.match(await call(grant, to), stoppedSentence);
          assert.match(await call(grant, to), /being looked into/);
          const list = await post(client(grant, to), modern('tools/list', {}));
          assert.match(list.text, /"error".*the operator has stopped/);
          assert.equal((await listen(grant, to)).text().includes('open'), false);
        } else {
          assert.equal(await isClosed(stream), false);
          assert.doesNotMatch(await call(grant, to), /operator/);
          assert.doesNotMatch((await underWay[index]) ?? '', /operator/);
          stream.end();
        }
      }
      await done(...target, '--release');
      for (const [grant, to] of pairs) assert.doesNotMatch(await call(grant, to), /operator/);
    });
  }

  test('the endpoint of all servers is stopped with them', async () => {
    const next = `--all --release --data ${join(folder, 'data')}`;
    assert.ok((await done('--all')).includes(`portcullis stop ${next}\``));
    const all = { url: `${gateway.url}/mcp`, token: one.token };
    assert.match((await post(all, modern('tools/list', {}))).text, /the operator has stopped/);
    await done('--all', '--release');
  });

  test('a stop outlives kill -9, and so does its release', async () => {
    await done('--grant', 'one');
    await gateway.end('SIGKILL');
    gateway = await start();
    assert.match(await call(one), stoppedSentence);
    assert.doesNotMatch(await call(two), /operator/);
    assert.match(await done('--list'), /grant one .*operator/);
    await done('--grant', 'one', '--release');
    await gateway.end('SIGKILL');
    gateway = await start();
    assert.doesNotMatch(await call(one), /operator/);
  });

  test('stops, releases and refusals are on record', async () => {
    await done('--server', 's', '--reason', 'because');
    await call(two);
    await done('--server', 's', '--release');
    const searched = await portcullis([
      'audit',
      'tail',
      '--json',
      '-n',
      '50',
      '--data',
      join(folder, 'data'),
    ]);
    const { stdout } = searched;
    assert.match(stdout, /"action":\s*"stop.set"/, searched.stderr);
    assert.match(stdout, /"action":\s*"stop.release"/);
    assert.match(stdout, /"code":\s*"stopped"/);
  });

  const bad: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['nothing named', [], /say what: --all, --grant NAME or --server NAME/],
    ['two things named', ['--all', '--server', 's'], /one of them/],
    ['a server that is not there', ['--server', 'x'], /there is no server `x`/],
    ['a grant that is not there', ['--grant', 'x'], /there is no live grant `x`/],
    ['a release of nothing', ['--server', 's', '--release'], /there is no stop of `server s`/],
  ];
  for (const [name, args, expected] of bad) {
    test(`refused: ${name}`, async () => {
      const ran = await stop(...args);
      assert.equal(ran.code, 2);
      assert.match(ran.stderr, expected);
    });
  }
});
