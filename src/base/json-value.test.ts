import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { buildValue, readJson } from './json-value.ts';
import { membersAt, parseScanned, scanJson } from './strict-json.ts';

const limits = { bytesMax: 1e6, depthMax: 64, valuesMax: 1e4, stringMax: 1e5 };

function parsed(text: string): unknown {
  const scanned = scanJson(Buffer.from(text), limits);
  assert.ok(scanned.ok, text);
  return parseScanned(scanned.value);
}

/** What was read before, what is read then, and its keys. */
const keys: readonly (readonly [before: string, text: string, keys: readonly string[]])[] = [
  ['{"b":1,"\\\\":1}', '{"b":1,"\\n":1}', ['b', '\n']],
  ['{"b":1,"\\\\":1}', '{"b":1,"\\u0041":1}', ['b', 'A']],
  ['{"b":1,"\\\\u006":1}', '{"b":1,"\\u0061dmin":1}', ['b', 'admin']],
  ['{"\\\\u006":1}', '{"\\u0061dmin":1}', ['admin']],
  ['{"am\\\\u00":1}', '{"am\\u006funt":1}', ['amount']],
  ['[{"b":1,"\\\\":1}]', '[{"b":1,"\\/":1}]', ['b', '/']],
];

test('a key with an escape is what it means, whatever was read before', () => {
  for (const [before, text, expected] of keys) {
    for (const read of [parsed, readJson]) {
      for (let times = 0; times < 3; times += 1) read(before);
      const value = read(text);
      const object: object = Array.isArray(value) ? Object(value[0]) : Object(value);
      assert.deepEqual(Object.keys(object), expected, text);
    }
    const start = text.indexOf('{');
    assert.deepEqual(
      membersAt(text, start).map((member) => member.key),
      expected,
    );
  }
});

test('what is built is what the text means', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      assert.equal(JSON.stringify(buildValue(text, Number)), text);
      const spaced = JSON.stringify(value, null, 2);
      assert.equal(JSON.stringify(buildValue(spaced, Number)), text);
    }),
  );
});

test('a member of the name `__proto__` is one of its own', () => {
  const value = readJson('{"__proto__":{"admin":true},"\\u0061":1}');
  assert.deepEqual(Object.keys(Object(value)), ['__proto__', 'a']);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});

test('numbers that no double carries are none, beside a key with an escape', () => {
  assert.deepEqual(parsed('{"\\u0061":9007199254740993,"b":[1.0,-0,1e400]}'), {
    a: NaN,
    b: [1, -0, NaN],
  });
});

test('what is no JSON is refused', () => {
  for (const text of ['', '{', '{"\\u0061":1', '["\\n",]']) {
    assert.throws(() => readJson(text), SyntaxError, text);
  }
});
