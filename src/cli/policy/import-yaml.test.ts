import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { importYaml } from './import-yaml.ts';

const shared = { scope: 'server', align: 'calendar' };

/** What is written, what it becomes (beside version and default), and how many parts refuse. */
const cases: readonly (readonly [string, object, number])[] = [
  ['default: deny\ntools: {}', { tools: {} }, 0],
  ['default: deny\nhide: [drop, drop]', { hide: ['drop'], tools: {} }, 0],
  [
    'default: deny\ntools:\n  list:\n    rules: []\n  read: {}',
    { tools: { list: {}, read: {} } },
    0,
  ],
  [
    'default: deny\ntools:\n  issue:\n    rules:\n    - {name: n, rate_limit: 5/hour, on_deny: slow}',
    {
      tools: {
        issue: {
          limits: [
            { counter: 'issue_rate_hour', window: 'hour', max: 5, ...shared, on_deny: 'slow' },
          ],
        },
      },
    },
    0,
  ],
  [
    `default: deny
tools:
  charge:
    rules:
    - name: both
      conditions:
      - {path: args.meta.cost-centre, op: in, value: [a, b]}
      - {path: state.charge.spend, op: lt, value: 1000}
      on_deny: too much
      state: {counter: spend, window: day, increment_from: args.amount}`,
    {
      tools: {
        charge: {
          require: [
            {
              conditions: [{ path: 'args.meta.cost-centre', op: 'in', value: ['a', 'b'] }],
              on_deny: 'too much',
            },
          ],
          limits: [
            {
              counter: 'charge_spend',
              window: 'day',
              max: 999,
              ...shared,
              cost: 'args.amount',
              on_deny: 'too much',
            },
          ],
        },
      },
    },
    0,
  ],
  [
    `default: deny
tools:
  drop:
    rules: [{action: deny, on_deny: never}]
  "*":
    rules:
    - {name: all, rate_limit: 60/minute}
    - name: no
      conditions: [{path: args.force, op: exists, value: false}]`,
    {
      all_tools: {
        require: [{ conditions: [{ path: 'args.force', op: 'exists', value: false }] }],
        limits: [{ counter: '_global_rate_minute', window: 'minute', max: 60, ...shared }],
      },
      tools: { drop: { action: 'deny', reason: 'never' } },
    },
    0,
  ],
  [
    'default: deny\ntools:\n  fire:\n    rules: [{action: require_approval}]',
    { tools: { fire: { action: 'require_approval' } } },
    0,
  ],
];

/** Rules that mean nothing here: the tool is refused. */
const untranslated: readonly string[] = [
  'spend_limit: $500/day',
  'rate_limit: 5/week',
  'rate_limit: 0/day',
  'rate_limit: 5/day, state: {counter: c, window: day}',
  'action: deny, conditions: [{path: args.a, op: eq, value: 1}]',
  'action: require_approval, approval_timeout: 10m',
  'action: block',
  'conditions: []',
  'conditions: [{path: args.a, op: like, value: 1}]',
  'conditions: [{path: args.a, op: regex, value: "(?=x)"}]',
  'conditions: [{path: args.a, op: in, value: 1}]',
  'conditions: [{path: args.a, op: eq}]',
  'conditions: [{path: env.a, op: eq, value: 1}]',
  'conditions: [{path: state.t.c, op: lte, value: 1}]',
  'conditions: [{path: state.t.c, op: gte, value: 1}], state: {counter: c, window: day}',
  'conditions: [{path: state.u.c, op: lte, value: 1}], state: {counter: c, window: day}',
  'conditions: [{path: state.t.c, op: lte, value: -1}], state: {counter: c, window: day}',
  'conditions: [{path: state.t.c, op: lte, value: 1}], state: {counter: c, window: week}',
  'conditions: [{path: state.t.c, op: lte, value: 1}], state: {counter: c, window: day, increment: x}',
  'conditions: [{path: state.t.c, op: lte, value: 1}], state: {counter: c, window: day, until: x}',
  'conditions: [{path: args.a, op: lt, value: 1}], state: {counter: c, window: day}',
  'on_deny: [1], rate_limit: 5/day',
];

test('what translates means the same', () => {
  for (const [text, wanted, denied] of cases) {
    const imported = importYaml(`version: "1"\n${text}`);
    assert.ok(imported.ok, JSON.stringify(imported));
    const { document, notes } = imported.value;
    assert.deepEqual(document, { version: '1', default: 'deny', ...wanted }, text);
    assert.equal(notes.filter(({ kind }) => kind === 'denied').length, denied, text);
  }
});

test('what does not translate refuses, and is noted', () => {
  for (const rule of untranslated) {
    for (const tool of ['t', '"*"']) {
      const text = `version: "1"\ntools:\n  ${tool}:\n    rules: [{name: n, ${rule}}]`;
      const imported = importYaml(text);
      assert.ok(imported.ok, `${rule}: ${JSON.stringify(imported)}`);
      const { document, notes } = imported.value;
      const refused: unknown =
        tool === 't' ? document['tools'] : (document['all_tools'] ?? 'nothing');
      const denied = notes.filter(({ kind }) => kind === 'denied');
      assert.equal(denied.length, 1, `${tool}: ${rule}`);
      const wanted = tool === 't' ? /"t":\{"action":"deny"/ : /"deny_if":\[\{"conditions":\[\]/;
      assert.match(JSON.stringify(refused), wanted, `${tool}: ${rule}`);
    }
  }
  const strange = importYaml('version: "1"\nplugins: [x]\nhide: {a: b}\ndefault: perhaps');
  assert.ok(strange.ok);
  assert.equal(strange.value.document['default'], 'deny');
  assert.equal(strange.value.notes.filter(({ kind }) => kind === 'denied').length, 3);
});

test('what is no such policy is not read', () => {
  for (const text of [
    '',
    '- a',
    'version: "2"\ntools: {}',
    'version: "1"\nversion: "1"',
    'version: "1"\ntools: [a]',
    'version: "1"\ntools: {a: {rules: []}, a: {rules: []}}',
    'version: "1"\nhide: *unknown',
    'version: "1"\ndescription: 5',
    '\tversion: 1',
  ]) {
    assert.equal(importYaml(text).ok, false, text);
  }
});

test('leaving `default` out allows, as in the source, and says so', () => {
  const imported = importYaml('version: "1"\ntools: {}');
  assert.ok(imported.ok);
  assert.equal(imported.value.document['default'], 'allow');
  assert.match(imported.value.notes[0]?.text ?? '', /allowed/);
});

describe('a policy of this program is not translated, and is told so', () => {
  const own = [
    '{ "version": "1", "default": "deny" }',
    '{ "version": "1", "default": "deny", "tools": { "a": { "require": [] } } }',
    'version: "1"\ndefault: deny\ntools:\n  a: { deny_if: [] }',
    '{ "version": "1", "default": "maybe", "all_tools": {} }',
  ];
  for (const text of own) {
    test(text, () => {
      const imported = importYaml(text);
      assert.ok(!imported.ok);
      assert.match(imported.error, /policy of this program already.*policy check/);
    });
  }
});
