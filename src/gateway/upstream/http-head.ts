import { isPassedHeader } from './headers.ts';
import type { Headers } from './upstream.ts';

/** The head of an answer, as far as it matters here. */
export interface ResponseHead {
  readonly status: number;
  /** What is passed on, names in lower case. */
  readonly headers: Headers;
  readonly contentEncoding: string | undefined;
}

/** A head that was read, and how its body ends. */
export interface ParsedHead extends ResponseHead {
  /** `length` carries at least one byte; `close` ends with the connection. */
  readonly body: 'none' | 'length' | 'chunked' | 'close';
  /** Bytes of a body of known length. */
  readonly contentLength: number;
  /** The connection can carry another exchange behind this answer. */
  readonly reusable: boolean;
  /** Seconds of `Keep-Alive: timeout`, or null when the server does not say. */
  readonly keepAliveSeconds: number | null;
}

const headerLinesMax = 128;

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/u;
const headerLine =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?[\t ]*$/u;

/** Whether a line is one header: a name that is a token, a colon, a value without controls. */
export function isHeaderLine(line: string): boolean {
  return headerLine.test(line);
}

/**
 * Reads heads, and remembers the last one: a server answers call after call with the same lines,
 * so that most heads are told by one comparison.
 */
export class HeadReader {
  #text: string | null = null;
  #head: ParsedHead | string = '';

  /** A head without its empty line, in Latin-1; words say what is wrong with it. */
  read(text: string): ParsedHead | string {
    if (text === this.#text) return this.#head;
    this.#head = parseHead(text);
    this.#text = text;
    return this.#head;
  }
}

function parseHead(text: string): ParsedHead | string {
  const lines = text.split('\r\n');
  const matched = statusLine.exec(lines[0] ?? '');
  if (matched === null) return 'not an answer of HTTP/1';
  if (lines.length > headerLinesMax) return 'too many headers';
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
  const status = Number(matched[2]);
  const contentEncoding = own['content-encoding'];
  const framing = framingOf(status, own, matched[1] === '1');
  return typeof framing === 'string' ? framing : { status, headers, contentEncoding, ...framing };
}

type Framing = Omit<ParsedHead, keyof ResponseHead>;

/** How the body ends, or words. */
function framingOf(
  status: number,
  own: Readonly<Record<string, string>>,
  isHttp11: boolean,
): Framing | string {
  const length = own['content-length'];
  const encoding = own['transfer-encoding'];
  if (status < 200) return interim(status, length !== undefined || encoding !== undefined);
  if (length !== undefined && encoding !== undefined) return 'a length and an encoding';
  if (length !== undefined && !/^\d{1,15}$/u.test(length)) return 'a malformed length';
  if (encoding !== undefined && !(isHttp11 && encoding.toLowerCase() === 'chunked')) {
    return 'an unknown encoding';
  }
  const contentLength = Number(length ?? 0);
  const keptOpen = isHttp11 && !/(?:^|,)[\t ]*close[\t ]*(?:,|$)/iu.test(own['connection'] ?? '');
  const keepAliveSeconds = secondsOf(own['keep-alive']);
  if (status === 204 || status === 304) {
    // Nothing may follow; where something was announced, it must not be read as the next answer.
    const reusable = keptOpen && encoding === undefined && contentLength === 0;
    return { body: 'none', contentLength: 0, reusable, keepAliveSeconds };
  }
  if (encoding !== undefined) {
    return { body: 'chunked', contentLength: 0, reusable: keptOpen, keepAliveSeconds };
  }
  if (length === undefined) {
    return { body: 'close', contentLength: 0, reusable: false, keepAliveSeconds };
  }
  const body = contentLength > 0 ? 'length' : 'none';
  return { body, contentLength, reusable: keptOpen, keepAliveSeconds };
}

function interim(status: number, announcesBody: boolean): Framing | string {
  if (status === 101) return 'an upgrade that nobody asked for';
  if (announcesBody) return 'an interim answer with a body';
  return { body: 'none', contentLength: 0, reusable: false, keepAliveSeconds: null };
}

const framingNames: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);
const ownNames: ReadonlySet<string> = new Set([
  ...framingNames,
  'connection',
  'content-encoding',
  'keep-alive',
]);

function secondsOf(keepAlive: string | undefined): number | null {
  const seconds = /(?:^|[,\t ])timeout=(\d{1,6})(?:[,\t ]|$)/iu.exec(keepAlive ?? '')?.[1];
  return seconds === undefined ? null : Number(seconds);
}
