import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newId } from '../base/id.ts';
import { text } from './arguments.ts';
import {
  answer,
  BATCH_VERSION,
  decodeBody,
  errorAnswer,
  LEGACY_VERSIONS,
  MODERN_VERSION,
  negotiate,
  type Answer,
  type Incoming,
} from './protocol.ts';
import type { DemoServer } from './server.ts';

const PATH = '/mcp';
const BODY_BYTES_MAX = 1_000_000;
const SESSIONS_MAX = 1000;
const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;

/** A demo server that listens. */
export interface Listening {
  readonly name: string;
  /** Where a client posts to. */
  readonly url: string;
  readonly calls: ReadonlyMap<string, number>;
  /** Resolves when the port is closed and every connection gone. */
  close(): Promise<void>;
}

interface Endpoint {
  readonly server: DemoServer;
  /** Session id -> the revision that was settled on. The oldest goes when there are too many. */
  readonly sessions: Map<string, string>;
}

interface Reply extends Answer {
  readonly headers?: Readonly<Record<string, string>>;
}

/** Serves Streamable HTTP, both eras, on a free port of the loopback interface. */
export async function listenHttp(server: DemoServer): Promise<Listening> {
  const endpoint: Endpoint = { server, sessions: new Map() };
  const listener = createServer((request, response) => {
    receive(endpoint, request, response);
  });
  const { port } = await listening(listener);
  return {
    name: server.name,
    url: `http://127.0.0.1:${port}${PATH}`,
    calls: server.calls,
    close: () => closed(listener),
  };
}

function listening(listener: Server): Promise<AddressInfo> {
  return new Promise((done, failed) => {
    listener.once('error', failed);
    // A TCP listener's address is an AddressInfo as soon as it listens.
    listener.listen(0, '127.0.0.1', () => done(listener.address() as AddressInfo));
  });
}

function closed(listener: Server): Promise<void> {
  return new Promise((done) => {
    listener.close(() => done());
    listener.closeAllConnections();
  });
}

function receive(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse): void {
  const refusal = refuseUnread(request);
  if (refusal !== null) {
    request.resume();
    return send(response, refusal);
  }
  if (request.method === 'DELETE') return send(response, endSession(endpoint, request));

  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
  });
  request.on('end', () => {
    if (bytes > BODY_BYTES_MAX) return send(response, problem(413, 'the body is too large'));
    send(response, answerPost(endpoint, request, Buffer.concat(chunks)));
  });
}

/** What can be refused from the head of the request alone. */
function refuseUnread(request: IncomingMessage): Reply | null {
  const { host, origin } = request.headers;
  if (!LOOPBACK_HOST.test(host ?? '')) return problem(403, 'the host is not this machine');
  if (origin !== undefined && !LOOPBACK_HOST.test(origin.replace(/^https?:\/\//, ''))) {
    return problem(403, 'the origin is not this machine');
  }
  if (request.url !== PATH) return problem(404, 'not found');
  if (request.method === 'DELETE' && sessionOf(request) !== '') return null;
  if (request.method !== 'POST') return problem(405, 'only POST is served', { allow: 'POST' });
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  return type === 'application/json' ? null : problem(415, 'the body must be application/json');
}

function problem(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { ...errorAnswer(null, { status, code: -32600, message }), headers };
}

function sessionOf(request: IncomingMessage): string {
  const id = request.headers['mcp-session-id'];
  return typeof id === 'string' ? id : '';
}

function endSession(endpoint: Endpoint, request: IncomingMessage): Reply {
  const known = endpoint.sessions.delete(sessionOf(request));
  return known ? { status: 204, json: null } : problem(404, 'the session is not known');
}

function answerPost(endpoint: Endpoint, request: IncomingMessage, bytes: Uint8Array): Reply {
  const body = decodeBody(bytes);
  if (body.kind === 'problem') return errorAnswer(null, { status: 400, ...body });
  if (body.batch) return answerBatch(endpoint, request, body.messages);
  // A body that is no batch holds exactly one message.
  const message = body.messages[0] as Incoming;
  if (message.protocolVersion !== null || claimsModern(request, message)) {
    return answerModern(endpoint, request, message);
  }
  if (message.method === 'initialize') return openSession(endpoint, message);
  const refusal = refuseSession(endpoint, request);
  return refusal ?? answer(endpoint.server, message);
}

/** A message of the newer era that lacks what its body must carry: refused, never taken as older. */
function claimsModern(request: IncomingMessage, message: Incoming): boolean {
  const version = request.headers['mcp-protocol-version'];
  return version === MODERN_VERSION || message.method === 'server/discover';
}

function answerModern(endpoint: Endpoint, request: IncomingMessage, message: Incoming): Reply {
  if (message.protocolVersion === null) {
    const lacking = 'params._meta lacks io.modelcontextprotocol/protocolVersion';
    return errorAnswer(message.id, { status: 400, code: -32602, message: lacking });
  }
  const mismatch = mismatchedHeader(request, message);
  if (mismatch !== null && message.protocolVersion === MODERN_VERSION) {
    const says = `the header ${mismatch} does not say what the body says`;
    return errorAnswer(message.id, { status: 400, code: -32020, message: says });
  }
  return answer(endpoint.server, message);
}

/** The first header that is missing, repeated or differs from the body, 2026-07-28 transports. */
function mismatchedHeader(request: IncomingMessage, message: Incoming): string | null {
  const wanted: (readonly [string, string | null])[] = [
    ['MCP-Protocol-Version', message.protocolVersion],
    ['Mcp-Method', message.method],
  ];
  if (message.method === 'tools/call') wanted.push(['Mcp-Name', text(message.params, 'name')]);
  for (const [name, value] of wanted) {
    const given = request.headersDistinct[name.toLowerCase()] ?? [];
    if (given.length !== 1 || decodeHeader(given[0] ?? '') !== value) return name;
  }
  return null;
}

function decodeHeader(value: string): string {
  const encoded = /^=\?base64\?(?<content>[A-Za-z0-9+/=]*)\?=$/.exec(value)?.groups?.['content'];
  return encoded === undefined ? value : Buffer.from(encoded, 'base64').toString('utf8');
}

function openSession(endpoint: Endpoint, message: Incoming): Reply {
  const reply = answer(endpoint.server, message);
  const id = newId('demo_');
  endpoint.sessions.set(id, negotiate(message.params));
  const oldest = endpoint.sessions.keys().next();
  if (endpoint.sessions.size > SESSIONS_MAX && oldest.done !== true) {
    endpoint.sessions.delete(oldest.value);
  }
  return { ...reply, headers: { 'mcp-session-id': id } };
}

function refuseSession(endpoint: Endpoint, request: IncomingMessage): Reply | null {
  const id = sessionOf(request);
  if (id === '') return problem(400, 'the session id is missing: send initialize first');
  if (!endpoint.sessions.has(id)) return problem(404, 'the session is not known');
  const version = request.headers['mcp-protocol-version'];
  if (version === undefined || LEGACY_VERSIONS.includes(String(version))) return null;
  return problem(400, 'the protocol version is not supported');
}

function answerBatch(
  endpoint: Endpoint,
  request: IncomingMessage,
  messages: readonly Incoming[],
): Reply {
  const refusal = refuseSession(endpoint, request);
  if (refusal !== null) return refusal;
  const single = messages.some((one) => one.protocolVersion !== null);
  if (single || endpoint.sessions.get(sessionOf(request)) !== BATCH_VERSION) {
    return problem(400, 'this revision has no batches: send one message at a time');
  }
  const answers = messages.flatMap((one) => answer(endpoint.server, one).json ?? []);
  if (answers.length === 0) return { status: 202, json: null };
  return { status: 200, json: `[${answers.join(',')}]` };
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply.json === null) {
    response.writeHead(reply.status, reply.headers).end();
    return;
  }
  const body = Buffer.from(reply.json, 'utf8');
  response.writeHead(reply.status, {
    ...reply.headers,
    'content-type': 'application/json',
    'content-length': body.length,
  });
  response.end(body);
}
