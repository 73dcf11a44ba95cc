import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceText, jsonDifference } from './json-difference.ts';

/** Before, after, and the difference as text. */
const cases: readonly (readonly [unknown, unknown, string])[] = [
  [{ a: 1 }, { a: 1 }, ''],
  [{ a: 1 }, { a: 2 }, '~ /a 1 -> 2'],
  [{ a: 1 }, { a: 1, b: { c: 2 } }, '+ /b {"c":2}'],
  [{ a: 1, 'x/y~z': 2 }, { a: 1 }, '- /x~1y~0z'],
  [{ t: { a: {}, b: 1 } }, { t: { a: { m: 1 }, b: 1 } }, '+ /t/a/m 1'],
  [{ l: [1, 2] }, { l: [1, 2, 3] }, '~ /l [1,2] -> [1,2,3]'],
  [undefined, { a: 1 }, '+ / {"a":1}'],
  [{}, { constructor: 1 }, '+ /constructor 1'],
  [{ a: null }, { a: false }, '~ /a null -> false'],
];

test('the places that differ, with what was and what is', () => {
  for (const [before, after, wanted] of cases) {
    const changes = jsonDifference(before, after);
    assert.equal(differenceText(changes, { values: true, charactersMax: 500 }), wanted);
  }
});

test('where secrets may stand, places alone; and never more than asked for', () => {
  const before = { headers: { authorization: 'secret one' }, url: 'a' };
  const after = { headers: { authorization: 'secret two' }, url: 'a', more: 'secret three' };
  const changes = jsonDifference(before, after);
  const text = differenceText(changes, { values: false, charactersMax: 500 });
  assert.equal(text, '~ /headers/authorization; + /more');
  const many = jsonDifference(
    {},
    Object.fromEntries('abcdefgh'.split('').map((key) => [key, key])),
  );
  const short = differenceText(many, { values: true, charactersMax: 30 });
  assert.equal(short, '+ /a "a"; + /b "b"; + /c "c"; and 5 more');
});
