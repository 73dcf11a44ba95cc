import type { JsonValue } from '../base/strict-json.ts';
import {
  changesOf,
  differencesMax,
  isList,
  isObject,
  isSame,
  type Change,
  type Difference,
} from './difference.ts';
import type { PinRow } from './registry-store.ts';
import { excerpt, hiddenIn, textChange, visible } from './visible-text.ts';

/** What a person must have seen before they accept a tool as it is listed now. */
export function differencesOf(row: Omit<PinRow, 'override'>): readonly Difference[] {
  const { reviewed } = row;
  if (reviewed?.digest === row.digest) return [];
  const changes = changesOf(reviewed?.definition ?? '{}', row.definition);
  if (changes === null) {
    return [
      { pointer: '', kind: 'changed', text: 'the definition cannot be compared: read it whole' },
    ];
  }
  const told = changes.slice(0, differencesMax).flatMap(wordsOf);
  const more = changes.length - differencesMax;
  if (more <= 0) return told;
  return [...told, { pointer: '', kind: 'changed', text: `and ${more} more differences` }];
}

function wordsOf(change: Change): readonly Difference[] {
  const { path, before, after } = change;
  const pointer = path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  const told = sentencesOf(change);
  const hidden = hiddenIn(after) - hiddenIn(before);
  if (hidden > 0)
    told.push(`holds ${hidden} characters that cannot be seen, written here as \\u{...}`);
  const where = placeOf(path);
  return told.map((text) => ({ pointer, kind, text: where === '' ? text : `${where}: ${text}` }));
}

/** Where a change is, in the words of a schema's author. */
function placeOf(path: readonly string[]): string {
  const parts: string[] = [];
  for (let index = 0; index < path.length; index += 1) {
    const key = path[index] ?? '';
    const next = path[index + 1];
    if (key === 'inputSchema') parts.push('arguments');
    else if (key === 'outputSchema') parts.push('result');
    else if ((key === 'properties' || key === '$defs') && next !== undefined) {
      parts.push(`\`${visible(next)}\``);
      index += 1;
    } else parts.push(visible(key));
  }
  return parts.join(', ');
}

function sentencesOf({ path, before, after }: Change): string[] {
  const key = path.at(-1) ?? '';
  if (path[0] === 'annotations' && path.length === 2) return [hint(key, before, after)];
  if (Array.isArray(before ?? []) && Array.isArray(after ?? [])) {
    return listWords(key, asList(before), asList(after));
  }
  const isProperty = path.at(-2) === 'properties' && path.includes('inputSchema');
  if (before === undefined) {
    return [isProperty ? `a new argument: ${short(after)}` : `added: ${short(after)}`];
  }
  if (after === undefined) {
    return [isProperty ? 'the argument is gone' : `removed; it was ${short(before)}`];
  }
  if (typeof before === 'string' && typeof after === 'string') return [textChange(before, after)];
  return [`was ${short(before)}, is now ${short(after)}`];
}

function asList(value: JsonValue | undefined): readonly JsonValue[] {
  return isList(value) ? value : [];
}

function listWords(
  key: string,
  before: readonly JsonValue[],
  after: readonly JsonValue[],
): string[] {
  const names = (values: readonly JsonValue[]): string => values.map(short).join(', ');
  const came = after.filter((item) => !before.some((other) => isSame(item, other)));
  const went = before.filter((item) => !after.some((other) => isSame(item, other)));
  const isRequired = key === 'required';
  const told: string[] = [];
  if (came.length > 0) {
    told.push(isRequired ? `now has to be given: ${names(came)}` : `now also ${names(came)}`);
  }
  if (went.length > 0) {
    told.push(
      isRequired ? `need not be given any more: ${names(went)}` : `no longer ${names(went)}`,
    );
  }
  return told.length === 0 ? ['in another order, or repeated'] : told;
}

/** What each hint claims when it is true, and when it is false. */
const claims: Readonly<Record<string, readonly [string, string]>> = {
  readOnlyHint: ['it changes nothing', 'it may change something'],
  destructiveHint: ['it may destroy something', 'it destroys nothing'],
  idempotentHint: ['a second call does no more', 'each call does something again'],
  openWorldHint: ['it reaches the outside world', 'it stays within the server'],
};

function hint(key: string, before: JsonValue | undefined, after: JsonValue | undefined): string {
  const claim = claims[key];
  if (claim === undefined || typeof (after ?? before) !== 'boolean') {
    if (typeof before === 'string' && typeof after === 'string') return textChange(before, after);
    if (before === undefined) return `added: ${short(after)}`;
    return after === undefined
      ? `removed; it was ${short(before)}`
      : `was ${short(before)}, is now ${short(after)}`;
  }
  const said = (value: boolean): string => claim[value ? 0 : 1];
  if (typeof after !== 'boolean') {
    return `the server does not claim any more that ${said(before === true)}`;
  }
  const now = `the server now claims that ${said(after)}`;
  return typeof before === 'boolean' ? `${now}; it claimed that ${said(before)}` : now;
}

/** A value in few words: a schema by its type and description, anything else as JSON. */
function short(value: JsonValue | undefined): string {
  if (typeof value === 'string') return `"${excerpt(value)}"`;
  if (isObject(value)) {
    const { type, description } = value;
    if (typeof type === 'string' && typeof description === 'string') {
      return `${visible(type)}, "${excerpt(description)}"`;
    }
  }
  return excerpt(JSON.stringify(value) ?? '');
}
