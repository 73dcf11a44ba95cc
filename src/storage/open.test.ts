import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openEmbedded, registryFile } from './embedded/open.ts';
import { openSqlite } from './embedded/sqlite.ts';
import { migrate, migrations } from './migrations/migrate.ts';
import { openStores, type Stores } from './open.ts';
import type { StoreProblem } from './problem.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'portcullis-open-'));
});
after(() => rm(root, { recursive: true }));

let folders = 0;
function folder(): string {
  folders += 1;
  return join(root, `data ${folders}`);
}

async function opened(dataDir: string): Promise<Stores> {
  const result = await openStores({ dataDir });
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

async function problem(dataDir: string): Promise<StoreProblem> {
  const result = await openStores({ dataDir });
  assert.ok(!result.ok);
  return result.error;
}

/** A folder with one policy in it, closed again. */
async function filled(): Promise<string> {
  const dataDir = folder();
  const stores = await opened(dataDir);
  const row = { name: 'p', version: 1, document: 'x'.repeat(50_000), author: 'a', createdMs: 1 };
  assert.equal(await stores.registry.savePolicy(row), 'saved');
  await stores.close();
  return dataDir;
}

test('the data folder and all in it are for this user alone', async () => {
  const dataDir = join(folder(), 'deeper');
  const stores = await opened(dataDir);
  assert.equal((await stat(dataDir)).mode & 0o777, 0o700);
  for (const name of await readdir(dataDir)) {
    assert.equal((await stat(join(dataDir, name))).mode & 0o777, 0o600, name);
  }
  await stores.close();
  assert.deepEqual((await readdir(dataDir)).sort(), ['installation.json', registryFile]);
});

test('the installation key is made once and is never the same twice', async () => {
  const dataDir = folder();
  const first = await opened(dataDir);
  await first.close();
  const second = await opened(dataDir);
  await second.close();
  const elsewhere = await opened(folder());
  await elsewhere.close();
  assert.equal(first.installationKey.length, 32);
  assert.deepEqual(first.installationKey, second.installationKey);
  assert.notDeepEqual(first.installationKey, elsewhere.installationKey);
});

test('openings at the same moment agree on one key and one schema', async () => {
  const dataDir = folder();
  const all = await Promise.all(Array.from({ length: 6 }, () => opened(dataDir)));
  const keys = new Set(all.map((one) => Buffer.from(one.installationKey).toString('hex')));
  assert.equal(keys.size, 1);
  for (const one of all) await one.close();
  assert.deepEqual((await readdir(dataDir)).sort(), ['installation.json', registryFile]);
});

test('processes that open a new folder at the same moment agree too', async (context) => {
  const dataDir = folder();
  const script = `
    import { openStores } from ${JSON.stringify(new URL('./open.ts', import.meta.url).href)};
    const opened = await openStores({ dataDir: ${JSON.stringify(dataDir)} });
    console.log(opened.ok ? Buffer.from(opened.value.installationKey).toString('hex') : opened.error.message);
  `;
  const args = ['--input-type=module', '-e', script];
  const children = Array.from({ length: 3 }, () => spawn(process.execPath, args));
  context.after(() => children.forEach((child) => child.kill('SIGKILL')));
  const keys = await Promise.all(
    children.map(async (child) => {
      let text = '';
      for await (const chunk of child.stdout) text += String(chunk);
      return text.trim();
    }),
  );
  assert.match(keys[0] ?? '', /^[0-9a-f]{64}$/);
  assert.equal(new Set(keys).size, 1);
});

test('a data folder that is a file is said to be no folder', async () => {
  const path = folder();
  await writeFile(path, '');
  assert.equal((await problem(path)).code, 'not-a-folder');
  assert.equal((await problem(join(path, 'below'))).code, 'not-a-folder');
  assert.match((await problem(path)).message, /is not a folder: name another data folder/);
});

// a damaged file is a message, not a crash, and is left as it was.
const damages: readonly (readonly [string, (path: string) => Promise<void>])[] = [
  [
    'text',
    (path) => writeFile(path, 'this is no database at all, whatever its name says'.repeat(99)),
  ],
  ['its header overwritten', (path) => flip(path, 20, 80)],
  ['its first page overwritten', (path) => flip(path, 100, 4_000)],
  ['a page in the middle overwritten', (path) => flip(path, 4_096 * 3, 4_096)],
  ['cut in half', async (path) => writeFile(path, (await readFile(path)).subarray(0, 30_001))],
];
for (const [name, damage] of damages) {
  test(`a damaged database is said to be damaged: ${name}`, async () => {
    const dataDir = await filled();
    const path = join(dataDir, registryFile);
    await damage(path);
    const bytes = await readFile(path);
    const { code, path: named, message } = await problem(dataDir);
    assert.deepEqual([code, named], ['corrupt', path], message);
    assert.match(message, /is damaged: put a backup in its place/);
    assert.deepEqual(await readFile(path), bytes);
  });
}

async function flip(path: string, start: number, length: number): Promise<void> {
  const bytes = await readFile(path);
  for (let at = start; at < start + length; at += 1) bytes[at] = (bytes[at] ?? 0) ^ 0xa5;
  await writeFile(path, bytes);
}

for (const text of [
  '',
  '{}',
  '{"version":1,"key":"00"}\n',
  `{"version":2,"key":"${'0'.repeat(64)}"}\n`,
]) {
  test(`an installation file of ${text.length} other bytes is no key`, async () => {
    const dataDir = await filled();
    await writeFile(join(dataDir, 'installation.json'), text);
    assert.equal((await problem(dataDir)).code, 'corrupt');
    assert.equal(await readFile(join(dataDir, 'installation.json'), 'utf8'), text);
  });
}

test('a database of a newer version is left alone', async () => {
  const dataDir = await filled();
  const sqlite = openSqlite(join(dataDir, registryFile));
  sqlite.exec('UPDATE portcullis_schema SET version = 1000');
  sqlite.close();
  const { code, message } = await problem(dataDir);
  assert.equal(code, 'newer-version');
  assert.match(message, /has schema 1000, this version knows \d+: run a newer one/);
});

test('a database that another process holds is said to be held', async () => {
  const dataDir = await filled();
  const sqlite = openSqlite(join(dataDir, registryFile));
  sqlite.exec('BEGIN EXCLUSIVE');
  assert.equal((await problem(dataDir)).code, 'locked');
  sqlite.close();
  await (await opened(dataDir)).close();
});

test('a migration that fails leaves the schema and the data of before', async () => {
  const dataDir = await filled();
  const db = await openEmbedded(dataDir);
  assert.ok(db.ok);
  const broken = migrate(db.value, [
    ...migrations,
    async (schema) => {
      await schema.createTable('half').addColumn('a', 'text').execute();
      await schema.createTable('half').addColumn('a', 'text').execute();
    },
  ]);
  await assert.rejects(broken, /half/);
  await db.value.destroy();
  const sqlite = openSqlite(join(dataDir, registryFile));
  const tables = sqlite.prepare(`SELECT name FROM sqlite_schema WHERE name = 'half'`).all();
  assert.deepEqual(tables, []);
  sqlite.close();
  await (await opened(dataDir)).close();
});

// whatever moment the process is killed at, what was acknowledged is there, and nothing half.
test('kill -9 while policies are saved loses nothing that was acknowledged', async (context) => {
  const dataDir = await filled();
  const script = fileURLToPath(new URL('../../test/storage/racer.ts', import.meta.url));
  for (const delayMs of [1, 5, 9, 14, 23]) {
    const args = [script, JSON.stringify({ dataDir }), 'policy', 'x'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    context.after(() => child.kill('SIGKILL'));
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      if (text === '') setTimeout(() => child.kill('SIGKILL'), delayMs);
      text += String(chunk);
    });
    const stores = await opened(dataDir);
    const before = (await stores.registry.policyVersions('p')).length;
    child.stdin.write('go\n');
    await once(child, 'close');
    const versions = await stores.registry.policyVersions('p');
    const acknowledged = text.split('\n').filter((line) => line === 'saved').length;
    assert.ok(versions.length >= before + acknowledged);
    assert.deepEqual(
      versions.map((row) => row.version),
      versions.map((_, index) => index + 1),
    );
    await stores.close();
  }
});

// The rights of files do not bind the superuser: the case is run as somebody else then.
test('a folder without access is said to have none', async (context) => {
  const locked = folder();
  await mkdir(locked, { mode: 0o500 });
  const readOnly = await filled();
  await chmod(join(readOnly, registryFile), 0o400);
  await chmod(root, 0o755);
  const script = `
    import { openStores } from ${JSON.stringify(new URL('./open.ts', import.meta.url).href)};
    for (const dataDir of ${JSON.stringify([locked, join(locked, 'below'), readOnly])}) {
      const opened = await openStores({ dataDir });
      console.log(opened.ok ? 'opened' : opened.error.code);
    }
  `;
  const superuser = process.getuid?.() === 0;
  const ids = superuser ? { uid: 65_534, gid: 65_534 } : {};
  const args = ['--input-type=module', '-e', script];
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', ...ids });
  if (child.error !== undefined || child.status !== 0) {
    context.skip(`another user cannot run this program here: ${child.stderr.slice(0, 200)}`);
    return;
  }
  assert.deepEqual(child.stdout.trim().split('\n'), ['no-access', 'no-access', 'no-access']);
});
