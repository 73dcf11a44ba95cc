import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { command, portcullis, program } from '../support/gateway-process.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-attack-'));
  await writeFile(join(folder, 'empty.json'), '{"version":"1","default":"deny"}');
  await writeFile(join(folder, 'open.json'), '{"version":"1","default":"allow"}');
  await writeFile(join(folder, 'bad.json'), '{"version":"2"}');
});
after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

const cases: readonly (readonly [args: readonly string[], code: number, says: RegExp])[] = [
  [['list'], 0, /^A44 +consent-fatigue +limited/m],
  [['list', '--json'], 0, /"slug": "rug-pull"/],
  [['show', 'A14'], 0, /## What is left/],
  [['show', 'rug-pull', '--json'], 0, /"scenario"/],
  [['show', 'A99'], 2, /there is no attack `A99`/],
  [['run', '--sarif'], 2, /--sarif goes with --policy/],
  [['run', '--policy', 'empty.json'], 0, /stops honest work as well/],
  [['run', '--policy', 'open.json'], 1, /^LET THROUGH \(\d+\)$/m],
  [['run', 'A16', '--policy', 'open.json', '--json'], 1, /"verdict": "through"/],
  [['run', 'A16', '--policy', 'open.json', '--sarif'], 1, /"ruleId": "A16"/],
  [['run', 'A16', '--policy', 'open.json', '--fixed'], 1, /"sql_only"/],
  [['run', '--policy', 'bad.json'], 2, /bad\.json:1/],
  [['run', '--policy', 'none.json', '--json'], 2, /"code":"policy"/],
];

for (const [args, code, says] of cases) {
  test(`attack ${args.join(' ')}`, async () => {
    const ran = await portcullis(['attack', ...args], { cwd: folder });
    assert.equal(ran.code, code, ran.stderr);
    assert.match(ran.stdout + ran.stderr, says);
  });
}

test('a reader that has read enough gets no stack trace', async () => {
  const show = `"${process.execPath}" "${program}" attack show A14 --json | head -n 1`;
  const ran = await command('sh', ['-c', show]);
  assert.equal(ran.stderr, '');
  assert.equal(ran.stdout, '{\n');
});

test('one entry is replayed from the command line', async () => {
  const ran = await portcullis(['attack', 'run', 'A39'], { cwd: folder });
  assert.equal(ran.code, 0, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /^A39 +payment-redirection +harm +harm +blocked +works +harm/m);
});

test('the package carries what the commands read', async () => {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  assert.match(manifest, /"attacks",\n/);
});
