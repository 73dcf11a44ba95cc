import { concerns } from './act.ts';
import type { Act, Role } from './act.ts';
import {
  isNounish,
  negations,
  subordinators,
  usuallyVerbs,
  verbSense,
  words as list,
} from './lexicon.ts';
import { actionNouns, dataNouns } from './nouns.ts';
import type { Hit } from './tool.ts';
import { sentences, singular, stems } from './words.ts';
import type { Form, Sentence, Word } from './words.ts';

/** What a description says that the tool does, the first clause first. */
export interface DescriptionReading {
  readonly acts: readonly Act[];
  /** The description opens with a noun for data: "Details of an order". */
  readonly data: Hit | null;
}

interface Found {
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
const links = new Set(['and', 'or', ',', '/', '&', 'then', 'also', '|', '—', '–']);
const objectStops = new Set(
  list(`to for from in with by using on that which and or via into as at if when through based , . (
  ) / & — – | of onto against across per including between where inside under
  before after while so then without about
  such until within toward towards during over`),
);
const subjects = new Set(list('it this tool will also automatically then and the call action'));
// "Manage files: create, rename or delete": these say nothing until the list that follows.
const vagueVerbs = new Set(
  list('manage perform handle control do execute support trigger maintain administer interact'),
);
const managers = new Set(list('manage maintain administer'));
const doers = new Set(list('perform execute do run support handle'));
const operations = new Set(list('operations actions tasks'));
const listIntroducers = new Set(list('like including such as ( e.g include includes —'));
const listHeads = new Set(
  list('actions operations commands methods supports action operation modes support'),
);
const helpers = new Set(list('enable allow let permit help interact'));
const namesTool = new Set(list('tool function endpoint api method command it that which'));
const auxiliaries = new Set(list('do does did is are was were has have had'));
// "a set of ids" is ids.
const quantities = new Set(list('set list number series pair batch couple sequence lot range'));
const openMax = 8;
const scanMax = 40;
const objectWordsMax = 8;

/** Reads a description: the first sentence's main verb, verbs joined to it, later sentences. */
export function readDescription(text: string): DescriptionReading {
  const all = sentences(text);
  const acts: Act[] = [];
  let main: Found | null = null;
  let lists = false;
  let data: Hit | null = null;
  for (const sentence of all) {
    if (lists) acts.push(...listedActs(text, sentence));
    lists = sentence.length <= 4 && listHeads.has(sentence.at(-1)?.text ?? '');
    if (main !== null) {
      acts.push(...laterActs(text, sentence), ...orderedActs(text, sentence, acts[0]));
      continue;
    }
    const found = mainVerb(sentence);
    if (found === null) {
      data ??= dataHit(text, sentence);
      continue;
    }
    main = found;
    // "Manage branches: list, create, delete".
    lists = vagueVerbs.has(found.verb);
    acts.push(act(text, sentence, { found, role: 'main' }), ...joinedActs(text, sentence, found));
  }
  return { acts: withoutVagueMain(acts), data };
}

// "Performs operations: list, create" says no more than its list; what is managed and then only
// listed is still managed.
function withoutVagueMain(acts: readonly Act[]): readonly Act[] {
  const [main, ...rest] = acts;
  const joined = rest.filter((act) => act.role === 'joined');
  if (main === undefined || joined.length === 0) return acts;
  const changes = joined.some((act) => verbSense(act.verb)?.category !== 'Read');
  if (managers.has(main.verb) && !changes) {
    return [main, ...rest.map((act) => ({ ...act, role: 'later' as const }))];
  }
  if (!saysOperations(main) && main.verb !== 'interact') return acts;
  return [{ ...main, sure: 0.5 }, ...rest];
}

function saysOperations(main: Act): boolean {
  return doers.has(main.verb) && concerns(main, operations);
}

function mainVerb(sentence: Sentence): Found | null {
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

function asVerb(sentence: Sentence, index: number): Found | null {
  const word = (sentence[index]?.text ?? '').replaceAll('-', '');
  if (word === 'news') return null;
  for (const { stem, form } of stems(word)) {
    if (verbSense(stem) !== undefined) return { verb: stem, form, index, sure: 1 };
  }
  return null;
}

// "comments and likes" are things; "comments on the" and "like the" are acts.
function looksLikeNoun(sentence: Sentence, found: Found): boolean {
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

function joinedActs(text: string, sentence: Sentence, main: Found): Act[] {
  const vague = vagueVerbs.has(main.verb);
  const listEnd = verbListEnd(sentence, main);
  const acts: Act[] = [];
  for (let index = main.index + 1; index < Math.min(scanMax, sentence.length); index += 1) {
    const word = sentence[index]?.text ?? '';
    if (vague && listIntroducers.has(word)) continue;
    if (subordinators.has(word) || negations.has(word)) break;
    // "Get usage to track costs": what follows is the reader's purpose.
    if (word === 'to' && asVerb(sentence, index + 1) !== null) break;
    if (word === '(' && !vague) break;
    if (negations.has(sentence[index + 1]?.text ?? '')) continue;
    const near = sentence[index - 1]?.text ?? '';
    const before = near.endsWith('ly') ? (sentence[index - 2]?.text ?? '') : near;
    if (!links.has(before) && !(vague && listIntroducers.has(before))) continue;
    const found = asVerb(sentence, index);
    if (found === null || found.form === 'past') continue;
    if (index >= listEnd && looksLikeNoun(sentence, found)) continue;
    if (found.form !== main.form && !vague) continue;
    acts.push(act(text, sentence, { found, role: 'joined' }));
  }
  return acts;
}

// "Create, run, and see tests": until the first word that is no verb, the list is one of verbs.
function verbListEnd(sentence: Sentence, main: Found): number {
  let index = main.index + 1;
  while (index < sentence.length) {
    const isLink = links.has(sentence[index]?.text ?? '');
    if (!isLink && (index === main.index + 1 || asVerb(sentence, index) === null)) break;
    index += 1;
  }
  return index - 1;
}

// "Actions: list, create, delete": every one is something the tool can be told to do.
function listedActs(text: string, sentence: Sentence): Act[] {
  const acts: Act[] = [];
  // "INSERT and DELETE are rejected" is no list.
  if (sentence.some(({ text: word }) => auxiliaries.has(word) || negations.has(word))) return [];
  for (let index = 0; index < Math.min(scanMax, sentence.length); index += 1) {
    if (index > 0 && !links.has(sentence[index - 1]?.text ?? '')) continue;
    const found = asVerb(sentence, index);
    if (found === null || found.form !== 'base' || isNounish(found.verb)) continue;
    acts.push(act(text, sentence, { found, role: 'joined' }));
  }
  return acts;
}

// A later sentence counts when the tool is its subject: "Creates …", "It also sends …".
function laterActs(text: string, sentence: Sentence): Act[] {
  const named = namedAct(text, sentence);
  if (named !== null) return [named];
  for (let index = 0; index < Math.min(openMax, sentence.length); index += 1) {
    const word = sentence[index]?.text ?? '';
    if (negations.has(word) || auxiliaries.has(word)) return [];
    const found = asVerb(sentence, index);
    const isSubject = subjects.has(word) || word.endsWith('ly');
    if (found !== null && !isSubject) {
      const spoken = found.form === 'third' || (found.form === 'base' && index > 0);
      if (negations.has(sentence[index + 1]?.text ?? '')) return [];
      if (!spoken || looksLikeNoun(sentence, found)) return [];
      if (found.verb === 'support') return joinedActs(text, sentence, found);
      return [
        act(text, sentence, { found, role: 'later' }),
        ...joinedActs(text, sentence, found).map((later) => ({ ...later, role: 'later' as const })),
      ];
    }
    if (!isSubject) return [];
  }
  return [];
}

// After "Manages pages." a sentence that opens with an order is one of the things managed.
function orderedActs(text: string, sentence: Sentence, main: Act | undefined): Act[] {
  if (main === undefined || !(managers.has(main.verb) || saysOperations(main))) return [];
  const found = asVerb(sentence, 0);
  if (found === null || found.form !== 'base' || looksLikeNoun(sentence, found)) return [];
  const changes = verbSense(found.verb)?.category !== 'Read' && found.verb !== 'see';
  return changes ? [act(text, sentence, { found, role: 'joined' })] : [];
}

// "Use delete to remove a task": the tool has an action of that name.
function namedAct(text: string, sentence: Sentence): Act | null {
  if (sentence[0]?.text !== 'use' || sentence[2]?.text !== 'to') return null;
  const found = asVerb(sentence, 1);
  if (found === null || found.form !== 'base' || isNounish(found.verb)) return null;
  return act(text, sentence, { found, role: 'joined' });
}

function act(
  text: string,
  sentence: Sentence,
  is: { readonly found: Found; readonly role: Role },
): Act {
  const { found, role } = is;
  const word = sentence[found.index] ?? { text: '', start: 0, end: 0 };
  const governed = objectOf(sentence, found.index);
  const names = governed.flatMap(({ text: each }) => [...new Set([...each.split('-'), each])]);
  return {
    verb: found.verb,
    role,
    field: 'description',
    path: '',
    start: word.start,
    end: word.end,
    quote: text.slice(word.start, word.end),
    objects: new Set([...names, ...names.map(singular)]),
    head: singular(names.at(-1) ?? ''),
    sure: found.sure,
  };
}

// The words after the verb up to the first preposition; verbs joined to it share their object.
function objectOf(sentence: Sentence, verbIndex: number): Word[] {
  const governed: Word[] = [];
  let seen = 0;
  for (const word of sentence.slice(verbIndex + 1)) {
    seen += 1;
    if (seen > objectWordsMax * 2 || governed.length >= objectWordsMax) break;
    const next = sentence[verbIndex + seen + 1]?.text ?? '';
    if (word.text.endsWith('ed') && governed.length > 0 && objectStops.has(next)) break;
    if (word.text === 'of' && quantities.has(governed.at(-1)?.text ?? '')) continue;
    if (!objectStops.has(word.text)) governed.push(word);
    else if (governed.length > 0 && !links.has(word.text)) break;
    else if (governed.length > 2) break;
  }
  return governed;
}

function dataHit(text: string, sentence: Sentence): Hit | null {
  for (const word of sentence.slice(0, objectWordsMax)) {
    if (!dataNouns.has(word.text) && !dataNouns.has(singular(word.text))) continue;
    return {
      field: 'description',
      path: '',
      start: word.start,
      end: word.end,
      quote: text.slice(word.start, word.end),
      rule: 'description-data-noun',
      category: 'Read',
      weight: 0.45,
    };
  }
  return null;
}
