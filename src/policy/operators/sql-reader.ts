import type { Token } from './sql-tokens.ts';
import { RESERVED } from './sql-words.ts';

/** Deepest nesting of parentheses, subqueries and CASE that is followed. */
const DEPTH_MAX = 64;

/** What a statement does. The closed list of the operator's operands. */
export type SqlClass = (typeof SQL_CLASSES)[number];

export const SQL_CLASSES = ['select', 'insert', 'update', 'delete', 'explain', 'show'] as const;

/**
 * Where a parse stands. Every rule of the grammar is a function that takes a reader and says
 * whether it found its whole construct; after a `false` the parse is over, nothing is tried again,
 * so that the time is linear in the number of tokens.
 */
export interface Reader {
  readonly tokens: readonly Token[];
  position: number;
  depth: number;
  /** What the statements met so far do, common table expressions and subqueries included. */
  readonly classes: Set<SqlClass>;
  /** The rule of a whole query, for subqueries: given by the grammar of statements. */
  readonly query: (reader: Reader) => boolean;
}

export type Rule = (reader: Reader) => boolean;

const END: Token = { kind: 'end', text: '' };

/** The token `ahead` places after the next one. */
export function peek(reader: Reader, ahead = 0): Token {
  return reader.tokens[reader.position + ahead] ?? END;
}

/** Whether the next token is one of the words, operators or marks. */
export function nextIs(reader: Reader, ...texts: readonly string[]): boolean {
  return texts.includes(peek(reader).text);
}

/** Takes the words, operators or marks when they all come next, in this order. */
export function take(reader: Reader, ...texts: readonly string[]): boolean {
  if (!texts.every((text, index) => peek(reader, index).text === text)) return false;
  reader.position += texts.length;
  return true;
}

/** Takes one of the words, operators or marks. */
export function takeOneOf(reader: Reader, ...texts: readonly string[]): boolean {
  return nextIs(reader, ...texts) && takeAny(reader);
}

/** Takes the next token when it is of the kind. */
export function takeKind(reader: Reader, kind: Token['kind']): boolean {
  return peek(reader).kind === kind && takeAny(reader);
}

/** Takes a word that is not reserved in any dialect. */
export function name(reader: Reader): boolean {
  const { kind, text } = peek(reader);
  return kind === 'word' && !RESERVED.has(text) && takeAny(reader);
}

/** `a`, `a.b` or `a.b.c`. */
export function dottedName(reader: Reader): boolean {
  if (!name(reader)) return false;
  for (let parts = 1; take(reader, '.'); parts += 1) {
    if (parts === 3 || !name(reader)) return false;
  }
  return true;
}

/** One or more of `rule` with commas between. */
export function listOf(reader: Reader, rule: Rule): boolean {
  do {
    if (!rule(reader)) return false;
  } while (take(reader, ','));
  return true;
}

/** `(`, then `rule`, then `)`, one level deeper. */
export function parenthesised(reader: Reader, rule: Rule): boolean {
  return take(reader, '(') && deeper(reader, rule) && take(reader, ')');
}

/** `rule`, one level deeper; false below the bound. */
export function deeper(reader: Reader, rule: Rule): boolean {
  if (reader.depth >= DEPTH_MAX) return false;
  reader.depth += 1;
  const found = rule(reader);
  reader.depth -= 1;
  return found;
}

/** When `word` comes next, it and `rule` must be there; otherwise there is nothing to take. */
export function optional(reader: Reader, words: readonly string[], rule: Rule): boolean {
  return !take(reader, ...words) || rule(reader);
}

function takeAny(reader: Reader): true {
  reader.position += 1;
  return true;
}
