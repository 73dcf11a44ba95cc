import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.ts';
import { canonicalNumber } from './decimal.ts';
import { membersAt, scanJson } from './strict-json.ts';
import type { JsonText } from './strict-json.ts';

const LIMITS = { bytesMax: 1e6, depthMax: 100, valuesMax: 1e5, stringMax: 1e5 };

function scanned(text: string): JsonText {
  const result = scanJson(new TextEncoder().encode(text), LIMITS);
  assert(result.ok, text);
  return result.value;
}

function canonical(text: string): string {
  return canonicalJson(scanned(text));
}

test('one text for every text of one meaning', () => {
  const cases: readonly (readonly [canonical: string, ...same: string[]])[] = [
    ['{}', ' { } '],
    ['[]', '[ ]'],
    ['{"a":1,"b":2}', '{"b":2,"a":1}', ' {"\\u0062":2.0 ,"a" :1e0}'],
    ['"a"', '"\\u0061"'],
    ['"é"', '"\\u00e9"', '"\\u00E9"'],
    ['"/"', '"\\/"'],
    ['"\\n"', '"\\u000a"', '"\\u000A"'],
    ['"\\u001f"', '"\\u001F"'],
    ['"\u2028"', '"\\u2028"'],
    ['"😀"', '"\\ud83d\\ude00"'],
    ['[true,false,null]', ' [ true , false,null ] '],
    ['{"€":1,"😀":2,"\ufb33":3}', '{"\\ufb33":3,"\\ud83d\\ude00":2,"\\u20ac":1}'],
    ['{"":0,"a":[{"x":1,"y":[]}]}', '{"a":[{"y":[],"x":1}],"":0}'],
    ['{"1":0,"10":0,"2":0}', '{"2":0,"10":0,"1":0}'],
  ];
  for (const [expected, ...same] of cases) {
    for (const text of [expected, ...same]) assert.equal(canonical(text), expected, text);
  }
});

test('numbers are one where their exact values are', () => {
  const cases: readonly (readonly [canonical: string, ...same: string[]])[] = [
    ['0', '-0', '0.0', '0e9', '-0.00e-9', '0e99999999999999999999'],
    ['1', '1.0', '1e0', '10e-1', '0.1e1', '1.000E+0', '0.0001e4'],
    ['-1', '-1.0', '-10e-1'],
    ['100', '1e2', '100.00', '10E1'],
    ['1.5', '15e-1', '0.15e1', '1.50'],
    ['0.000001', '1e-6', '10e-7'],
    ['1e-7', '0.0000001', '10e-8'],
    ['100000000000000000000', '1e20'],
    ['1e+21', '1000000000000000000000', '10e20'],
    ['9007199254740993', '9007199254740993.0', '90071992547409930e-1'],
    ['1e+400', '10e399', '0.1e401'],
    ['1.25e-400', '125e-402'],
    ['1e+99999999999999999999', '10e99999999999999999998', '0.1e100000000000000000000'],
    ['1e-99999999999999999999', '10e-100000000000000000000'],
  ];
  const all = cases.flatMap(([expected]) => expected);
  assert.equal(new Set(all).size, all.length);
  for (const [expected, ...same] of cases) {
    for (const text of [expected, ...same]) assert.equal(canonical(text), expected, text);
  }
});

test('texts of different meaning differ', () => {
  const pairs: readonly [string, string][] = [
    ['9007199254740992', '9007199254740993'],
    ['1e400', '1e401'],
    ['0', '1e-400'],
    ['1', '"1"'],
    ['1', '1.00000000000000000001'],
    ['"é"', '"e\u0301"'],
    ['[1,2]', '[2,1]'],
    ['{"a":1}', '{"a":1,"b":null}'],
    ['["a,b"]', '["a","b"]'],
    ['{"a":"b"}', '["a","b"]'],
    ['"\\\\n"', '"\\n"'],
    ['"\\\\u0061"', '"\\u0061"'],
  ];
  for (const [a, b] of pairs) assert.notEqual(canonical(a), canonical(b), `${a} ${b}`);
});

test('a range selects one value', () => {
  const text = scanned('{"x":{"b":1,"a":[1.0]},"y":2}');
  const [x] = membersAt(text.text, 0);
  assert(x !== undefined);
  assert.equal(canonicalJson(text, x.valueStart, x.valueEnd), '{"a":[1],"b":1}');
  assert.throws(() => canonicalJson(text, x.valueStart, x.valueEnd - 1), /one value/);
});

test('a double is laid out as the language does it', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.equal(canonicalNumber(JSON.stringify(value)), JSON.stringify(value));
    }),
    { numRuns: 5000 },
  );
});

test('white space, key order, escapes and number spelling change nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'medium' }), fc.boolean(), (value, deep) => {
      const plain = JSON.stringify(value);
      // The scan refuses that key, so no canonical text has it.
      fc.pre(!plain.includes('"__proto__":'));
      const respelt = respell(value, deep);
      assert.equal(canonical(respelt), canonical(plain));
      // What is canonical is its own canonical text, and means the same.
      const once = canonical(plain);
      assert.equal(canonical(once), once);
      assert.deepEqual(JSON.parse(once), JSON.parse(plain));
    }),
    { numRuns: 1000 },
  );
});

/** The same value in other words: keys reversed, every character escaped, numbers with exponent. */
function respell(value: unknown, escape: boolean): string {
  if (Array.isArray(value)) return `[ ${value.map((v) => respell(v, escape)).join(' , ')} ]`;
  if (typeof value === 'string') return escape ? escaped(value) : JSON.stringify(value);
  if (typeof value === 'number') {
    const lexeme = JSON.stringify(value);
    return lexeme.includes('e') ? lexeme : `${lexeme}e+00`;
  }
  if (typeof value !== 'object' || value === null) return ` ${JSON.stringify(value)} `;
  const members = Object.entries(value).toReversed();
  return `{${members.map(([k, v]) => `${respell(k, escape)} : ${respell(v, escape)}`).join(',\n')}}`;
}

function escaped(text: string): string {
  const units = Array.from({ length: text.length }, (_, n) => text.charCodeAt(n));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`;
}
