import { createRequire } from 'node:module';

/** Texts that pages, terminals and parsers have tripped over, each for a reason of its own. */
export const naughty: readonly string[] = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(2)>',
  "'-alert(3)-'",
  'javascript:alert(4)',
  '</script><svg onload=alert(5)>',
  '<iframe srcdoc="<script>parent.alert(6)</script>"></iframe>',
  '<a href="https://elsewhere.invalid/">sign in again</a>',
  '![x](https://elsewhere.invalid/pixel.png)',
  '[click](javascript:alert(7))',
  '<style>@import "https://elsewhere.invalid/a.css";</style>',
  '<base href="https://elsewhere.invalid/">',
  '<meta http-equiv="refresh" content="0;url=https://elsewhere.invalid/">',
  '{{7*7}}${7*7}<%= 7*7 %>#{7*7}',
  '{{constructor.constructor("alert(8)")()}}',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'undefined',
  'null',
  'NaN',
  'true',
  '',
  ' ',
  '\u202Egnp.exe',
  'a\u200Bb\u2060c\uFEFFd',
  '\u2066isolated\u2069',
  'Z\u0351\u036B\u0343\u036A\u0302\u036B\u033D\u034F\u0334\u0319\u0324a\u0321\u031E\u0320lgo',
  '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466}',
  '\u0000\u0001\u0008\u001B[31mred\u001B[0m',
  'line\r\nbreak\ttab',
  '=cmd|"/c calc"!A1',
  '%00%2e%2e%2f%s%n%x',
  '../../../../etc/passwd',
  "'; DROP TABLE users; --",
  '\\u0022\\x3cscript\\x3e',
  'аdmin', // The first letter is Cyrillic.
  '𝕬𝖑𝖑𝖔𝖜',
  'x'.repeat(8_000),
];

/** The public list of naughty strings: half a thousand inputs that programs have failed on. */
export function publicNaughty(): readonly string[] {
  const list: unknown = createRequire(import.meta.url)('big-list-of-naughty-strings/blns.json');
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}
