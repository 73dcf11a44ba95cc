import assert from 'node:assert/strict';
import { test } from 'node:test';

import { showUnseen } from './unseen.ts';

/** Text, and how it is shown. */
const cases: readonly (readonly [string, string])[] = [
  ['plain text, 日本語\u3000文字, עברית', 'plain text, 日本語\u3000文字, עברית'],
  ['lines\r\nand\ttabs', 'lines\r\nand\ttabs'],
  ['safe\u202Egnp.exe', 'safe⟨202e⟩gnp.exe'],
  ['a\u200Bb\u2060c\uFEFFd', 'a⟨200b⟩b⟨2060⟩c⟨feff⟩d'],
  ['\u0000\u001B[31m\u007F\u0085', '⟨0000⟩⟨001b⟩[31m⟨007f⟩⟨0085⟩'],
  ['soft\u00ADhyphen', 'soft⟨00ad⟩hyphen'],
  ['tag\u{E0041}', 'tag⟨e0041⟩'],
  ['filler\u3164\u115F\uFFA0', 'filler⟨3164⟩⟨115f⟩⟨ffa0⟩'],
  ['\u26A0\uFE0F careful', '\u26A0\uFE0F careful'],
  ['a\uFE0F\u26A0\uFE0F\uFE0F\uFE01', 'a⟨fe0f⟩\u26A0\uFE0F⟨fe0f⟩⟨fe01⟩'],
  ['\u{E0100}', '⟨e0100⟩'],
  ['\uD800', '⟨d800⟩'],
  ['\u2028\u2029', '⟨2028⟩⟨2029⟩'],
];

test('what cannot be seen is shown as its code point', () => {
  for (const [text, shown] of cases) assert.equal(showUnseen(text), shown);
});
