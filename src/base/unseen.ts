/**
 * What a reader does not see, or sees as something else: controls, formats (zero width, direction,
 * tags), surrogates, private use, code points that are not assigned, line and paragraph separators,
 * and fillers. The inside of a class of a regular expression with the flag `u`.
 */
const unseenClass =
  '\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Cn}\\p{Zl}\\p{Zp}' +
  '\\u034F\\u115F\\u1160\\u17B4\\u17B5\\u3164\\uFFA0\\u{E0000}-\\u{E0FFF}';

/** In words that are compared: with every variation selector, and every space but the plain one. */
export const unseenInWords: RegExp = new RegExp(
  `[${unseenClass}\\uFE00-\\uFE0F]|(?! )\\p{Zs}`,
  'gu',
);

/**
 * On a page: line ends, tabs and spaces are laid out, not read, and a variation selector may follow
 * what it varies.
 */
const unseenOnPages = new RegExp(
  `(?![\\n\\r\\t])[${unseenClass}]|[\\uFE00-\\uFE0D]|(?<!\\p{Emoji})[\\uFE0E\\uFE0F]`,
  'gu',
);

/** Text in which everything is seen: what is not becomes its code point in angle brackets. */
export function showUnseen(text: string): string {
  return text.replace(
    unseenOnPages,
    (char) => `⟨${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}⟩`,
  );
}
