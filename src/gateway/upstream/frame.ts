/** [start, end) in the bytes of a message. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** One replacement in the bytes of a message; `text` is JSON. */
export interface ByteEdit extends ByteSpan {
  readonly text: string;
}

/**
 * A message of a stdio server, read only as far as it takes to say where it belongs. Its values
 * are not judged here: whoever receives the bytes parses them strictly.
 */
export interface Frame {
  readonly bytes: Buffer;
  readonly kind: 'request' | 'notification' | 'response';
  readonly id: ByteSpan | null;
  readonly method: string | null;
  readonly params: ByteSpan | null;
  readonly result: ByteSpan | null;
  readonly error: ByteSpan | null;
}

interface MemberSpan extends ByteSpan {
  readonly key: string;
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Reads a line as one JSON-RPC message; null when it is none, or is ambiguous about its members. */
export function readFrame(line: Uint8Array): Frame | null {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.length);
  const start = skipSpace(bytes, 0);
  const object = readObject(bytes, start);
  if (object === null || skipSpace(bytes, object.end) !== bytes.length) return null;

  const named = new Map<string, ByteSpan>();
  for (const member of object.members) {
    if (named.has(member.key)) return null;
    named.set(member.key, member);
  }
  const id = named.get('id') ?? null;
  const methodSpan = named.get('method') ?? null;
  const method = methodSpan === null ? null : readString(bytes, methodSpan);
  if (methodSpan !== null && method === null) return null;

  const result = named.get('result') ?? null;
  const error = named.get('error') ?? null;
  const params = named.get('params') ?? null;
  if (method !== null) {
    const kind = id === null ? 'notification' : 'request';
    return { bytes, kind, id, method, params, result: null, error: null };
  }
  if (id === null || (result === null) === (error === null)) return null;
  return { bytes, kind: 'response', id, method, params: null, result, error };
}

/** The elements of a batch, or null when the line is no array of at most `countMax` values. */
export function readBatch(line: Uint8Array, countMax: number): Uint8Array[] | null {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.length);
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== openBracket) return null;
  const elements: Uint8Array[] = [];
  for (;;) {
    at = skipSpace(bytes, at + 1);
    const end = skipValue(bytes, at);
    if (end === -1 || elements.length === countMax) return null;
    elements.push(bytes.subarray(at, end));
    at = skipSpace(bytes, end);
    if (bytes[at] === closeBracket) break;
    if (bytes[at] !== comma) return null;
  }
  return skipSpace(bytes, at + 1) === bytes.length ? elements : null;
}

/** Follows member names from an object down; null when one is missing, doubled or no object. */
export function spanAt(
  bytes: Buffer,
  from: ByteSpan | null,
  path: readonly string[],
): ByteSpan | null {
  let span = from;
  for (const key of path) {
    if (span === null) return null;
    const found: MemberSpan[] =
      readObject(bytes, span.start)?.members.filter((member) => member.key === key) ?? [];
    span = found.length === 1 ? (found[0] ?? null) : null;
  }
  return span;
}

/** The JSON text of a span. */
export function textOf(bytes: Buffer, span: ByteSpan): string {
  return bytes.toString('utf8', span.start, span.end);
}

/**
 * What an id or a progress token means: equal keys are equal JSON values, however they are
 * written. Null when the text is neither a string nor a number.
 */
export function keyOf(text: string): string | null {
  const value = parseScalar(text);
  if (typeof value === 'string') return `s${value}`;
  return typeof value === 'number' ? `n${value}` : null;
}

/** The same bytes with some ranges replaced; `edits` do not overlap. */
export function spliceBytes(bytes: Buffer, edits: readonly ByteEdit[]): Buffer {
  const ordered = edits.toSorted((left, right) => left.start - right.start);
  const pieces: Buffer[] = [];
  let at = 0;
  for (const edit of ordered) {
    pieces.push(bytes.subarray(at, edit.start), Buffer.from(edit.text));
    at = edit.end;
  }
  pieces.push(bytes.subarray(at));
  return Buffer.concat(pieces);
}

function readString(bytes: Buffer, span: ByteSpan): string | null {
  const value = parseScalar(textOf(bytes, span));
  return typeof value === 'string' ? value : null;
}

function parseScalar(text: string): string | number | null {
  if (text.startsWith('{') || text.startsWith('[')) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' || typeof value === 'number' ? value : null;
  } catch {
    return null;
  }
}

function readObject(
  bytes: Buffer,
  start: number,
): { readonly members: MemberSpan[]; readonly end: number } | null {
  if (bytes[start] !== openBrace) return null;
  const members: MemberSpan[] = [];
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === closeBrace) return { members, end: at + 1 };
  for (;;) {
    const keyEnd = skipString(bytes, at);
    if (keyEnd === -1) return null;
    const key = readKey(bytes, at, keyEnd);
    const colonAt = skipSpace(bytes, keyEnd);
    if (key === null || bytes[colonAt] !== colon) return null;
    const valueStart = skipSpace(bytes, colonAt + 1);
    const valueEnd = skipValue(bytes, valueStart);
    if (valueEnd === -1) return null;
    members.push({ key, start: valueStart, end: valueEnd });
    at = skipSpace(bytes, valueEnd);
    if (bytes[at] === closeBrace) return { members, end: at + 1 };
    if (bytes[at] !== comma) return null;
    at = skipSpace(bytes, at + 1);
  }
}

function readKey(bytes: Buffer, start: number, end: number): string | null {
  const text = bytes.toString('utf8', start, end);
  return text.includes('\\') ? readString(bytes, { start, end }) : text.slice(1, -1);
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return at;
    at += 1;
  }
}

/** The end of the value that starts here, or -1: brackets are counted, strings are stepped over. */
function skipValue(bytes: Buffer, start: number): number {
  const first = bytes[start];
  if (first === quote) return skipString(bytes, start);
  if (first !== openBrace && first !== openBracket) return skipScalar(bytes, start);
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) {
      const end = skipString(bytes, at);
      if (end === -1) return -1;
      at = end - 1;
    } else if (byte === openBrace || byte === openBracket) {
      depth += 1;
    } else if (byte === closeBrace || byte === closeBracket) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

function skipScalar(bytes: Buffer, start: number): number {
  let at = start;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === comma || byte === closeBrace || byte === closeBracket) break;
    if (byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d) break;
  }
  return at === start ? -1 : at;
}

function skipString(bytes: Buffer, start: number): number {
  if (bytes[start] !== quote) return -1;
  let from = start + 1;
  for (;;) {
    const end = bytes.indexOf(quote, from);
    if (end === -1) return -1;
    let slashes = 0;
    while (bytes[end - 1 - slashes] === backslash && end - 1 - slashes > start) slashes += 1;
    if (slashes % 2 === 0) return end + 1;
    from = end + 1;
  }
}
