import { assert } from './assert.ts';
import { canonicalNumber } from './decimal.ts';
import { afterSpace } from './json-scan.ts';
import { stringEndAt } from './json-value.ts';
import type { JsonText } from './strict-json.ts';

/**
 * One text for every text that means the same JSON value: no white space, members in the order of
 * their keys' UTF-16 code units, strings with the fewest escapes, numbers by their exact value
 * (`1`, `1.0` and `1e0` are one; 2^53 and 2^53+1 are two; `-0` is `0`). It is RFC 8785 for every
 * number that a double holds, and goes on exactly where RFC 8785 would round. Strings are compared
 * by code units, never normalised. The text is one that the strict scan let pass; [start, end)
 * selects one value in it.
 */
export function canonicalJson(text: JsonText, start?: number, end?: number): string {
  const reader: Reader = { text: text.text, at: start ?? text.start };
  const out = valueOf(reader);
  assert(end === undefined || reader.at === end, 'the range holds exactly one value');
  return out;
}

interface Reader {
  readonly text: string;
  at: number;
}

function valueOf(reader: Reader): string {
  const c = next(reader);
  if (c === 0x7b) return objectOf(reader);
  if (c === 0x5b) return arrayOf(reader);
  if (c === 0x22) return stringOf(reader);
  const { text, at: start } = reader;
  let end = start;
  while (end < text.length && !endsScalar(text.charCodeAt(end))) end += 1;
  assert(end > start, 'the text passed the strict scan');
  reader.at = end;
  const lexeme = text.slice(start, end);
  // Literals start with a letter, numbers with a digit or a minus.
  return c >= 0x61 ? lexeme : canonicalNumber(lexeme);
}

/** White space, a comma, a closing bracket or brace. */
function endsScalar(c: number): boolean {
  return c <= 0x20 || c === 0x2c || c === 0x5d || c === 0x7d;
}

function objectOf(reader: Reader): string {
  const members: CanonicalMember[] = [];
  let sorted = true;
  reader.at += 1;
  while (next(reader) !== 0x7d) {
    const literal = stringOf(reader);
    const key = stringMeant(literal);
    next(reader);
    reader.at += 1;
    const last = members.at(-1);
    sorted &&= last === undefined || last.key < key;
    members.push({ key, text: `${literal}:${valueOf(reader)}` });
    if (next(reader) === 0x2c) reader.at += 1;
  }
  reader.at += 1;
  if (!sorted) members.sort((a, b) => (a.key < b.key ? -1 : 1));
  return joined(
    '{',
    members.map((member) => member.text),
    '}',
  );
}

interface CanonicalMember {
  readonly key: string;
  readonly text: string;
}

function arrayOf(reader: Reader): string {
  const elements: string[] = [];
  reader.at += 1;
  while (next(reader) !== 0x5d) {
    elements.push(valueOf(reader));
    if (next(reader) === 0x2c) reader.at += 1;
  }
  reader.at += 1;
  return joined('[', elements, ']');
}

function joined(open: string, parts: readonly string[], close: string): string {
  let out = open;
  for (const [n, part] of parts.entries()) out += n === 0 ? part : `,${part}`;
  return out + close;
}

/** The canonical literal of the string at the cursor. */
function stringOf(reader: Reader): string {
  const { text, at: start } = reader;
  reader.at = stringEndAt(text, start);
  assert(reader.at > start, 'the text passed the strict scan');
  const literal = text.slice(start, reader.at);
  return literal.includes('\\') ? JSON.stringify(JSON.parse(literal)) : literal;
}

function stringMeant(literal: string): string {
  // A string literal that the scan saw.
  return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
}

/** The code unit at the cursor, once white space is behind it. */
function next(reader: Reader): number {
  reader.at = afterSpace(reader.text, reader.at);
  assert(reader.at < reader.text.length, 'the text passed the strict scan');
  return reader.text.charCodeAt(reader.at);
}
