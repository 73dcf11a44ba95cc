import type { JsonValue } from '../base/strict-json.ts';
import { unseenInWords } from '../base/unseen.ts';
import { isList } from './difference.ts';

const wordsMax = 240;
const around = 24;

/** Text in which everything is seen: what is not becomes `\n`, or its code point. */
export function visible(text: string): string {
  return text.replace(unseenInWords, (char) => {
    if (char === '\n') return '\\n';
    return `\\u{${(char.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`;
  });
}

/** The beginning of a text, visible; what was left out is said. */
export function excerpt(text: string): string {
  if (text.length <= wordsMax) return visible(text);
  return `${visible(text.slice(0, wordsMax))}... (${text.length - wordsMax} characters more)`;
}

/** How many characters of a value, keys included, cannot be seen; line ends count as seen. */
export function hiddenIn(value: JsonValue | undefined): number {
  if (typeof value === 'string') {
    return [...value.matchAll(unseenInWords)].filter(([char]) => char !== '\n' && char !== '\r')
      .length;
  }
  if (isList(value)) return value.reduce<number>((sum, item) => sum + hiddenIn(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, item]) => sum + hiddenIn(key) + hiddenIn(item),
    0,
  );
}

/** What of a text was taken out and what was put in, with a little of what stands around it. */
export function textChange(before: string, after: string): string {
  const old = Array.from(before);
  const now = Array.from(after);
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  const most = Math.min(old.length, now.length) - start;
  while (end < most && old[old.length - 1 - end] === now[now.length - 1 - end]) end += 1;
  const context = `${lead(now, start)}[[`;
  const taken = old.slice(start, old.length - end).join('');
  const put = now.slice(start, now.length - end).join('');
  if (taken === '') return `the text now says "${context}${excerpt(put)}]]${tail(now, end)}"`;
  if (put === '') return `the text no longer says "${context}${excerpt(taken)}]]${tail(now, end)}"`;
  return `the text said "${context}${excerpt(taken)}]]${tail(old, end)}", and says "${context}${excerpt(put)}]]${tail(now, end)}"`;
}

function lead(text: readonly string[], start: number): string {
  const from = Math.max(0, start - around);
  return `${from > 0 ? '...' : ''}${visible(text.slice(from, start).join(''))}`;
}

function tail(text: readonly string[], end: number): string {
  const shown = text.slice(text.length - end, text.length - end + around).join('');
  return `${visible(shown)}${end > around ? '...' : ''}`;
}
