import assert from 'node:assert/strict';
import { test } from 'node:test';

import { scanJson } from '../base/strict-json.ts';
import { exactJson, exactValues } from './exact-json.ts';

const limits = { bytesMax: 10_000, depthMax: 64, valuesMax: 1_000, stringMax: 10_000 };

function exact(json: string): string {
  const scanned = scanJson(Buffer.from(json), limits);
  assert.ok(scanned.ok, json);
  return exactJson(scanned.value, scanned.value.start, json.length);
}

/** B-150: whether one text stands for the other. */
const pairs: readonly [a: string, b: string, same: boolean][] = [
  ['{"a":1,"b":2}', '{ "b" : 2,\n"a":1 }', true],
  ['{"a":"x"}', '{"\\u0061":"\\u0078"}', true],
  ['{"a":"/"}', '{"a":"\\/"}', true],
  ['{"a":1}', '{"a":1.0}', false],
  ['{"a":1}', '{"a":1e0}', false],
  ['{"a":0}', '{"a":-0}', false],
  ['{"a":9007199254740993}', '{"a":9007199254740992}', false],
  ['{"a":"\u00e9"}', '{"a":"e\u0301"}', false],
  ['{"a":" x"}', '{"a":"x"}', false],
  ['{"a":{"x":1,"y":2}}', '{"a":{"y":2,"x":1}}', false],
  ['{"a":[1,2]}', '{"a":[2,1]}', false],
  ['{"a":null}', '{}', false],
  ['{"a":1}', '{"A":1}', false],
  ['null', '{}', false],
];
for (const [a, b, same] of pairs) {
  test(`${a} and ${b} are ${same ? 'the same' : 'different'} arguments`, () => {
    assert.equal(exact(a) === exact(b), same);
  });
}

test('what was made exact reads back as its own members', () => {
  const text = exact('{"b": [1, {"x": "a b"}], "a": "\\"q\\""}');
  assert.equal(text, '{"a":"\\"q\\"","b":[1,{"x":"a b"}]}');
  assert.deepEqual(
    [...exactValues(text)],
    [
      ['a', '"\\"q\\""'],
      ['b', '[1,{"x":"a b"}]'],
    ],
  );
  assert.deepEqual([...exactValues('null')], []);
});
