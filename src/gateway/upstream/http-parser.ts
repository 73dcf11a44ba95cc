import { isPassedHeader } from './headers.ts';
import type { Headers } from './upstream.ts';

/** The head of an answer, as far as it matters here. */
export interface ResponseHead {
  readonly status: number;
  /** What is passed on, names in lower case. */
  readonly headers: Headers;
  readonly contentEncoding: string | undefined;
}

/** Receives one answer: `head`, `data` any number of times, `end`. */
export interface ResponseSink {
  head(head: ResponseHead): void;
  data(chunk: Buffer): void;
  end(): void;
  /** Parsing stops behind the current piece while this is true. */
  readonly paused: boolean;
}

interface Framing {
  readonly contentLength: string | null;
  readonly transferEncoding: string | null;
  readonly connection: string;
}

const headBytesMax = 32_768;
const headerLinesMax = 128;
const interimMax = 8;
const chunkLineMax = 512;
const trailerBytesMax = 8_192;

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/u;
const headerLine =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?[\t ]*$/u;
const chunkLine = /^([0-9A-Fa-f]{1,8})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/u;

type Mode = 'head' | 'length' | 'close' | 'size' | 'chunk' | 'chunk-end' | 'trailers' | 'done';

/**
 * Reads one HTTP/1.1 answer from bytes as they come, strictly: a length or chunks and never both,
 * each header once where it frames, lines that end in CRLF, no folding, no control characters,
 * and a bound on everything. Anything else is a problem, said in words, and the end. A parser
 * serves one answer; bytes behind it are the connection's concern.
 */
export class ResponseParser {
  readonly #sink: ResponseSink;
  #mode: Mode = 'head';
  #held: Buffer | null = null;
  #remaining = 0;
  #trailerBytes = 0;
  #interim = 0;
  #keepAlive = false;
  #keepAliveSeconds: number | null = null;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  get done(): boolean {
    return this.#mode === 'done';
  }

  /** The connection can carry another exchange once this answer is done. */
  get reusable(): boolean {
    return this.#keepAlive;
  }

  /** Seconds of `Keep-Alive: timeout`, or null when the server does not say. */
  get keepAliveSeconds(): number | null {
    return this.#keepAliveSeconds;
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
    const piece = chunk.subarray(at);
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
    const lines = text.split('\r\n');
    const matched = statusLine.exec(lines[0] ?? '');
    if (matched === null) return 'not an answer of HTTP/1';
    if (lines.length > headerLinesMax) return 'too many headers';
    const status = Number(matched[2]);
    const headers: Record<string, string> = {};
    const own: Record<string, string> = {};
    for (let index = 1; index < lines.length; index += 1) {
      const line = headerLine.exec(lines[index] ?? '');
      if (line === null) return 'a header line is malformed';
      const name = (line[1] ?? '').toLowerCase();
      const into = isPassedHeader(name) ? headers : ownNames.has(name) ? own : null;
      if (into === null) continue;
      const value = line[2] ?? '';
      const present = into[name];
      if (present !== undefined && framingNames.has(name)) return `two \`${name}\` headers`;
      into[name] = present === undefined ? value : `${present}, ${value}`;
    }
    const framing: Framing = {
      contentLength: own['content-length'] ?? null,
      transferEncoding: own['transfer-encoding'] ?? null,
      connection: own['connection'] ?? '',
    };
    if (status < 200) return this.#interimAnswer(status, framing);
    const problem = this.#frame(status, framing, matched[1] === '1');
    if (problem !== null) return problem;
    this.#keepAliveSeconds = secondsOf(own['keep-alive']);
    this.#sink.head({ status, headers, contentEncoding: own['content-encoding'] });
    if (this.#mode === 'head') this.#end();
    return null;
  }

  #interimAnswer(status: number, framing: Framing): string | null {
    this.#interim += 1;
    if (status === 101) return 'an upgrade that nobody asked for';
    if (framing.contentLength !== null || framing.transferEncoding !== null) {
      return 'an interim answer with a body';
    }
    return this.#interim > interimMax ? 'too many interim answers' : null;
  }

  /** Decides how the body ends; stays in `head` when there is none. */
  #frame(status: number, framing: Framing, isHttp11: boolean): string | null {
    const { contentLength, transferEncoding, connection } = framing;
    if (contentLength !== null && transferEncoding !== null) return 'a length and an encoding';
    if (contentLength !== null && !/^\d{1,15}$/u.test(contentLength)) return 'a malformed length';
    this.#keepAlive = isHttp11 && !/(?:^|,)[\t ]*close[\t ]*(?:,|$)/iu.test(connection);
    if (transferEncoding !== null) {
      if (!isHttp11 || transferEncoding.toLowerCase() !== 'chunked') return 'an unknown encoding';
    }
    if (status === 204 || status === 304) {
      // Nothing may follow; where something was announced, it must not be read as the next answer.
      if (transferEncoding !== null || Number(contentLength ?? 0) > 0) this.#keepAlive = false;
      return null;
    }
    if (transferEncoding !== null) {
      this.#mode = 'size';
    } else if (contentLength === null) {
      this.#keepAlive = false;
      this.#mode = 'close';
    } else if (Number(contentLength) > 0) {
      this.#remaining = Number(contentLength);
      this.#mode = 'length';
    }
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
    return headerLine.test(text) ? null : 'a trailer is malformed';
  }

  #end(): void {
    this.#mode = 'done';
    this.#sink.end();
  }
}

const framingNames: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);
const ownNames: ReadonlySet<string> = new Set([
  ...framingNames,
  'connection',
  'content-encoding',
  'keep-alive',
]);

/** Refuses another protocol at its first bytes instead of waiting for a head that never ends. */
function looksLikeStart(bytes: Buffer): boolean {
  const start = 'HTTP/1.';
  return start.startsWith(bytes.toString('latin1', 0, Math.min(bytes.length, start.length)));
}

function secondsOf(keepAlive: string | undefined): number | null {
  const seconds = /(?:^|[,\t ])timeout=(\d{1,6})(?:[,\t ]|$)/iu.exec(keepAlive ?? '')?.[1];
  return seconds === undefined ? null : Number(seconds);
}
