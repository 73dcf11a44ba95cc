/** A text of ASCII alone with its bytes: in both, everything stands at the same offset. */
export class AsciiText {
  readonly #text: string;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  /** Bytes that stand in the first word before the first byte of the text. */
  readonly #shift: number;
  #nextQuote = -1;
  #nextEscape = -1;

  constructor(text: string, bytes: Uint8Array) {
    const { buffer, byteOffset } = bytes;
    this.#text = text;
    this.#bytes = bytes;
    this.#shift = byteOffset & 3;
    const from = byteOffset - this.#shift;
    this.#words = new Int32Array(buffer, from, (buffer.byteLength - from) >> 2);
  }

  /**
   * The first offset from `from` on with a quote, a backslash or a control character, or the end.
   * Where the next quote and backslash stand is remembered: no stretch is searched twice for them.
   */
  plainEnd(from: number): number {
    if (this.#nextQuote < from) this.#nextQuote = this.#found('"', from);
    if (this.#nextEscape < from) this.#nextEscape = this.#found('\\', from);
    return this.#controlAt(from, Math.min(this.#nextQuote, this.#nextEscape));
  }

  #found(sign: string, from: number): number {
    const at = this.#text.indexOf(sign, from);
    return at === -1 ? this.#text.length : at;
  }

  /**
   * Where the first control character (U+0000 to U+001F) stands in [from, to), or `to`. Four bytes
   * are looked at in one step: one below 0x20 borrows from the top bit of its byte.
   */
  #controlAt(from: number, to: number): number {
    const words = this.#words;
    const shift = this.#shift;
    const last = (to + shift) >> 2;
    let word = (from + shift + 3) >> 2;
    const head = this.#controlByte(from, Math.min(to, word * 4 - shift));
    if (head >= 0) return head;
    while (word < last) {
      const four = words[word] ?? 0;
      if (((four - 0x20202020) & ~four & 0x80808080) !== 0) break;
      word += 1;
    }
    const tail = this.#controlByte(Math.max(from, word * 4 - shift), to);
    return tail >= 0 ? tail : to;
  }

  #controlByte(from: number, to: number): number {
    for (let at = from; at < to; at += 1) if ((this.#bytes[at] ?? 0) < 0x20) return at;
    return -1;
  }
}
