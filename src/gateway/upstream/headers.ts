import { err, ok, type Result } from '../../base/result.ts';
import type { Headers, UpstreamRequest } from './upstream.ts';

/** Set by this adapter or by HTTP itself, so nobody else may name them. */
const ownNames: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'last-event-id',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Never taken from a request: the client's own credentials stay at the gateway. */
const credentialNames: ReadonlySet<string> = new Set(['authorization', 'cookie']);

/** What of an answer is passed on: nothing that names the server, sets cookies or frames bytes. */
const passedNames: ReadonlySet<string> = new Set([
  'allow',
  'cache-control',
  'content-type',
  'mcp-session-id',
  'retry-after',
  'www-authenticate',
  'x-accel-buffering',
]);

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/u;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/u;

/**
 * Checks the configured headers of a server and lower-cases their names. Refused: names of
 * HTTP's framing, names that the protocol uses (`mcp-*`), and control characters.
 */
export function checkConfiguredHeaders(headers: Headers): Result<Headers, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!token.test(name)) return err('a configured header name is not a token');
    if (ownNames.has(lower) || lower.startsWith('mcp-')) {
      return err(`the header \`${lower}\` cannot be configured`);
    }
    if (!fieldValue.test(value)) return err(`the value of \`${lower}\` has control characters`);
    if (Object.hasOwn(checked, lower)) return err(`the header \`${lower}\` is configured twice`);
    checked[lower] = value;
  }
  return ok(checked);
}

/**
 * The header lines of a request as name, value, name, value: the vetted ones, then the server's
 * credentials, then our own. Null when a name or a value could break out of its line.
 */
export function requestHeaders(request: UpstreamRequest, configured: Headers): string[] | null {
  const lines: string[] = [];
  for (const name in request.headers) {
    const value = request.headers[name];
    if (value === undefined || !token.test(name) || !fieldValue.test(value)) return null;
    if (!mayTravel(name, request, configured)) continue;
    lines.push(name, value);
  }
  for (const name in configured) lines.push(name, configured[name] ?? '');
  if (request.sessionId !== null) {
    if (!fieldValue.test(request.sessionId)) return null;
    lines.push('mcp-session-id', request.sessionId);
  }
  lines.push('accept', acceptOf(request), 'accept-encoding', 'identity');
  if (request.body !== null) lines.push('content-type', 'application/json');
  return lines;
}

function mayTravel(name: string, request: UpstreamRequest, configured: Headers): boolean {
  const lower = name.toLowerCase();
  if (credentialNames.has(lower) || Object.hasOwn(configured, lower)) return false;
  if (lower === 'last-event-id') return true;
  if (lower === 'mcp-session-id') return request.sessionId === null;
  return !ownNames.has(lower);
}

function acceptOf(request: UpstreamRequest): string {
  return request.method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream';
}

/** Whether a header of an answer, its name in lower case, is passed on. */
export function isPassedHeader(name: string): boolean {
  return passedNames.has(name);
}

/** A coding that would make the bytes unreadable, or bigger, without being decoded. */
export function isCoded(contentEncoding: string | undefined): boolean {
  if (contentEncoding === undefined) return false;
  const coding = contentEncoding.trim().toLowerCase();
  return coding !== '' && coding !== 'identity';
}

/** Whether a media type is that of an event stream, whatever its parameters. */
export function isEventStream(contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  const end = contentType.indexOf(';');
  const type = end === -1 ? contentType : contentType.slice(0, end);
  return type.trim().toLowerCase() === 'text/event-stream';
}
