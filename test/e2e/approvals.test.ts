import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { connectControl } from '../../src/cli/control-client.ts';
import { compileCache } from '../../scripts/compile-cache.ts';
import { modernPay, resultOf, textOf } from '../support/held-calls.ts';
import {
  command,
  portcullis,
  runArguments,
  startGateway,
  temporaryFolder,
  type GatewayProcess,
} from '../support/gateway-process.ts';
import { post } from '../support/mcp-requests.ts';
import { until } from '../support/until.ts';

const inspector = fileURLToPath(new URL('../../node_modules/.bin/mcp-inspector', import.meta.url));
const orchard = fileURLToPath(new URL('../../src/demo/orchard.ts', import.meta.url));
const tool = 'reminders.delete_list';

interface Listed {
  readonly id: string;
  readonly state: string;
  readonly waiting: number;
}

/** What is listed to a person, or why nothing is. */
interface Looked {
  readonly approvals: readonly Listed[];
  readonly problem: string | null;
}

async function look(dataDir: string): Promise<Looked> {
  const control = await connectControl(dataDir);
  const listed = control.ok ? await control.value.get('/api/v1/approvals') : control;
  if (!listed.ok) return { approvals: [], problem: listed.error.message };
  return { ...(listed.value as Looked), problem: null };
}

/**
 * The one call that waits, on an open connection or, where `waiting` is 0, on none; a terminal shows
 * it too. `answered` is the call itself: once it has an answer it does not wait, and the answer says
 * why.
 */
async function held(
  dataDir: string,
  waiting: number,
  answered: Promise<unknown> | null = null,
): Promise<string> {
  let answer: string | null = null;
  void answered?.then((value) => (answer = JSON.stringify(value)));
  let last: Looked | null = null;
  await until(
    () => `no call waits: ${JSON.stringify(last)}`,
    async () => {
      assert.equal(answer, null, 'the call was answered');
      last = await look(dataDir);
      const [found] = last.approvals;
      return found?.state === 'pending' && found.waiting === waiting;
    },
    60_000,
  );
  const ran = await portcullis(['approve', 'list', '--data', dataDir, '--json']);
  assert.equal(ran.code, 0, ran.stderr);
  const [found] = (JSON.parse(ran.stdout) as { approvals: readonly Listed[] }).approvals;
  assert.deepEqual([found?.state, found?.waiting], ['pending', waiting], ran.stdout);
  return found?.id ?? '';
}

function tokenOf(gateway: GatewayProcess): string {
  return /pcl_[A-Za-z0-9_-]{40,}/.exec(gateway.stdout())?.[0] ?? '';
}

async function allow(dataDir: string, id: string): Promise<string> {
  const ran = await portcullis(['approve', 'allow', id, '--data', dataDir]);
  assert.equal(ran.code, 0, ran.stderr);
  return ran.stdout;
}

describe('a person answers in a terminal', { timeout: 280_000 }, () => {
  for (const era of ['legacy', 'modern']) {
    test(`${era}: while the Inspector waits, exactly that call is let through, once`, async (context) => {
      const dataDir = await temporaryFolder(context);
      const gateway = await startGateway(context, { dataDir });
      const call = (id: string): ReturnType<typeof command> =>
        command(
          process.execPath,
          [
            inspector,
            '--cli',
            '--server-url',
            `${gateway.url}/s/orchard/mcp`,
            '--transport',
            'http',
            '--header',
            `Authorization: Bearer ${tokenOf(gateway)}`,
            '--protocol-era',
            era,
            '--format',
            'json',
            '--quiet',
            '--stored-auth-only',
            '--method',
            'tools/call',
            '--tool-name',
            tool,
            '--tool-args-json',
            JSON.stringify({ id, force: true }),
          ],
          { env: { HOME: dataDir }, msMax: 90_000 },
        );
      const waiting = call('list-2');
      const id = await held(dataDir, 1, waiting);
      assert.match(await allow(dataDir, id), /it runs now/);
      const ran = await waiting;
      assert.match(ran.stdout, /deleted/, ran.stderr);
      assert.doesNotMatch(ran.stdout, /POLICY/);

      const again = call('list-2');
      const second = await held(dataDir, 1, again);
      assert.notEqual(second, id);
      await portcullis(['approve', 'deny', second, '--data', dataDir]);
      assert.match((await again).stdout, /POLICY DENIED/);
      const log = await portcullis(['audit', 'search', '--data', dataDir, '--json']);
      const kinds = log.stdout.match(/"kind":"intent"[^\n]*reminders\.delete_list/g) ?? [];
      assert.equal(kinds.length, 1);
    });
  }

  test('what waits survives kill -9, binds as before, and is let through once (B-157)', async (context) => {
    const dataDir = await temporaryFolder(context);
    const first = await startGateway(context, { dataDir });
    const token = tokenOf(first);
    const sent = modernPay('{"id":"list-2","force":true}', '', '{}', tool);
    const lost = post({ url: `${first.url}/s/orchard/mcp`, token }, sent).catch(() => null);
    const id = await held(dataDir, 1, lost);
    await first.end('SIGKILL');
    assert.equal(await lost, null);

    const second = await startGateway(context, { dataDir });
    assert.equal(await held(dataDir, 0), id);
    assert.match(await allow(dataDir, id), /when its client calls again/);
    const client = { url: `${second.url}/s/orchard/mcp`, token };
    const answered = await post(client, sent);
    assert.equal(resultOf(answered).result?.isError ?? false, false, answered.text);
    const verified = await portcullis(['audit', 'verify', '--data', dataDir]);
    assert.equal(verified.code, 0, verified.stdout);
  });

  test('around one stdio server: answered by the folder of its records', async (context) => {
    const folder = await temporaryFolder(context);
    const dir = join(folder, 'records');
    const policy = join(folder, 'policy.json');
    const document = {
      version: '1',
      default: 'deny',
      tools: { [tool]: { action: 'require_approval' } },
    };
    await writeFile(policy, JSON.stringify(document));
    const args = ['--policy', policy, '--audit', dir, '--', process.execPath, orchard];
    const child = spawn(process.execPath, runArguments(args), {
      env: { ...process.env, ...compileCache },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    context.after(() => child.kill('SIGKILL'));
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    const lines = createInterface({ input: child.stdout });
    const answer = new Promise<string>((resolve) =>
      lines.on('line', (line) => (line.includes('"id":1') ? resolve(line) : undefined)),
    );
    child.stdin.write(`${modernPay('{"id":"list-2","force":true}', '', '{}', tool).body}\n`);
    const id = await held(dir, 1, answer);
    assert.ok(said.includes(`portcullis approve allow ${id} --data ${dir}`), said);
    await allow(dir, id);
    const text = await answer;
    assert.match(text, /deleted/, textOf({ text }));
    assert.doesNotMatch(text, /POLICY/);
    child.stdin.end();
  });
});
