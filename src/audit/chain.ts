import type { RecordBody } from './record.ts';
import { encodeRecord, escapeUnprintable, unprintable } from './encode-record.ts';
import { isRecordBody } from './record-shape.ts';

/** SHA-256 of bytes, or of those of a printable-ASCII text, as 43 characters of base64url. */
export type Sha256 = (text: string | Uint8Array) => string;

/** The last record of a chain: its number and the hash of its line. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** One record as it stands in the log. */
export interface StoredRecord {
  readonly seq: number;
  /** Hash of the line before it. */
  readonly prev: string;
  readonly body: RecordBody;
}

/** The members that every line begins with. */
export interface LineHead {
  readonly seq: number;
  readonly prev: string;
}

/** A line longer than this, in bytes, is never written and never read. */
export const lineBytesMax = 262_144;

const cutAboveBytes = 16_384;
const keptCharacters = 256;
const headPattern = /^\{"v":1,"seq":([1-9][0-9]{0,15}),"prev":"([A-Za-z0-9_-]{43})","/;

/** What the first record of a log is linked to: derived from the installation's random id. */
export function genesisHash(installation: string, sha256: Sha256): string {
  return sha256(`portcullis-audit-v1:${escapeUnprintable(installation)}`);
}

/**
 * The body of a record as JSON without its opening brace, in printable ASCII alone: every other
 * character is a `\uXXXX` escape, so that a line is safe to print and shows look-alikes for what
 * they are. Null when it is longer than a line may be, even after long texts were cut.
 */
export function encodeBody(body: RecordBody): string | null {
  const text = encodeRecord(body);
  if (text.length <= cutAboveBytes) return text;

  const cut = escapeUnprintable(JSON.stringify(body, cutLongText)).slice(1);
  return cut.length <= lineBytesMax - 128 ? cut : null;
}

/**
 * What the line of a record has before its encoded body; nothing but a newline stands behind that.
 * The hash of the line, without the newline, is the next record's `prev`.
 */
export function lineStart(seq: number, prev: string): string {
  return `{"v":1,"seq":${seq},"prev":"${prev}",`;
}

/** The number and the link of a line, or null when it does not begin as every line does. */
export function readLineHead(line: string): LineHead | null {
  const match = headPattern.exec(line);
  if (match === null || match[1] === undefined || match[2] === undefined) return null;

  const seq = Number(match[1]);
  return Number.isSafeInteger(seq) ? { seq, prev: match[2] } : null;
}

/**
 * Reads one line back, `parse` being a JSON parser that answers undefined for what is not JSON.
 * Null when it is not exactly one record: unprintable characters, a second `seq` or `prev` further
 * on, an unknown kind, a member of the wrong type.
 */
export function decodeLine(line: string, parse: (text: string) => unknown): StoredRecord | null {
  const head = readLineHead(line);
  if (head === null || line.length > lineBytesMax || unprintable.test(line)) return null;

  const value = parse(line);
  if (typeof value !== 'object' || value === null) return null;
  // Every object has string keys and values of some type.
  const { v, seq, prev, ...body } = value as Readonly<Record<string, unknown>>;
  if (v !== 1 || seq !== head.seq || prev !== head.prev) return null;
  return isRecordBody(body) ? { seq: head.seq, prev: head.prev, body } : null;
}

/** Counter keys are kept whole: the counters are rebuilt from them. */
function cutLongText(name: string, value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= keptCharacters || name === 'key') return value;
  return `${value.slice(0, keptCharacters)} [cut: ${value.length - keptCharacters} more]`;
}
