import type { Act, Role } from './act.ts';
import { isNounish, usuallyVerbs, verbSense, words as list } from './lexicon.ts';
import { actionNouns, dataNouns, executorNouns, programs, tailNouns } from './nouns.ts';
import type { Field, Hit, ServerContext } from './tool.ts';
import { nameWords, singular } from './words.ts';
import type { Word } from './words.ts';

/** A name taken apart: its words without the prefix that all tools share, and what they say. */
export interface NameReading {
  readonly words: readonly Word[];
  readonly acts: readonly Act[];
  /** A name without a verb that ends in a word for data: "order_history". */
  readonly data: Hit | null;
}

/** A text that is read as a name is: the tool's name, its title, or a value of an `action` enum. */
export interface NameText {
  readonly text: string;
  readonly field: Field;
  readonly path: string;
}

const siblingsMin = 3;
const siblingsMax = 1000;
const sharedPart = 0.6;
// After these a second verb belongs to what is looked at: "list_send_as", "get_run".
const alwaysLook = new Set(
  list(`get describe fetch is find retrieve count has did can should are was does quote measure
    estimate calculate`),
);
const lookers = new Set(list('list view show read search query check lookup preview'));
const after = new Set(list('on to with into as a an all'));
const endings = new Set(list('get create delete update show remove add ls'));
const media = new Set(list('speech image video audio music voice'));
const statusNouns = new Set(list('status history stats info progress logs results'));
const alters = new Set(list('alter modify manage'));
const creations = new Set(list('create delete remove add insert'));
const lastlyThings = new Set(list('rate seed file store resume tip'));
const questions = new Set(list('is has can does are was'));
const particles = new Set(list('by of per'));
const standing = new Set(
  list('orders positions issues tickets tasks trades incidents bugs interest'),
);
const ordinals = new Set(list('next previous new'));
const noPrefix: Prefix = { shared: new Set(), named: new Set() };

/** Words that open names and say nothing about one tool. */
export interface Prefix {
  /** Words that open most of the server's tool names, and words of its own name. */
  readonly shared: ReadonlySet<string>;
  /** Of those, the words of the server's own name. */
  readonly named: ReadonlySet<string>;
}

/** The words that the server's name and most of its tools' names begin with. */
export function sharedPrefix(server: ServerContext): Prefix {
  const own = nameWords(server.name).map((word) => word.text);
  const named = new Set(own.filter((word) => !isPureVerb(word)));
  const shared = new Set(named);

  const names = [...new Set(server.toolNames.slice(0, siblingsMax))];
  if (names.length < siblingsMin) return { shared, named };
  const counts = new Map<string, number>();
  for (const name of names) {
    const first = nameWords(name.slice(0, 200))[0]?.text;
    if (first !== undefined) counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  for (const [word, count] of counts) {
    if (count >= names.length * sharedPart && !isPureVerb(word)) shared.add(word);
  }
  return { shared, named };
}

/** Reads a name: finds its verb wherever it stands, the verbs joined to it, and their object. */
export function readName(name: NameText, prefix: Prefix = noPrefix): NameReading {
  const all = nameWords(name.text);
  const words = withoutPrefix(all, prefix);
  const at = verbIndexes(words);
  if (at.length === 0) return nounName(name, words);
  const acts = at.map((index, order) => nameAct(name, words, { index, order }));
  return { words, acts, data: null };
}

// "image_generation", "text_to_speech" and "hex_to_rgb" say what is done without a verb.
function nounName(name: NameText, words: readonly Word[]): NameReading {
  const last = words.length - 1;
  const action = actionNouns.get(words[last]?.text ?? '');
  const to = words.findIndex((word, at) => word.text === 'to' && at > 0 && at < last);
  const verb = to < 0 ? action : media.has(words[last]?.text ?? '') ? 'generate' : 'convert';
  if (verb === undefined) return { words, acts: [], data: dataHit(name, words) };
  const looks = verbSense(verb)?.category === 'Read';
  const act = nameAct(name, words, { index: last, order: 0 });
  return { words, acts: [{ ...act, verb, sure: looks ? 0.8 : 0.38 }], data: null };
}

function isPureVerb(word: string): boolean {
  return verbSense(word) !== undefined && !isNounish(word);
}

function withoutPrefix(words: readonly Word[], prefix: Prefix): readonly Word[] {
  let start = 0;
  while (start < words.length - 1 && prefix.shared.has(words[start]?.text ?? '')) {
    const opening = words[start]?.text ?? '';
    const isVerb = verbSense(opening) !== undefined;
    const rest = words.slice(start + 1);
    const led = isSureVerb(rest[0]?.text ?? '') || rest.some((word) => isPureVerb(word.text));
    const isOwn = prefix.named.has(opening) && isField(opening, rest);
    if (isVerb && !led && !isOwn) break;
    start += 1;
  }
  return words.slice(start);
}

// "drive_star" of Google Drive stars, "index_documentation" of an index server is what it has.
function isField(word: string, rest: readonly Word[]): boolean {
  if (usuallyVerbs.has(word) || verbSense(word)?.category === 'Read') return false;
  return verbSense(rest[0]?.text ?? '') !== undefined || dataNouns.has(rest.at(-1)?.text ?? '');
}

// Pure verbs go before words that may be nouns: "order_list" lists, "post_create" creates.
function verbIndexes(words: readonly Word[]): number[] {
  const known = words.flatMap(({ text }, index) =>
    verbSense(text) === undefined || isNoVerb(words, index) ? [] : [index],
  );
  const first = known[0];
  if (first === undefined) return [];

  const opening = words[first]?.text ?? '';
  if (first === 0 && looksFirst(words, opening)) return withJoined(words, 0, known);
  if (reportsOn(words, opening)) return [];
  // "vote_on_poll" votes.
  if (first === 0 && after.has(words[1]?.text ?? '')) return withJoined(words, 0, known);

  const sure = known.filter((index) => isSureVerb(words[index]?.text ?? ''));
  const ending = words.at(-1)?.text ?? '';
  const endsAsNoun = actionNouns.has(ending) && known.at(-1) !== words.length - 1;
  if (sure.length === 0 && endsAsNoun) return [];
  const main = mainOf(words, sure) ?? (first === 0 ? opensName(words) : lastVerb(words, known));
  return main === null ? [] : withJoined(words, main, known);
}

// "random-by-type" and "open_orders" hold no verb.
function isNoVerb(words: readonly Word[], index: number): boolean {
  const text = words[index]?.text ?? '';
  if (particles.has(words[index - 1]?.text ?? '')) return true;
  if (text === 'open' && standing.has(words[index + 1]?.text ?? '')) return true;
  return ordinals.has(text) && describes(words, index);
}

// "next_trains" and "buy_new_machine" describe, "next_track" and "new_note" are orders.
function describes(words: readonly Word[], index: number): boolean {
  const inside = index > 0 && index < words.length - 1;
  return inside || isPlural(words[index + 1]?.text ?? '');
}

// "sms_deploy_get" gets, "shopping_list_add" adds; else the first sure verb is the main one.
function mainOf(words: readonly Word[], sure: readonly number[]): number | undefined {
  const [first] = sure;
  if (first === undefined || (first === 0 && !endings.has(words.at(-1)?.text ?? ''))) return first;
  const last = words.length - 1;
  if (words.length > 2 && endings.has(words[last]?.text ?? '') && !isOrder(words)) return last;
  if (!lookers.has(words[first]?.text ?? '')) return first;
  return (
    sure.find((index) => isPureVerb(words[index]?.text ?? '') && !looks(words, index)) ?? first
  );
}

// "create_item_to_add" opens with its own verb; "deploy_app_get" opens with its field.
function isOrder(words: readonly Word[]): boolean {
  const category = verbSense(words[0]?.text ?? '')?.category;
  return category !== undefined && category !== 'Execute';
}

function looks(words: readonly Word[], index: number): boolean {
  return verbSense(words[index]?.text ?? '')?.category === 'Read';
}

function isSureVerb(word: string): boolean {
  return isPureVerb(word) || (usuallyVerbs.has(word) && verbSense(word) !== undefined);
}

// "deploy_status" and "migrate-status" report on the act, they do not do it.
function reportsOn(words: readonly Word[], opening: string): boolean {
  const runs = verbSense(opening)?.category === 'Execute' || opening === 'migrate';
  return runs && words.length === 2 && statusNouns.has(words[1]?.text ?? '');
}

// "list_create" is about a list; "list_created_items" and "check_run" look at something.
function looksFirst(words: readonly Word[], opening: string): boolean {
  if (alwaysLook.has(opening)) return true;
  if (!lookers.has(opening)) return false;
  // "query_result_create" creates.
  if (words.length > 2 && creations.has(words.at(-1)?.text ?? '')) return false;
  const second = words[1]?.text ?? '';
  const changes = isPureVerb(second) && verbSense(second)?.category !== 'Read';
  return !(words.length === 2 && changes);
}

// "test_results" is a thing, "update_calendar" and "post_comment" are orders.
function opensName(words: readonly Word[]): number | null {
  const opening = words[0]?.text ?? '';
  if (words.length === 1 || usuallyVerbs.has(opening)) return 0;
  return tailNouns.has(words.at(-1)?.text ?? '') ? null : 0;
}

function lastVerb(words: readonly Word[], known: readonly number[]): number | null {
  // "exchange_rate" and "repository_file" are things.
  if (known.at(-1) === words.length - 1 && lastlyThings.has(words.at(-1)?.text ?? '')) return null;
  // "binance_place_order" places.
  const last = known.at(-1) ?? 0;
  const at = known.includes(last - 1) ? last - 1 : last;
  const ends = at === words.length - 1 || usuallyVerbs.has(words[at]?.text ?? '');
  return ends || !tailNouns.has(words.at(-1)?.text ?? '') ? at : null;
}

// "get_or_create", "click_and_wait", "create_update_file": the second verb is done as well.
function withJoined(words: readonly Word[], main: number, known: readonly number[]): number[] {
  const result = [main];
  for (const index of known) {
    if (index <= main) continue;
    const before = words[index - 1]?.text;
    const coordinated = before === 'and' || before === 'or' || before === 'then';
    const adjacent =
      result.includes(index - 1) &&
      isPureVerb(words[index]?.text ?? '') &&
      !isThing(words, { main, index }) &&
      !lookers.has(words[main]?.text ?? '') &&
      !alwaysLook.has(words[main]?.text ?? '');
    const changes = alters.has(words[main]?.text ?? '') && destroys(words, index);
    if (coordinated || adjacent || changes) result.push(index);
  }
  return result;
}

// "alter_table_remove_column" removes.
function destroys(words: readonly Word[], index: number): boolean {
  const text = words[index]?.text ?? '';
  return isPureVerb(text) && verbSense(text)?.category === 'Destructive';
}

// "create_trigger" makes a thing that acts; "create_delete" does both.
function isThing(
  words: readonly Word[],
  at: { readonly main: number; readonly index: number },
): boolean {
  const category = (index: number): string | undefined =>
    verbSense(words[index]?.text ?? '')?.category;
  return category(at.index) === 'Execute' && category(at.main) !== 'Execute';
}

function nameAct(
  name: NameText,
  words: readonly Word[],
  at: { readonly index: number; readonly order: number },
): Act {
  // Every index comes from a walk over the same words.
  const word = words[at.index] ?? { text: '', start: 0, end: 0 };
  const others = words.filter((_, index) => index !== at.index);
  const objects = new Set<string>();
  for (const other of others) objects.add(other.text).add(singular(other.text));
  const pure = isPureVerb(word.text);
  const role: Role = at.order === 0 ? 'main' : 'joined';
  return {
    verb: word.text,
    role,
    field: name.field,
    path: name.path,
    start: word.start,
    end: word.end,
    quote: name.text.slice(word.start, word.end),
    objects,
    head: singular(others.at(-1)?.text ?? ''),
    sure: sureness(words, { index: at.index, pure }),
  };
}

// "log" alone is a noun as likely as an order; "log_event" and "delete" are orders.
function sureness(
  words: readonly Word[],
  at: { readonly index: number; readonly pure: boolean },
): number {
  if (at.pure) return 1;
  const usual = usuallyVerbs.has(words[at.index]?.text ?? '');
  if (words.length === 1) return usual ? 0.7 : 0.55;
  if (at.index === 0) return 1;
  const isLookup = verbSense(words[at.index]?.text ?? '')?.category === 'Read';
  return usual || (isLookup && at.index === words.length - 1) ? 0.8 : 0.5;
}

function runsAt(words: readonly Word[], at: number): boolean {
  const text = words[at]?.text ?? '';
  return at === words.length - 1 && (executorNouns.has(text) || programs.has(text));
}

function isKnownData(word: string): boolean {
  return dataNouns.has(word) || word === 'by';
}

// "space_files", "collection_indexes": a plain plural is what is given back.
function lastPlural(words: readonly Word[]): Word | undefined {
  const joined = words.some(({ text }) => text === 'and' || text === 'or');
  return joined || words.length > 5
    ? undefined
    : words.slice(-1).find(({ text }) => isPlural(text));
}

function isPlural(word: string): boolean {
  return /^[a-z]{3,}[^su]s$/.test(word) && verbSense(word) === undefined && singular(word) !== word;
}

function dataHit(name: NameText, words: readonly Word[]): Hit | null {
  // "is_contract" asks.
  const asks = questions.has(words[0]?.text ?? '') && words.length > 1 ? words[0] : undefined;
  // "customers_by_state" looks things up by a key.
  const last =
    asks ??
    words.findLast((word, at) => dataNouns.has(word.text) || runsAt(words, at)) ??
    words.find((word) => word.text === 'by') ??
    words.find((word, at) => words[at + 1]?.text === 'for' && isPlural(word.text)) ??
    lastPlural(words);
  if (last === undefined) return null;
  const atEnd = last === words.at(-1);
  const runs = runsAt(words, words.indexOf(last));
  return {
    field: name.field,
    path: name.path,
    start: last.start,
    end: last.end,
    quote: name.text.slice(last.start, last.end),
    rule: runs ? 'name-executor-noun' : 'name-data-noun',
    category: runs ? 'Execute' : 'Read',
    weight: runs ? 0.25 : !isKnownData(last.text) ? 0.3 : atEnd ? 0.5 : 0.4,
  };
}
