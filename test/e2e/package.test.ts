import assert from 'node:assert/strict';
import { access, cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { command, portcullis, startGateway, temporaryFolder } from '../support/gateway-process.ts';

const checkout = fileURLToPath(new URL('../../', import.meta.url));

/** What the demo of a gateway runs as its own server over stdio. */
async function orchardOf(dataDir: string): Promise<string> {
  const config = JSON.parse(await readFile(join(dataDir, 'demo', 'portcullis.json'), 'utf8'));
  return config.servers.orchard.args[0];
}

test('a checkout starts from its sources', async (context) => {
  const dataDir = await temporaryFolder(context);
  const launcher = join(checkout, 'bin/portcullis.mjs');
  const gateway = await startGateway(context, { dataDir, program: launcher });
  assert.match(gateway.stdout(), /demo/);
  assert.equal(await orchardOf(dataDir), join(checkout, 'src/demo/orchard.ts'));
});

test('a checkout without its packages says what to run', async (context) => {
  const folder = await temporaryFolder(context);
  for (const name of ['bin', 'src/cli', 'package.json']) {
    await cp(join(checkout, name), join(folder, name), { recursive: true });
  }
  const ran = await command(process.execPath, [join(folder, 'bin/portcullis.mjs'), 'doctor']);
  assert.equal(ran.code, 2);
  const [line = '', ...more] = ran.stderr.trimEnd().split('\n');
  assert.match(line, /^portcullis could not start: .*'commander'.*: run `npm ci .*` in \/.*$/);
  assert.deepEqual(more, []);
});

test('`npm start` in a checkout without packages for development says what to run', async (context) => {
  const folder = await temporaryFolder(context);
  for (const name of ['scripts', 'package.json']) {
    await cp(join(checkout, name), join(folder, name), { recursive: true });
  }
  for (const script of ['start', 'dev']) {
    const ran = await command('npm', ['run', script, '--silent', '--prefix', folder]);
    assert.deepEqual([ran.code, ran.stdout], [2, ''], ran.stderr);
    const [line = '', ...more] = ran.stderr.trimEnd().split('\n');
    assert.match(line, /^portcullis could not start: .* packages .*: run `npm ci .*` in \/.*$/);
    assert.deepEqual(more, []);
  }
});

test('a package that does not load says so in one line', async (context) => {
  const folder = await temporaryFolder(context);
  await cp(join(checkout, 'bin'), join(folder, 'bin'), { recursive: true });
  const ran = await command(process.execPath, [join(folder, 'bin/portcullis.mjs'), 'doctor']);
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /^portcullis could not start: Cannot find .*; install it again; /);
  assert.equal(ran.stderr.trimEnd().split('\n').length, 1, ran.stderr);
});

test('the package, installed without anything else, runs', async (context) => {
  const folder = await temporaryFolder(context);
  const npm = async (args: readonly string[]): Promise<string> => {
    const ran = await command('npm', [
      ...args,
      '--offline',
      '--ignore-scripts',
      '--loglevel=error',
    ]);
    assert.equal(ran.code, 0, ran.stderr);
    return ran.stdout;
  };
  const [packed] = JSON.parse(
    await npm(['pack', checkout, '--json', '--pack-destination', folder]),
  );
  const names: readonly string[] = packed.files.map((file: { path: string }) => file.path);
  assert.deepEqual(
    names.filter((name) => /(^|\/)\.|\.ts$|^(src|test|scripts|console)\//.test(name)),
    [],
  );
  assert.ok(names.includes('dist/THIRD-PARTY.txt'));
  const tarball = join(folder, packed.filename);
  await npm(['install', tarball, '--prefix', folder, '--omit=dev', '--no-audit', '--no-fund']);

  const program = join(folder, 'node_modules/portcullis/bin/portcullis.mjs');
  const version = await portcullis(['--version'], { program });
  assert.deepEqual([version.code, version.stdout], [0, `${packed.version}\n`], version.stderr);
  const replayed = await portcullis(['attack', 'run', 'A39'], { program, cwd: folder });
  assert.equal(replayed.code, 0, replayed.stdout + replayed.stderr);
  const dataDir = join(folder, 'data');
  await startGateway(context, { dataDir, program, cwd: folder });
  const orchard = await orchardOf(dataDir);
  assert.ok(orchard.startsWith(folder), orchard);
  await access(orchard);
});
