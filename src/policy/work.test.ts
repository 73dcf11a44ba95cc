// A decision has only so much work in it: past that nothing can be told, which never allows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../base/strict-json.ts';
import { compilePolicy, decide, explain } from './index.ts';
import type { AccessRequest, PolicyDocument, PolicySet } from './index.ts';
import { compileCondition } from './predicate.ts';

const path = 'args.a[*]';
const objects = listOf(500, (index) => ({ a: index }));
const wide = Object.fromEntries(listOf(9000, (index) => [`k${index}`, 1]));
const folders = listOf(100, (index) => `/data/${index}`);

/** An operator that refuses none of the values, a few of them, and too many. */
const rows: readonly (readonly [string, JsonObject, unknown, number, number])[] = [
  ['objects among objects', { path, op: 'not_in', value: objects }, { a: -1 }, 40, 9000],
  ['a list unlike a list', { path, op: 'neq', value: [objects] }, [[]], 10, 9000],
  ['a wide object', { path, op: 'not_in', value: [{ a: 1 }] }, wide, 1, 20],
  ['a list without an object', { path, op: 'not_contains', value: wide }, [{}, {}], 5, 5000],
  ['a long text', { path, op: 'not_contains', value: 'a'.repeat(999) }, 'b'.repeat(9999), 5, 100],
  ['an expression', { path, op: 'not_regex', value: 'a{90}' }, 'b'.repeat(9999), 1, 100],
  ['paths', { path, op: 'path_within', value: folders }, '/data/7/x', 500, 9000],
  ['encoded paths', { path, op: 'path_within', value: ['/data'] }, '/data/%2541;\\', 0, 900],
  ['addresses', { path, op: 'url_host_in', value: ['a.test'] }, 'https://a.test/', 1000, 9000],
  ['mail', { path, op: 'email_domain_in', value: ['a.test'] }, 'a@a.test', 1000, 9000],
  ['statements', { path, op: 'sql_only', value: ['select'] }, 'select 1', 500, 9000],
  ['lengths', { path, op: 'length_lte', value: 1e6 }, 'a'.repeat(99_999), 300, 400],
  [
    'numbers among numbers',
    { path, op: 'not_in', value: listOf(9000, (n) => -1 - n) },
    5,
    19_000,
    0,
  ],
  ['texts among texts', { path, op: 'in', value: ['a', ...listOf(9000, String)] }, 'a', 19_000, 0],
];

for (const [name, condition, value, few, many] of rows) {
  const require = setOf({ require: [condition] });
  if (few > 0) {
    test(`${name}: ${few} can be told`, () => {
      assert.equal(decide(require, requestOf({ a: listOf(few, () => value) })).effect, 'allow');
    });
  }
  if (many === 0) continue;
  const request = requestOf({ a: listOf(many, () => value) });
  test(`${name}: ${many} are too many`, () => {
    assert.equal(decide(require, request).effect, 'deny');
    const never = { conditions: [{ path: 'args.a', op: 'exists', value: true }, condition] };
    assert.equal(decide(setOf({ deny_if: [never] }), request).effect, 'deny');
    const asked = decide(setOf({ approve_if: [never] }), request);
    assert.ok(asked.effect === 'allow' && asked.obligations.approvals.length === 1);
  });
}

test('what a guardrail spent is spent for the policy', () => {
  const rule = { require: [{ path, op: 'not_in', value: objects }] };
  const [policy, above] = [setOf(rule).policy, setOf(rule).policy];
  assert.ok(above !== null);
  const set = { policy, guardrails: [{ name: 'g', policy: above }] };
  const request = requestOf({ a: listOf(90, () => ({ a: -1 })) });
  assert.equal(decide({ policy, guardrails: [] }, request).effect, 'allow');
  const decision = decide(set, request);
  assert.equal(decision.rule, '/tools/t/require/args.a[*]-not_in');
});

test('an explanation says where the work ended', () => {
  const condition = { path, op: 'not_in', value: objects };
  const set = setOf({ require: [condition, { ...condition, id: 'again' }] });
  const { decision, steps } = explain(set, requestOf({ a: listOf(90, () => ({ a: -1 })) }));
  assert.equal(decision.rule, '/tools/t/require/again');
  const last = steps.at(-1);
  assert.equal(last?.rule, decision.rule);
  assert.match(last?.text ?? '', /cannot tell/);
});

/** A schema in `arguments`, what satisfies it, and what it cannot be told of. */
const text = 'é"'.repeat(250_000);
const schemas: readonly (readonly [string, JsonObject, object, object])[] = [
  [
    'alternatives of every element',
    { properties: { a: { items: { anyOf: listOf(50, (n) => ({ const: n })) } } } },
    { a: listOf(100, () => 49) },
    { a: listOf(9000, () => 49) },
  ],
  [
    'patterns of every key',
    { patternProperties: Object.fromEntries(listOf(90, (n) => [`(x+x+)+y${n}`, true])) },
    Object.fromEntries(listOf(50, (n) => [`x${n}`, 1])),
    Object.fromEntries(listOf(9000, (n) => [`x${n}`, 1])),
  ],
  [
    'alternatives that lead back to themselves',
    {
      properties: { a: { $ref: '#/$defs/x' } },
      $defs: {
        x: { anyOf: [...listOf(90, () => ({ $ref: '#/$defs/y' })), { not: { type: 'array' } }] },
        y: { type: 'array', items: { $ref: '#/$defs/x' } },
      },
    },
    { a: [1] },
    { a: [[[[[['a', 2, [3]]]]]], [[[[[[false, [[]]]]]]]]] },
  ],
  [
    'long texts among objects',
    { properties: { a: { anyOf: listOf(50, (n) => ({ const: n === 49 ? 1 : { n } })) } } },
    { a: 1 },
    { a: { n: text } },
  ],
  [
    'lists without twins, each inside the other',
    {
      properties: { a: { $ref: '#/$defs/x' } },
      $defs: { x: { uniqueItems: true, items: { $ref: '#/$defs/x' } } },
    },
    { a: [[1, 2], ['a']] },
    nestedIn(text.slice(0, 90_000), 60),
  ],
  [
    'a long key',
    { additionalProperties: { anyOf: listOf(99, () => ({})) } },
    { b: 1 },
    { [text]: 1 },
  ],
];

for (const [name, schema, few, many] of schemas) {
  test(`a schema: ${name}`, () => {
    const set = setOf({ arguments: schema });
    assert.equal(decide(set, requestOf(few)).effect, 'allow');
    assert.equal(decide(set, requestOf(many)).rule, '/tools/t/arguments');
  });
}

test('a long text is compared with any number of texts', () => {
  const set = setOf({ arguments: { properties: { a: { enum: listOf(900, String) } } } });
  const long = setOf({ arguments: { properties: { a: { not: { enum: listOf(900, String) } } } } });
  assert.equal(decide(set, requestOf({ a: text })).effect, 'deny');
  assert.equal(decide(long, requestOf({ a: text })).effect, 'allow');
});

test('what a schema spent is spent for the schemas and rules after it', () => {
  const schema = {
    properties: { a: { items: { anyOf: listOf(50, () => ({ type: 'number' })) } } },
  };
  const request = requestOf({ a: listOf(1500, () => 1) });
  const [policy, above] = [
    setOf({ arguments: schema }).policy,
    setOf({ arguments: schema }).policy,
  ];
  assert.ok(above !== null);
  assert.equal(decide({ policy, guardrails: [] }, request).effect, 'allow');
  const guarded = decide({ policy, guardrails: [{ name: 'g', policy: above }] }, request);
  assert.equal(guarded.rule, '/tools/t/arguments');
  const ruled = setOf({
    arguments: schema,
    require: [{ path, op: 'not_in', value: [{ a: 1 }, 2] }],
  });
  assert.equal(decide(ruled, requestOf({ a: listOf(100, () => 1) })).effect, 'allow');
  const spent = setOf({
    arguments: schema,
    require: [{ path, op: 'sql_only', value: ['select'] }],
  });
  assert.equal(decide(spent, request).rule, '/tools/t/require/args.a[*]-sql_only');
});

test('when nothing is left, values are not even counted', () => {
  let reads = 0;
  const handler = {
    get: (list: object, key: PropertyKey) => ((reads += 1), Reflect.get(list, key)),
  };
  const list = new Proxy(
    listOf(1000, () => [1]),
    handler,
  );
  for (const each of ['args.a', 'args.a[*]', 'args.a[*][*]']) {
    reads = 0;
    const condition = compileCondition({ path: each, op: 'neq', value: [[2]] }, 'every');
    const request = requestOf({ a: list });
    assert.ok(request.arguments !== null && !Array.isArray(request.arguments));
    // `requestOf` made an object of it.
    const args = request.arguments as JsonObject;
    assert.equal(condition(request, args, { left: 0 }), 'cannot-tell');
    assert.ok(reads < 10, `${each}: ${reads} reads`);
  }
});

function nestedIn(leaf: string, depth: number): object {
  let value: unknown = [leaf];
  for (let level = 0; level < depth; level += 1) value = [value];
  return { a: value };
}

/** Keys beside one that a rule names, and whether they can be compared with it. */
const keys: readonly (readonly [string, string, boolean])[] = [
  ['thirty marks in a row', `b${'\u0316\u0301'.repeat(15)}`, true],
  ['more marks than writing has', `b${'\u0316\u0301'.repeat(40)}`, false],
  ['half a million marks', `b${'\u0316\u0301'.repeat(250_000)}`, false],
  [
    'marks with nothing visible between',
    `b${`${'\u0316\u0301'.repeat(14)}\u200b`.repeat(9000)}`,
    false,
  ],
  ['marks that folding makes', `b${'\u0316\uff9e'.repeat(100_000)}`, false],
  ['a long key', 'é'.repeat(50_000), true],
  ['a key too long to fold', 'é'.repeat(200_000), false],
  ['a long key of plain letters', 'b'.repeat(500_000), true],
];

for (const [name, key, clear] of keys) {
  test(`${name} ${clear ? 'can' : 'cannot'} be compared with a named key`, () => {
    const set = setOf({ require: [{ path: 'args.a', op: 'eq', value: 1 }] });
    const decision = decide(set, requestOf({ a: 1, [key]: 1 }));
    assert.equal(decision.rule, clear ? '/tools/t' : '(ambiguous key)');
  });
}

test('a path with more marks than writing has cannot be told', () => {
  const set = setOf({ require: [{ path: 'args.a', op: 'path_within', value: ['/data'] }] });
  const at = (marks: number): string =>
    decide(set, requestOf({ a: `/data/${'\u0316\u0301'.repeat(marks)}` })).effect;
  assert.deepEqual([at(15), at(40)], ['allow', 'deny']);
});

function listOf<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => make(index));
}

function setOf(rule: object): PolicySet {
  // The cases are plain objects; a rule that is none fails to compile.
  const document = { version: '1', default: 'deny', tools: { t: rule } } as PolicyDocument;
  const compiled = compilePolicy(document);
  assert.ok(compiled.ok, JSON.stringify(compiled));
  return { policy: compiled.value, guardrails: [] };
}

function requestOf(args: object): AccessRequest {
  const tool = { name: 't', category: 'Write', risk: 'Low', inputSchema: {}, digest: '' } as const;
  return {
    principal: { id: 'ann', kind: 'agent' },
    grantLabel: 'ci',
    serverName: 'crm',
    toolName: 't',
    tool: { ...tool, state: 'pinned' },
    // Every value above is JSON.
    arguments: args as JsonObject,
    timeMs: 0,
    labels: [],
  };
}
