import { readJson } from '../../base/json-value.ts';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { decodeLine, lineBytesMax } from '../../audit/chain.ts';
import type { StoredRecord } from '../../audit/chain.ts';

/** Is given each whole line, the byte it begins at, and its length without the newline. */
export type EachLine = (line: string, offset: number, bytes: number) => void;

/** Where reading stopped: after the last newline, and how much followed it. */
export interface ReadEnd {
  readonly offset: number;
  readonly tornBytes: number;
}

const chunkBytes = 1_048_576;
const newline = 10;

/** Reads one file line by line; each byte becomes one character. Throws what `node:fs` throws. */
export function readLines(path: string, each: EachLine, from = 0): ReadEnd {
  const reader = new LineReader(path, from);
  try {
    while (reader.readChunk(each)) {
      // Everything happens in the condition.
    }
    return reader.end();
  } finally {
    reader.close();
  }
}

/** A mebibyte of new text, and a line that began before it. */
export const readBufferBytes: number = chunkBytes + lineBytesMax;

/** The same in steps of a mebibyte, so that whoever reads a long log can let others run. */
export class LineReader {
  readonly #file: number;
  readonly #buffer: Buffer;
  #held = 0;
  #offset: number;
  #skipped = 0;

  /** `buffer`, of `readBufferBytes`, may be used again by the next reader. */
  constructor(path: string, from = 0, buffer: Buffer = Buffer.allocUnsafe(readBufferBytes)) {
    this.#file = openSync(path, 'r');
    this.#offset = from;
    this.#buffer = buffer;
  }

  /** False when the end was reached. */
  readChunk(each: EachLine): boolean {
    const buffer = this.#buffer;
    const position = this.#offset + this.#skipped + this.#held;
    const read = readSync(this.#file, buffer, this.#held, buffer.length - this.#held, position);
    if (read === 0) return false;

    const end = this.#held + read;
    let start = 0;
    for (let at = buffer.indexOf(newline); at !== -1 && at < end;) {
      // INVARIANT: a line longer than any of ours is given as no text, never as a part of itself,
      // which might be a good line.
      const line = this.#skipped > 0 ? '' : buffer.toString('latin1', start, at);
      const bytes = at - start + this.#skipped;
      each(line, this.#offset, bytes);
      this.#offset += bytes + 1;
      this.#skipped = 0;
      start = at + 1;
      at = buffer.indexOf(newline, start);
    }
    this.#keep(start, end);
    return true;
  }

  end(): ReadEnd {
    return { offset: this.#offset, tornBytes: this.#skipped + this.#held };
  }

  close(): void {
    closeSync(this.#file);
  }

  #keep(start: number, end: number): void {
    this.#held = end - start;
    this.#buffer.copyWithin(0, start, end);
    if (this.#held <= lineBytesMax) return;
    this.#skipped += this.#held;
    this.#held = 0;
  }
}

/** JSON, or undefined for what is not. */
export function parseJson(text: string): unknown {
  try {
    return readJson(text);
  } catch {
    return undefined;
  }
}

/** One record, or null for a line that is none. */
export function parseRecord(line: string): StoredRecord | null {
  return decodeLine(line, parseJson);
}

/** Reads that many bytes of a file; null when it has fewer. Throws what `node:fs` throws. */
export function readLineAt(path: string, offset: number, bytes: number): string | null {
  if (bytes > lineBytesMax || offset < 0) return null;
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    if (readSync(file, buffer, 0, bytes, offset) !== bytes) return null;
    return buffer.toString('latin1');
  } finally {
    closeSync(file);
  }
}

/**
 * The last whole lines of a file, oldest first: at most `count`, and fewer only when the file has
 * no more. Throws what `node:fs` throws.
 */
export function readLastLines(path: string, count: number): readonly string[] {
  const { size } = statSync(path);
  for (let guess = count * 1_024 + lineBytesMax; ; guess *= 8) {
    const from = Math.max(0, size - guess);
    const lines: string[] = [];
    readLines(path, (line) => lines.push(line), from);
    // Reading from the middle of the file begins in the middle of a line.
    if (from > 0) lines.shift();
    if (lines.length >= count || from === 0) return lines.slice(Math.max(0, lines.length - count));
  }
}
