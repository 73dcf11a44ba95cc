import { isHeaderLine, type HeadReader, type ParsedHead, type ResponseHead } from './http-head.ts';

/** Receives one answer: `head`, `data` any number of times, `end`. */
export interface ResponseSink {
  head(head: ResponseHead): void;
  data(chunk: Buffer): void;
  end(): void;
  /** Parsing stops behind the current piece while this is true. */
  readonly paused: boolean;
}

const headBytesMax = 32_768;
const interimMax = 8;
const chunkLineMax = 512;
const trailerBytesMax = 8_192;

const chunkLine = /^([0-9A-Fa-f]{1,8})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/u;

type Mode = 'head' | 'length' | 'close' | 'size' | 'chunk' | 'chunk-end' | 'trailers' | 'done';

/** What comes behind a head. Without a body its sink is told first, then the answer is done. */
const modeOf = { none: 'head', length: 'length', chunked: 'size', close: 'close' } as const;

/**
 * Reads one HTTP/1.1 answer from bytes as they come, strictly: a length or chunks and never both,
 * each header once where it frames, lines that end in CRLF, no folding, no control characters,
 * and a bound on everything. Anything else is a problem, said in words, and the end. A parser
 * serves one answer; bytes behind it are the connection's concern.
 */
export class ResponseParser {
  readonly #sink: ResponseSink;
  readonly #heads: HeadReader;
  #mode: Mode = 'head';
  #held: Buffer | null = null;
  #remaining = 0;
  #trailerBytes = 0;
  #interim = 0;
  #read: ParsedHead | null = null;

  /** `heads` is the connection's own: what it remembers came over this connection. */
  constructor(sink: ResponseSink, heads: HeadReader) {
    this.#sink = sink;
    this.#heads = heads;
  }

  get done(): boolean {
    return this.#mode === 'done';
  }

  /** The connection can carry another exchange once this answer is done. */
  get reusable(): boolean {
    return this.#read?.reusable === true;
  }

  /** Seconds of `Keep-Alive: timeout`, or null when the server does not say. */
  get keepAliveSeconds(): number | null {
    return this.#read?.keepAliveSeconds ?? null;
  }

  /**
   * Takes bytes and says how many it used: fewer than given when the answer is done or its sink
   * pauses. Words, instead of a number, say what is wrong.
   */
  push(chunk: Buffer): number | string {
    let at = 0;
    while (at < chunk.length && this.#mode !== 'done') {
      const next = this.#step(chunk, at);
      if (typeof next === 'string') return next;
      at = next;
      if (this.#sink.paused) break;
    }
    return at;
  }

  /** The connection ended: null when that is how the answer ends, else words. */
  finish(): string | null {
    if (this.#mode === 'done') return null;
    if (this.#mode !== 'close') return 'the connection ended inside the answer';
    this.#end();
    return null;
  }

  #step(chunk: Buffer, at: number): number | string {
    switch (this.#mode) {
      case 'head':
        return this.#head(chunk, at);
      case 'length':
      case 'chunk':
        return this.#body(chunk, at);
      case 'close':
        this.#sink.data(at === 0 ? chunk : chunk.subarray(at));
        return chunk.length;
      case 'size':
        return this.#line(chunk, at, chunkLineMax);
      case 'chunk-end':
        return this.#line(chunk, at, 2);
      case 'trailers':
        return this.#line(chunk, at, trailerBytesMax);
      case 'done':
        return at;
    }
  }

  #head(chunk: Buffer, at: number): number | string {
    const before = this.#held === null ? 0 : this.#held.length;
    const piece = at === 0 ? chunk : chunk.subarray(at);
    const bytes = this.#held === null ? piece : Buffer.concat([this.#held, piece]);
    const end = bytes.indexOf('\r\n\r\n', Math.max(0, before - 3), 'latin1');
    if (end === -1) {
      if (bytes.length > headBytesMax) return 'the head is too large';
      if (!looksLikeStart(bytes)) return 'not an answer of HTTP/1';
      this.#held = bytes;
      return chunk.length;
    }
    if (end > headBytesMax) return 'the head is too large';
    this.#held = null;
    const problem = this.#readHead(bytes.toString('latin1', 0, end));
    return problem ?? at + end + 4 - before;
  }

  #readHead(text: string): string | null {
    const head = this.#heads.read(text);
    if (typeof head === 'string') return head;
    if (head.status < 200) {
      this.#interim += 1;
      return this.#interim > interimMax ? 'too many interim answers' : null;
    }
    this.#read = head;
    this.#remaining = head.contentLength;
    this.#mode = modeOf[head.body];
    this.#sink.head(head);
    if (head.body === 'none') this.#end();
    return null;
  }

  #body(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#remaining);
    this.#remaining -= end - at;
    const isLast = this.#mode === 'length' && this.#remaining === 0;
    if (this.#remaining === 0 && this.#mode === 'chunk') this.#mode = 'chunk-end';
    this.#sink.data(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    if (isLast) this.#end();
    return end;
  }

  /** Takes bytes up to the end of a line, then reads it; `max` bounds the line without its end. */
  #line(chunk: Buffer, at: number, max: number): number | string {
    const before = this.#held === null ? 0 : this.#held.length;
    const newline = chunk.indexOf(0x0a, at);
    const until = newline === -1 ? chunk.length : newline + 1;
    if (before + until - at > max + 2) return 'a line of the body is too long';
    const piece = chunk.subarray(at, until);
    const bytes = this.#held === null ? piece : Buffer.concat([this.#held, piece]);
    if (newline === -1) {
      this.#held = bytes;
      return until;
    }
    this.#held = null;
    if (bytes.length < 2 || bytes[bytes.length - 2] !== 0x0d) return 'a line without CRLF';
    const problem = this.#readLine(bytes.toString('latin1', 0, bytes.length - 2));
    return problem ?? until;
  }

  #readLine(text: string): string | null {
    if (this.#mode === 'chunk-end') {
      if (text !== '') return 'a chunk is longer than it says';
      this.#mode = 'size';
      return null;
    }
    if (this.#mode === 'size') {
      const size = chunkLine.exec(text)?.[1];
      if (size === undefined) return 'a malformed chunk size';
      this.#remaining = Number.parseInt(size, 16);
      this.#mode = this.#remaining === 0 ? 'trailers' : 'chunk';
      return null;
    }
    if (text === '') {
      this.#end();
      return null;
    }
    this.#trailerBytes += text.length;
    if (this.#trailerBytes > trailerBytesMax) return 'too many trailers';
    return isHeaderLine(text) ? null : 'a trailer is malformed';
  }

  #end(): void {
    this.#mode = 'done';
    this.#sink.end();
  }
}

/** Refuses another protocol at its first bytes instead of waiting for a head that never ends. */
function looksLikeStart(bytes: Buffer): boolean {
  const start = 'HTTP/1.';
  return start.startsWith(bytes.toString('latin1', 0, Math.min(bytes.length, start.length)));
}
