import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import { isList, isObject } from './operators/compare.ts';
import type { Step } from './path.ts';
import { spend } from './work.ts';
import type { Work } from './work.ts';

/**
 * The keys that rules name, level by level. A server may read `Amount` or `ａｍｏｕｎｔ` as `amount`;
 * a rule on `amount` would then judge one value while the server acts on another.
 */
export interface KeyNames {
  /** Keys named at this level, with what is named inside them. */
  readonly keys: Map<string, KeyNames>;
  /** Folded keys, with the named key they fold from, or null when several named keys do. */
  readonly folded: Map<string, string | null>;
  /** Whether several named keys fold alike. */
  contested: boolean;
  /** What is named inside every element, and inside single ones, when the value here is a list. */
  elements: KeyNames | null;
  readonly indexes: Map<number, KeyNames>;
}

export function emptyKeyNames(): KeyNames {
  return {
    keys: new Map(),
    folded: new Map(),
    contested: false,
    elements: null,
    indexes: new Map(),
  };
}

/** Whether anything is named at all. */
export function namesNothing(names: KeyNames): boolean {
  return names.keys.size === 0 && names.elements === null && names.indexes.size === 0;
}

/** Adds the keys that a path below the arguments names. */
export function addPath(names: KeyNames, steps: readonly Step[]): void {
  let level = names;
  for (const step of steps) {
    if (step.kind === 'key') level = addKey(level, step.key);
    else level = step.kind === 'each' ? everyElement(level) : oneElement(level, step.index);
  }
}

/** Adds one key to a level, and gives the level inside it. */
export function addKey(level: KeyNames, key: string): KeyNames {
  const known = level.keys.get(key);
  if (known !== undefined) return known;
  const added = emptyKeyNames();
  const folded = foldKey(key);
  level.keys.set(key, added);
  if (level.folded.has(folded)) level.contested = true;
  level.folded.set(folded, level.folded.has(folded) ? null : key);
  return added;
}

/** The level inside every element of a list. */
export function everyElement(level: KeyNames): KeyNames {
  level.elements ??= emptyKeyNames();
  return level.elements;
}

function oneElement(level: KeyNames, index: number): KeyNames {
  const known = level.indexes.get(index) ?? emptyKeyNames();
  level.indexes.set(index, known);
  return known;
}

/**
 * Whether some key is a twin of a named one: equal but for case or compatibility form. One that
 * cannot be compared within bounds counts as a twin.
 */
export function hasAmbiguousKey(names: KeyNames, value: JsonValue, work: Work): boolean {
  if (isObject(value)) return names.keys.size > 0 && hasTwin(names, value, work);
  if (!isList(value)) return false;
  const { elements, indexes } = names;
  for (const [index, within] of indexes) {
    const element = value[index];
    if (element !== undefined && hasAmbiguousKey(within, element, work)) return true;
  }
  return elements !== null && value.some((element) => hasAmbiguousKey(elements, element, work));
}

// INVARIANT: naming one more key never makes a call unambiguous, so a key that is itself named is
// still a twin of every other named key that folds alike.
function hasTwin(names: KeyNames, value: JsonObject, work: Work): boolean {
  // JSON objects inherit nothing enumerable, and `for in` makes no list of the keys.
  for (const key in value) {
    // As most keys are: folding changes nothing, and costs nothing.
    const plain = isPlain(key);
    // Before it is known whether the key is named: naming it must not make the decision cheaper.
    if (!plain && isCostly(key, work)) return true;
    const within = names.keys.get(key);
    if (within === undefined) {
      if (names.folded.has(plain ? key : foldKey(key))) return true;
      continue;
    }
    if (names.contested && names.folded.get(foldKey(key)) === null) return true;
    const member = value[key];
    if (typeof member !== 'object' || member === null || namesNothing(within)) continue;
    if (hasAmbiguousKey(within, member, work)) return true;
  }
  return false;
}

/** Units of folding one character that is not ASCII: some become eighteen. */
const FOLD_UNITS = 10;

/** Whether folding a key would take more than the decision has left. */
function isCostly(key: string, work: Work): boolean {
  if (isAscii(key)) return false;
  return hasLongMarks(key) || !spend(work, FOLD_UNITS * key.length);
}

/**
 * Whether more marks follow each other than writing has (the Stream-Safe Text Format of UAX #15
 * allows 30). Putting marks in their order takes time that grows with the square of their number.
 */
export function hasLongMarks(text: string): boolean {
  return (text.match(MARKS) ?? []).some((run) => run.length > MARKS_MAX);
}

/**
 * Whether some key is a twin of one of the names, and none of them: equal but for case or
 * compatibility form. One that cannot be compared within bounds counts as a twin.
 */
export function hasTwinOf(names: readonly string[], keys: Iterable<string>): boolean {
  const folded = new Set(names.map(foldKey));
  for (const key of keys) {
    if (names.includes(key)) continue;
    if (hasLongMarks(key) || folded.has(foldKey(key))) return true;
  }
  return false;
}

/** With what folding makes a mark, or takes away from between marks. */
const MARKS = /[\p{M}\uff9e\uff9f\p{Default_Ignorable_Code_Point}]+/gu;

/** In UTF-16 units: thirty marks, each of two at most. */
const MARKS_MAX = 60;

/**
 * One text for all keys that some server may read alike (Unicode's NFKC_Casefold, Turkish i, and
 * white space around a name, which readers of forms and of configurations take away).
 */
export function foldKey(key: string): string {
  if (isAscii(key)) return key.toLowerCase().trim();
  const compatible = key.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  const folded = compatible.toUpperCase().toLowerCase().normalize('NFKC').trim();
  return folded.replaceAll('i\u0307', 'i').replaceAll('\u0131', 'i').replaceAll('ς', 'σ');
}

/** Whether a key is ASCII without capitals, spaces and controls: it folds to itself. */
function isPlain(key: string): boolean {
  for (let at = 0; at < key.length; at += 1) {
    const code = key.charCodeAt(at);
    if (code <= 0x20 || code > 0x7e || (code >= 0x41 && code <= 0x5a)) return false;
  }
  return true;
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
