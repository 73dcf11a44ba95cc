import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldKey, hasLongMarks } from './ambiguous-key.ts';

/** Two keys, and whether some server may read them alike. */
const pairs: readonly (readonly [string, string, boolean])[] = [
  ['amount', 'Amount', true],
  ['amount', 'AMOUNT', true],
  ['amount', 'ａｍｏｕｎｔ', true],
  ['amount', 'amo\u200bunt', true],
  ['amount', 'amount\u00ad', true],
  ['file', 'ﬁle', true],
  ['key', '\u212aey', true],
  ['scope', '\u017fcope', true],
  ['straße', 'STRASSE', true],
  ['id', 'İD', true],
  ['id', 'ıd', true],
  ['λόγος', 'ΛΌΓΟΣ', true],
  ['café', 'cafe\u0301', true],
  ['amount', ' amount', true],
  ['amount', 'amount\t', true],
  ['amount', '\u2028amount', true],
  ['amount', '\u00a0Amount\u3000', true],
  ['amount', 'am ount', false],
  ['amount', 'amounts', false],
  ['amount', 'a_mount', false],
  ['amount', 'аmount', false],
  ['cafe', 'café', false],
  ['a', 'b', false],
];

for (const [one, other, alike] of pairs) {
  test(`\`${one}\` and \`${other}\` are ${alike ? '' : 'not '}twins`, () => {
    assert.equal(foldKey(one) === foldKey(other), alike);
  });
}

for (const [marks, tooMany] of [
  [60, false],
  [61, true],
] as const) {
  test(`${marks} marks behind each other are ${tooMany ? 'more than' : 'as many as'} writing has`, () => {
    assert.equal(hasLongMarks(`a${'\u0301'.repeat(marks)}b`), tooMany);
    assert.equal(
      hasLongMarks(`a${'\u0301'.repeat(marks / 2)}b${'\u0301'.repeat(marks / 2)}`),
      false,
    );
  });
}
