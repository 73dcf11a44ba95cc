import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { JsonValue } from '../base/strict-json.ts';

/** A value of a JSON text together with its place, so that every problem can say where it is. */
export type JsonNode = ScalarNode | ListNode | ObjectNode;

export interface ScalarNode {
  readonly kind: 'null' | 'boolean' | 'number' | 'string';
  /** Offset of the first character, in UTF-16 units. */
  readonly start: number;
  readonly value: null | boolean | number | string;
  /** Whether a number survives being printed again; true for everything else. */
  readonly exact: boolean;
}

export interface ListNode {
  readonly kind: 'list';
  readonly start: number;
  readonly elements: readonly JsonNode[];
}

export interface ObjectNode {
  readonly kind: 'object';
  readonly start: number;
  /** In the order of the text; a duplicate key is here twice. */
  readonly members: readonly MemberNode[];
}

export interface MemberNode {
  readonly key: string;
  readonly keyStart: number;
  readonly node: JsonNode;
}

/** Why a text is not JSON, and where. */
export interface SyntaxFault {
  readonly offset: number;
  readonly message: string;
}

/** Bounds of one document, in UTF-16 units and levels. */
const textMax = 8 * 1024 * 1024;
const depthMax = 64;

/** Reads a text as JSON (RFC 8259) without losing a key, an order or a place. */
export function readJsonTree(text: string): Result<JsonNode, SyntaxFault> {
  if (text.length > textMax) {
    return err({ offset: 0, message: `the document is longer than ${textMax} characters` });
  }
  if (text.startsWith('\uFEFF')) {
    return err({ offset: 0, message: 'the document starts with a byte order mark: remove it' });
  }
  const cursor: Cursor = { text, at: 0, fault: null };
  const node = readValue(cursor, 0);
  if (node === null) return err(cursor.fault ?? { offset: cursor.at, message: 'expected a value' });
  skipSpace(cursor);
  if (cursor.at < text.length) {
    return err({ offset: cursor.at, message: `expected the end, found ${found(cursor)}` });
  }
  return ok(node);
}

/** The plain value of a node. Of duplicate keys the last one counts, as for `JSON.parse`. */
export function plainValue(node: JsonNode): JsonValue {
  if (node.kind === 'list') return node.elements.map(plainValue);
  if (node.kind !== 'object') return node.value;
  return Object.fromEntries(node.members.map((member) => [member.key, plainValue(member.node)]));
}

/** Gives the line and column of an offset of one text, both counted from 1. */
export function placesOf(text: string): (offset: number) => { line: number; column: number } {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

/** Where the value that a JSON Pointer names starts, or the nearest value around it. */
export function offsetOf(tree: JsonNode, pointer: string): number {
  let node = tree;
  for (const token of pointer.split('/').slice(1)) {
    const next = inside(node, token.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (next === undefined) break;
    node = next;
  }
  return node.start;
}

function inside(node: JsonNode, token: string): JsonNode | undefined {
  if (node.kind === 'list') return node.elements[Number(token)];
  if (node.kind !== 'object') return undefined;
  return node.members.findLast((member) => member.key === token)?.node;
}

interface Cursor {
  readonly text: string;
  at: number;
  fault: SyntaxFault | null;
}

function readValue(cursor: Cursor, depth: number): JsonNode | null {
  skipSpace(cursor);
  if (depth > depthMax) return fail(cursor, `more than ${depthMax} levels deep`);
  switch (cursor.text[cursor.at]) {
    case '{':
      return readObject(cursor, depth);
    case '[':
      return readList(cursor, depth);
    case '"':
      return readStringNode(cursor);
    case 't':
      return readWord(cursor, 'true', true);
    case 'f':
      return readWord(cursor, 'false', false);
    case 'n':
      return readWord(cursor, 'null', null);
    default:
      return readNumber(cursor);
  }
}

function readObject(cursor: Cursor, depth: number): ObjectNode | null {
  const start = cursor.at;
  const members: MemberNode[] = [];
  cursor.at += 1;
  skipSpace(cursor);
  if (take(cursor, '}')) return { kind: 'object', start, members };
  for (;;) {
    skipSpace(cursor);
    const keyStart = cursor.at;
    if (cursor.text[keyStart] !== '"') {
      return fail(cursor, `expected a key in double quotes, found ${found(cursor)}`);
    }
    const key = readString(cursor);
    if (key === null) return null;
    skipSpace(cursor);
    if (!take(cursor, ':')) return fail(cursor, `expected \`:\`, found ${found(cursor)}`);
    const node = readValue(cursor, depth + 1);
    if (node === null) return null;
    members.push({ key, keyStart, node });
    skipSpace(cursor);
    if (take(cursor, '}')) return { kind: 'object', start, members };
    if (!take(cursor, ',')) return fail(cursor, `expected \`,\` or \`}\`, found ${found(cursor)}`);
  }
}

function readList(cursor: Cursor, depth: number): ListNode | null {
  const start = cursor.at;
  const elements: JsonNode[] = [];
  cursor.at += 1;
  skipSpace(cursor);
  if (take(cursor, ']')) return { kind: 'list', start, elements };
  for (;;) {
    const element = readValue(cursor, depth + 1);
    if (element === null) return null;
    elements.push(element);
    skipSpace(cursor);
    if (take(cursor, ']')) return { kind: 'list', start, elements };
    if (!take(cursor, ',')) return fail(cursor, `expected \`,\` or \`]\`, found ${found(cursor)}`);
  }
}

function readStringNode(cursor: Cursor): ScalarNode | null {
  const start = cursor.at;
  const value = readString(cursor);
  return value === null ? null : { kind: 'string', start, value, exact: true };
}

const escapeLetters = '"\\/bfnrt';
const fourHex = /[0-9a-fA-F]{4}/y;

function readString(cursor: Cursor): string | null {
  const { text } = cursor;
  const start = cursor.at;
  let at = start + 1;
  for (; text[at] !== '"'; at += 1) {
    if (at >= text.length) return fail({ ...cursor, at: start }, 'the string never ends', cursor);
    if (text.charCodeAt(at) < 0x20) {
      return fail({ ...cursor, at }, 'a control character in a string must be escaped', cursor);
    }
    if (text[at] !== '\\') continue;
    at += 1;
    fourHex.lastIndex = at + 1;
    const escape = text[at] ?? '';
    if (escape === 'u' && fourHex.test(text)) at += 4;
    else if (escape === '' || !escapeLetters.includes(escape)) {
      return fail({ ...cursor, at: at - 1 }, `unknown escape \`\\${escape}\``, cursor);
    }
  }
  cursor.at = at + 1;
  // The loop above admitted exactly the strings of RFC 8259 §7, so this gives a string.
  const value = JSON.parse(text.slice(start, cursor.at)) as string;
  if (value.isWellFormed()) return value;
  return fail({ ...cursor, at: start }, 'half of a surrogate pair stands alone', cursor);
}

function readWord(cursor: Cursor, word: string, value: boolean | null): ScalarNode | null {
  if (!cursor.text.startsWith(word, cursor.at)) {
    return fail(cursor, `expected a value, found ${found(cursor)}`);
  }
  const start = cursor.at;
  cursor.at += word.length;
  return { kind: value === null ? 'null' : 'boolean', start, value, exact: true };
}

const numberGrammar = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

function readNumber(cursor: Cursor): ScalarNode | null {
  const start = cursor.at;
  numberGrammar.lastIndex = start;
  const lexeme = numberGrammar.exec(cursor.text)?.[0];
  if (lexeme === undefined) return fail(cursor, `expected a value, found ${found(cursor)}`);
  cursor.at += lexeme.length;
  const value = Number(lexeme);
  const exact = Number.isFinite(value) && decimal(lexeme) === decimal(String(value));
  return { kind: 'number', start, value, exact };
}

/** Digits and exponent of a decimal number, so that `1e2`, `100` and `100.0` are one text. */
function decimal(lexeme: string): string {
  const [mantissa = '', exponent = '0'] = lexeme.replace(/^-/, '').split(/e/i);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  const scale = Number(exponent) - fraction.length + (digits.length - end);
  return end === 0 ? '0' : `${digits.slice(0, end)}e${scale}`;
}

function skipSpace(cursor: Cursor): void {
  const { text } = cursor;
  for (;;) {
    const code = text.charCodeAt(cursor.at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    cursor.at += 1;
  }
}

function take(cursor: Cursor, character: string): boolean {
  if (cursor.text[cursor.at] !== character) return false;
  cursor.at += 1;
  return true;
}

function fail(where: Cursor, message: string, cursor: Cursor = where): null {
  cursor.fault ??= { offset: where.at, message };
  return null;
}

function found(cursor: Cursor): string {
  const codePoint = cursor.text.codePointAt(cursor.at);
  return codePoint === undefined ? 'the end' : `\`${String.fromCodePoint(codePoint)}\``;
}
