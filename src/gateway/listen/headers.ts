import { err, ok, type Result } from '../../base/result.ts';

/** The header lines that the data path looks at, each at most once. */
export interface RequestHeaders {
  readonly host: string | null;
  readonly origin: string | null;
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
  readonly contentLength: number | null;
  readonly transferEncoding: string | null;
  readonly accept: string | null;
  readonly sessionId: string | null;
  readonly protocolVersion: string | null;
  /** `Last-Event-ID` and unknown `Mcp-Param-*`: passed on as they came. */
  readonly passed: Readonly<Record<string, string>>;
}

/** A header line that stands twice: two readers may take two values. */
export interface HeaderFault {
  readonly status: 400;
  readonly reason: string;
}

type Single = Exclude<keyof RequestHeaders, 'passed' | 'contentLength'> | 'length' | 'lastEventId';

const single: ReadonlyMap<string, Single> = new Map([
  ['host', 'host'],
  ['origin', 'origin'],
  ['content-type', 'contentType'],
  ['content-encoding', 'contentEncoding'],
  ['content-length', 'length'],
  ['transfer-encoding', 'transferEncoding'],
  ['accept', 'accept'],
  ['mcp-session-id', 'sessionId'],
  ['mcp-protocol-version', 'protocolVersion'],
  ['last-event-id', 'lastEventId'],
]);

/** Reads names and values in turn, as `node:http` received them; its merged headers hide repeats. */
export function readHeaders(rawHeaders: readonly string[]): Result<RequestHeaders, HeaderFault> {
  const found: Partial<Record<Single, string>> = {};
  const passed: Record<string, string> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    const field = single.get(name);
    if (field !== undefined) {
      if (found[field] !== undefined) {
        return err({ status: 400, reason: `header \`${name}\` stands twice; send it once` });
      }
      found[field] = value;
    } else if (name.startsWith('mcp-param-')) {
      passed[name] = value;
    }
  }
  if (found.lastEventId !== undefined) passed['last-event-id'] = found.lastEventId;
  return ok({
    host: found.host ?? null,
    origin: found.origin ?? null,
    contentType: found.contentType ?? null,
    contentEncoding: found.contentEncoding ?? null,
    contentLength: found.length === undefined ? null : Number(found.length),
    transferEncoding: found.transferEncoding ?? null,
    accept: found.accept ?? null,
    sessionId: found.sessionId ?? null,
    protocolVersion: found.protocolVersion ?? null,
    passed,
  });
}

/** Clients send the same few values again and again: the common ones are told by comparison. */
const commonTypes: ReadonlySet<string> = new Set(['application/json']);
const commonAccepts: ReadonlySet<string> = new Set([
  '*/*',
  'application/json, text/event-stream',
  'application/json,text/event-stream',
  'text/event-stream, application/json',
]);

/** `application/json`, in any case, with no charset but UTF-8. */
export function isJsonType(contentType: string | null): boolean {
  if (contentType === null) return false;
  if (commonTypes.has(contentType)) return true;
  const [type = '', ...parameters] = contentType.split(';');
  if (type.trim().toLowerCase() !== 'application/json') return false;
  return parameters.every((parameter) => /^\s*charset\s*=\s*"?utf-8"?\s*$/i.test(parameter));
}

/** Whether the client takes both forms of an answer (2025-03-26 and later; 2026-07-28 §transports). */
export function acceptsAnswers(accept: string | null): boolean {
  if (accept === null || commonAccepts.has(accept)) return true;
  const types = accept.split(',').map((range) => range.split(';', 1)[0]?.trim().toLowerCase());
  if (types.includes('*/*')) return true;
  const json = types.includes('application/json') || types.includes('application/*');
  return json && (types.includes('text/event-stream') || types.includes('text/*'));
}
