import {
  isNounish,
  negations,
  subordinators,
  usuallyVerbs,
  verbSense,
  words as list,
} from './lexicon.ts';
import { actionNouns } from './nouns.ts';
import { remember } from './remember.ts';
import { singular, stems } from './words.ts';
import type { Form, Sentence } from './words.ts';

/** A verb found in a sentence: where, in which form, and how sure it is (0 to 1) that it is one. */
export interface Found {
  readonly verb: string;
  readonly form: Form;
  readonly index: number;
  readonly sure: number;
}

// Words that may stand before the main verb and change nothing about it.
const openers = new Set(
  list(`this tool tools the a an use used to it you can will lets let's allows allow enables enable
  helps help users user agents agent ai your me us please simply just also then always only
  function api endpoint method operation command utility action be able call required useful
  for and new deprecated beta experimental alpha important note warning with is are designed
  should must would may service server mcp interface provides provide ability capability helper
  one step automatically optionally that which who clients client directly first perform
  performs powerful simple advanced comprehensive legacy preferred recommended internal purpose
  batch bulk primary main`),
);
const determiners = new Set(
  list(`a an the this that these those your its their his her all any each every some one multiple
  new it them specific existing several many given another my our more`),
);
const articles = new Set(list('the a an your my of'));
const introducers = new Set(list('to that which will can for by tool and , or function you it'));
/** Words and marks that join one verb or object to the next. */
export const links: ReadonlySet<string> = new Set([
  'and',
  'or',
  ',',
  '/',
  '&',
  'then',
  'also',
  '|',
  '—',
  '–',
]);
/** Words and marks at which a verb's object ends. */
export const objectStops: ReadonlySet<string> = new Set(
  list(`to for from in with by using on that which and or via into as at if when through based , . (
  ) / & — – | of onto against across per including between where inside under
  before after while so then without about
  such until within toward towards during over`),
);
const helpers = new Set(list('enable allow let permit help interact'));
const namesTool = new Set(list('tool function endpoint api method command it that which'));
/** How many words of a sentence may stand before its verb. */
export const openMax = 8;
/** How many words of a sentence are looked at. */
export const scanMax = 40;
/** How many words an object has at most. */
export const objectWordsMax = 8;

/** The verb that says what the tool does, wherever it stands in the sentence; null when none does. */
export function mainVerb(sentence: Sentence): Found | null {
  const opening = tellsReader(sentence) ? null : atOpening(sentence);
  const found = opening ?? withinSentence(sentence);
  return found === null ? null : (throughHelper(sentence, found) ?? found);
}

// "Given a component returns a list of hints to fix it": the first verb of the two is the main one.
function withinSentence(sentence: Sentence): Found | null {
  const introduced = laterVerb(sentence, 'introduced');
  const predicate = laterVerb(sentence, 'predicate');
  if (introduced !== null && predicate !== null && predicate.index < introduced.index) {
    return predicate;
  }
  return introduced ?? asActionNoun(sentence) ?? predicate ?? firstWord(sentence);
}

// "Perform fuzzing tests": no better verb follows the one that would give way to it.
function firstWord(sentence: Sentence): Found | null {
  const found = tellsReader(sentence) ? null : asVerb(sentence, 0);
  return found === null || found.form === 'past' || isNounish(found.verb) ? null : found;
}

// "Call this action when": the reader is told to call the tool, not what the tool calls.
function tellsReader(sentence: Sentence): boolean {
  const [first, second, third] = sentence.map((word) => word.text);
  if (!['call', 'run', 'invoke', 'execute'].includes(first ?? '')) return false;
  return second === 'this' && ['tool', 'function', 'action', 'first', 'when'].includes(third ?? '');
}

// "Enables users to quickly retrieve", "interacts with the API to list": the last verb is the act.
function throughHelper(sentence: Sentence, found: Found): Found | null {
  if (!helpers.has(found.verb)) return null;
  for (let index = found.index + 1; index < Math.min(scanMax, sentence.length); index += 1) {
    const word = sentence[index]?.text ?? '';
    if (subordinators.has(word) || word === ',' || word === '(') return null;
    if (word !== 'to') continue;
    const at = sentence[index + 1]?.text.endsWith('ly') === true ? index + 2 : index + 1;
    const led = asVerb(sentence, at);
    if (led !== null && led.form === 'base') return { ...led, sure: 0.9 };
  }
  return null;
}

// "This tool permanently deletes", "Use this to search", "Create".
function atOpening(sentence: Sentence): Found | null {
  // "Note:" is a heading.
  if (sentence.length === 1 && isNounish(sentence[0]?.text ?? '')) return null;
  for (let index = 0; index < Math.min(openMax, sentence.length); index += 1) {
    const word = sentence[index]?.text ?? '';
    if (subordinators.has(word) || negations.has(word)) return null;
    const found = articles.has(sentence[index - 1]?.text ?? '') ? null : asVerb(sentence, index);
    const isOpener = openers.has(word) || word.endsWith('ly') || !/^\p{L}/u.test(word);
    if (found !== null && found.form !== 'past') {
      const helper = isOpener && hasLaterOpening(sentence, index);
      const noun = looksLikeNoun(sentence, found) && !opensVerbs(sentence, found);
      // "Index documentation" may be an order or a heading.
      if (!helper && index === 0)
        return noun && sentence.length > 1 ? { ...found, sure: 0.85 } : found;
      if (!helper && !noun) return found;
    }
    if (!isOpener) return null;
  }
  return null;
}

// "Updates or modifies": a word that another verb of its form is joined to is one as well.
function opensVerbs(sentence: Sentence, found: Found): boolean {
  if (found.form !== 'third' || !links.has(sentence[found.index + 1]?.text ?? '')) return false;
  const next = asVerb(sentence, found.index + 2);
  return next !== null && next.form === 'third' && !isNounish(next.verb);
}

// "Use this tool to create": the helping verb gives way to the one that follows it.
function hasLaterOpening(sentence: Sentence, index: number): boolean {
  for (let next = index + 1; next < Math.min(index + 6, sentence.length); next += 1) {
    const word = sentence[next]?.text ?? '';
    if ((openers.has(word) && verbSense(word) === undefined) || word.endsWith('ly')) continue;
    return asVerb(sentence, next) !== null && sentence[next - 1]?.text !== 'the';
  }
  return false;
}

function laterVerb(sentence: Sentence, as: 'introduced' | 'predicate'): Found | null {
  for (let index = 1; index < Math.min(scanMax, sentence.length); index += 1) {
    const before = sentence[index - 1]?.text ?? '';
    if (subordinators.has(sentence[index]?.text ?? '')) continue;
    const found = asVerb(sentence, index);
    if (found === null || found.form === 'past') continue;
    const introduced = introducers.has(before) && !looksLikeNoun(sentence, found);
    const predicate = found.form === 'third' && !isNounish(found.verb);
    if (as === 'introduced' && introduced) return { ...found, sure: 0.9 };
    if (as === 'predicate' && predicate) return { ...found, sure: 0.8 };
  }
  return null;
}

// "Interactive browser automation", "Creation of a ticket".
function asActionNoun(sentence: Sentence): Found | null {
  for (let index = 0; index < Math.min(objectWordsMax, sentence.length); index += 1) {
    const word = sentence[index]?.text ?? '';
    // "Account and user management".
    if (objectStops.has(word) && word !== 'and' && index > 0) return null;
    const verb = actionNouns.get(word) ?? (index === 0 ? undefined : nounVerb(word));
    if (verb !== undefined) return { verb, form: 'base', index, sure: 0.75 };
  }
  return null;
}

function nounVerb(word: string): string | undefined {
  const one = singular(word);
  return isNounish(one) && verbSense(one)?.category === 'Read' ? one : undefined;
}

/** The word as a verb, in whichever form; null when no such verb is known. */
export function asVerb(sentence: Sentence, index: number): Found | null {
  const known = verbBehind(sentence[index]?.text ?? '');
  return known === null ? null : { verb: known.stem, form: known.form, index, sure: 1 };
}

const verbBehind = remember((written) => {
  const word = written.replaceAll('-', '');
  if (word === 'news') return null;
  return stems(word).find(({ stem }) => verbSense(stem) !== undefined) ?? null;
});

/** Whether it is a thing: "comments and likes" are, "comments on the" and "like the" are acts. */
export function looksLikeNoun(sentence: Sentence, found: Found): boolean {
  const before = sentence[found.index - 1]?.text ?? '';
  if (!isNounish(found.verb)) return false;
  const next = sentence[found.index + 1]?.text ?? '';
  if (determiners.has(next)) return false;
  // "This tool lists files", "recursively reads files".
  const led = namesTool.has(before) || before.endsWith('ly');
  if (led && found.form === 'third' && next !== '' && !objectStops.has(next)) return false;
  const spoken = found.form === 'base' && before !== ',' && usuallyVerbs.has(found.verb);
  return !(spoken && next !== '' && !objectStops.has(next));
}
