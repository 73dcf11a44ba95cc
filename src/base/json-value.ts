import { afterSpace } from './json-scan.ts';

/** What JSON text means once it passed the strict scan. Objects have own members only. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/**
 * `JSON.parse`, but for keys with escapes: see `buildValue`. Throws for what is no JSON, as that
 * does.
 */
export function readJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return text.includes('\\') ? buildValue(text, Number) : value;
}

/**
 * The value of a text that is JSON, without the engine's reading of objects. INVARIANT: a key with
 * an escape never goes through `JSON.parse` of an object. V8 13.6 compares its raw text with the key
 * that stood at this place of an object before, by the length of what it means: once `{"\\u006":1}`
 * was read, `{"\u0061dmin":1}` has the member `\u006`, and whoever judges it sees no `admin`.
 */
export function buildValue(text: string, numberOf: (lexeme: string) => number): JsonValue {
  return valueOf({ text, at: 0, numberOf });
}

/** The offset behind the closing quote of the string that starts at `start`, or -1. */
export function stringEndAt(text: string, start: number): number {
  if (text.charCodeAt(start) !== 0x22) return -1;
  let quote = text.indexOf('"', start + 1);
  while (quote >= 0) {
    let before = quote - 1;
    while (text.charCodeAt(before) === 0x5c) before -= 1;
    // An even number of backslashes escapes itself, an odd one escapes the quote.
    if ((quote - 1 - before) % 2 === 0) return quote + 1;
    quote = text.indexOf('"', quote + 1);
  }
  return -1;
}

interface Reader {
  readonly text: string;
  readonly numberOf: (lexeme: string) => number;
  at: number;
}

function valueOf(reader: Reader): JsonValue {
  const c = next(reader);
  if (c === '{') return objectOf(reader);
  if (c === '[') return arrayOf(reader);
  if (c === '"') return stringOf(reader);
  const lexeme = /[^\s,\]}]*/y;
  lexeme.lastIndex = reader.at;
  const [scalar = ''] = lexeme.exec(reader.text) ?? [];
  reader.at += scalar.length;
  if (scalar === 'null') return null;
  if (scalar === 'true' || scalar === 'false') return scalar === 'true';
  return reader.numberOf(scalar);
}

function objectOf(reader: Reader): JsonValue {
  const object: Record<string, JsonValue> = {};
  reader.at += 1;
  while (next(reader) !== '}') {
    const key = stringOf(reader);
    next(reader);
    reader.at += 1;
    const value = valueOf(reader);
    // Assigned, this one would be no member of its own.
    if (key === '__proto__') Object.defineProperty(object, key, { ...ownMember, value });
    else object[key] = value;
    if (next(reader) === ',') reader.at += 1;
  }
  reader.at += 1;
  return object;
}

const ownMember = { configurable: true, enumerable: true, writable: true };

function arrayOf(reader: Reader): JsonValue {
  const list: JsonValue[] = [];
  reader.at += 1;
  while (next(reader) !== ']') {
    list.push(valueOf(reader));
    if (next(reader) === ',') reader.at += 1;
  }
  reader.at += 1;
  return list;
}

function stringOf(reader: Reader): string {
  const { text, at } = reader;
  reader.at = stringEndAt(text, at);
  const literal = text.slice(at, reader.at);
  // The text is JSON, and a string begins here.
  return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
}

/** The first character from here on that is no white space. */
function next(reader: Reader): string {
  reader.at = afterSpace(reader.text, reader.at);
  return reader.text.charAt(reader.at);
}
