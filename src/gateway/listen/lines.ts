/** Splits a byte stream into lines, without the newline; a line over the bound ends the reading. */
export class LineSplitter {
  readonly #bytesMax: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that `chunk` completed, or null when a line is longer than the bound. */
  push(chunk: Uint8Array): readonly Uint8Array[] | null {
    const lines: Uint8Array[] = [];
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      lines.push(withoutReturn(this.#take(chunk.subarray(from, at))));
      from = at + 1;
    }
    const rest = chunk.subarray(from);
    this.#bytes += rest.length;
    if (this.#bytes > this.#bytesMax) return null;
    if (rest.length > 0) this.#parts.push(rest);
    return lines;
  }

  #take(last: Uint8Array): Uint8Array {
    const line = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    this.#bytes = 0;
    return line;
  }
}

function withoutReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === 13 ? line.subarray(0, -1) : line;
}
