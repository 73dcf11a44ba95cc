import type { Act } from './act.ts';
import { isNounish, usuallyVerbs } from './lexicon.ts';
import type { NameReading } from './name.ts';
import type { Hit } from './tool.ts';

/** The description's main verb with its object, and its hit. */
export interface Said {
  readonly act: Act;
  readonly hit: Hit;
}

/** What makes a word of the name doubtful: what the description says, and what the name is made of. */
export interface Doubt {
  readonly name: NameReading;
  /** What the description says, when it says one thing plainly; null otherwise. */
  readonly said: Said | null;
  /** The words of the server's own name: "adjust_report" of the server "Adjust" adjusts nothing. */
  readonly serverName: ReadonlySet<string>;
}

// Adjectives as often as verbs: "open access", "complete works".
const alsoAdjectives = new Set(['open', 'close', 'complete', 'empty', 'clean', 'correct', 'copy']);
// Rules of a description that leave no doubt: numbers are added, not records.
const outweighed = new Set(['arithmetic']);
const plainFrom = 0.7;
// Verbs that speak of the tool's answer alone say it plainly, however weak they are elsewhere.
const answers = new Set(['return', 'display']);
const doubtedPart = 0.5;

/** The hit of the description's main verb, when that is the one thing the description says. */
export function plainlySaid(acts: readonly Act[], hits: readonly Hit[]): Said | null {
  const [main, ...rest] = acts;
  if (main === undefined || main.sure < 0.78 || rest.some((act) => act.role === 'joined')) {
    return null;
  }
  const hit = hits.find((each) => each.field === 'description' && each.start === main.start);
  if (hit === undefined) return null;
  return hit.weight >= plainFrom || answers.has(main.verb) ? { act: main, hit } : null;
}

/**
 * "app_store_similar: Get similar apps", "open_access: Checks whether": where the description says
 * plainly what the tool does, a name's word that is as often no verb is none.
 */
export function doubtName(hit: Hit, doubt: Doubt): Hit {
  const { said } = doubt;
  if (said === null || hit.field !== 'name' || hit.category === null) return hit;
  // A query to a database stays one, whatever else is said to become of its rows.
  const opens = hit.start === (doubt.name.words[0]?.start ?? 0);
  if (opens && hit.rule.startsWith('query-')) return hit;
  if (hit.category === 'Read' || hit.category === said.hit.category) return hit;
  const reads = said.hit.category === 'Read';
  const doubtful = reads ? mayBeNoun(hit, doubt) : standsForField(hit, said.hit);
  return doubtful ? { ...hit, weight: Math.round(hit.weight * doubtedPart * 1000) / 1000 } : hit;
}

function mayBeNoun(hit: Hit, { name, said, serverName }: Doubt): boolean {
  const word = hit.quote.toLowerCase();
  const opens = hit.start === (name.words[0]?.start ?? 0);
  // "run: Get a specific analysis run".
  const named = said?.act.objects.has(word) ?? false;
  const noun = isNounish(word) && (!usuallyVerbs.has(word) || !opens || named);
  const brand = opens && serverName.has(word);
  // "extract_audio: Extract structured data from audio".
  const cuts = hit.rule === 'cuts-media';
  return noun || brand || cuts || alsoAdjectives.has(word) || outweighed.has(said?.hit.rule ?? '');
}

// "test_code: Generates tests", "drive_comment: Add a comment": the first word is the field.
function standsForField(hit: Hit, said: Hit): boolean {
  const word = hit.quote.toLowerCase();
  const lexical = hit.rule === 'main-verb' && said.rule === 'main-verb' && said.weight > 0.9;
  return lexical && hit.category === 'Execute' && isNounish(word) && !usuallyVerbs.has(word);
}
