import { assert } from './assert.ts';
import { isUnsafeNumber } from './decimal.ts';
import { afterSpace, scanText } from './json-scan.ts';
import type { JsonLimits, JsonProblem, JsonProblemCode } from './json-scan.ts';
import { buildValue, stringEndAt } from './json-value.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { err, ok } from './result.ts';
import type { Result } from './result.ts';
import { decodeUtf8, malformedUtf8At } from './utf8.ts';

export type { JsonLimits, JsonObject, JsonProblem, JsonProblemCode, JsonValue };

/** A document that every parser reads alike: the bytes that were judged, and their meaning. */
export interface JsonText {
  readonly bytes: Uint8Array;
  readonly text: string;
  /** Some number's lexeme is not carried exactly by a double (2^53+1, 1e400, 1e-400, 20 digits). */
  readonly unsafeNumbers: boolean;
  /** Some key is written with an escape. */
  readonly escapedKeys: boolean;
  /** The offset in `text` where the root value starts, after white space. */
  readonly start: number;
}

/** A member's place in the text: `keyStart` at its quote, the value as [valueStart, valueEnd). */
export interface Member {
  readonly key: string;
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** An element's place in the text, as [start, end). */
export interface Element {
  readonly start: number;
  readonly end: number;
}

/** One replacement of [start, end) of a text; an empty range inserts. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * One pass over a document: strict RFC 8259, and nothing that two parsers could read differently
 * (a byte order mark, bytes that are not UTF-8, duplicate keys after unescaping, `__proto__`, NUL
 * in a key, lone surrogates). No value is built.
 */
export function scanJson(bytes: Uint8Array, limits: JsonLimits): Result<JsonText, JsonProblem> {
  if (bytes.length > limits.bytesMax) return err({ code: 'too-large', offset: limits.bytesMax });
  const text = decodeUtf8(bytes);
  if (text === null) return err({ code: 'invalid-utf8', offset: malformedUtf8At(bytes) });
  if (text.charCodeAt(0) === 0xfeff) return err({ code: 'byte-order-mark', offset: 0 });
  const scan = scanText(text, limits, bytes);
  if (scan.problem !== null) return err(scan.problem);
  const { start, unsafeNumbers, escapedKeys } = scan;
  return ok({ bytes, text, unsafeNumbers, escapedKeys, start });
}

/**
 * The value of a scanned text, or of the one value that [start, end) of it holds. Where the text
 * has unsafe numbers, exactly those become NaN, for which no comparison holds.
 */
export function parseScanned(text: JsonText, start?: number, end?: number): JsonValue {
  const source = start === undefined ? text.text : text.text.slice(start, end);
  if (text.escapedKeys) return buildValue(source, text.unsafeNumbers ? safeNumber : Number);
  // JSON.parse yields JSON values, and the scan refused whatever it could misread.
  if (!text.unsafeNumbers) return JSON.parse(source) as JsonValue;
  // The reviver turns numbers into numbers and keeps the rest.
  return JSON.parse(source, unsafeToNaN) as JsonValue;
}

function safeNumber(lexeme: string): number {
  return isUnsafeNumber(lexeme) ? NaN : Number(lexeme);
}

/** What JSON.parse hands to a reviver beside key and value, where the engine has it. */
interface ReviverContext {
  readonly source?: string;
}

function unsafeToNaN(_key: string, value: unknown, context?: ReviverContext): unknown {
  if (typeof value !== 'number') return value;
  return context?.source === undefined || isUnsafeNumber(context.source) ? NaN : value;
}

/**
 * The members of one object, in their order, without looking into their values. The text passed
 * the strict scan; `objectStart` is the offset of the opening brace.
 */
export function membersAt(text: string, objectStart: number): Member[] {
  const members = peekMembers(text, objectStart);
  assert(members !== null, 'an object starts here in a text that passed the strict scan');
  return members;
}

/** The elements of one array, likewise; `arrayStart` is the offset of the opening bracket. */
export function elementsAt(text: string, arrayStart: number): Element[] {
  assert(text.charAt(arrayStart) === '[', 'an array starts here');
  const elements: Element[] = [];
  let at = afterSpace(text, arrayStart + 1);
  while (text.charAt(at) !== ']') {
    const end = valueEndAt(text, at);
    assert(end >= 0, 'the text passed the strict scan');
    elements.push({ start: at, end });
    at = afterSpace(text, end);
    if (text.charAt(at) === ',') at = afterSpace(text, at + 1);
  }
  return elements;
}

/**
 * The members of an object in text that nobody judged, or null where its outline is broken. Values
 * are skipped, not checked, and a key may come twice.
 */
export function peekMembers(text: string, objectStart: number): Member[] | null {
  if (text.charAt(objectStart) !== '{') return null;
  const members: Member[] = [];
  let at = afterSpace(text, objectStart + 1);
  if (text.charAt(at) === '}') return members;
  while (true) {
    const keyStart = at;
    const keyEnd = stringEndAt(text, at);
    const key = keyEnd < 0 ? null : meantBy(text, keyStart, keyEnd);
    if (key === null) return null;
    at = afterSpace(text, keyEnd);
    if (text.charAt(at) !== ':') return null;
    const valueStart = afterSpace(text, at + 1);
    const valueEnd = valueEndAt(text, valueStart);
    if (valueEnd < 0) return null;
    members.push({ key, keyStart, valueStart, valueEnd });
    at = afterSpace(text, valueEnd);
    if (text.charAt(at) === '}') return members;
    if (text.charAt(at) !== ',') return null;
    at = afterSpace(text, at + 1);
  }
}

/** What a quoted range of text means as a string literal, or null where an escape is broken. */
export function stringValueOf(literal: string): string | null {
  if (literal.length < 2 || !literal.startsWith('"') || !literal.endsWith('"')) return null;
  if (!literal.includes('\\')) return literal.slice(1, -1);
  if (scanText(literal, ONE_STRING).problem !== null) return null;
  // The scan saw one whole string literal.
  return JSON.parse(literal) as string;
}

/** Likewise, of a range that is known to begin and end with a quote. */
function meantBy(text: string, start: number, end: number): string | null {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes('\\') ? stringValueOf(text.slice(start, end)) : inner;
}

const ONE_STRING: JsonLimits = {
  bytesMax: Infinity,
  depthMax: 0,
  valuesMax: 1,
  stringMax: Infinity,
};

/** The offset behind the value that starts at `start`, by its outline alone, or -1. */
export function valueEndAt(text: string, start: number): number {
  const c = text.charCodeAt(start);
  if (c === 0x22) return stringEndAt(text, start);
  if (c === 0x7b || c === 0x5b) return containerEndAt(text, start);
  let at = start;
  while (at < text.length && !endsScalar(text.charCodeAt(at))) at += 1;
  return at === start ? -1 : at;
}

/** White space, a comma, a closing bracket or brace. */
function endsScalar(c: number): boolean {
  return c <= 0x20 || c === 0x2c || c === 0x5d || c === 0x7d;
}

function containerEndAt(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const c = text.charCodeAt(at);
    if (c === 0x22) {
      at = stringEndAt(text, at);
      if (at < 0) return -1;
      continue;
    }
    at += 1;
    if (c === 0x7b || c === 0x5b) depth += 1;
    else if (c === 0x7d || c === 0x5d) depth -= 1;
    // The brace or bracket that closes is two behind the one that opens (ASCII).
    if (depth === 0) return c === text.charCodeAt(start) + 2 ? at : -1;
  }
  return -1;
}

/**
 * The text with some ranges replaced, as bytes. Whatever lies outside the ranges is byte for byte
 * what it was. Ranges do not overlap; two insertions at one place keep their order.
 */
export function applyEdits(text: string, edits: readonly Edit[]): Uint8Array {
  const sorted = edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
  let out = '';
  let at = 0;
  for (const edit of sorted) {
    assert(edit.start >= at && edit.end >= edit.start, 'edits do not overlap');
    assert(edit.end <= text.length, 'edits lie within the text');
    out += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return encoder.encode(out + text.slice(at));
}

const encoder = new TextEncoder();
