import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { compileCache } from '../../scripts/compile-cache.ts';
import { program, temporaryFolder } from '../support/gateway-process.ts';

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
        const options = {
          cwd: dir,
          env: { ...compileCache, PATH, HOME: dir },
          maxBuffer: 16_000_000,
        };
        execFile(process.execPath, [program, ...words], options, (error, out, err) => {
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

test('adopted twice, with an edit of a person between: every change is on record and undone', async (context) => {
  const { run, read, dir } = await home(context);
  const path = join(dir, '.cursor/mcp.json');
  const first = await read('.cursor/mcp.json');
  await run(['adopt', '--yes', '--client', 'cursor']);
  const edited = JSON.parse(await read('.cursor/mcp.json')) as {
    mcpServers: Record<string, object>;
  };
  edited.mcpServers['second'] = { command, args };
  const second = JSON.stringify(edited, null, 2);
  await writeFile(path, second);
  await run(['adopt', '--yes', '--client', 'cursor']);
  assert.notEqual(await read('.cursor/mcp.json'), second);

  // Back to what the person wrote; what stood there before that is theirs to choose, and named.
  const undone = await run(['adopt', '--undo']);
  assert.equal(undone.code, 1);
  assert.equal(await read('.cursor/mcp.json'), second);
  const backup = /changed since; what stood there before is in `([^`]+)`/.exec(undone.out)?.[1];
  assert.equal(await readFile(backup ?? '', 'utf8'), first);
});

test('adopted twice without an edit between goes back to the first bytes', async (context) => {
  const { run, read, dir } = await home(context);
  const two = JSON.stringify({ mcpServers: { a: { command, args }, b: { command, args } } });
  await writeFile(join(dir, '.cursor/mcp.json'), two);
  await run(['adopt', '--yes', '--client', 'cursor', '--server', 'a']);
  await run(['adopt', '--yes', '--client', 'cursor', '--server', 'b']);
  assert.equal((await run(['adopt', '--undo'])).code, 0);
  assert.equal(await read('.cursor/mcp.json'), two);
});

test('a client or server that is not known, and a configuration of another shape, are said', async (context) => {
  const { run, dir } = await home(context);
  const unknown = await run(['adopt', '--client', 'nope']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /no client is called `nope`; name one of claude-desktop, /);
  const server = await run(['adopt', '--server', 'nope']);
  assert.equal(server.code, 2);
  assert.match(server.err, /no client names a server `nope`; there are /);
  await writeFile(join(dir, '.cursor/mcp.json'), '{"mcpServers":[]}');
  await writeFile(join(dir, '.config/Code/User/mcp.json'), '[]');
  const doctor = await run(['doctor']);
  assert.equal(doctor.code, 1);
  assert.match(doctor.err, /\(Cursor\): `mcpServers` is no object/);
  assert.match(doctor.err, /\(VS Code\): it holds no object/);
});
