import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { portcullis, startGateway, type GatewayProcess } from '../support/gateway-process.ts';
import { modern, modernCall, openStream, post, type Answered } from '../support/mcp-requests.ts';
import {
  fileGrant,
  replace,
  writeOperatorFile,
  type OperatorFile,
} from '../support/operator-file.ts';
import { startStreamingServer, type StreamingServer } from '../support/streaming-server.ts';
import { until } from '../support/until.ts';

let root = '';
let server: StreamingServer;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'portcullis-reload-'));
  server = await startStreamingServer();
});

after(async () => {
  await server.close();
  await rm(root, { recursive: true, force: true });
});

const grant = fileGrant('editor', ['s'], 'p');
const other = fileGrant('other', ['s'], 'p');

function fileWith(policy: object, grants = [grant, other]): OperatorFile {
  return {
    servers: { s: { url: server.url, allowPrivate: true } },
    policies: { p: policy },
    grants,
  };
}

/** Refuses by a reason that names this version of the document. */
const refusing = (reason: string): object => ({
  version: '1',
  default: 'deny',
  tools: { read: { action: 'deny', reason }, write: { action: 'deny', reason } },
});
const allowing = { version: '1', default: 'deny', tools: { read: {}, write: {} } };

let folders = 0;

/** A gateway on a folder of its own, stopped after the test. */
async function started(
  context: { after(work: () => Promise<void>): void },
  file: OperatorFile,
): Promise<{
  readonly folder: string;
  readonly dataDir: string;
  readonly gateway: GatewayProcess;
}> {
  folders += 1;
  const folder = join(root, String(folders));
  const path = await writeOperatorFile(folder, file);
  const dataDir = join(folder, 'data');
  const gateway = await startGateway(context, { dataDir, args: ['--config', path, '--verbose'] });
  return { folder, dataDir, gateway };
}

async function answerOf(
  gateway: GatewayProcess,
  token = grant.token,
  tool = 'read',
): Promise<Answered> {
  return post({ url: `${gateway.url}/s/s/mcp`, token }, modernCall(tool, {}));
}

async function untilAnswer(
  gateway: GatewayProcess,
  expected: RegExp,
  token = grant.token,
): Promise<void> {
  let last = '';
  await until(
    () => `no ${expected} in ${last}\n${gateway.stderr()}`,
    async () => {
      // A call that is under way when its grant ends is cut off.
      const answer = await answerOf(gateway, token).catch((error: unknown) => String(error));
      last = typeof answer === 'string' ? answer : `${answer.status} ${answer.text}`;
      return expected.test(last);
    },
  );
}

describe('an edit that is in order', () => {
  test('a policy file decides the next call', async (context) => {
    const { folder, gateway } = await started(context, fileWith(allowing));
    assert.match((await answerOf(gateway)).text, /"content"/);
    await writeFile(join(folder, 'p.policy.json'), JSON.stringify(refusing('edited in place')));
    await untilAnswer(gateway, /edited in place/);
    await replace(join(folder, 'p.policy.json'), refusing('replaced by a rename'));
    await untilAnswer(gateway, /replaced by a rename/);
    await replace(join(folder, 'p.policy.json'), allowing);
    await untilAnswer(gateway, /\{\\"args\\"/);
  });

  test('the configuration itself: another server', async (context) => {
    const second = await startStreamingServer();
    context.after(() => second.close());
    const { folder, gateway } = await started(context, fileWith(allowing));
    const file = fileWith(allowing);
    const grants = [fileGrant('both', ['s', 't'], 'p'), grant];
    await writeOperatorFile(folder, {
      ...file,
      servers: { ...file.servers, t: { url: second.url, allowPrivate: true } },
      grants,
    });
    const to = { url: `${gateway.url}/s/t/mcp`, token: grants[0]?.token ?? '' };
    await until(
      'the new server does not answer',
      async () => (await post(to, modernCall('read', {}))).status === 200,
    );
    assert.equal(second.calls.length, 1);
    // The other grant does not name it.
    assert.equal((await post({ ...to, token: grant.token }, modernCall('read', {}))).status, 404);
  });

  test('a server whose address is edited is reached there, its tools read again', async (context) => {
    const second = await startStreamingServer();
    context.after(() => second.close());
    const { folder, gateway } = await started(context, fileWith(allowing));
    await answerOf(gateway);
    const file = fileWith(allowing);
    await writeOperatorFile(folder, {
      ...file,
      servers: { s: { url: second.url, allowPrivate: true } },
    });
    await until('the new address is not called', async () => {
      assert.equal((await answerOf(gateway)).status, 200);
      return second.calls.length > 0;
    });
  });

  test('B-161: a link that is turned to another folder', async (context) => {
    folders += 1;
    const folder = join(root, String(folders));
    const path = await writeOperatorFile(join(folder, 'one'), fileWith(refusing('one')));
    await writeOperatorFile(join(folder, 'two'), fileWith(refusing('two')));
    await symlink('one', join(folder, 'current'));
    assert.ok(path.endsWith('portcullis.json'));
    const args = ['--config', join(folder, 'current', 'portcullis.json')];
    const gateway = await startGateway(context, { dataDir: join(folder, 'data'), args });
    await untilAnswer(gateway, /\] one/);
    await symlink('two', join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, 'current'));
    let last = '';
    await until(
      () => last,
      async () => /\] two/.test((last = (await answerOf(gateway)).text)),
      8_000,
    );
  });
});

describe('an edit that is not in order', () => {
  const broken: readonly (readonly [string, string, string | object, RegExp])[] = [
    [
      'half a policy',
      'p.policy.json',
      '{"version":"1","default":',
      /p\.policy\.json:1:\d+: the file ends too early/,
    ],
    [
      'a policy with an unknown field',
      'p.policy.json',
      { version: '1', default: 'allow', tolls: {} },
      /p\.policy\.json:4:\d+: .*tolls/,
    ],
    ['an empty policy', 'p.policy.json', '', /p\.policy\.json:1:1: the file is empty/],
    ['half a configuration', 'portcullis.json', '{"servers"', /portcullis\.json:1:\d+: /],
    [
      'a grant of a policy that is gone',
      'portcullis.json',
      {
        servers: {},
        grants: {
          g: { principal: 'agent:a', servers: [], policy: 'x', token: { sha256: 'a'.repeat(64) } },
        },
      },
      /there is no policy `x`/,
    ],
  ];
  for (const [name, file, content, why] of broken) {
    test(`B-161: ${name}: the old one stays in force, the log says why`, async (context) => {
      const { folder, dataDir, gateway } = await started(context, fileWith(refusing('as before')));
      await writeFile(
        join(folder, file),
        typeof content === 'string' ? content : JSON.stringify(content, null, 2),
      );
      await gateway.said(why);
      assert.match((await answerOf(gateway)).text, /as before/);
      const health = await fetch(`${gateway.url}/readyz`);
      assert.equal(health.status, 200);
      const found = await portcullis(['audit', 'tail', '--data', dataDir, '--json']);
      assert.match(found.stdout, /"event":"config","detail":\{"inForce":false,"problems":1\}/);
      // Repaired, it is in force again.
      await writeOperatorFile(folder, fileWith(refusing('repaired')));
      await untilAnswer(gateway, /repaired/);
    });
  }

  test('B-161: a file that is deleted', async (context) => {
    const { folder, gateway } = await started(context, fileWith(refusing('as before')));
    await rm(join(folder, 'p.policy.json'));
    await gateway.said(/p: .*there is no such file/);
    assert.match((await answerOf(gateway)).text, /as before/);
    await replace(join(folder, 'p.policy.json'), refusing('back'));
    await untilAnswer(gateway, /back/);
  });
});

describe('grants of the file', () => {
  test('one that is removed loses the next call and its streams, at once', async (context) => {
    const { folder, gateway } = await started(context, fileWith(allowing));
    const streams = await Promise.all(
      [grant, other].map(({ token, label }) => {
        const { body, headers } = modern(
          'subscriptions/listen',
          { notifications: { toolsListChanged: true } },
          { id: label },
        );
        return openStream(
          { url: `${gateway.url}/s/s/mcp`, token },
          { method: 'POST', body, headers },
        );
      }),
    );
    const [mine, theirs] = streams;
    assert.ok(mine !== undefined && theirs !== undefined);
    let theirsEnded = false;
    void theirs.closed.then(() => (theirsEnded = true));
    await writeOperatorFile(folder, fileWith(allowing, [other]));
    await untilAnswer(gateway, /^401 /);
    await mine.closed;
    assert.equal((await answerOf(gateway, other.token)).status, 200);
    assert.equal(theirsEnded, false);
    theirs.end();
  });

  test('one that is added works without a restart', async (context) => {
    const { folder, gateway } = await started(context, fileWith(allowing, [other]));
    assert.equal((await answerOf(gateway)).status, 401);
    await writeOperatorFile(folder, fileWith(allowing));
    await untilAnswer(gateway, /^200 /);
  });
});

test(
  'B-160: a hundred reloads under load: each call is decided by one version alone',
  { timeout: 280_000 },
  async (context) => {
    // Both tools change together: a decision that mixes versions names another reason or version.
    const { folder, dataDir, gateway } = await started(context, fileWith(refusing('v0')));
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    context.after(async () => agent.destroy());
    const client = { url: `${gateway.url}/s/s/mcp`, token: grant.token, agent };
    let running = true;
    const seen = new Map<string, Set<number>>();
    let calls = 0;
    const load = async (): Promise<void> => {
      while (running) {
        const answer = await post(client, modernCall(calls % 2 === 0 ? 'read' : 'write', {}));
        calls += 1;
        assert.equal(answer.status, 200, answer.text);
        const reason = /\[POLICY DENIED\] (v\d+)/.exec(answer.text)?.[1];
        const version = /"policyVersion":(\d+)/.exec(answer.text)?.[1];
        assert.ok(reason !== undefined && version !== undefined, answer.text);
        // Slow enough that each refusal gets a record of its own: a flood would be counted.
        await new Promise((resolve) => setTimeout(resolve, 30));
        seen.set(reason, (seen.get(reason) ?? new Set()).add(Number(version)));
      }
    };
    const workers = Array.from({ length: 8 }, load);
    await until('no call under the first version', () => seen.has('v0'));
    for (let reload = 1; reload <= 100; reload += 1) {
      await replace(join(folder, 'p.policy.json'), refusing(`v${reload}`));
      await until(`version ${reload} is not in force`, () => seen.has(`v${reload}`));
    }
    running = false;
    await Promise.all(workers);

    for (const [reason, versions] of seen)
      assert.equal(versions.size, 1, `${reason}: ${[...versions].join(' ')}`);
    const all = [...seen.values()].flatMap((versions) => [...versions]);
    assert.equal(new Set(all).size, all.length, 'two documents share a version');
    assert.equal(seen.size, 101);
    assert.ok(calls >= 1_000, `only ${calls} calls`);

    const exported = await portcullis(['audit', 'export', '--format', 'jsonl', '--data', dataDir]);
    const refusals = exported.stdout
      .split('\n')
      .filter((line) => line.includes('"kind":"refusal"'))
      .map((line) => JSON.parse(line) as { message: string; policyVersion: number });
    assert.equal(refusals.length, calls);
    for (const { message, policyVersion } of refusals) {
      assert.ok(seen.get(message)?.has(policyVersion), `${message} under ${policyVersion}`);
    }
  },
);

test('a folder that takes the place of a policy is no policy', async (context) => {
  const { folder, gateway } = await started(context, fileWith(refusing('as before')));
  await rm(join(folder, 'p.policy.json'));
  await mkdir(join(folder, 'p.policy.json'));
  await gateway.said(/this is a folder, not a file/);
  assert.match((await answerOf(gateway)).text, /as before/);
});
