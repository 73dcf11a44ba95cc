/**
 * The head of a plain request: HTTP/1.1, POST, a body of stated length, one line a header, no
 * character that two readers could take for two things. What is not plain is no fault: `node:http`
 * reads it.
 */
export interface PlainHead {
  readonly path: string;
  /** Names and values in turn, as `node:http` gives them. */
  readonly rawHeaders: readonly string[];
  /** Bytes of the body behind it. */
  readonly bodyLength: number;
  /** The head's text up to the digits of `Content-Length`, and behind them. */
  readonly before: string;
  readonly behind: string;
}

/** Longer heads are left to `node:http`, which knows what to answer. */
const headMax = 8_192;

const linesMax = 64;
const digitsMax = 9;
const blankLine = '\r\n\r\n';

const requestLine = /^POST (\/[a-z0-9/-]{1,64}) HTTP\/1\.1$/;
const headerLine =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): *([\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?) *$/;
const length = /^[0-9]+$/;

/** They change how the rest is read, or whether the connection goes on. */
const notPlain: ReadonlySet<string> = new Set([
  'expect',
  'http2-settings',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The head at the start of what came, with its empty line, one character a byte; null if not whole. */
export function headAt(bytes: Buffer): string | null {
  const end = bytes.indexOf(blankLine, 0, 'latin1');
  // Of the head alone: what is remembered of a text keeps all of it in memory.
  return end === -1 || end > headMax ? null : bytes.toString('latin1', 0, end + blankLine.length);
}

/** Reads what `headAt` gave (RFC 9112 §2.1, §3, §5); null when it is not plain. */
export function readPlainHead(text: string): PlainHead | null {
  const [first = '', ...lines] = text.slice(0, -blankLine.length).split('\r\n');
  const path = requestLine.exec(first)?.[1];
  if (path === undefined || lines.length > linesMax) return null;

  const rawHeaders: string[] = [];
  let digits: string | null = null;
  let digitsAt = 0;
  let at = first.length + 2;
  let hosts = 0;
  for (const line of lines) {
    const [, name, value] = headerLine.exec(line) ?? [];
    if (name === undefined || value === undefined) return null;
    const known = name.toLowerCase();
    if (notPlain.has(known)) return null;
    if (known === 'connection' && value.toLowerCase() !== 'keep-alive') return null;
    if (known === 'host') hosts += 1;
    if (known === 'content-length') {
      if (digits !== null || !length.test(value) || value.length > digitsMax) return null;
      digits = value;
      digitsAt = at + line.indexOf(value, name.length);
    }
    rawHeaders.push(name, value);
    at += line.length + 2;
  }
  if (digits === null || hosts !== 1) return null;
  return {
    path,
    rawHeaders,
    bodyLength: Number(digits),
    before: text.slice(0, digitsAt),
    behind: text.slice(digitsAt + digits.length),
  };
}

/**
 * How many bytes of body a head announces that is, but for the digits of `Content-Length`, the one
 * that `last` was; null when it is another. A client sends the same head with each call.
 */
export function sameHead(last: PlainHead, text: string): number | null {
  const { before, behind } = last;
  const end = text.length - behind.length;
  const isSame = text.startsWith(before) && text.endsWith(behind);
  if (!isSame || end <= before.length || end - before.length > digitsMax) return null;
  let bytes = 0;
  for (let at = before.length; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (!isDigit(code)) return null;
    bytes = bytes * 10 + code - 0x30;
  }
  return bytes;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
