import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lintPolicy, parsePolicy, printPolicy } from './index.ts';
import type { Category, PinnedTool } from './index.ts';
import type { JsonValue } from '../base/strict-json.ts';

const tools: readonly PinnedTool[] = [
  tool('pay', 'Financial', {
    type: 'object',
    properties: {
      amount: { type: 'number' },
      currency: { type: 'string', enum: ['eur', 'usd'] },
      note: { type: 'string' },
      to: { type: 'array', items: { type: 'object', properties: { id: { type: 'string' } } } },
    },
    required: ['amount'],
  }),
  tool('search', 'Read', { type: 'object', properties: { query: { type: 'string' } } }),
  tool('broken', 'Write', null),
  tool('free', 'Write', { type: 'object', additionalProperties: true }),
];

function tool(name: string, category: Category, inputSchema: JsonValue): PinnedTool {
  return { name, state: 'pinned', category, risk: 'Low', inputSchema, digest: '' };
}

/** The name of the case, a document, and what is advised: code, pointer, a part of the hint. */
type LintCase = readonly [
  name: string,
  document: object,
  ...advice: readonly (readonly [string, string, string?])[],
];

const minute = { window: 'minute', scope: 'grant' };
const root = (path: string, op: string, value: JsonValue): object => ({ path, op, value });
const amount = { path: 'args.amount', op: 'gt', value: 5 };

const cases: readonly LintCase[] = [
  ['nothing to say', { tools: { pay: { deny_if: [amount] }, search: {} } }],
  ['nothing to say of asking', { tools: { pay: { action: 'require_approval' } } }],
  [
    'nothing to say of who',
    { tools: { pay: { deny_if: [root('principal.id', 'eq', 'agent:x')] } } },
  ],
  ['nothing to say of hours', { tools: { pay: { deny_if: [root('time.hour', 'lt', 9)] } } }],
  ['nothing to say of grants', { tools: { pay: { deny_if: [root('grant.label', 'in', ['a'])] } } }],
  [
    'an hour that no day has',
    { tools: { pay: { deny_if: [root('time.hour', 'in', [24, 25])] } } },
    ['impossible-comparison', '/tools/pay/deny_if/0', '0, 1'],
  ],
  ['an unknown tool', { tools: { serch: {} } }, ['unknown-tool', '/tools/serch', '`search`']],
  ['an unknown tool in hide', { hide: ['pai', '*'] }, ['unknown-tool', '/hide/0', '`pay`']],
  [
    'an aggregated name',
    { tools: { shop__pay: {} } },
    ['unknown-tool', '/tools/shop__pay', '`pay`'],
  ],
  ['a pattern', { tools: { 'se*': {} } }, ['unknown-tool', '/tools/se*', 'never a pattern']],
  [
    'an argument that is not declared',
    { tools: { pay: { require: [{ path: 'args.amuont', op: 'lte', value: 5 }] } } },
    ['unknown-argument', '/tools/pay/require/0/path', '`amount`'],
  ],
  [
    'an argument that is not declared, deep inside',
    { tools: { pay: { require: [{ path: 'args.to[*].ids', op: 'eq', value: 'x' }] } } },
    ['unknown-argument', '/tools/pay/require/0/path', '`id`'],
  ],
  [
    'nothing is declared, so nothing is unknown',
    { tools: { free: { require: [{ path: 'args.any', op: 'eq', value: 'x' }] } } },
  ],
  [
    'an argument that one of the category has',
    { categories: { Write: { require: [{ path: 'args.x', op: 'exists', value: true }] } } },
  ],
  [
    'an argument that no tool has, in all_tools',
    { all_tools: { require: [{ path: 'args.x', op: 'exists', value: true }] }, tools: {} },
  ],
  [
    'a number compared as text',
    { tools: { pay: { require: [{ path: 'args.amount', op: 'regex', value: '^5$' }] } } },
    ['impossible-comparison', '/tools/pay/require/0', 'declares number'],
  ],
  [
    'text compared as a number',
    { tools: { pay: { require: [{ path: 'args.note', op: 'lt', value: 5 }] } } },
    ['impossible-comparison', '/tools/pay/require/0', 'declares string'],
  ],
  [
    'a literal of another type',
    {
      tools: {
        pay: { require: [{ conditions: [{ path: 'args.amount', op: 'eq', value: '5' }] }] },
      },
    },
    ['impossible-comparison', '/tools/pay/require/0/conditions/0', 'declares number'],
  ],
  [
    'a literal outside the enum',
    { tools: { pay: { require: [{ path: 'args.currency', op: 'in', value: ['gbp'] }] } } },
    ['impossible-comparison', '/tools/pay/require/0', 'eur'],
  ],
  [
    'an empty list',
    { tools: { pay: { require: [{ path: 'args.currency', op: 'in', value: [] }] } } },
    ['impossible-comparison', '/tools/pay/require/0', 'at least one'],
  ],
  [
    'nothing slips past a deny_if on the whole, or on presence itself',
    {
      tools: {
        search: {
          deny_if: [
            { path: 'args', op: 'length_gte', value: 9 },
            { path: 'args.query', op: 'exists', value: true },
            { path: 'time.hour', op: 'lt', value: 6 },
          ],
        },
      },
    },
  ],
  [
    'an empty list of what may not be',
    { tools: { pay: { require: [{ path: 'args.currency', op: 'not_in', value: [] }] } } },
    ['impossible-comparison', '/tools/pay/require/0', 'at least one'],
  ],
  [
    'an empty list as a value',
    { tools: { pay: { require: [{ path: 'args.to', op: 'eq', value: [] }] } } },
  ],
  [
    'null beside eq',
    { tools: { pay: { require: [{ path: 'args.note', op: 'neq', value: null }] } } },
    ['impossible-comparison', '/tools/pay/require/0', '`exists`'],
  ],
  [
    'one category of two is one',
    { all_tools: { deny_if: [{ path: 'tool.category', op: 'in', value: ['Read', 'no'] }] } },
  ],
  [
    'limits whose costs are in the call',
    {
      tools: {
        pay: {
          require: [{ path: 'args.amount', op: 'exists', value: true }],
          limits: [
            { counter: 'a', max: 5, ...minute, cost: 'args.amount' },
            { counter: 'b', max: 9, ...minute },
          ],
        },
      },
    },
  ],
  [
    'a category that is none',
    { all_tools: { deny_if: [{ path: 'tool.category', op: 'eq', value: 'read' }] } },
    ['impossible-comparison', '/all_tools/deny_if/0', 'Read'],
  ],
  [
    'a weekday that is none',
    { all_tools: { deny_if: [{ path: 'time.weekday', op: 'in', value: [0] }] } },
    ['impossible-comparison', '/all_tools/deny_if/0', '7'],
  ],
  [
    'a name compared as a number',
    { all_tools: { deny_if: [{ path: 'principal.id', op: 'gt', value: 0 }] } },
    ['impossible-comparison', '/all_tools/deny_if/0'],
  ],
  [
    'an optional argument',
    { tools: { pay: { deny_if: [{ path: 'args.note', op: 'contains', value: 'x' }] } } },
    [
      'optional-argument',
      '/tools/pay/deny_if/0',
      '{"path":"args.note","op":"exists","value":true}',
    ],
  ],
  [
    'an optional list',
    { tools: { pay: { deny_if: [{ path: 'args.to[*].id', op: 'eq', value: 'x' }] } } },
    ['optional-argument', '/tools/pay/deny_if/0', '"args.to"'],
  ],
  [
    'an optional argument that a require closes',
    {
      tools: {
        pay: {
          require: [{ path: 'args.note', op: 'exists', value: true }],
          deny_if: [{ path: 'args.note', op: 'contains', value: 'x' }],
        },
      },
    },
  ],
  [
    'an optional argument that all_tools closes with a comparison',
    {
      all_tools: { require: [{ path: 'args.note', op: 'regex', value: '^a' }] },
      tools: { pay: { deny_if: [{ path: 'args.note', op: 'contains', value: 'x' }] } },
    },
  ],
  [
    'an optional argument that `arguments` requires',
    {
      tools: {
        pay: {
          arguments: { required: ['note'] },
          deny_if: [{ path: 'args.note', op: 'contains', value: 'x' }],
        },
      },
    },
  ],
  [
    'a session scope',
    { tools: { search: { limits: [{ counter: 'c', max: 5, ...minute, scope: 'session' }] } } },
    ['session-scope', '/tools/search/limits/0/scope', '"grant"'],
  ],
  [
    'a rate_limit',
    { tools: { search: { rate_limit: { max: 10, window: 60 } } } },
    ['session-scope', '/tools/search/rate_limit', '"window":60,"max":10,"scope":"grant"'],
  ],
  [
    'a limit above the one for all tools',
    {
      all_tools: { limits: [{ counter: 'all', max: 60, ...minute }] },
      tools: { search: { limits: [{ counter: 'c', max: 90, ...minute }] } },
    },
    ['idle-limit', '/tools/search/limits/0', 'lower its `max`'],
  ],
  [
    'a limit below the one for all tools',
    {
      all_tools: { limits: [{ counter: 'all', max: 60, ...minute }] },
      tools: { search: { limits: [{ counter: 'c', max: 30, ...minute }] } },
    },
  ],
  [
    'a limit above one of a narrower scope may bind',
    {
      all_tools: { limits: [{ counter: 'all', max: 60, ...minute }] },
      tools: { search: { limits: [{ counter: 'c', max: 90, ...minute, scope: 'everyone' }] } },
    },
  ],
  [
    'a limit of a day that admits no more than one of a minute',
    {
      tools: {
        search: {
          limits: [
            { counter: 'm', max: 60, ...minute },
            { counter: 'd', max: 60, ...minute, window: 'day' },
          ],
        },
      },
    },
    ['idle-limit', '/tools/search/limits/0'],
  ],
  [
    'a limit of the same cost, dearer',
    {
      tools: {
        search: {
          limits: [
            { counter: 'a', max: 60, ...minute, cost: 2 },
            { counter: 'b', max: 29, ...minute },
          ],
        },
      },
    },
    ['idle-limit', '/tools/search/limits/0'],
  ],
  [
    'of two equal limits the later one is idle',
    {
      tools: {
        search: {
          limits: [
            { counter: 'a', max: 60, ...minute },
            { counter: 'b', max: 60, ...minute },
          ],
        },
      },
    },
    ['idle-limit', '/tools/search/limits/1'],
  ],
  [
    'null inside a list is looked at',
    { tools: { pay: { deny_if: [{ path: 'args.to', op: 'contains', value: null }] } } },
    ['optional-argument', '/tools/pay/deny_if/0', 'exists'],
  ],
  [
    'a schema that cannot be enforced, beside rules for all tools',
    {
      input_schema: 'enforce',
      all_tools: { limits: [{ counter: 'c', max: 5, ...minute }] },
      tools: { broken: {}, pay: { action: 'deny' } },
    },
    ['schema-not-enforceable', '/tools/broken', '"off"'],
  ],
  [
    'a schema that cannot be enforced, of a tool that is refused anyway',
    { input_schema: 'enforce', tools: { broken: { action: 'deny' } } },
  ],
  [
    'a cost of 0',
    { tools: { search: { limits: [{ counter: 'c', max: 5, ...minute, cost: 0 }] } } },
    ['idle-limit', '/tools/search/limits/0/cost'],
  ],
  [
    'a rule for a hidden tool',
    { hide: ['pay'], tools: { pay: {} } },
    ['shadowed-rule', '/tools/pay', 'hide'],
  ],
  [
    'fields beside action deny',
    { tools: { pay: { action: 'deny', deny_if: [amount], reason: 'x' } } },
    ['shadowed-rule', '/tools/pay/deny_if'],
  ],
  [
    'a weaker deny_if after a stronger one',
    { tools: { pay: { deny_if: [amount, { ...amount, value: 9 }] } } },
    ['shadowed-rule', '/tools/pay/deny_if/1', 'remove'],
    ['ambiguous-rule-id', '/tools/pay/deny_if/1', '`id`'],
  ],
  [
    'a stronger deny_if after a weaker one',
    { tools: { pay: { deny_if: [{ ...amount, id: 'a', value: 9 }, amount] } } },
  ],
  [
    'after a deny_if that always holds',
    { tools: { pay: { deny_if: [{ conditions: [] }, amount] } } },
    ['shadowed-rule', '/tools/pay/deny_if/1'],
  ],
  [
    'the same require as all_tools',
    {
      all_tools: { require: [{ path: 'args.note', op: 'in', value: ['a', 'b'] }] },
      tools: { pay: { require: [{ path: 'args.note', op: 'in', value: ['b', 'a', 'c'] }] } },
    },
    ['shadowed-rule', '/tools/pay/require/0'],
  ],
  [
    'a category whose tools are all named',
    { tools: { search: {} }, categories: { Read: {} } },
    ['shadowed-rule', '/categories/Read'],
  ],
  [
    'approval that nothing asks for',
    { tools: { pay: { approval: { timeout: '1m' } } } },
    ['unused-field', '/tools/pay/approval', 'require_approval'],
  ],
  [
    'a reason without an action',
    { tools: { pay: { reason: 'x' } } },
    ['unused-field', '/tools/pay/reason', '`on_deny`'],
  ],
  [
    'approve_if beside require_approval',
    { tools: { pay: { action: 'require_approval', approve_if: [amount] } } },
    ['unused-field', '/tools/pay/approve_if'],
  ],
  [
    'an opt-out of nothing',
    { tools: { pay: { input_schema: 'off' } } },
    ['unused-field', '/tools/pay/input_schema'],
  ],
  [
    'a schema that cannot be enforced',
    { input_schema: 'enforce', tools: { broken: {}, pay: {} } },
    ['schema-not-enforceable', '/tools/broken', '"off"'],
  ],
];

for (const [name, fields, ...advice] of cases) {
  test(`lint: ${name}`, () => {
    const parsed = parsePolicy(JSON.stringify({ version: '1', default: 'deny', ...fields }));
    assert.ok(parsed.ok, JSON.stringify(parsed));
    const warnings = lintPolicy(parsed.value, tools);
    assert.deepEqual(
      warnings.map(({ code, pointer }) => [code, pointer]),
      advice.map(([code, pointer]) => [code, pointer]),
      JSON.stringify(warnings, null, 1),
    );
    const lines = printPolicy(parsed.value).split('\n');
    for (const [index, warning] of warnings.entries()) {
      const wanted = advice[index]?.[2] ?? '';
      assert.ok((warning.hint ?? '').includes(wanted), JSON.stringify(warning));
      assert.ok(warning.column <= (lines[warning.line - 1]?.length ?? 0), JSON.stringify(warning));
    }
  });
}

test('lines and columns are those of the author’s own text', () => {
  const text = '{"version":"1",\n"default":"deny",\n\n   "tools":{"serch":{}}}';
  const parsed = parsePolicy(text);
  assert.ok(parsed.ok);
  const [warning] = lintPolicy(parsed.value, tools, text);
  assert.deepEqual([warning?.line, warning?.column], [4, 21]);
});

test('without live tools an argument counts as optional, unless the rule demands it', () => {
  const loose = { deny_if: [amount] };
  const closed = { ...loose, arguments: { required: ['amount'] } };
  const tools_ = { pay: loose, buy: closed };
  const parsed = parsePolicy(JSON.stringify({ version: '1', default: 'deny', tools: tools_ }));
  assert.ok(parsed.ok);
  assert.deepEqual(
    lintPolicy(parsed.value, []).map(({ code, pointer }) => [code, pointer]),
    [['optional-argument', '/tools/pay/deny_if/0']],
  );
});

test('without live tools nothing is said about names', () => {
  const parsed = parsePolicy(
    '{"version":"1","default":"deny","tools":{"serch":{}},"categories":{"Read":{}}}',
  );
  assert.ok(parsed.ok);
  assert.deepEqual(lintPolicy(parsed.value, []), []);
});

test('a comparison is impossible only where no declared type of no tool admits it', () => {
  const category = (inputSchemas: readonly JsonValue[]): readonly PinnedTool[] =>
    inputSchemas.map((schema, index) =>
      tool(`tool${index}`, 'Execute', { type: 'object', properties: { a: schema } }),
    );
  const rows: readonly (readonly [object, readonly JsonValue[], boolean])[] = [
    [{ path: 'args.a', op: 'eq', value: 5 }, [{ type: ['string', 'number'] }], false],
    [{ path: 'args.a', op: 'eq', value: 5 }, [{ type: ['string', 'null'] }], true],
    [{ path: 'args.a', op: 'eq', value: 5 }, [{ type: [] }], false],
    [{ path: 'args.a', op: 'eq', value: 5 }, [{ type: 'thing' }], false],
    [{ path: 'args.a', op: 'lt', value: 5 }, [{ type: 'string' }, { type: 'string' }], true],
    [{ path: 'args.a', op: 'lt', value: 5 }, [{ type: 'string' }, { type: 'number' }], false],
    [{ path: 'args.a', op: 'lt', value: 5 }, [{ type: 'number' }, { type: 'string' }], false],
    [{ path: 'tool.risk', op: 'eq', value: 'Grave' }, [{}], true],
    [{ path: 'tool.risk', op: 'eq', value: 'Critical' }, [{}], false],
    [{ path: 'tool.risk', op: 'in', value: ['Low', 'Grave'] }, [{}], false],
    [{ path: 'time.weekday', op: 'in', value: [0, 8] }, [{}], true],
    [{ path: 'time.hour', op: 'eq', value: 23 }, [{}], false],
    [{ path: 'time.hour', op: 'eq', value: 24 }, [{}], true],
  ];
  for (const [condition, inputSchemas, impossible] of rows) {
    const rule = { categories: { Execute: { require: [condition] } } };
    const parsed = parsePolicy(JSON.stringify({ version: '1', default: 'deny', ...rule }));
    assert.ok(parsed.ok);
    const warnings = lintPolicy(parsed.value, category(inputSchemas));
    const codes = warnings.map(({ code }) => code);
    const what = `${JSON.stringify(condition)} for ${JSON.stringify(inputSchemas)}: ${codes.join()}`;
    assert.equal(codes.includes('impossible-comparison'), impossible, what);
  }
});
