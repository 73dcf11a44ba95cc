import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { JsonObject } from '../base/strict-json.ts';
import type { Category, Risk } from '../policy/request.ts';
import { parsePolicy } from '../policy/parse.ts';
import { classifyTool } from './classify.ts';
import { rateCounter, recommendPolicy, recommendPolicyFor, recommendRule } from './recommend.ts';
import type { ToolDefinition } from './tool.ts';

const text = { type: 'string' };

function rate(counter: string, max: number): JsonObject {
  return { limits: [{ counter, window: 'minute', max, scope: 'grant' }] };
}

describe('the four named tools', () => {
  type Named = readonly [string, ToolDefinition, Category, Risk, JsonObject];
  const cases: readonly Named[] = [
    [
      'Callendar',
      {
        name: 'create_callendar_contact_link',
        description:
          'Create a WhatsApp® contact link so a user can talk with a Callendar expert. This does not send any message automatically.',
      },
      'Write',
      'Medium',
      rate('create_callendar_contact_link_rate', 30),
    ],
    [
      'Orchard',
      {
        name: 'calendar.search',
        description: 'Search calendar events by title, notes, or location within a date range.',
      },
      'Read',
      'Low',
      {},
    ],
    [
      'Qasperai',
      {
        name: 'book_appointment',
        description:
          'Book an appointment with a local service business. Creates a booking record and adds the appointment to the business calendar.',
        inputSchema: {
          properties: { slug: text, serviceName: text, dateTime: text, customerEmail: text },
        },
        annotations: { destructiveHint: true },
      },
      'Execute',
      'High',
      rate('book_appointment_rate', 10),
    ],
    [
      'Calculator',
      {
        name: 'create_session',
        description:
          'Create a new interactive session for any calculator and return the session URL',
        inputSchema: { properties: { calculator: text, metadata: { type: 'object' } } },
      },
      'Write',
      'Medium',
      rate('create_session_rate', 30),
    ],
  ];
  for (const [server, tool, category, risk, rule] of cases) {
    test(String(tool.name), () => {
      const answer = classifyTool(tool, { name: server, toolNames: [String(tool.name)] });
      assert.equal(answer.category, category);
      assert.equal(answer.classRisk, risk);
      assert.equal(answer.raisedRisk, risk);
      assert.deepEqual(recommendRule(tool, answer), rule);
    });
  }
});

describe('the rule of each category', () => {
  const cases: readonly (readonly [Category, JsonObject, JsonObject])[] = [
    ['Read', {}, {}],
    ['Write', rate('a_b_rate', 30), rate('a_b_rate', 30)],
    ['Execute', rate('a_b_rate', 10), rate('a_b_rate', 10)],
    ['Destructive', { action: 'require_approval' }, { action: 'hide' }],
    ['Financial', { action: 'require_approval' }, { action: 'hide' }],
    ['Unclassified', { action: 'require_approval' }, { action: 'hide' }],
  ];
  for (const [category, standard, strict] of cases) {
    test(category, () => {
      assert.deepEqual(recommendRule({ name: 'a.b' }, { category }), standard);
      assert.deepEqual(recommendRule({ name: 'a.b' }, { category }, 'strict'), strict);
    });
  }
});

describe('counters', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['create_session', 'create_session_rate'],
    ['calendar.search', 'calendar_search_rate'],
    ['a b/c-d', 'a_b_c_d_rate'],
    ['löschen', 'l_schen_rate'],
    ['💣', '__rate'],
  ];
  for (const [name, counter] of cases) {
    test(name, () => assert.equal(rateCounter(name), counter));
  }
});

describe('argument rules', () => {
  const schema = (properties: object, required: readonly string[] = []): object => ({
    properties,
    required,
  });

  test('an amount that must be there is limited by the day', () => {
    const inputSchema = schema({ amount: { type: 'number' }, to: text }, ['amount']);
    const rule = recommendRule({ name: 'pay', inputSchema }, { category: 'Financial' });
    assert.deepEqual(rule, {
      action: 'require_approval',
      limits: [
        {
          counter: 'pay_amount',
          window: 'day',
          max: 1000,
          scope: 'grant',
          cost: 'args.amount',
        },
      ],
    });
  });

  test('an amount that may be absent, or is text, is not', () => {
    for (const inputSchema of [
      schema({ amount: { type: 'number' } }),
      schema({ amount: text }, ['amount']),
    ]) {
      const rule = recommendRule({ name: 'pay', inputSchema }, { category: 'Financial' });
      assert.deepEqual(rule, { action: 'require_approval' });
    }
  });

  test('SQL that must be there is held to one SELECT', () => {
    const inputSchema = schema({ sql: text }, ['sql']);
    const rule = recommendRule({ name: 'run_sql', inputSchema }, { category: 'Execute' });
    assert.deepEqual(Object.keys(rule), ['require', 'limits']);
    assert.match(JSON.stringify(rule.require), /"args\.sql","op":"sql_only","value":\["select"\]/);
  });

  test('URLs and paths are kept to what they are for', () => {
    const inputSchema = schema({ url: text, 'file-path': text, path: text });
    const rule = recommendRule({ name: 'open', inputSchema }, { category: 'Execute' });
    const expected = /"args\.url","op":"not_regex".*"args\.path","op":"regex"/;
    assert.match(JSON.stringify(rule.deny_if), expected);
  });
});

describe('a whole policy', () => {
  const tools = [
    { name: 'get_item' },
    { name: 'delete_item' },
    { name: 'zorblax' },
    { name: '__proto__' },
    { name: '' },
    { name: 7 },
  ];

  test('refuses by default and names each tool once, in order', () => {
    const policy = recommendPolicy('Example', tools);
    assert.equal(policy.version, '1');
    assert.equal(policy.default, 'deny');
    assert.deepEqual(policy.tools, {
      delete_item: { action: 'require_approval' },
      get_item: {},
      zorblax: { action: 'require_approval' },
    });
  });

  test('the strict variant hides what the standard one holds', () => {
    const policy = recommendPolicy('Example', tools, 'strict');
    assert.deepEqual(policy.tools, {
      delete_item: { action: 'hide' },
      get_item: {},
      zorblax: { action: 'hide' },
    });
  });

  test('the policy language takes it', () => {
    const inputSchema = {
      properties: { sql: text, url: text, path: text, amount: { type: 'number' } },
      required: ['sql', 'amount'],
    };
    const all = ['run_sql', 'pay_now', 'create_item', 'a b.c'].map((name) => ({
      name,
      inputSchema,
    }));
    for (const variant of ['standard', 'strict'] as const) {
      const parsed = parsePolicy(JSON.stringify(recommendPolicy('Example', all, variant)));
      assert.ok(parsed.ok, JSON.stringify(parsed));
    }
  });

  test('the order in which tools come changes nothing', () => {
    const turned = recommendPolicy('Example', tools.toReversed());
    assert.equal(JSON.stringify(turned), JSON.stringify(recommendPolicy('Example', tools)));
  });

  test('of two tools with one name the graver decides', () => {
    const twins = (['Read', 'Destructive', 'Write'] as const).map((category) => ({
      tool: { name: 'twin' },
      classification: { category },
    }));
    const policy = recommendPolicyFor('Example', twins);
    assert.deepEqual(policy.tools, { twin: { action: 'require_approval' } });
  });
});
