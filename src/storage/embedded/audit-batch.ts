import { lineStart } from '../../audit/chain.ts';
import type { ChainHead } from '../../audit/chain.ts';
import { sha256 } from './audit-paths.ts';

const newline = 0x0a;
const startBytes = 65_536;
/** More than the members that every line begins with, and a newline. */
const lineHeadBytes = 128;

/** The lines of one write, linked to each other, in a buffer that is used again and again. */
export class AuditBatch {
  #buffer: Buffer = Buffer.allocUnsafe(startBytes);
  #length = 0;
  #seq = 0;
  #hash = '';

  /** Forgets its lines: the next one follows `head`. */
  begin(head: ChainHead): void {
    this.#length = 0;
    this.#seq = head.seq;
    this.#hash = head.hash;
  }

  /** Adds the next line and answers its number. */
  add(encodedBody: string): number {
    const seq = this.#seq + 1;
    const start = this.#length;
    this.#reserve(encodedBody.length);
    this.#append(lineStart(seq, this.#hash));
    this.#append(encodedBody);
    this.#seq = seq;
    this.#hash = sha256(this.#buffer.subarray(start, this.#length));
    this.#buffer[this.#length] = newline;
    this.#length += 1;
    return seq;
  }

  bytes(): Uint8Array {
    return this.#buffer;
  }

  /** How many of the bytes are lines. */
  length(): number {
    return this.#length;
  }

  /** The head of the chain once all lines are written. */
  head(): ChainHead {
    return { seq: this.#seq, hash: this.#hash };
  }

  /** INVARIANT: lines are ASCII, so a character is a byte. */
  #append(text: string): void {
    this.#buffer.write(text, this.#length, 'latin1');
    this.#length += text.length;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes + lineHeadBytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
