import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import type { JsonValue } from '../src/base/strict-json.ts';
import { createCalculator } from '../src/demo/calculator.ts';
import { createCallendar } from '../src/demo/callendar.ts';
import { createOrchard } from '../src/demo/orchard/server.ts';
import { createQasperai } from '../src/demo/qasperai.ts';
import {
  compilePolicy,
  decide,
  parsePolicy,
  type CompiledPolicy,
  type Decision,
  type LimitObligation,
  type PolicyDocument,
} from '../src/policy/index.ts';

interface Case {
  readonly tool: string;
  readonly arguments?: JsonValue;
  /** `hold`: allowed once a person agrees; then `rule` is the one that asks. */
  readonly decision: 'allow' | 'hold' | 'deny';
  readonly rule: string;
  /** Each as `counter max/window/scope`. */
  readonly limits?: readonly string[];
}

const WINDOWS: Readonly<Record<number, string>> = { 60_000: 'minute', 3_600_000: 'hour' };

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

function casesOf(name: string): readonly Case[] {
  const cases: unknown = JSON.parse(readFileSync(`policies/${name}.cases.json`, 'utf8'));
  assert.ok(Array.isArray(cases) && cases.length > 0);
  return cases;
}

function ask(policy: CompiledPolicy, { tool: name, arguments: args }: Case): Decision {
  const tool = {
    name,
    state: 'pinned',
    category: 'Unclassified',
    risk: 'High',
    inputSchema: null,
    digest: '0'.repeat(64),
  } as const;
  return decide(
    { policy, guardrails: [] },
    {
      principal: { id: 'agent:test', kind: 'agent' },
      grantLabel: 'test',
      serverName: 'test',
      toolName: name,
      tool,
      arguments: args,
      timeMs: 0,
      labels: [],
    },
  );
}

function answerOf(decision: Decision): Pick<Case, 'decision' | 'rule'> {
  if (decision.effect === 'deny') return { decision: 'deny', rule: decision.rule };
  const [approval] = decision.obligations.approvals;
  if (approval === undefined) return { decision: 'allow', rule: decision.rule };
  return { decision: 'hold', rule: approval.rule };
}

function limitsOf(decision: Decision): readonly string[] {
  const limits = decision.effect === 'deny' ? [] : decision.obligations.limits;
  return limits.map(
    ({ counter, max, windowMs, scope }: LimitObligation) =>
      `${counter} ${max}/${WINDOWS[windowMs ?? 0] ?? String(windowMs)}/${scope}`,
  );
}

for (const name of names) {
  test(`the policy ${name} answers its cases`, () => {
    const { policy } = load(name);
    for (const one of casesOf(name)) {
      const decision = ask(policy, one);
      const label = JSON.stringify(one);
      assert.deepEqual(answerOf(decision), { decision: one.decision, rule: one.rule }, label);
      assert.deepEqual(limitsOf(decision), one.limits ?? [], label);
    }
  });
}

test('every ready policy refuses what it does not name', () => {
  assert.ok(names.length >= 7);
  for (const name of names) {
    const { document, policy } = load(name);
    assert.equal(document.default, 'deny', name);
    const stranger: Case = { tool: 'no_such_tool', decision: 'deny', rule: '(default deny)' };
    assert.equal(ask(policy, stranger).rule, '(default deny)', name);
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
