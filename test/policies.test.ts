import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { answerCall, readCases } from '../src/cli/policy/cases.ts';
import { testPolicy } from '../src/cli/policy/run-cases.ts';
import { createCalculator } from '../src/demo/calculator.ts';
import { createCallendar } from '../src/demo/callendar.ts';
import { createOrchard } from '../src/demo/orchard/server.ts';
import { createQasperai } from '../src/demo/qasperai.ts';
import {
  compilePolicy,
  parsePolicy,
  type CompiledPolicy,
  type PolicyDocument,
} from '../src/policy/index.ts';

const names = globSync('policies/*.json')
  .map((path) => basename(path, '.json'))
  .filter((name) => !name.endsWith('.cases'))
  .sort();

function load(name: string): {
  readonly document: PolicyDocument;
  readonly policy: CompiledPolicy;
} {
  const document = parsePolicy(readFileSync(`policies/${name}.json`, 'utf8'));
  assert.ok(document.ok, `${name}: ${JSON.stringify(document)}`);
  const policy = compilePolicy(document.value);
  assert.ok(policy.ok, `${name}: ${JSON.stringify(policy)}`);
  return { document: document.value, policy: policy.value };
}

for (const name of names) {
  test(`the policy ${name} answers its cases`, () => {
    const report = testPolicy(`policies/${name}.json`, null);
    assert.ok(report.ok, JSON.stringify(report));
    const wrong = report.value.cases.filter((each) => each.wrong.length > 0);
    assert.deepEqual(wrong, []);
  });
}

/** Policies whose cases show every kind of answer that they can give. */
const written = ['github', 'git', 'kubernetes', 'playwright', 'notion', 'mongodb'];

test('cases show what is allowed, refused, limited and held', () => {
  for (const name of [...written, 'gitlab', 'commands']) {
    const cases = readCases(readFileSync(`policies/${name}.cases.json`, 'utf8'));
    assert.ok(cases.ok, name);
    const all = cases.value.map(({ one }) => one);
    assert.ok(
      all.some((one) => one.decision === 'allow' && (one.limits ?? []).length > 0),
      name,
    );
    assert.ok(
      all.some((one) => one.decision === 'deny' && one.used === undefined),
      name,
    );
    assert.ok(
      all.some((one) => one.decision === 'deny' && one.rule.includes('/limits/')),
      name,
    );
    assert.equal(
      all.some((one) => one.decision === 'hold'),
      written.includes(name),
      name,
    );
  }
});

test('every ready policy refuses what it does not name', () => {
  assert.ok(names.length >= 15);
  for (const name of names) {
    const { document, policy } = load(name);
    assert.equal(document.default, 'deny', name);
    assert.equal(answerCall(policy, { tool: 'no_such_tool' }, null).rule, '(default deny)', name);
  }
});

/** server, tool, the recommended rule. */
const recommended: readonly (readonly [string, string, object])[] = [
  ['callendar', 'create_callendar_contact_link', limited('create_callendar_contact_link_rate', 30)],
  ['orchard', 'calendar.search', {}],
  ['qasperai', 'book_appointment', limited('book_appointment_rate', 10)],
  ['calculator', 'create_session', limited('create_session_rate', 30)],
];

function limited(counter: string, max: number): object {
  return { limits: [{ counter, window: 'minute', max, scope: 'grant' }] };
}

test('the recommended rules are written out exactly', () => {
  for (const [name, tool, wanted] of recommended) {
    const text: unknown = JSON.parse(readFileSync(`policies/${name}.json`, 'utf8'));
    assert.ok(typeof text === 'object' && text !== null && 'tools' in text);
    assert.deepEqual(
      Object.entries(text.tools as object).find(([key]) => key === tool)?.[1],
      wanted,
    );
  }
});

test('a counter is named after its tool', () => {
  for (const name of names) {
    for (const [tool, rule] of Object.entries(load(name).document.tools ?? {})) {
      for (const limit of rule.limits ?? []) {
        assert.equal(
          limit.counter,
          `${tool.replace(/[^A-Za-z0-9_]/g, '_')}_rate`,
          `${name} ${tool}`,
        );
      }
    }
  }
});

test('the policies of the demo leave out what they say they leave out, and nothing else', () => {
  const leftOut: Readonly<Record<string, readonly string[]>> = {
    orchard: ['mail.save_attachment'],
  };
  const clock = { nowMs: () => 0, monotonicMs: () => 0 };
  const servers = [createCallendar(), createQasperai(), createCalculator(), createOrchard(clock)];
  for (const { name, tools } of servers) {
    const { document } = load(name);
    const named = [...Object.keys(document.tools ?? {}), ...(document.hide ?? [])];
    const wanted = tools.map((tool) => tool.name).filter((tool) => !leftOut[name]?.includes(tool));
    assert.deepEqual(named.sort(), wanted.sort(), name);
  }
});
