import { AsciiText } from './ascii-text.ts';
import { assert } from './assert.ts';
import { isUnsafeNumber } from './decimal.ts';

/**
 * Bounds of one document. `bytesMax` in bytes, `stringMax` in UTF-16 units of an unescaped string
 * or of a number's lexeme, the rest are counts. `depthMax` is at most 1000.
 */
export interface JsonLimits {
  readonly bytesMax: number;
  readonly depthMax: number;
  readonly valuesMax: number;
  readonly stringMax: number;
}

/** Why a text was refused, and where: in UTF-16 units of the text, or bytes for encoding faults. */
export interface JsonProblem {
  readonly code: JsonProblemCode;
  readonly offset: number;
}

export type JsonProblemCode =
  | 'too-large'
  | 'too-deep'
  | 'too-many-values'
  | 'string-too-long'
  | 'byte-order-mark'
  | 'invalid-utf8'
  | 'lone-surrogate'
  | 'nul-in-key'
  | 'duplicate-key'
  | 'prototype-key'
  | 'syntax';

/** A problem, or where the root value starts and what its value must be read with care for. */
export type ScanResult =
  | { readonly problem: JsonProblem }
  | {
      readonly problem: null;
      readonly start: number;
      readonly unsafeNumbers: boolean;
      readonly escapedKeys: boolean;
    };

/**
 * One pass over a decoded text by the rules of `scanJson`; only large objects' keys are kept. `bytes`
 * are the text's own, where they are there: long strings cost less then.
 */
export function scanText(text: string, limits: JsonLimits, bytes?: Uint8Array): ScanResult {
  assert(limits.depthMax <= 1000, 'the scan recurses: `depthMax` is at most 1000');
  // UTF-8 has one byte a unit for ASCII alone.
  const isAscii = bytes?.length === text.length && text.length >= LONG_TEXT;
  const scan = newScan(text, limits, isAscii ? new AsciiText(text, bytes) : null);
  const start = afterSpace(text, 0);
  const end = scanValue(scan, start);
  if (end < 0) return { problem: { code: scan.code, offset: scan.at } };
  const rest = afterSpace(text, end);
  if (rest !== text.length) return { problem: { code: 'syntax', offset: rest } };
  return { problem: null, start, unsafeNumbers: scan.unsafe, escapedKeys: scan.escapedKeys };
}

/** The first offset from `from` on that is not white space of RFC 8259 section 2. */
export function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const c = text.charCodeAt(at);
    if (c > 0x20 || (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09)) return at;
    at += 1;
  }
  return at;
}

/** The state of one pass. Its functions return the offset behind what they read, or -1. */
interface Scan {
  readonly text: string;
  readonly limits: JsonLimits;
  /** The bytes of a text that is long and ASCII. */
  readonly ascii: AsciiText | null;
  /** [start, end) of the escape-free keys of every open object, flat, as a stack. */
  readonly keys: number[];
  values: number;
  depth: number;
  unsafe: boolean;
  escapedKeys: boolean;
  /** The end of the string that was read last, before its quote, and whether it has an escape. */
  stringEnd: number;
  escaped: boolean;
  code: JsonProblemCode;
  at: number;
}

function newScan(text: string, limits: JsonLimits, ascii: AsciiText | null): Scan {
  return {
    text,
    limits,
    ascii,
    keys: [],
    values: 0,
    depth: 0,
    unsafe: false,
    escapedKeys: false,
    stringEnd: 0,
    escaped: false,
    code: 'syntax',
    at: 0,
  };
}

/** In a shorter text no long string is worth the preparation. */
const LONG_TEXT = 1_024;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

function fail(scan: Scan, code: JsonProblemCode, at: number): -1 {
  scan.code = code;
  scan.at = at;
  return -1;
}

/** The code unit at an offset, or -1 behind the end. */
function codeAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : -1;
}

function scanValue(scan: Scan, at: number): number {
  scan.values += 1;
  if (scan.values > scan.limits.valuesMax) return fail(scan, 'too-many-values', at);
  const c = codeAt(scan.text, at);
  if (c === QUOTE) return scanString(scan, at);
  if (c === OPEN_BRACE) return scanObject(scan, at);
  if (c === OPEN_BRACKET) return scanArray(scan, at);
  if (c === MINUS || isDigit(c)) return scanNumber(scan, at);
  if (c === 0x74 && scan.text.startsWith('true', at)) return at + 4;
  if (c === 0x66 && scan.text.startsWith('false', at)) return at + 5;
  if (c === 0x6e && scan.text.startsWith('null', at)) return at + 4;
  return fail(scan, 'syntax', at);
}

function scanArray(scan: Scan, start: number): number {
  const { text } = scan;
  scan.depth += 1;
  if (scan.depth > scan.limits.depthMax) return fail(scan, 'too-deep', start);
  let at = afterSpace(text, start + 1);
  let c = codeAt(text, at);
  while (c !== CLOSE_BRACKET) {
    at = scanValue(scan, at);
    if (at < 0) return -1;
    at = afterSpace(text, at);
    c = codeAt(text, at);
    if (c === CLOSE_BRACKET) break;
    if (c !== COMMA) return fail(scan, 'syntax', at);
    // No look at what follows the comma: a closing bracket is no value, and so a problem.
    at = afterSpace(text, at + 1);
  }
  scan.depth -= 1;
  return at + 1;
}

function scanObject(scan: Scan, start: number): number {
  const { text, keys } = scan;
  scan.depth += 1;
  if (scan.depth > scan.limits.depthMax) return fail(scan, 'too-deep', start);
  const base = keys.length;
  let seen: Set<string> | null = null;
  let at = afterSpace(text, start + 1);
  let c = codeAt(text, at);
  while (c !== CLOSE_BRACE) {
    if (codeAt(text, at) !== QUOTE) return fail(scan, 'syntax', at);
    const keyStart = at;
    at = scanString(scan, at);
    if (at < 0) return -1;
    if (scan.escaped) scan.escapedKeys = true;
    if (seen === null && (scan.escaped || keys.length - base >= 2 * KEYS_COMPARED_MAX)) {
      seen = keysSeen(scan, base);
    }
    const code = seen === null ? plainKey(scan, base, keyStart) : anyKey(scan, seen, keyStart);
    if (code !== null) return fail(scan, code, keyStart);

    at = afterSpace(text, at);
    if (codeAt(text, at) !== COLON) return fail(scan, 'syntax', at);
    at = scanValue(scan, afterSpace(text, at + 1));
    if (at < 0) return -1;
    at = afterSpace(text, at);
    c = codeAt(text, at);
    if (c === CLOSE_BRACE) break;
    if (c !== COMMA) return fail(scan, 'syntax', at);
    at = afterSpace(text, at + 1);
  }
  keys.length = base;
  scan.depth -= 1;
  return at + 1;
}

/** From this many keys on an object's keys go into a set: comparing all pairs is quadratic. */
const KEYS_COMPARED_MAX = 24;

/** Judges an escape-free key against the stack, without making a string of it. */
function plainKey(scan: Scan, base: number, keyStart: number): JsonProblemCode | null {
  const { text, keys } = scan;
  const start = keyStart + 1;
  const end = scan.stringEnd;
  if (end - start === 9 && text.startsWith('__proto__', start)) return 'prototype-key';
  for (let n = base; n < keys.length; n += 2) {
    const other = keys[n] ?? 0;
    if ((keys[n + 1] ?? 0) - other !== end - start) continue;
    // From the end, because keys that share something mostly share their start.
    let left = end - start;
    while (left > 0 && text.charCodeAt(other + left - 1) === text.charCodeAt(start + left - 1)) {
      left -= 1;
    }
    if (left === 0) return 'duplicate-key';
  }
  keys.push(start, end);
  return null;
}

function keysSeen(scan: Scan, base: number): Set<string> {
  const seen = new Set<string>();
  for (let n = base; n < scan.keys.length; n += 2) {
    seen.add(setKey(scan.text.slice(scan.keys[n], scan.keys[n + 1])));
  }
  return seen;
}

/** Judges any key against the set, unescaped: `"n\u0061me"` is `"name"`. */
function anyKey(scan: Scan, seen: Set<string>, keyStart: number): JsonProblemCode | null {
  const literal = scan.text.slice(keyStart, scan.stringEnd + 1);
  // A string literal that was just scanned.
  const key = scan.escaped ? (JSON.parse(literal) as string) : literal.slice(1, -1);
  if (key === '__proto__') return 'prototype-key';
  if (key.includes('\0')) return 'nul-in-key';
  const size = seen.size;
  seen.add(setKey(key));
  return seen.size === size ? 'duplicate-key' : null;
}

/** Engines hash index-like strings by their value, which an attacker could make collide. */
function setKey(key: string): string {
  return `.${key}`;
}

function scanString(scan: Scan, start: number): number {
  const { text } = scan;
  scan.escaped = false;
  // Units that unescaping takes away, so that the limit is one of what the string means.
  let shrink = 0;
  let at = start + 1;
  while (true) {
    at = plainEnd(scan, at);
    const c = codeAt(text, at);
    if (c === QUOTE) {
      if (at - start - 1 - shrink > scan.limits.stringMax) {
        return fail(scan, 'string-too-long', start);
      }
      scan.stringEnd = at;
      return at + 1;
    }
    if (c !== BACKSLASH) return fail(scan, 'syntax', at);
    scan.escaped = true;
    const next = scanEscape(scan, at);
    if (next < 0) return -1;
    shrink += next - at - (next - at === 12 ? 2 : 1);
    at = next;
  }
}

/** So many units of a long text are looked at one by one before it is asked how far such go on. */
const SHORT_RUN = 32;

/** The first offset from `from` on whose unit does not stand for itself in a string. */
function plainEnd({ text, ascii }: Scan, from: number): number {
  let at = from;
  if (ascii !== null) {
    const stop = Math.min(text.length, from + SHORT_RUN);
    while (at < stop && isPlain(text.charCodeAt(at))) at += 1;
    if (at < stop) return at;
    at = ascii.plainEnd(at);
  }
  while (at < text.length && isPlain(text.charCodeAt(at))) at += 1;
  return at;
}

/** Most units of most strings: one comparison decides. */
function isPlain(c: number): boolean {
  return c > BACKSLASH || (c >= 0x20 && c !== QUOTE && c !== BACKSLASH);
}

/** Reads one escape; a surrogate pair written as two `\u` escapes is one of 12 units. */
function scanEscape(scan: Scan, at: number): number {
  const { text } = scan;
  const c = codeAt(text, at + 1);
  if (c !== 0x75) return SHORT_ESCAPES.includes(c) ? at + 2 : fail(scan, 'syntax', at);
  const unit = hexUnit(text, at + 2);
  if (unit < 0) return fail(scan, 'syntax', at);
  if (unit < 0xd800 || unit > 0xdfff) return at + 6;

  // What UTF-8 holds unescaped is whole characters: only an escape can complete an escaped half.
  if (unit > 0xdbff || codeAt(text, at + 6) !== BACKSLASH || codeAt(text, at + 7) !== 0x75) {
    return fail(scan, 'lone-surrogate', at);
  }
  const low = hexUnit(text, at + 8);
  if (low < 0) return fail(scan, 'syntax', at + 6);
  return low >= 0xdc00 && low <= 0xdfff ? at + 12 : fail(scan, 'lone-surrogate', at);
}

/** `"`, `\`, `/`, b, f, n, r, t. */
const SHORT_ESCAPES: readonly number[] = [0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74];

/** The code unit that four hexadecimal digits write, or -1. */
function hexUnit(text: string, at: number): number {
  let unit = 0;
  for (let n = at; n < at + 4; n += 1) {
    const digit = hexDigit(codeAt(text, n));
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

function hexDigit(c: number): number {
  if (isDigit(c)) return c - 0x30;
  const lower = c | 0x20;
  return c > 0 && lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

/** Up to this length a lexeme without exponent has at most 15 digits, which a double carries. */
const SAFE_LEXEME_MAX = 15;

function scanNumber(scan: Scan, start: number): number {
  const { text } = scan;
  let at = codeAt(text, start) === MINUS ? start + 1 : start;
  const first = codeAt(text, at);
  if (!isDigit(first)) return fail(scan, 'syntax', at);
  // A zero is a whole integer part: a digit behind it is no continuation.
  at = first === 0x30 ? at + 1 : afterDigits(text, at);
  if (codeAt(text, at) === POINT) {
    if (!isDigit(codeAt(text, at + 1))) return fail(scan, 'syntax', at);
    at = afterDigits(text, at + 1);
  }
  let exponent = false;
  if ((codeAt(text, at) | 0x20) === 0x65) {
    exponent = true;
    const sign = codeAt(text, at + 1);
    at += sign === 0x2b || sign === MINUS ? 2 : 1;
    if (!isDigit(codeAt(text, at))) return fail(scan, 'syntax', at);
    at = afterDigits(text, at);
  }
  if (at - start > scan.limits.stringMax) return fail(scan, 'string-too-long', start);
  if (!scan.unsafe && (exponent || at - start > SAFE_LEXEME_MAX)) {
    scan.unsafe = isUnsafeNumber(text.slice(start, at));
  }
  return at;
}

function afterDigits(text: string, from: number): number {
  let at = from;
  while (isDigit(codeAt(text, at))) at += 1;
  return at;
}
