import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '../base/strict-json.ts';
import { mirroredParams } from './mirrored-param.ts';

function schema(properties: Record<string, JsonValue>): JsonValue {
  return { type: 'object', properties };
}

test('annotations are found wherever `properties` lead', () => {
  const input = schema({
    region: { type: 'string', 'x-mcp-header': 'Region' },
    plain: { type: 'string' },
    'x-mcp-header': { type: 'integer', 'x-mcp-header': 'Odd' },
    deep: { type: 'object', properties: { dry: { type: 'boolean', 'x-mcp-header': 'Dry-Run' } } },
    data: { type: 'object', default: { 'x-mcp-header': 'no annotation' } },
  });
  assert.deepEqual(mirroredParams(input), [
    { header: 'mcp-param-region', path: ['region'], type: 'string' },
    { header: 'mcp-param-odd', path: ['x-mcp-header'], type: 'integer' },
    { header: 'mcp-param-dry-run', path: ['deep', 'dry'], type: 'boolean' },
  ]);
  for (const none of [null, true, {}, [], 'x', schema({})])
    assert.deepEqual(mirroredParams(none), []);
});

test('a hostile or broken annotation excludes the tool', () => {
  const string = (name: JsonValue) => ({ type: 'string', 'x-mcp-header': name });
  const cases: readonly JsonValue[] = [
    schema({ a: string('Authorization') }),
    schema({ a: string('hOsT') }),
    schema({ a: string('Cookie') }),
    schema({ a: string('Transfer-Encoding') }),
    schema({ a: string('A\r\nX: y') }),
    schema({ a: string('A b') }),
    schema({ a: string('A:') }),
    schema({ a: string('é') }),
    schema({ a: string('') }),
    schema({ a: string(5) }),
    schema({ a: string(null) }),
    schema({ a: string('x'.repeat(65)) }),
    schema({ a: string('Same'), b: string('sAME') }),
    schema({ a: { type: 'number', 'x-mcp-header': 'N' } }),
    schema({ a: { type: 'object', 'x-mcp-header': 'N' } }),
    schema({ a: { type: ['string', 'null'], 'x-mcp-header': 'N' } }),
    schema({ a: { 'x-mcp-header': 'N' } }),
    { type: 'string', 'x-mcp-header': 'Root' },
    schema({ list: { type: 'array', items: string('N') } }),
    schema({ list: { type: 'array', items: [string('N')] } }),
    { ...object(), anyOf: [schema({ a: string('N') })] },
    { ...object(), allOf: [{ not: string('N') }] },
    { ...object(), $defs: { x: schema({ a: string('N') }) } },
    { ...object(), patternProperties: { '^a': string('N') } },
    { ...object(), additionalProperties: string('N') },
    // A literal, because an object with `then` is taken for a promise.
    JSON.parse('{"then":{"properties":{"a":{"type":"string","x-mcp-header":"N"}}}}') as JsonValue,
    schema(Object.fromEntries(Array.from({ length: 10_001 }, (_, n) => [`p${n}`, {}]))),
  ];
  for (const input of cases)
    assert.equal(mirroredParams(input), null, JSON.stringify(input).slice(0, 200));
});

function object(): { readonly type: string } {
  return { type: 'object' };
}
