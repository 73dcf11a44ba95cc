import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomDocuments, randomRequest, seeded } from '../../test/policy/random-case.ts';
import { compileAll } from '../../test/policy/differential.ts';
import { decide, explain, explainDeny } from './index.ts';
import type { AccessRequest, Deny, DenyCode, PolicyDocument } from './index.ts';

const document: PolicyDocument = {
  version: '1',
  default: 'deny',
  all_tools: { limits: [{ counter: 'all', window: 'minute', max: 9, scope: 'grant' }] },
  tools: {
    pay: {
      require: [{ path: 'args.why', op: 'exists', value: true }],
      deny_if: [{ path: 'args.amount', op: 'gt', value: 5 }],
      approve_if: [{ conditions: [], on_deny: 'ask' }],
      labels: { adds: ['paid'] },
    },
  },
};

function request(args: AccessRequest['arguments']): AccessRequest {
  return {
    principal: { id: 'ann', kind: 'agent' },
    grantLabel: 'ci',
    serverName: 'shop',
    toolName: 'pay',
    tool: {
      name: 'pay',
      state: 'pinned',
      category: 'Financial',
      risk: 'Critical',
      inputSchema: null,
      digest: '',
    },
    arguments: args,
    timeMs: 0,
    labels: [],
  };
}

test('a refused call is explained up to its refusal', () => {
  const set = compileAll({ policy: document, guardrails: {} });
  const { steps } = explain(set, request({ why: 'x', amount: '77' }));
  assert.deepEqual(
    steps.map(({ step, outcome, text }) => `${step} ${outcome}: ${text}`),
    [
      '1 passed: the grant has a policy for this server',
      '1 passed: the tool is in the pinned list of the server',
      '1 passed: its definition is the reviewed one',
      '2 passed: nothing here hides the tool',
      '4 passed: `tools` names the tool',
      '6 passed: the arguments are an object',
      '6 passed: no key is almost, but not exactly, one that a rule names',
      '7 passed: `args.why` exists true: holds (found: string)',
      '8 refused: `args.amount` gt 5: cannot tell (found: string)',
    ],
  );
});

test('an allowed call is explained with what must still be done', () => {
  const set = compileAll({ policy: document, guardrails: {} });
  const { steps } = explain(set, request({ why: 'x' }), () => 9);
  assert.deepEqual(
    steps.slice(-4).map(({ rule, outcome, text }) => `${rule} ${outcome}: ${text}`),
    [
      '/tools/pay/deny_if/args.amount-gt passed: `args.amount` gt 5: does not hold (absent)',
      '/tools/pay/approve_if/0 asks: waits up to 600 seconds for 1 approval(s)',
      '/all_tools/limits/all takes: takes 1 of 9 per 60 seconds (sliding), scope `grant`: 9 taken, it does not fit now',
      '/tools/pay labels: puts `paid` on the principal',
    ],
  );
});

test('what a counter holds is only said when it is known', () => {
  const set = compileAll({ policy: document, guardrails: {} });
  const { steps } = explain(set, request({ why: 'x' }));
  const [limit] = steps.filter((step) => step.outcome === 'takes');
  assert.equal(limit?.text, 'takes 1 of 9 per 60 seconds (sliding), scope `grant`');
});

test('a parent of the wrong kind is named as such', () => {
  const require = [{ path: 'args.to.id', op: 'eq', value: 'x' }] as const;
  const policy = { version: '1', default: 'deny', tools: { pay: { require } } } as const;
  const { steps } = explain(compileAll({ policy, guardrails: {} }), request({ to: 'x' }));
  assert.match(steps.at(-1)?.text ?? '', /cannot tell \(a parent is of the wrong kind\)$/);
});

test('every explanation ends where the decision does', () => {
  const random = seeded(11);
  for (let run = 0; run < 1500; run += 1) {
    const set = compileAll(randomDocuments(random));
    const asked = randomRequest(random);
    const { decision, steps } = explain(set, asked);
    assert.deepEqual(decision, decide(set, asked));
    const refused = steps.filter((step) => step.outcome === 'refused');
    const rules = decision.effect === 'deny' ? [decision.rule] : [];
    assert.deepEqual(
      refused.map((step) => step.rule),
      rules,
      JSON.stringify({ decision, steps }),
    );
    assert.equal(steps.at(-1)?.outcome === 'refused', decision.effect === 'deny');
  }
});

const codes: Readonly<Record<DenyCode, RegExp>> = {
  'no-policy': /no policy/,
  unknown: /^unknown tool/,
  unpinned: /review/,
  hidden: /^unknown tool/,
  'default-deny': /no rule/,
  'action-deny': /refuses this tool/,
  'invalid-arguments': /object/,
  'ambiguous-key': /exact name/,
  schema: /schema of this tool/,
  arguments: /do not satisfy the policy/,
  require: /not met/,
  'deny-if': /refuses this call/,
  label: /flow/,
  'limit-cost': /cost/,
};

for (const [code, sentence] of Object.entries(codes)) {
  test(`the sentence for ${code}`, () => {
    // The keys of `codes` are deny codes.
    const deny: Deny = { effect: 'deny', code: code as DenyCode, rule: '/x', message: null };
    assert.match(explainDeny(deny), sentence);
    assert.doesNotMatch(explainDeny(deny), /\.$/);
    assert.equal(explainDeny({ ...deny, message: 'own words' }), 'own words');
  });
}

test('a hidden tool is answered exactly as one that does not exist', () => {
  const [hidden, unknown] = (['hidden', 'unknown'] as const).map((code) =>
    explainDeny({ effect: 'deny', code, rule: `(${code})`, message: null }),
  );
  assert.equal(hidden, unknown);
});

test('a broken schema is told from arguments that do not satisfy it', () => {
  const deny = { effect: 'deny', code: 'schema', message: null } as const;
  assert.match(explainDeny({ ...deny, rule: 'guardrail:g#(schema)' }), /repair/);
  assert.match(explainDeny({ ...deny, rule: '/input_schema' }), /correct them/);
});
