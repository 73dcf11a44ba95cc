import { nameWords } from '../../classify/words.ts';

// One "word" for the index may be a whole sentence of a script that does not divide words.
const undivided =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/gu;
const wordsMax = 12;

/** A text as the index takes it: characters of scripts without spaces stand by themselves. */
export function indexed(text: string): string {
  return text.replaceAll(undivided, ' $& ');
}

/** A name with its words beside it: `createPage` is found by "page". */
export function indexedName(name: string): string {
  const words = nameWords(name).map((word) => word.text);
  return indexed(`${name} ${words.join(' ')}`);
}

/**
 * What a person typed as a query of FTS5: every word must be there, the last one at least begins
 * so. Null when there is no word in it. Nothing that was typed is an operator.
 */
export function queryOf(text: string): string | null {
  const words = indexed(text.normalize('NFC')).match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const quoted = words.slice(0, wordsMax).map((word) => `"${word}"`);
  if (quoted.length === 0) return null;
  // A single letter begins nearly every word: it stands for itself.
  const begins = (words.at(-1)?.length ?? 0) > 1 || /[^\p{ASCII}]/u.test(words.at(-1) ?? '');
  return `${quoted.join(' ')}${begins ? '*' : ''}`;
}
