import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { openScratch, readScratch, scratchDirectory, writeScratch } from './audit-scratch.ts';
import { sampleIntent, sampleRecords } from '../../audit/record-samples.ts';
import { parseRecord } from './audit-read.ts';

const root = new URL('../../../', import.meta.url);
const schema = JSON.parse(readFileSync(new URL('spec/audit-record.schema.json', root), 'utf8'));
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
const page = readFileSync(new URL('docs/reference/audit-record.md', root), 'utf8');

async function wholeLog(data: string): Promise<void> {
  const entry = { key: 'k', units: 1, windowMs: 1_000, time: 1_790_000_000_000 };
  const { log } = await openScratch(data, {
    segmentBytesMax: 5_000,
    countersSnapshot: () => [entry],
  });
  for (const record of sampleRecords) await log.append(record);
  for (let call = 0; call < 20; call += 1) await log.append(sampleIntent(`dec_1${call}`));
  await log.close();
  // What a crash leaves, so that a `recovered` record is among them.
  const directory = join(data, 'audit');
  const last = [...readScratch(directory).keys()].at(-1) ?? 1;
  writeFileSync(join(directory, `${String(last).padStart(16, '0')}.jsonl`), '{"v":1,', {
    flag: 'a',
  });
  await (await openScratch(data)).log.close();
}

test('every line that is written satisfies the published schema', async (context) => {
  const data = scratchDirectory(context);
  await wholeLog(data);
  const lines = [...readScratch(join(data, 'audit')).values()].flat();
  const seen = new Set<string>();
  for (const line of lines) {
    const value = JSON.parse(line);
    seen.add(value.kind === 'system' ? `system ${value.event}` : value.kind);
    assert.ok(validate(value), `${line}: ${JSON.stringify(validate.errors)}`);
    assert.ok(parseRecord(line) !== null);
  }
  const kinds = ['intent', 'refusal', 'outcome', 'method', 'admin'];
  const events = ['start', 'stop', 'segment', 'counters', 'recovered'].map(
    (event) => `system ${event}`,
  );
  for (const kind of [...kinds, ...events]) assert.ok(seen.has(kind), kind);
});

/** Members that only some records of their kind have. */
const optional: ReadonlySet<string> = new Set([
  'traceparent',
  'valueDigests',
  'limit',
  'arguments',
  'source',
  'count',
  'sinceMs',
]);

test('the schema and the reader refuse the same records', () => {
  const prev = 'A'.repeat(43);
  for (const body of sampleRecords) {
    const whole = { v: 1, seq: 1, prev, ...body };
    assert.ok(validate(whole));
    for (const name of Object.keys(body)) {
      if (name === 'counters') continue;
      const { [name]: _, ...rest } = whole as Record<string, unknown>;
      const mayMiss = optional.has(name);
      assert.equal(validate(rest), mayMiss, `${body.kind} without ${name}`);
      const read = parseRecord(JSON.stringify(rest));
      assert.equal(read !== null, mayMiss, `${body.kind} without ${name}`);
      if (name === 'arguments') continue;
      const wrong = { ...whole, [name]: [{}] };
      assert.equal(validate(wrong), false, `${body.kind} with a wrong ${name}`);
      assert.equal(parseRecord(JSON.stringify(wrong)), null, `${body.kind} with a wrong ${name}`);
    }
  }
});

test('the page names every field of the schema', () => {
  const definitions: Record<string, { properties: Record<string, unknown> }> = schema.$defs;
  for (const [kind, { properties }] of Object.entries(definitions)) {
    for (const name of Object.keys(properties)) {
      assert.ok(page.includes(`\`${name}\``), `${kind}.${name}`);
    }
  }
});

test("the page's own verifier agrees with ours", async (context) => {
  const data = scratchDirectory(context);
  await wholeLog(data);
  const directory = join(data, 'audit');
  const script = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  assert.ok(script.split('\n').length <= 52);
  const file = join(data, 'verify.mjs');
  writeFileSync(file, script);
  const head = [...readScratch(directory).values()].flat().length;
  const good = execFileSync(process.execPath, [file, directory], { encoding: 'utf8' });
  assert.equal(good, `ok: the last record is ${head}, signed up to ${head}\n`);

  const original = readScratch(directory);
  const second = [...original.keys()][1] ?? 0;
  const lines = original.get(second) ?? [];
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'changed',
      lines.with(1, (lines[1] ?? '').replace('"part":1', '"part":2')),
      new RegExp(`record ${second + 2} is not linked`),
    ],
    ['removed', lines.toSpliced(2, 1), /stands where \d+ belongs/],
    ['cut', lines.slice(0, 2), /are missing/],
  ];
  for (const [name, tampered, message] of cases) {
    writeScratch(directory, second, tampered);
    const { status, stdout } = spawnSync(process.execPath, [file, directory], { encoding: 'utf8' });
    assert.equal(status, 1, name);
    assert.match(stdout, message, name);
  }
});
