import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * A stretch of what is sent. Text is UTF-8 and may hold placeholders; `latin1` writes one byte for
 * each character, `base64` any bytes, and `repeat` a text many times over.
 */
export type Part =
  | string
  | { readonly latin1: string }
  | { readonly base64: string }
  | { readonly repeat: string; readonly times: number };

/** What must come back of this project's own data path, and what may reach the server. */
export interface Expectation {
  /** HTTP statuses, any of which is right; 0 stands for a connection closed without an answer. */
  readonly status?: readonly number[];
  /** The JSON-RPC code of the answer's error. */
  readonly code?: number;
  /** A pattern that the answer matches. */
  readonly says?: string;
  /** The tools that run, in their order; everything else that reaches the server is a fault. */
  readonly runs: readonly string[];
  /** Methods, beside calls, that may reach the server. */
  readonly passes?: readonly string[];
}

/** One exchange over one connection. */
export interface Input {
  readonly send: readonly Part[];
  readonly expect: Expectation;
}

/** What the server answers to the request of this case, as bytes, and what no client may see. */
export interface Hostile {
  readonly answer: readonly Part[];
  readonly never: readonly string[];
}

/** One way to slip past a gateway, as data. */
export interface BypassCase extends Input {
  readonly number: string;
  readonly title: string;
  readonly era: 'legacy' | 'modern' | 'any';
  /** What a gateway that does not look closely lets through. */
  readonly naive: string;
  /** The request has no right to anything: whatever tool runs is a leak. */
  readonly always?: boolean;
  /** The legitimate request beside it, which must pass. */
  readonly twin?: Input;
  readonly hostile?: Hostile;
}

/** One line that a client writes to a gateway over stdio. */
export interface LineCase {
  readonly number: string;
  readonly title: string;
  readonly era: 'legacy' | 'modern' | 'any';
  readonly naive: string;
  readonly send: readonly Part[];
  readonly expect: Omit<Expectation, 'status'>;
}

/** A file of cases: one area of the list. */
export interface CaseFile<Case> {
  readonly area: string;
  readonly transport: 'http' | 'stdio';
  readonly cases: readonly Case[];
}

/** What placeholders stand for; one without a value takes its header line with it. */
export interface Values {
  readonly host: string;
  readonly path: string;
  readonly authorization: string;
  readonly session: string | null;
  /** What the target puts before the names of tools, for a gateway of many servers. */
  readonly toolPrefix: string;
}

const folder = fileURLToPath(new URL('.', import.meta.url));

/** The cases over HTTP, file by file in the order of their names. */
export function httpCases(): readonly CaseFile<BypassCase>[] {
  // Each file says which of the two shapes its cases have.
  return files().filter((file) => file.transport === 'http') as readonly CaseFile<BypassCase>[];
}

/** The lines for gateways over stdio. */
export function lineCases(): readonly CaseFile<LineCase>[] {
  return files().filter((file) => file.transport === 'stdio') as readonly CaseFile<LineCase>[];
}

function files(): readonly CaseFile<unknown>[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  // The files are the project's own, and a test checks their fields.
  return names.toSorted().map((name) => {
    return JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as CaseFile<unknown>;
  });
}

/**
 * The bytes of a request. `{{length}}` is the number of bytes from the blank line that follows it
 * to `{{end}}`, or to the end: the one placeholder that is worked out, because names differ.
 */
export function bytesOf(parts: readonly Part[], values: Values): Buffer {
  const whole = Buffer.concat(parts.map((part) => bytesOfPart(part, values)));
  const requests: Buffer[] = [];
  let rest = whole;
  while (rest.length > 0) {
    const end = rest.indexOf('{{end}}');
    requests.push(withLength(end < 0 ? rest : rest.subarray(0, end)));
    rest = end < 0 ? Buffer.alloc(0) : rest.subarray(end + '{{end}}'.length);
  }
  return Buffer.concat(requests);
}

function withLength(request: Buffer): Buffer {
  const at = request.indexOf('{{length}}');
  const blank = request.indexOf('\r\n\r\n');
  if (at < 0 || blank < at) return request;
  const length = String(request.length - blank - 4);
  return Buffer.concat([
    request.subarray(0, at),
    Buffer.from(length),
    request.subarray(at + '{{length}}'.length),
  ]);
}

function bytesOfPart(part: Part, values: Values): Buffer {
  if (typeof part === 'string') return Buffer.from(filled(part, values));
  if ('latin1' in part) return Buffer.from(part.latin1, 'latin1');
  if ('base64' in part) return Buffer.from(part.base64, 'base64');
  return Buffer.from(part.repeat.repeat(part.times));
}

function filled(text: string, values: Values): string {
  const session =
    values.session === null
      ? text.replace(/[^\r\n]*\{\{session\}\}[^\r\n]*\r\n/g, '')
      : text.replaceAll('{{session}}', values.session);
  return session
    .replaceAll('{{host}}', values.host)
    .replaceAll('{{path}}', values.path)
    .replaceAll('{{authorization}}', values.authorization)
    .replaceAll('{{token}}', values.authorization.replace(/^Bearer /, ''))
    .replaceAll(/\{\{(read|pay|secret|write|extra)\}\}/g, `${values.toolPrefix}$1`);
}

/** What stands behind the first blank line: the body of a request that is alone. */
export function bodyOf(request: Buffer): Buffer {
  const blank = request.indexOf('\r\n\r\n');
  return blank < 0 ? Buffer.alloc(0) : request.subarray(blank + 4);
}
