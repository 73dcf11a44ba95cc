import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { JsonValue } from '../../base/strict-json.ts';
import type { Outcome } from './outcome.ts';
import { compileArgumentSchema } from './schema.ts';
import { boundKeywords, createBudget } from './schema-keywords.ts';

const YES = 'holds';
const NO = 'does-not-hold';
const UNSURE = 'cannot-tell';

const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';
const DRAFT_2019 = 'https://json-schema.org/draft/2019-09/schema';
const DRAFT_2020 = 'https://json-schema.org/draft/2020-12/schema';

/** A tree whose every level is looked at twice, and fails at the leaf: 2^depth without a budget. */
const doubling: JsonValue = {
  $ref: '#/$defs/x',
  $defs: {
    x: {
      anyOf: [
        { type: 'array', items: { $ref: '#/$defs/x' }, contains: false },
        { type: 'array', items: { $ref: '#/$defs/x' }, contains: false },
        { const: 1 },
      ],
    },
  },
};

const cases: readonly (readonly [JsonValue, JsonValue, Outcome])[] = [
  [true, {}, YES],
  [false, {}, NO],
  [{}, 1, YES],
  [{ type: 'object', required: ['a'], properties: { a: { type: 'integer' } } }, { a: 1 }, YES],
  [{ type: 'object', required: ['a'], properties: { a: { type: 'integer' } } }, { a: '1' }, NO],
  [{ type: 'object', required: ['a'] }, {}, NO],
  [{ required: ['constructor'] }, {}, NO],
  [{ required: ['toString'] }, {}, NO],
  [{ properties: { constructor: false } }, {}, YES],
  [{ properties: { toString: { type: 'string' } } }, {}, YES],
  [{ dependentRequired: { valueOf: ['a'] } }, {}, YES],
  [{ additionalProperties: false, properties: { a: true } }, { a: 1 }, YES],
  [{ additionalProperties: false, properties: { a: true } }, { hasOwnProperty: 1 }, NO],
  [{ properties: { a: { default: 1 } }, required: ['a'] }, {}, NO],
  [{ minimum: 5 }, 5, YES],
  [{ minimum: 5 }, 4, NO],
  // Formats assert nothing, patterns are linear and keep to themselves.
  [{ type: 'string', format: 'email' }, 'not one', YES],
  [{ pattern: '^a\\u0062\\/$' }, 'ab/', YES],
  [{ pattern: '^(a+)+$' }, `${'a'.repeat(40)}!`, NO],
  [{ properties: { a: { pattern: '^x' }, b: { pattern: '^y' } } }, { a: 'x', b: 'y' }, YES],
  [{ properties: { a: { pattern: '^x' }, b: { pattern: '^y' } } }, { a: 'x', b: 'x' }, NO],
  [{ patternProperties: { '^n_': { type: 'number' } } }, { n_a: 'x' }, NO],
  // Equality of own members.
  [{ enum: ['a', 1, null, { b: [1] }] }, { b: [1] }, YES],
  [{ enum: ['a', 1, null, { b: [1] }] }, '1', NO],
  [{ const: { a: 1, b: 2 } }, { b: 2, a: 1 }, YES],
  [{ const: { toString: 1 } }, { toString: 1 }, YES],
  [{ const: 0 }, -0, YES],
  [
    { uniqueItems: true },
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    NO,
  ],
  [{ uniqueItems: true }, [1, '1', true, null, 'null'], YES],
  [{ uniqueItems: false }, [1, 1], YES],
  [{ uniqueItems: true }, Array.from({ length: 15_000 }, (_, index) => index), YES],
  // Drafts.
  [{ $schema: DRAFT_2020, prefixItems: [{ type: 'string' }] }, [1], NO],
  [{ prefixItems: [{ type: 'string' }] }, [1], NO],
  [{ $schema: DRAFT_2019, items: [{ type: 'string' }] }, [1], NO],
  [{ $schema: DRAFT_2019, prefixItems: [{ type: 'string' }] }, [1], YES],
  [{ $schema: DRAFT_07, items: [{ type: 'string' }], additionalItems: false }, ['a', 1], NO],
  [{ $schema: DRAFT_07, dependencies: { a: ['b'] } }, { a: 1 }, NO],
  [
    {
      unevaluatedProperties: false,
      allOf: [{ $ref: '#/$defs/b' }],
      $defs: { b: { properties: { a: true } } },
    },
    { a: 1 },
    YES,
  ],
  [
    {
      unevaluatedProperties: false,
      allOf: [{ $ref: '#/$defs/b' }],
      $defs: { b: { properties: { a: true } } },
    },
    { c: 1 },
    NO,
  ],
  // References.
  [{ properties: { a: { $ref: '#/$defs/s' } }, $defs: { s: { type: 'string' } } }, { a: 1 }, NO],
  [{ properties: { a: { $ref: '#/$defs/x~1y%20z' } }, $defs: { 'x/y z': false } }, { a: 1 }, NO],
  [
    { properties: { a: { $ref: '#s' } }, $defs: { s: { $anchor: 's', type: 'string' } } },
    { a: 1 },
    NO,
  ],
  [
    {
      properties: { a: { $ref: 'https://x.example/s' } },
      $defs: { s: { $id: 'https://x.example/s', type: 'string' } },
    },
    { a: 1 },
    NO,
  ],
  [
    { properties: { next: { $ref: '#' }, n: { type: 'number' } } },
    { next: { next: { n: 'x' } } },
    NO,
  ],
  [{ properties: { $ref: { type: 'string' } } }, { $ref: 1 }, NO],
  [{ properties: { $async: { type: 'string' } } }, { $async: 1 }, NO],
  [
    {
      properties: { a: { $ref: 'https://x.example/s#/$defs/t' } },
      $defs: { s: { $id: 'https://x.example/s', $defs: { t: { type: 'string' } } } },
    },
    { a: 1 },
    NO,
  ],
  // Lengths count characters.
  [{ maxLength: 2 }, '𝒜𝒜', YES],
  [{ maxLength: 1 }, '𝒜𝒜', NO],
  [{ minLength: 2 }, '𝒜𝒜', YES],
  [{ minLength: 3 }, '𝒜𝒜', NO],
  [{ maxLength: 2 }, 'abc', NO],
  [{ minLength: 0 }, '', YES],
  // What cannot be told.
  [{ properties: { a: { maximum: 5 } } }, { a: Number.NaN }, UNSURE],
  [{}, { a: [{ b: Number.NaN }] }, UNSURE],
  [{ $ref: '#/$defs/n', $defs: { n: { items: { $ref: '#/$defs/n' } } } }, nested(60), YES],
  [{}, nested(66), UNSURE],
  [{}, Array.from({ length: 20_001 }, () => 1), UNSURE],
  [{}, 'a'.repeat(1_048_577), UNSURE],
  [doubling, nested(4), NO],
  [doubling, nested(40), UNSURE],
];

test('a schema for arguments', async (context) => {
  for (const [schema, value, expected] of cases) {
    const title = `${JSON.stringify(schema)} on ${JSON.stringify(value)}`;
    await context.test(title.slice(0, 110), () => {
      assert.equal(compiled(schema)(value), expected);
    });
  }
});

const refused: readonly (readonly [string, JsonValue])[] = [
  ['a list', []],
  ['null', null],
  ['a text', 'string'],
  ['draft-04', { $schema: 'http://json-schema.org/draft-04/schema#' }],
  ['an unknown draft', { $schema: 'https://x.example/schema' }],
  ['a draft that is no text', { $schema: 7 }],
  ['an unknown type', { type: 'strng' }],
  ['a bound that is a text', { minimum: '5' }],
  ['a bound that is not safe', { maximum: Number.NaN }],
  ['a required that is no list', { required: 'a' }],
  ['lookahead', { pattern: '(?=a)' }],
  ['a backreference', { patternProperties: { '(a)\\1': true } }],
  ['a long pattern', { pattern: 'a'.repeat(1001) }],
  ['http', { $ref: 'http://x.example/s' }],
  ['https', { properties: { a: { $ref: 'https://x.example/s#/a' } } }],
  ['file', { $ref: 'file:///etc/passwd' }],
  ['relative', { $ref: 'other.json' }],
  ['a draft by reference', { $ref: DRAFT_07 }],
  ['a reference to nothing', { $ref: '#/$defs/a' }],
  ['a reference to no schema', { $ref: '#/title', title: 'x' }],
  ['a reference to a broken schema', { $ref: '#/x', x: { minimum: '5' } }],
  ['dynamic references', { $dynamicRef: '#a', $defs: { a: { $dynamicAnchor: 'a' } } }],
  ['recursive references', { $schema: DRAFT_2019, $recursiveRef: '#' }],
  ['asynchronous', { $async: true }],
  ['a circle', { $ref: '#' }],
  ['a circle through allOf', { allOf: [{ $ref: '#' }] }],
  [
    'a circle of two',
    { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
  ],
  ['a bomb', bomb(30)],
  [
    'many patterns',
    { allOf: Array.from({ length: 101 }, (_, index) => ({ pattern: `${index}` })) },
  ],
  ['deep', nestedSchema(33)],
  ['many values', { enum: Array.from({ length: 1000 }, (_, index) => index) }],
  ['much text', { description: 'a'.repeat(65_537) }],
];

test('a schema that is refused', async (context) => {
  for (const [name, schema] of refused) {
    await context.test(name, () => assert.equal(compileArgumentSchema(schema).ok, false));
  }
});

test('nothing is made of what is wrong: it is found in an anyOf that holds, too', () => {
  const budget = createBudget();
  const validate = boundKeywords(
    new Ajv2020({ meta: false, validateSchema: false }),
    budget,
    9,
  ).compile({
    items: { anyOf: [{ type: 'string' }, { const: 2 }, { minimum: 5 }] },
  });
  budget.refill(1000);
  assert.equal(validate([1]), false);
  assert.deepEqual(
    new Set(validate.errors?.map((fault) => Object.keys(fault).length)),
    new Set([0]),
  );
});

test('a schema that is refused says where and why', () => {
  const refused = compileArgumentSchema({ properties: { a: { type: 'strin' } } });
  assert.ok(!refused.ok);
  assert.match(refused.error, /\/properties\/a\/type must be/);
});

test('a schema never throws, whatever it is and whatever it judges', () => {
  const outcomes = new Set<string>([YES, NO, UNSURE]);
  const leaf = fc.constantFrom<JsonValue>(
    'string',
    'object',
    '#',
    '#/$defs/a',
    '^a',
    '(',
    1,
    -1,
    true,
    false,
    null,
    {},
    [],
    ['a'],
    ['a', 'a'],
    [{}],
    { a: {} },
    { $ref: '#' },
    { type: 'string' },
  );
  const keyword = fc.constantFrom(
    'type',
    'properties',
    'required',
    'items',
    'prefixItems',
    'allOf',
    'anyOf',
    'oneOf',
    'not',
    'if',
    'then',
    '$ref',
    '$defs',
    'pattern',
    'patternProperties',
    'enum',
    'const',
    'minimum',
    'uniqueItems',
    'contains',
    '$id',
    'id',
    '$anchor',
    'nullable',
    'discriminator',
    'format',
    'additionalProperties',
    'unevaluatedItems',
    'propertyNames',
    'dependentSchemas',
  );
  const schema = fc.dictionary(keyword, leaf, { maxKeys: 4 });
  fc.assert(
    fc.property(schema, fc.jsonValue(), (candidate, value) => {
      const result = compileArgumentSchema(candidate);
      // What fast-check calls a JSON value is one.
      if (result.ok) assert.ok(outcomes.has(result.value(value as JsonValue)));
    }),
    { numRuns: 400 },
  );
});

function nested(depth: number): JsonValue {
  let value: JsonValue = [];
  for (let level = 1; level < depth; level += 1) value = [value];
  return value;
}

function nestedSchema(depth: number): JsonValue {
  let schema: JsonValue = {};
  for (let level = 0; level < depth; level += 1) schema = { not: schema };
  return schema;
}

/** Each definition asks for the next one twice. */
function bomb(length: number): JsonValue {
  const definitions: Record<string, JsonValue> = { [`d${length}`]: {} };
  for (let index = 0; index < length; index += 1) {
    const next = { $ref: `#/$defs/d${index + 1}` };
    definitions[`d${index}`] = { allOf: [next, next] };
  }
  return { $ref: '#/$defs/d0', $defs: definitions };
}

function compiled(schema: JsonValue): (value: JsonValue) => Outcome {
  const result = compileArgumentSchema(schema);
  assert.ok(result.ok, result.ok ? '' : result.error);
  return result.value;
}
