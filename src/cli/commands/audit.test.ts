import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { sampleIntent, sampleOutcome, sampleRefusal } from '../../audit/record-samples.ts';
import { openAuditFiles } from '../../storage/embedded/audit-files.ts';
import {
  openScratch,
  readScratch,
  scratchDirectory,
  writeScratch,
} from '../../storage/embedded/audit-scratch.ts';
import { addAuditCommands } from './audit.ts';

interface Ran {
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly code: number;
}

async function run(argv: readonly string[], signal = new AbortController().signal): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const io = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
  };
  const program = new Command()
    .exitOverride()
    .configureOutput({ writeErr: io.err, writeOut: io.out });
  addAuditCommands(program, { open: openAuditFiles, io, nowMs: () => 1_790_000_060_000, signal });
  const before = process.exitCode;
  process.exitCode = 0;
  await program.parseAsync(['audit', ...argv], { from: 'user' });
  const code = Number(process.exitCode);
  process.exitCode = before;
  return { out, err, code };
}

async function sampleLog(context: TestContext): Promise<string> {
  const data = scratchDirectory(context);
  const { log } = await openScratch(data);
  await log.append(sampleIntent('dec_1', { tool: 'evil\u001b[2J\u202e\nname' }));
  await log.append(sampleOutcome('dec_1'));
  await log.append(sampleRefusal('dec_2', { tool: '=cmd()', time: 1_790_000_050_000 }));
  await log.append(sampleIntent('dec_3'));
  await log.close();
  return data;
}

test('audit tail shows the last records in columns, safe to print', async (context) => {
  const data = await sampleLog(context);
  const { out, err, code } = await run(['tail', '--data', data, '--lines', '5']);
  assert.deepEqual([err, code, out.length], [[], 0, 6]);
  for (const line of out) assert.match(line, /^[\x20-\x7e]*$/);
  const [header = '', first = ''] = out;
  assert.match(header, /^SEQ +TIME +KIND +WHO +WHAT +DECISION/);
  const column = header.indexOf('WHAT');
  const escaped = 'stripe/evil\\u001b[2J\\u202e\\u000aname';
  assert.equal(first.slice(column, column + escaped.length), escaped);
  assert.match(out[4] ?? '', /allow \(unknown-outcome\)/);
  const json = await run(['tail', '--data', data, '--json', '-n', '1']);
  assert.equal(JSON.parse(json.out[0] ?? '').body.event, 'stop');
});

test('audit tail --follow goes on until it is interrupted', async (context) => {
  const data = await sampleLog(context);
  const stop = new AbortController();
  const running = run(['tail', '--data', data, '-n', '1', '--follow', '--json'], stop.signal);
  await sleep(50);
  const { log } = await openScratch(data);
  await log.append(sampleIntent('dec_new'));
  await sleep(700);
  stop.abort();
  const { out } = await running;
  await log.close();
  assert.deepEqual(
    out.map((line) => JSON.parse(line).body.event ?? JSON.parse(line).body.id),
    ['stop', 'start', 'dec_new'],
  );
});

test('audit search narrows, newest first', async (context) => {
  const data = await sampleLog(context);
  const ids = async (...argv: string[]): Promise<unknown> => {
    const { out, code } = await run(['search', '--data', data, '--json', ...argv]);
    return [out.map((line) => JSON.parse(line).body.id), code];
  };
  assert.deepEqual(await ids('--decision', 'allow'), [['dec_3', 'dec_1'], 0]);
  assert.deepEqual(await ids('--tool', '=cmd()'), [['dec_2'], 0]);
  assert.deepEqual(await ids('--grant', 'grt_1', '--since', '30s'), [['dec_2'], 0]);
  assert.deepEqual(
    await ids('--server', 'stripe', '--until', '2026-09-21T14:13:21Z', '--limit', '1'),
    [['dec_3'], 0],
  );
  assert.deepEqual(await ids('--server', 'nobody'), [[], 1]);
  const byLabel = await run(['search', '--data', data, '--grant', 'ci-agent']);
  assert.match(byLabel.err.join(), /no record matches; --grant takes the id of a grant/);
});

test('audit show joins an intent and its outcome', async (context) => {
  const data = await sampleLog(context);
  const { out, code } = await run(['show', 'dec_1', '--data', data]);
  assert.equal(code, 0);
  assert.ok(out.includes('kind             intent'), out.join('\n'));
  assert.ok(out.includes('state            done'));
  assert.ok(out.includes('kind         outcome'));
  assert.deepEqual((await run(['show', 'dec_1', '--data', data, '--json'])).out.length, 2);
  const missing = await run(['show', 'dec_\u001b[2J', '--data', data]);
  assert.equal(missing.code, 1);
  assert.match(missing.err[0] ?? '', /no record has the id `dec_\\u001b\[2J`/);
  const asJson = await run(['show', 'nope', '--data', data, '--json']);
  assert.deepEqual([asJson.code, asJson.err, asJson.out.length], [1, [], 1]);
  const { error } = JSON.parse(asJson.out[0] ?? '');
  assert.equal(error.code, 'not-found');
  assert.match(error.message, /no record has the id `nope`/);
});

test('audit verify says ok, or what is wrong and where', async (context) => {
  const data = await sampleLog(context);
  const directory = join(data, 'audit');
  const good = await run(['verify', '--data', data]);
  assert.equal(good.code, 0);
  assert.match(good.out[0] ?? '', /^ok: 8 records in 1 segment, the last one is 8$/);
  const key = join(data, 'kept.pem');
  fs.copyFileSync(join(directory, 'public-key.pem'), key);
  const copy = scratchDirectory(context);
  fs.cpSync(directory, copy, { recursive: true });
  const lines = readScratch(directory).get(1) ?? [];
  writeScratch(directory, 1, lines.with(4, (lines[4] ?? '').replace('dec_1', 'dec_9')));
  const bad = await run(['verify', '--data', data, '--key', key]);
  assert.equal(bad.code, 1);
  assert.deepEqual(bad.out, [
    'FAILED: record 5 was changed',
    '  kind changed, record 5, segment 1, line 5',
    '  4 records before it are as they were written',
  ]);
  const json = await run(['verify', '--data', data, '--json']);
  assert.deepEqual([json.code, JSON.parse(json.out[0] ?? '').finding.kind], [1, 'changed']);
  assert.equal((await run(['verify', '--data', data, '--dir', copy, '--key', key])).code, 0);
});

test('audit export gives the log byte for byte, or a table without formulas', async (context) => {
  const data = await sampleLog(context);
  const jsonl = await run(['export', '--format', 'jsonl', '--data', data]);
  assert.deepEqual(jsonl.out, readScratch(join(data, 'audit')).get(1));
  const csv = await run(['export', '--format', 'csv', '--data', data]);
  assert.equal(csv.out.length, jsonl.out.length + 1);
  const hostile = csv.out.find((line) => line.includes('=cmd()')) ?? '';
  assert.match(hostile, /,"'=cmd\(\)",/);
  for (const line of csv.out) assert.doesNotMatch(line, /[\r\n\u001b\u202e]/);
});

test('what cannot be carried out ends with 2 and says what to do', async (context) => {
  const data = await sampleLog(context);
  const none = join(data, 'none');
  const headless = join(data, 'headless');
  fs.writeFileSync(headless, '');
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['tail', '--data', none], /there is no audit log in .*: name the data folder with --data/],
    [['search', '--data', none], /there is no audit log/],
    [['show', 'x', '--data', none], /there is no audit log/],
    [['verify', '--data', none], /there is no audit log/],
    [['export', '--format', 'csv', '--data', none], /there is no audit log/],
    [['export', '--format', 'xml', '--data', data], /--format: name one of jsonl, csv, ocsf, cef/],
    [['tail', '--data', data, '--lines', '0'], /--lines: name a whole number above 0/],
    [['search', '--data', data, '--limit', 'x'], /--limit/],
    [['search', '--data', data, '--limit', '10001'], /--limit: .*10000 .*--since/],
    [['search', '--data', data, '--since', 'yesterday'], /--since: write a time like/],
    [['search', '--data', data, '--until', '1'], /--until/],
    [['verify', '--data', data, '--key', none], /there is no file .*none`: check the name/],
    [['verify', '--data', data, '--key', headless], /is no Ed25519 public key/],
    [['verify', '--data', data, '--checkpoints', none], /there is no file .*none`: check the/],
    [['verify', '--data', data, '--checkpoints', headless], /holds no signed head/],
    [['verify', '--data', data, '--checkpoints', data], /is a folder: name a file/],
  ];
  for (const [argv, message] of cases) {
    const { code, err } = await run(argv);
    assert.equal(code, 2, argv.join(' '));
    assert.match(err.join('\n'), message);
    assert.equal(err.length, 1);
    const json = await run([...argv, '--json']);
    assert.deepEqual([json.code, json.err], [2, []]);
    assert.match(JSON.parse(json.out.join('')).error.message, message);
  }
});
