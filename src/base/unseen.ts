/**
 * What a reader of a page does not see, or sees as something else: controls, formats (zero width,
 * direction, tags), surrogates, private use, line and paragraph separators, fillers, and variation
 * selectors that follow nothing they could vary. Line ends, tabs and spaces are laid out, not read.
 */
const unseen =
  /(?![\n\r\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u034F\u115F\u1160\u17B4\u17B5\u3164\uFFA0\u{E0000}-\u{E0FFF}]|[\uFE00-\uFE0D]|(?<!\p{Emoji})[\uFE0E\uFE0F]/gu;

/** Text in which everything is seen: what is not becomes its code point in angle brackets. */
export function showUnseen(text: string): string {
  return text.replace(
    unseen,
    (char) => `⟨${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}⟩`,
  );
}
