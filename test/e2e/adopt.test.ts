import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { temporaryFolder } from '../support/gateway-process.ts';

const cli = new URL('../../src/cli/cli.ts', import.meta.url).pathname;
const scanned = new URL('../fixtures/scanned-server.mjs', import.meta.url).pathname;
const tools = [{ name: 'delete_note', description: 'Deletes a note', inputSchema: {} }];
const command = process.execPath;
const args = [scanned, 'plain', JSON.stringify(tools)];

/** Clients' own files, with comments, odd spacing and a remote server among them. */
const files: Readonly<Record<string, string>> = {
  '.cursor/mcp.json': `{"mcpServers":{"notes":${JSON.stringify({ command, args })},"far":{"url":"https://far.invalid/mcp"}}}`,
  '.config/Code/User/mcp.json': `{\n  // mine\n  "servers": {\n    "notes": { "type": "stdio", "command": ${JSON.stringify(command)}, "args": ${JSON.stringify(args)}, }, /* keep */\n  },\n}\n`,
  '.codex/config.toml': `model = "x" # keep\r\n\r\n[mcp_servers.notes]\r\ncommand = ${JSON.stringify(command)}\r\nargs = ${JSON.stringify(args)} # keep\r\n\r\n[mcp_servers.notes.env]\r\nA = "1"\r\n`,
};

interface Home {
  readonly run: (args: readonly string[]) => Promise<{ code: number; out: string; err: string }>;
  readonly read: (path: string) => Promise<string>;
  readonly dir: string;
}

async function home(context: TestContext): Promise<Home> {
  const dir = await temporaryFolder(context);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  const { PATH = '' } = process.env;
  return {
    dir,
    read: (path) => readFile(join(dir, path), 'utf8'),
    run: (words) =>
      new Promise((resolve) => {
        const options = { cwd: dir, env: { PATH, HOME: dir }, maxBuffer: 16_000_000 };
        execFile(process.execPath, [cli, ...words], options, (error, out, err) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          resolve({ code, out, err });
        });
      }),
  };
}

test('adopt shows, changes, and puts back the same bytes; doctor proves it', async (context) => {
  const { run, read } = await home(context);
  const shown = await run(['adopt']);
  assert.equal(shown.code, 0, shown.err);
  assert.match(shown.out, /nothing was changed yet/);
  assert.match(shown.out, /left-alone +far: a server on the network/);
  for (const [path, text] of Object.entries(files)) assert.equal(await read(path), text);

  const before = await run(['doctor', '--json']);
  assert.equal(before.code, 1);
  const states = (out: string): readonly string[] =>
    JSON.parse(out).servers.map(
      (one: { client: string; server: string; state: string; canary: { kind: string } | null }) =>
        [one.client, one.server, one.state, one.canary?.kind ?? '-'].join(' '),
    );
  assert.deepEqual(states(before.out), [
    'Cursor notes around -',
    'Cursor far around -',
    'VS Code notes around -',
    'Codex notes around -',
  ]);

  const adopted = await run(['adopt', '--yes']);
  assert.equal(adopted.code, 0, adopted.err);
  for (const [path, text] of Object.entries(files)) {
    const now = await read(path);
    assert.notEqual(now, text);
    for (const comment of ['// mine', '/* keep */', '# keep']) {
      assert.equal(now.split(comment).length, text.split(comment).length, `${path} ${comment}`);
    }
  }
  const after = await run(['doctor', '--json']);
  assert.deepEqual(states(after.out), [
    'Cursor notes through denied',
    'Cursor far around -',
    'VS Code notes through denied',
    'Codex notes through denied',
  ]);
  const again = await run(['adopt', '--yes']);
  assert.match(again.out, /nothing is to be changed/);

  const undone = await run(['adopt', '--undo']);
  assert.equal(undone.code, 0, undone.out);
  for (const [path, text] of Object.entries(files)) assert.equal(await read(path), text);
  assert.match((await run(['adopt', '--undo'])).out, /nothing was adopted/);
});

test('undo leaves alone what somebody changed since, and says where the bytes are', async (context) => {
  const { run, read, dir } = await home(context);
  await run(['adopt', '--yes', '--client', 'cursor']);
  const changed = `${await read('.cursor/mcp.json')}\n`;
  await writeFile(join(dir, '.cursor/mcp.json'), changed);
  const undone = await run(['adopt', '--undo', '--json']);
  assert.equal(undone.code, 1);
  assert.match(JSON.parse(undone.out).files[0].problem, /changed since/);
  assert.equal(await read('.cursor/mcp.json'), changed);
});

test('a file that its client writes while servers are scanned is left alone', async (context) => {
  const { run, read, dir } = await home(context);
  const path = join(dir, '.cursor/mcp.json');
  const started = `echo >> '${path}'; exec '${command}' '${scanned}' plain '${JSON.stringify(tools)}'`;
  const notes = { command: 'sh', args: ['-c', started] };
  const text = JSON.stringify({ mcpServers: { notes } });
  await writeFile(path, text);
  const adopted = await run(['adopt', '--yes', '--client', 'cursor']);
  assert.equal(adopted.code, 1, adopted.out);
  assert.match(adopted.err, /was changed meanwhile/);
  const now = await read('.cursor/mcp.json');
  assert.equal(now.trimEnd(), text);
  assert.notEqual(now, text);
});
