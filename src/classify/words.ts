import { remember } from './remember.ts';

/** A word of a text: lower case, with its place in the text as it was written. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A sentence's words and the marks between them; a mark is a word of one character. */
export type Sentence = readonly Word[];

const sentencesMax = 24;
const wordsMax = 90;

// Two words that are one verb: what stands before the particle alone would mislead.
const pairs: readonly (readonly [string, string])[] = [
  ['look up', 'lookup'],
  ['looks up', 'lookup'],
  ['looking up', 'lookup'],
  ['check out', 'checkout'],
  ['checks out', 'checkout'],
  ['log in', 'login'],
  ['logs in', 'login'],
  ['logging in', 'login'],
  ['log out', 'logout'],
  ['logs out', 'logout'],
  ['sign in', 'login'],
  ['signs in', 'login'],
  ['sign out', 'logout'],
  ['sign up', 'signup'],
  ['signs up', 'signup'],
  ['set up', 'setup'],
  ['sets up', 'setup'],
  ['clean up', 'cleanup'],
  ['cleans up', 'cleanup'],
  ['back up', 'backup'],
  ['backs up', 'backup'],
  ['shut down', 'shutdown'],
  ['shuts down', 'shutdown'],
  ['spin up', 'launch'],
  ['spins up', 'launch'],
  ['tear down', 'teardown'],
  ['tears down', 'teardown'],
  ['roll back', 'rollback'],
  ['rolls back', 'rollback'],
  ['kick off', 'trigger'],
  ['kicks off', 'trigger'],
  ['turn on', 'actuate'],
  ['turns on', 'actuate'],
  ['turn off', 'actuate'],
  ['turns off', 'actuate'],
  ['switch on', 'actuate'],
  ['switch off', 'actuate'],
  ['power on', 'actuate'],
  ['power off', 'actuate'],
  ['google play', 'googleplay'],
  ['app store', 'appstore'],
  ['play store', 'playstore'],
  ['serves as', 'servesas'],
  ['go back', 'navigate'],
  ['go forward', 'navigate'],
  ['go to', 'navigate'],
  ['fill out', 'fill'],
  ['fills out', 'fill'],
  ['fill in', 'fill'],
  ['top up', 'topup'],
  ['tops up', 'topup'],
  ['work with', 'manage'],
  ['works with', 'manage'],
  ['interact with', 'interact'],
  ['opt out', 'unsubscribe'],
  ['figure out', 'determine'],
  ['break down', 'analyze'],
  ['dry run', 'dryrun'],
  ['dry runs', 'dryrun'],
  ['what if', 'whatif'],
  ['soft delete', 'delete'],
  ['hard delete', 'delete'],
  ['force push', 'forcepush'],
  ['force delete', 'delete'],
  ['brute force', 'bruteforce'],
  ['read only', 'readonly'],
  ['start here', 'starthere'],
  ['stop loss', 'stoploss'],
  ['stop limit', 'stoplimit'],
  ['read more', 'readmore'],
];
// By the first word of the pair, then by the second: most words begin none.
const joined: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  [...Map.groupBy(pairs, ([pair]) => pair.split(' ')[0] ?? '')].map(([first, own]) => [
    first,
    new Map(own.map(([pair, word]) => [pair.slice(first.length + 1), word])),
  ]),
);

const nameWord = /\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}?\p{Ll}+|\p{Lu}+|\p{Lo}+|\p{N}+/gu;
// "sequentialthinking": a noun for an act that nothing divides from what stands before it.
const gluedNoun = /^([a-z]{3,})(thinking|reasoning|analysis|monitoring|search|lookup)$/;
// "getwalletbalance": a verb that nothing divides from what follows.
const gluedVerb =
  /^(get|list|create|delete|update|search|fetch|remove|insert)(?!t?ing|en|e[dr]|d|rs?\b|es)[a-z]{4,}$/;
// The shortest of both: "get" and four letters.
const gluedUnitsMin = 7;
const proseToken =
  /[\p{L}\p{N}](?:[\p{L}\p{N}'’_]|-(?=[\p{L}\p{N}]))*|[.!?:;,()\]/&|\n—–]|(?<= )-(?= )/gu;

/** The words of a tool's name, whatever joins them: snake, kebab, dots, slashes, spaces or case. */
export const nameWords: (name: string) => readonly Word[] = remember(takeApart);

function takeApart(name: string): readonly Word[] {
  const words: Word[] = [];
  nameWord.lastIndex = 0;
  for (let match = nameWord.exec(name); match !== null; match = nameWord.exec(name)) {
    if (words.length >= wordsMax) break;
    const [text] = match;
    const start = match.index;
    const end = start + text.length;
    const first = gluedFirst(text);
    if (first === undefined) {
      words.push({ text: text.toLowerCase(), start, end });
      continue;
    }
    const middle = start + first.length;
    words.push({ text: first, start, end: middle });
    words.push({ text: text.slice(first.length), start: middle, end });
  }
  return joinPairs(words);
}

function gluedFirst(word: string): string | undefined {
  if (word.length < gluedUnitsMin) return undefined;
  return (gluedVerb.exec(word) ?? gluedNoun.exec(word))?.[1];
}

/** The sentences of a description. Line breaks, full stops, colons and semicolons end one. */
export function sentences(text: string): Sentence[] {
  const all: Word[][] = [];
  let open: Word[] = [];
  proseToken.lastIndex = 0;
  for (let match = proseToken.exec(text); match !== null; match = proseToken.exec(text)) {
    const word = { text: match[0].toLowerCase(), start: match.index, end: proseToken.lastIndex };
    if (endsSentence(text, word)) {
      if (open.length > 0) all.push(joinPairs(open));
      open = [];
      if (all.length >= sentencesMax) return all;
      continue;
    }
    if (word.text === '-') word.text = '—';
    if (word.text !== '\n' && open.length < wordsMax) open.push(word);
  }
  if (open.length > 0) all.push(joinPairs(open));
  return all;
}

const enders = new Set('!?;:]');

function endsSentence(text: string, word: Word): boolean {
  if (word.text === '.') return !/^[\p{L}\p{N}]/u.test(text.slice(word.end, word.end + 2));
  // A line that goes on in lower case was only wrapped.
  if (word.text === '\n') return !/^[ \t]*\p{Ll}/u.test(text.slice(word.end, word.end + 40));
  return enders.has(word.text);
}

function joinPairs(words: readonly Word[]): Word[] {
  const result: Word[] = [];
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i];
    if (word === undefined) break;
    const next = words[i + 1];
    const merged = next && joined.get(word.text)?.get(next.text);
    if (merged === undefined || next === undefined) {
      result.push(word);
      continue;
    }
    result.push({ text: merged, start: word.start, end: next.end });
    i += 1;
  }
  return result;
}

/** A form of an English verb: as in "create", "creates", "creating", "created". */
export type Form = 'base' | 'third' | 'gerund' | 'past';

/** A guess at the verb behind a word: the candidates in the order in which to look them up. */
export function stems(word: string): readonly { readonly stem: string; readonly form: Form }[] {
  const found: { stem: string; form: Form }[] = [{ stem: word, form: 'base' }];
  const add = (form: Form, ...list: readonly string[]): void => {
    for (const stem of list) found.push({ stem, form });
  };
  if (word.endsWith('ies')) add('third', word.slice(0, -3) + 'y');
  if (word.endsWith('es')) add('third', word.slice(0, -1), word.slice(0, -2));
  else if (word.endsWith('s') && !word.endsWith('ss')) add('third', word.slice(0, -1));
  if (word.endsWith('ing') && word.length > 5) add('gerund', ...endings(word.slice(0, -3)));
  if (word.endsWith('ied')) add('past', word.slice(0, -3) + 'y');
  else if (word.endsWith('ed') && word.length > 4) add('past', ...endings(word.slice(0, -2)));
  return found;
}

// "runn" is "run", "creat" is "create", "send" is "send".
function endings(root: string): string[] {
  const last = root.at(-1);
  const doubled = last !== undefined && last === root.at(-2) ? [root.slice(0, -1)] : [];
  return [root + 'e', root, ...doubled];
}

/** The singular of a noun, near enough to look it up. */
export function singular(word: string): string {
  if (word.length <= 3 || word.endsWith('ss') || !word.endsWith('s')) return word;
  if (word.endsWith('ies')) return word.slice(0, -3) + 'y';
  if (/(?:sh|ch|x|ss)es$/.test(word)) return word.slice(0, -2);
  if (word.endsWith('us') || word.endsWith('is')) return word;
  return word.slice(0, -1);
}
