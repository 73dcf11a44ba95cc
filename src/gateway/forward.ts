import { mirroredHeaders, type MirroredParam } from '../mcp/headers.ts';
import type { Message } from '../mcp/message.ts';
import { membersAt } from '../base/strict-json.ts';
import type { Caller } from './caller.ts';
import type { Gateway } from './gateway.ts';
import { legacyVersions } from './session.ts';
import type { Headers, UpstreamMessage, UpstreamRequest } from './upstream/upstream.ts';

/** What is sent to the server for a message: the judged bytes, and headers made by the gateway. */
export function forwardRequest(
  gateway: Gateway,
  caller: Caller,
  message: Message,
  options: { readonly stream: boolean; readonly params?: readonly MirroredParam[] },
): UpstreamRequest {
  return {
    method: 'POST',
    headers: messageHeaders(caller, message, options.params),
    body: message.text.bytes,
    message: describe(message),
    sessionId: message.era === 'legacy' ? (caller.session?.upstreamId ?? null) : null,
    era: message.era,
    timeoutMs: options.stream ? 0 : gateway.limits.answerTimeoutMs,
    owner: caller,
  };
}

/** The legacy GET stream, and the DELETE that ends a session. */
export function sessionRequest(caller: Caller, method: 'GET' | 'DELETE'): UpstreamRequest {
  const lastEventId = caller.passedHeaders['last-event-id'];
  return {
    method,
    headers: {
      ...(method === 'GET' ? { accept: 'text/event-stream' } : {}),
      ...versionHeader(caller),
      ...(caller.session === null ? {} : { 'mcp-session-id': caller.session.upstreamId }),
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    body: null,
    message: null,
    sessionId: caller.session?.upstreamId ?? null,
    era: 'legacy',
    timeoutMs: 0,
    owner: caller,
  };
}

/** The protocol's own headers; what HTTP itself needs is added on the way to the server. */
function messageHeaders(
  caller: Caller,
  message: Message,
  params: readonly MirroredParam[] | undefined,
): Headers {
  if (message.era === 'modern') {
    if (message.kind === 'response') return {};
    return { ...caller.passedHeaders, ...mirroredHeaders(message, params) };
  }
  return versionHeader(caller);
}

/** The same object for the same revision: whoever writes heads tells by it that one is known. */
function versionHeader({ protocolVersion }: Caller): Headers {
  if (protocolVersion === null) return noHeaders;
  return versionHeaders.get(protocolVersion) ?? versionLine(protocolVersion);
}

const noHeaders: Headers = {};
const versionLine = (version: string): Headers => ({ 'mcp-protocol-version': version });
const versionHeaders: ReadonlyMap<string, Headers> = new Map(
  legacyVersions.map((version) => [version, versionLine(version)]),
);

function describe(message: Message): UpstreamMessage {
  if (message.kind === 'response') {
    return { kind: 'response', id: message.id, method: null, progressToken: null };
  }
  return {
    kind: message.kind,
    id: message.kind === 'request' ? message.id : null,
    method: message.method,
    progressToken: progressToken(message),
  };
}

/** JSON text of `params._meta.progressToken`; read only where there is one. */
export function progressToken(message: Exclude<Message, { kind: 'response' }>): string | null {
  const meta = message.params?.['_meta'];
  if (typeof meta !== 'object' || meta === null || !Object.hasOwn(meta, 'progressToken'))
    return null;
  if (message.paramsSpan === null) return null;

  const { text } = message.text;
  const inParams = membersAt(text, message.paramsSpan.start).find((m) => m.key === '_meta');
  if (inParams === undefined) return null;
  const token = membersAt(text, inParams.valueStart).find((m) => m.key === 'progressToken');
  return token === undefined ? null : text.slice(token.valueStart, token.valueEnd);
}
