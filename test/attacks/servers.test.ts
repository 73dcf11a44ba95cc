import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { send } from '../../src/attacks/client.ts';
import { fixtures } from '../../src/attacks/servers/all.ts';
import { listenHttp } from '../../src/attacks/servers/http.ts';
import { modern } from '../support/mcp-requests.ts';

const start = fileURLToPath(new URL('../../src/attacks/servers/start.ts', import.meta.url));
const definitions = [{ name: 'add', description: 'Adds.', inputSchema: { type: 'object' } }];
const options = { tools: definitions, before: definitions, after: definitions, turns: 'later' };

async function sandboxOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-servers-'));
  context.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

test('there are fourteen servers', () => {
  assert.equal(Object.keys(fixtures).length, 14);
});

for (const [name, make] of Object.entries(fixtures)) {
  test(`${name} lists its tools over HTTP, in both eras`, async (context) => {
    const sandbox = await sandboxOf(context);
    const listening = await listenHttp(await make({ options, note: () => undefined, sandbox }));
    context.after(() => listening.close());
    const { body, headers } = modern('tools/list', {});
    const json = { 'content-type': 'application/json' };
    const post = { method: 'POST', body, headers: { ...json, ...headers } };
    const newer = await send(listening.url, post);
    assert.equal(newer.result?.['resultType'], 'complete');
    assert.ok(Array.isArray(newer.result?.['tools']), newer.text);
    const older = await send(listening.url, {
      method: 'POST',
      headers: json,
      body: '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}',
    });
    assert.match(older.headers['mcp-session-id'] ?? '', /^fix_/);
  });

  test(`${name} lists its tools over stdio`, async (context) => {
    const sandbox = await sandboxOf(context);
    const args = [start, name, sandbox, JSON.stringify(options)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    context.after(() => child.kill('SIGKILL'));
    child.stdin.end('{"jsonrpc":"2.0","id":7,"method":"tools/list"}\n');
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    assert.equal(lines.length, 1);
    const answer = JSON.parse(lines[0] ?? '');
    assert.equal(answer.id, 7);
    assert.ok(answer.result.tools.length > 0);
  });
}
