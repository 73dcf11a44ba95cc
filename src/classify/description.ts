import { concerns } from './act.ts';
import type { Act, Role } from './act.ts';
import { isNounish, negations, subordinators, verbSense, words as list } from './lexicon.ts';
import {
  asVerb,
  links,
  looksLikeNoun,
  mainVerb,
  objectStops,
  objectWordsMax,
  openMax,
  scanMax,
} from './main-verb.ts';
import type { Found } from './main-verb.ts';
import { dataNouns } from './nouns.ts';
import type { Hit } from './tool.ts';
import { sentences, singular } from './words.ts';
import type { Sentence, Word } from './words.ts';

/** What a description says that the tool does, the first clause first. */
export interface DescriptionReading {
  readonly acts: readonly Act[];
  /** The description opens with a noun for data: "Details of an order". */
  readonly data: Hit | null;
}

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
const auxiliaries = new Set(list('do does did is are was were has have had'));
// "a set of ids" is ids.
const quantities = new Set(list('set list number series pair batch couple sequence lot range'));

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
  const objects = new Set<string>();
  for (const each of governed) addObject(objects, each.text);
  return {
    verb: found.verb,
    role,
    field: 'description',
    path: '',
    start: word.start,
    end: word.end,
    quote: text.slice(word.start, word.end),
    objects,
    head: singular(governed.at(-1)?.text ?? ''),
    sure: found.sure,
  };
}

// "Read-only queries": also each part of a word, and the singular of all.
function addObject(objects: Set<string>, word: string): void {
  objects.add(word).add(singular(word));
  if (!word.includes('-')) return;
  for (const part of word.split('-')) objects.add(part).add(singular(part));
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
