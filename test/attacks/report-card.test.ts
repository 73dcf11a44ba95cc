import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { isObject, jsonOf, objectsOf, textOf } from '../../src/attacks/json.ts';
import { loadAttacks } from '../../src/attacks/load.ts';
import { reportCard, type ReportCard } from '../../src/attacks/report-card.ts';
import { sarifOf } from '../../src/attacks/sarif.ts';
import type { JsonObject } from '../../src/base/strict-json.ts';
import { classifyTool } from '../../src/classify/classify.ts';
import { cardLines } from '../../src/cli/attack/print.ts';
import { databaseTools } from '../../src/main/attacks.ts';
import { compilePolicy, parsePolicy, type PinnedTool } from '../../src/policy/index.ts';

const loaded = await loadAttacks();
assert.ok(loaded.ok);
const attacks = loaded.value;
const known = await databaseTools();

function cardOf(document: JsonObject, tools: readonly PinnedTool[]): ReportCard {
  const parsed = parsePolicy(JSON.stringify(document));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const policy = compilePolicy(parsed.value);
  assert.ok(policy.ok);
  return reportCard(attacks, { document, policy: policy.value }, tools);
}

async function fileOf(path: string): Promise<JsonObject> {
  const value = jsonOf(await readFile(new URL(`../../${path}`, import.meta.url), 'utf8'));
  assert.ok(isObject(value) || Array.isArray(value), path);
  return Array.isArray(value) ? { tools: value } : value;
}

async function demo(name: string, toolsFile: string): Promise<[JsonObject, readonly PinnedTool[]]> {
  const document = await fileOf(`policies/${name}.json`);
  const tools = objectsOf(await fileOf(toolsFile), 'tools').map((tool): PinnedTool => {
    const called = textOf(tool, 'name');
    const { category, raisedRisk } = classifyTool(
      { ...tool, name: called },
      { name, toolNames: [] },
    );
    const inputSchema = tool['inputSchema'] ?? null;
    return {
      name: called,
      state: 'pinned',
      category,
      risk: raisedRisk,
      inputSchema,
      digest: '0'.repeat(64),
    };
  });
  return [document, tools];
}

test('a policy that permits nothing stops everything, and the card says at what price', () => {
  const card = cardOf({ version: '1', default: 'deny' }, known);
  assert.equal(card.counts.through + card.counts.held + card.counts.limited, 0);
  assert.equal(card.permitted, 0);
  const text = cardLines(card, { policy: 'empty.json', on: 'servers' }).join('\n');
  assert.match(text, /stops honest work as well/);
  assert.match(text, /A16 A support ticket that is SQL: \(default deny\)/);
});

test('a policy that allows everything lets through what a policy could stop, and no more', () => {
  const card = cardOf({ version: '1', default: 'allow' }, known);
  const open = card.lines.filter(({ verdict }) => verdict === 'through');
  const own = card.lines.filter(({ verdict }) => verdict === 'gateway');
  assert.equal(open.length + own.length, attacks.length);
  assert.ok(own.some(({ slug }) => slug === 'rug-pull'));
  for (const { gaps, id } of open) {
    for (const { fix, tool } of gaps) assert.notEqual(fix, null, `${id} ${tool}`);
  }
});

const policies: readonly (readonly [string, string])[] = [
  ['callendar', 'src/demo/callendar.tools.json'],
  ['calculator', 'src/demo/calculator.tools.json'],
  ['qasperai', 'src/demo/qasperai.tools.json'],
  ['orchard', 'src/demo/orchard/tools.json'],
];

for (const [name, toolsFile] of policies) {
  test(`the rules that the card offers close every gap of the policy ${name}`, async () => {
    const [document, tools] = await demo(name, toolsFile);
    const card = cardOf(document, tools);
    assert.ok(card.counts.through > 0);
    assert.equal(cardOf(card.fixed, tools).counts.through, 0);
  });
}

test('the rules that the card offers close every gap of a policy that allows everything', () => {
  const card = cardOf({ version: '1', default: 'allow' }, known);
  assert.equal(cardOf(card.fixed, known).counts.through, 0);
});

test('a gap reads with its tool, what is wrong, and the rule', async () => {
  const [document, tools] = await demo('callendar', 'src/demo/callendar.tools.json');
  const card = cardOf(document, tools);
  const lines = cardLines(card, { policy: 'callendar.json', on: 'the server `callendar`' });
  const at = lines.indexOf('  A19 A posted link that carries data');
  assert.deepEqual(lines.slice(at + 1, at + 3), [
    '      create_callendar_contact_link: message can hold a link that carries data',
    '        {"tools":{"create_callendar_contact_link":{"deny_if":[{"path":"args.message","op":"regex","value":"(?i)https?://"}]}}}',
  ]);
});

test('SARIF has one result for each gap', () => {
  const card = cardOf({ version: '1', default: 'allow' }, known);
  const log = sarifOf(card, { version: '1.0.0', uri: 'file:///policy.json' });
  const [run] = objectsOf(log, 'runs');
  const gaps = card.lines.flatMap((line) => line.gaps);
  assert.equal(objectsOf(run ?? {}, 'results').length, gaps.length);
});
