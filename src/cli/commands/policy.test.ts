import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { Command } from 'commander';

import { sampleIntent, sampleOutcome, sampleRefusal } from '../../audit/record-samples.ts';
import type { RecordBody } from '../../audit/record.ts';
import { openAuditFiles } from '../../storage/embedded/audit-files.ts';
import { openScratch, scratchDirectory } from '../../storage/embedded/audit-scratch.ts';
import { addPolicyCommands } from './policy.ts';
import { until } from '../../../test/support/until.ts';

interface Ran {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

const started = 1_790_000_000_000;

async function run(
  argv: readonly string[],
  signal = new AbortController().signal,
  out: string[] = [],
): Promise<Ran> {
  const err: string[] = [];
  const io = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
  };
  const program = new Command().exitOverride().configureOutput({ writeErr: io.err });
  addPolicyCommands(program, { open: openAuditFiles, io, nowMs: () => started + 60_000, signal });
  const before = process.exitCode;
  process.exitCode = 0;
  await program.parseAsync(['policy', ...argv], { from: 'user' });
  const code = Number(process.exitCode);
  process.exitCode = before;
  return { out: out.join('\n'), err: err.join('\n'), code };
}

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'portcullis-policy-'));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function write(dir: string, name: string, value: unknown): string {
  const path = join(dir, name);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value, null, 2));
  return path;
}

const limits = [{ counter: 'charges', window: 'minute', max: 2, scope: 'grant' }];
const draft = {
  version: '1',
  default: 'deny',
  hide: ['drop'],
  tools: {
    list: {},
    charge: {
      require: [{ path: 'args.reason', op: 'exists', value: true, on_deny: 'say why' }],
      deny_if: [{ path: 'args.amount', op: 'gt', value: 100 }],
      limits,
    },
    refund: { action: 'require_approval' },
  },
};
const tools = {
  tools: [
    { name: 'list', description: 'Lists charges.', inputSchema: { type: 'object' } },
    {
      name: 'charge',
      description: 'Charges a card: moves money.',
      inputSchema: {
        type: 'object',
        properties: { amount: { type: 'number' }, reason: {}, card: { type: 'string' } },
      },
    },
  ],
};

test('policy check says where and what, and what it could not check', async (context) => {
  const dir = folder(context);
  const good = write(dir, 'good.json', draft);
  const bad = write(dir, 'bad.json', '{\n  "version": "1",\n  "default": "denny"\n}');
  const list = write(dir, 'tools.json', { result: tools });
  const fine = await run(['check', good]);
  assert.equal(fine.code, 0);
  assert.match(fine.out, /good\.json: loads, 1 warning$/m);
  assert.match(fine.err, /no tools were named/);
  const listed = await run(['check', good, '--tools', list]);
  assert.match(listed.out, /warning: \/tools\/refund: the server has no tool named `refund`/);
  assert.equal(listed.err, '');
  const refused = await run(['check', good, bad]);
  assert.equal(refused.code, 1);
  assert.match(refused.out, /bad\.json:3:14: error: \/default: .*did you mean `deny`/);
  const json = await run(['check', bad, '--json']);
  assert.equal(JSON.parse(json.out).files[0].errors[0].pointer, '/default');
  assert.equal(JSON.parse(json.out).error, undefined);
  assert.equal((await run(['check', join(dir, 'none.json')])).code, 2);
  const unread = await run(['check', good, join(dir, 'none.json'), '--json']);
  assert.equal(unread.code, 2);
  const { files, error } = JSON.parse(unread.out);
  assert.deepEqual([files.length, error.code], [2, 'policy']);
  assert.match(error.message, /there is no file `.*none\.json`/);
  assert.equal((await run(['check', good, '--tools', bad])).code, 2);
  assert.equal((await run(['check', good, '--server', 'x', '--data', dir])).code, 2);
});

/** A case, and what is wrong with it; null: it passes. */
const cases: readonly (readonly [object, RegExp | null])[] = [
  [{ tool: 'list', decision: 'allow', rule: '/tools/list' }, null],
  [{ tool: 'drop', decision: 'deny', rule: '(hidden)' }, null],
  [{ tool: 'other', decision: 'deny', rule: '(default deny)' }, null],
  [
    {
      tool: 'charge',
      arguments: { amount: 3, reason: 'x' },
      used: { charges: 1 },
      decision: 'allow',
      rule: '/tools/charge',
      limits: ['charges 2/minute/grant'],
    },
    null,
  ],
  [
    {
      tool: 'charge',
      arguments: { amount: 3, reason: 'x' },
      used: { charges: 2 },
      decision: 'deny',
      rule: '/tools/charge/limits/charges',
    },
    null,
  ],
  [
    {
      tool: 'charge',
      argumentsText: '{"amount":9007199254740993,"reason":"x"}',
      decision: 'deny',
      rule: '/tools/charge/deny_if/args.amount-gt',
    },
    null,
  ],
  [
    {
      tool: 'charge',
      arguments: { amount: 3 },
      decision: 'deny',
      rule: '/tools/charge/require/args.reason-exists',
      message: 'say why',
    },
    null,
  ],
  [
    { tool: 'refund', decision: 'allow', rule: '/tools/refund' },
    /wanted allow by `\/tools\/refund`, got hold by `\/tools\/refund\/action`/,
  ],
  [
    { tool: 'list', decision: 'allow', rule: '/tools/list', limits: ['x 1/minute/grant'] },
    /wanted the limits `x 1\/minute\/grant`, got \(none\)/,
  ],
  [
    { tool: 'list', state: 'quarantined', decision: 'deny', rule: '(unpinned)', message: 'no' },
    /wanted the message `no`, got `null`/,
  ],
];

test('policy test runs the cases beside a policy, and says what they leave out', async (context) => {
  const dir = folder(context);
  const policy = write(dir, 'draft.json', draft);
  const list = write(dir, 'tools.json', tools);
  write(
    dir,
    'draft.cases.json',
    cases.filter(([, wrong]) => wrong === null).map(([one]) => one),
  );
  const good = await run(['test', policy, '--tools', list]);
  assert.deepEqual([good.code, good.err], [0, ''], good.out);
  assert.match(good.out, /draft\.json: 7 of 7 cases passed/);
  assert.match(good.out, /rules reached: 7 of 8/);
  assert.match(good.out, /no case reaches \/tools\/refund\/action/);
  assert.match(good.out, /no rule looks at card of charge/);
  for (const [one, wrong] of cases) {
    write(dir, 'draft.cases.json', [one]);
    const ran = await run(['test', policy]);
    assert.equal(ran.code, wrong === null ? 0 : 1, JSON.stringify(one));
    if (wrong !== null) assert.match(ran.out, wrong);
  }
  for (const unusable of ['[]', '{', '[{"tool":"x","decision":"allow","rule":"y","usd":1}]']) {
    write(dir, 'draft.cases.json', unusable);
    assert.equal((await run(['test', policy])).code, 2, unusable);
  }
});

test('policy test --watch runs again when a file is saved', async (context) => {
  const dir = folder(context);
  const policy = write(dir, 'draft.json', draft);
  write(dir, 'draft.cases.json', [cases[0]?.[0]]);
  const stop = new AbortController();
  const lines: string[] = [];
  const said = (text: string): boolean => lines.some((line) => line.includes(text));
  const running = run(['test', policy, '--watch'], stop.signal, lines);
  await until('the first run', () => said('1 of 1 cases passed'));
  write(dir, 'draft.json', { ...draft, tools: {} });
  await until('a run after the save', () => said('0 of 1 cases passed'));
  stop.abort();
  await running;
});

test('policy explain retraces one call, with what counters hold', async (context) => {
  const dir = folder(context);
  const policy = write(dir, 'draft.json', draft);
  const call = write(dir, 'call.json', { tool: 'charge', arguments: { amount: 5, reason: 'x' } });
  const full = await run(['explain', policy, '--call', call, '--used', 'charges=2', '--json']);
  const { decision, rule, steps } = JSON.parse(full.out);
  assert.deepEqual([decision, rule], ['deny', '/tools/charge/limits/charges']);
  assert.match(steps.at(-1).text, /2 taken, it does not fit now/);
  const free = await run(['explain', policy, '--call', call]);
  assert.match(free.out, /allow by \/tools\/charge$/);
  assert.equal((await run(['explain', policy, '--call', call, '--used', 'charges'])).code, 2);
  const unused = await run(['explain', policy, '--call', call, '--used', 'chargs=2']);
  assert.equal(unused.code, 2);
  assert.match(unused.err, /has no counter `chargs`; did you mean `charges`\?/);
  const odd = write(dir, 'odd.json', { tool: 'charge', argument: {} });
  const misspelt = await run(['explain', policy, '--call', odd]);
  assert.equal(misspelt.code, 2);
  assert.match(
    misspelt.err + misspelt.out,
    /unknown key `argument` \(did you mean `arguments`\?\)/,
  );
});

test('policy diff says what is newly allowed and newly refused', async (context) => {
  const dir = folder(context);
  const before = write(dir, 'a.json', draft);
  const wider = {
    ...draft,
    hide: [],
    tools: { ...draft.tools, list: { action: 'deny' }, other: {} },
  };
  const after = write(dir, 'b.json', wider);
  const ran = await run(['diff', before, after, '--fail-on-change']);
  assert.equal(ran.code, 1);
  assert.match(ran.out, /newly allowed:\n {2}other: allowed now/);
  assert.match(ran.out, /newly refused:\n {2}list: denied now/);
  assert.match(ran.out, /listed now:\n {2}drop/);
  const byCategory = { version: '1', default: 'deny', categories: { Read: {} } };
  const categories = await run(['diff', before, write(dir, 'c.json', byCategory)]);
  assert.match(categories.out, /\(any other tool\) as Read: allowed now/);
  const same = await run(['diff', before, before, '--fail-on-change']);
  assert.deepEqual([same.code, same.out], [0, 'no change']);
});

async function logOf(context: TestContext, records: readonly RecordBody[]): Promise<string> {
  const data = scratchDirectory(context);
  const { log } = await openScratch(data);
  for (const record of records) await log.append(record);
  await log.close();
  return data;
}

function call(id: string, atMs: number, tool: string, keys: readonly string[]): RecordBody {
  return sampleIntent(id, { time: started + atMs, tool, argumentKeys: keys, units: [] });
}

test('policy simulate replays a log, and says what it cannot tell', async (context) => {
  const dir = folder(context);
  const data = await logOf(context, [
    call('dec_1', 0, 'list', []),
    call('dec_2', 1_000, 'charge', ['amount']),
    call('dec_3', 2_000, 'charge', ['amount', 'reason']),
    call('dec_4', 3_000, 'refund', []),
    call('dec_5', 4_000, 'drop', []),
    sampleRefusal('dec_6', {
      time: started + 5_000,
      tool: 'list',
      argumentKeys: [],
      code: 'deny-if',
    }),
    sampleRefusal('dec_7', { time: started + 6_000, tool: 'list', code: 'unknown' }),
    sampleRefusal('dec_8', { time: started + 7_000, tool: 'list', rule: 'guardrail:g#/default' }),
  ]);
  const policy = write(dir, 'draft.json', draft);
  const json = await run(['simulate', policy, '--data', data, '--json']);
  assert.equal(json.code, 0, json.err);
  const report = JSON.parse(json.out);
  assert.deepEqual([report.calls, report.unchanged], [8, 3]);
  const changed = (each: { id: string; becomes: string; rules: string[] }): unknown[] => [
    each.id,
    each.becomes,
    each.rules,
  ];
  assert.deepEqual(report.changed.map(changed), [
    ['dec_2', 'deny', ['/tools/charge/require/args.reason-exists']],
    ['dec_4', 'hold', ['/tools/refund/action']],
    ['dec_5', 'deny', ['(hidden)']],
    ['dec_6', 'allow', ['/tools/list']],
  ]);
  assert.deepEqual(report.cannotTell.map(changed), [
    ['dec_3', null, ['/tools/charge/deny_if/args.amount-gt', '/tools/charge']],
  ]);
  const text = await run(['simulate', policy, '--data', data, '--fail-on-change']);
  assert.equal(text.code, 1);
  assert.match(text.out, /^4 of 8 calls change\n/);
  assert.match(text.out, /1 of 8 cannot be told/);
  const late = await run(['simulate', policy, '--data', data, '--since', '56s', '--json']);
  assert.deepEqual([JSON.parse(late.out).calls, JSON.parse(late.out).changed[0].id], [4, 'dec_5']);
  assert.equal((await run(['simulate', policy, '--data', data, '--grant', 'none'])).code, 2);
  assert.equal((await run(['simulate', policy, '--data', data, '--server', 'none'])).code, 2);
  assert.equal((await run(['simulate', policy, '--data', dir])).code, 2);
});

test('policy simulate keeps counters through the log, in the order of the calls', async (context) => {
  const dir = folder(context);
  const limited = { version: '1', default: 'deny', tools: { list: { limits } } };
  const data = await logOf(context, [
    call('dec_1', 0, 'list', []),
    sampleOutcome('dec_1', { time: started + 10, givenBack: true }),
    call('dec_2', 1_000, 'list', []),
    call('dec_3', 2_000, 'list', []),
    call('dec_4', 59_000, 'list', []),
    call('dec_5', 61_000, 'list', []),
  ]);
  const policy = write(dir, 'limited.json', limited);
  const { changed, cannotTell } = JSON.parse(
    (await run(['simulate', policy, '--data', data, '--json'])).out,
  );
  assert.deepEqual([changed.map((each: { id: string }) => each.id), cannotTell], [['dec_4'], []]);
  // A call that cannot be told makes the next one uncertain once it could fill the window.
  const unsure = {
    ...limited,
    tools: { list: { limits, deny_if: [{ path: 'args.q', op: 'eq', value: 'x' }] } },
  };
  const second = await logOf(context, [
    call('dec_1', 0, 'list', ['q']),
    call('dec_2', 1_000, 'list', []),
    call('dec_3', 2_000, 'list', []),
  ]);
  const report = JSON.parse(
    (await run(['simulate', write(dir, 'u.json', unsure), '--data', second, '--json'])).out,
  );
  const ids = (list: readonly { id: string }[]): readonly string[] => list.map(({ id }) => id);
  assert.deepEqual([ids(report.changed), ids(report.cannotTell)], [[], ['dec_1', 'dec_3']]);
});

test('policy suggest admits what was recorded, and says which records said so', async (context) => {
  const dir = folder(context);
  const data = await logOf(context, [
    call('dec_1', 0, 'list', []),
    call('dec_2', 1_000, 'charge', ['amount']),
    call('dec_3', 2_000, 'charge', ['amount', 'reason']),
    call('dec_4', 90_000, 'charge', ['amount']),
    sampleRefusal('dec_5', { tool: 'drop' }),
  ]);
  const out = join(dir, 'suggested.json');
  const ran = await run(['suggest', '--data', data, '--server', 'stripe', '--out', out]);
  assert.equal(ran.code, 0, ran.err);
  assert.match(ran.err, /\/tools\/charge\/limits\/0 +2 +5-6 +2 calls in the busiest minute/);
  assert.doesNotMatch(ran.err, /not certain/);
  const suggested = JSON.parse(readFileSync(out, 'utf8'));
  assert.deepEqual(suggested.tools, {
    charge: {
      arguments: {
        type: 'object',
        properties: { amount: {}, reason: {} },
        additionalProperties: false,
      },
      limits: [{ counter: 'charge_rate', window: 'minute', max: 3, scope: 'grant' }],
    },
    list: {
      arguments: { type: 'object', properties: {}, additionalProperties: false },
      limits: [{ counter: 'list_rate', window: 'minute', max: 2, scope: 'grant' }],
    },
  });
  const { reasons } = JSON.parse(readFileSync(join(dir, 'suggested.report.json'), 'utf8'));
  const limit = reasons.find(
    (each: { pointer: string }) => each.pointer === '/tools/charge/limits/0',
  );
  assert.deepEqual(limit.ids, ['dec_2', 'dec_3']);
  const replayed = await run(['simulate', out, '--data', data, '--json']);
  assert.deepEqual(JSON.parse(replayed.out).changed, []);
  assert.equal(JSON.parse(replayed.out).plainOnly, 3);
  // Nothing is overwritten.
  assert.equal((await run(['suggest', '--data', data, '--out', out])).code, 2);
  assert.equal((await run(['suggest', '--data', data, '--margin', '0.5'])).code, 2);
  const nowhere = await run(['suggest', '--data', data, '--out', join(dir, 'none', 'a.json')]);
  assert.match(nowhere.err, /cannot be written \(ENOENT\): make the folder first/);
});

test('policy suggest says that nothing was let through, and what to do', async (context) => {
  const data = await logOf(context, [sampleRefusal('dec_1', { tool: 'drop' })]);
  const ran = await run(['suggest', '--data', data, '--server', 'stripe']);
  assert.equal(ran.code, 0, ran.err);
  assert.deepEqual(JSON.parse(ran.out).tools, {});
  assert.match(ran.err, /every call on record was refused \(1\): .*`observe`.* suggest again/);
});

/** Arguments, with what stands in the file `given`; what is said of it, and the exit code. */
const badInput: readonly (readonly [
  string,
  string | Buffer | null,
  readonly string[],
  RegExp,
  1 | 2,
])[] = [
  ['no file', null, ['check', 'given'], /there is no file `.*given`: check its name/, 2],
  ['a folder', null, ['check', '.'], /`.*` is a folder: name a file in it/, 2],
  [
    'an empty file',
    '',
    ['check', 'given'],
    /given:1:1: error: .*the text must be one JSON object/,
    1,
  ],
  ['another encoding', Buffer.from([0x7b, 0xff]), ['check', 'given'], /is not UTF-8/, 2],
  [
    'no file of cases',
    '{"version":"1","default":"deny"}',
    ['test', 'given'],
    /given\.cases\.json`: check its name, or write the cases there/,
    2,
  ],
  [
    'no file of a call',
    '{"version":"1","default":"deny"}',
    ['explain', 'given', '--call', 'none'],
    /there is no file/,
    2,
  ],
  [
    'a call that names no tool',
    '{"version":"1","default":"deny"}',
    ['explain', 'given', '--call', 'given'],
    /given:1:1: error: \/tool: expected string, found nothing/,
    2,
  ],
  [
    'no tools',
    '{"version":"1","default":"deny"}',
    ['check', 'given', '--tools', 'none'],
    /there is no file/,
    2,
  ],
  [
    'tools that are none',
    '[1, {"name":"a"}]',
    ['check', 'given', '--tools', 'given'],
    /1 of its 2 entries have no `name`; save the result of `tools\/list`/,
    2,
  ],
  [
    'tools that are no JSON',
    '{',
    ['check', 'given', '--tools', 'given'],
    /is not JSON: check that it is the right file/,
    2,
  ],
  [
    'no second policy',
    '{"version":"1","default":"deny"}',
    ['diff', 'given', 'none'],
    /there is no file/,
    2,
  ],
  [
    'no log',
    '{"version":"1","default":"deny"}',
    ['simulate', 'given', '--data', 'none'],
    /name the data folder with --data/,
    2,
  ],
  [
    'no log to learn from',
    null,
    ['suggest', '--data', 'none'],
    /name the data folder with --data/,
    2,
  ],
  ['no YAML', 'hello', ['import', 'given'], /given` cannot be translated: expected a map/, 2],
  ['no file of YAML', null, ['import', 'given'], /there is no file/, 2],
  [
    'no gateway',
    '{"version":"1","default":"deny"}',
    ['check', 'given', '--server', 's', '--data', '.'],
    /no gateway runs on .*start one with/,
    2,
  ],
];

for (const [name, given, argv, said, code] of badInput) {
  test(`bad input: ${argv[0]}: ${name}`, async (context) => {
    const dir = folder(context);
    if (given !== null) writeFileSync(join(dir, 'given'), given);
    const isPath = (word: string): boolean => ['given', 'none', '.'].includes(word);
    const words = argv.map((word) => (isPath(word) ? join(dir, word) : word));
    const ran = await run(words);
    assert.match(ran.out + ran.err, said);
    assert.doesNotMatch(ran.out + ran.err, /\n\s+at |Error:/);
    assert.equal(ran.code, code);
    const json = await run([...words, '--json']);
    assert.deepEqual([json.err, json.code], ['', code]);
    const answer = JSON.parse(json.out);
    // A file that was to be checked and cannot be is one of the findings.
    if (answer.files === undefined) assert.match(answer.error.message, said);
    else assert.equal(answer.files[0].errors.length, 1);
  });
}

test('bad input: test: cases that are no list', async (context) => {
  const dir = folder(context);
  const policy = write(dir, 'draft.json', draft);
  write(dir, 'draft.cases.json', { cases: [] });
  const ran = await run(['test', policy]);
  assert.match(ran.err, /draft\.cases\.json:1:1: error: \/: expected a list of at least one case/);
  assert.equal(ran.code, 2);
});
