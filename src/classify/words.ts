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
const joined = new Map([
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
]);

const nameWord = /\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}?\p{Ll}+|\p{Lu}+|\p{Lo}+|\p{N}+/gu;
// "sequentialthinking": a noun for an act that nothing divides from what stands before it.
const gluedNoun = /^([a-z]{3,})(thinking|reasoning|analysis|monitoring|search|lookup)$/;
// "getwalletbalance": a verb that nothing divides from what follows.
const gluedVerb =
  /^(get|list|create|delete|update|search|fetch|remove|insert)(?!t?ing|en|e[dr]|d|rs?\b|es)[a-z]{4,}$/;
const proseToken =
  /[\p{L}\p{N}](?:[\p{L}\p{N}'’_]|-(?=[\p{L}\p{N}]))*|[.!?:;,()\]/&|\n—–]|(?<= )-(?= )/gu;

/** The words of a tool's name, whatever joins them: snake, kebab, dots, slashes, spaces or case. */
export function nameWords(name: string): readonly Word[] {
  const known = takenApart.get(name);
  if (known !== undefined) return known;
  const words = takeApart(name);
  if (name.length > rememberedUnitsMax) return words;
  // Names of arguments and siblings come again and again: what was taken apart is remembered.
  if (takenApart.size >= rememberedMax) takenApart.clear();
  takenApart.set(name, words);
  return words;
}

const rememberedMax = 20_000;
const rememberedUnitsMax = 60;
const takenApart = new Map<string, readonly Word[]>();

function takeApart(name: string): Word[] {
  const words: Word[] = [];
  for (const match of name.matchAll(nameWord)) {
    if (words.length >= wordsMax) break;
    const [text] = match;
    const glued = gluedVerb.exec(text)?.[1];
    if (glued !== undefined) {
      const middle = match.index + glued.length;
      words.push({ text: glued, start: match.index, end: middle });
      const rest = text.slice(glued.length);
      words.push({ text: rest, start: middle, end: match.index + text.length });
      continue;
    }
    const before = gluedNoun.exec(text)?.[1];
    if (before !== undefined) {
      const middle = match.index + before.length;
      words.push({ text: before, start: match.index, end: middle });
      const noun = text.slice(before.length);
      words.push({ text: noun, start: middle, end: match.index + text.length });
      continue;
    }
    words.push({ text: text.toLowerCase(), start: match.index, end: match.index + text.length });
  }
  return joinPairs(words);
}

/** The sentences of a description. Line breaks, full stops, colons and semicolons end one. */
export function sentences(text: string): Sentence[] {
  const all: Word[][] = [];
  let open: Word[] = [];
  for (const match of text.matchAll(proseToken)) {
    const word = { text: match[0].toLowerCase(), start: match.index, end: 0 };
    word.end = match.index + match[0].length;
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

function endsSentence(text: string, word: Word): boolean {
  if (word.text === '.') return !/^[\p{L}\p{N}]/u.test(text.slice(word.end, word.end + 2));
  // A line that goes on in lower case was only wrapped.
  if (word.text === '\n') return !/^[ \t]*\p{Ll}/u.test(text.slice(word.end, word.end + 40));
  return '!?;:]'.includes(word.text);
}

function joinPairs(words: readonly Word[]): Word[] {
  const result: Word[] = [];
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i];
    if (word === undefined) break;
    const next = words[i + 1];
    const merged = next === undefined ? undefined : joined.get(`${word.text} ${next.text}`);
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
