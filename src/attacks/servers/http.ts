import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { newId } from '../../base/id.ts';
import type { JsonObject } from '../../base/strict-json.ts';
import { isObject, jsonOf, objectOf, textOf } from '../json.ts';
import type { Caller, Fixture, RawRequest } from './fixture.ts';
import { answerTo, clientNameOf, isModern, readMessage, type Message } from './protocol.ts';

/** A fixture that listens on the loopback interface. */
export interface ListeningFixture {
  readonly url: string;
  close(): Promise<void>;
}

interface Endpoint {
  readonly fixture: Fixture;
  /** Session id -> the name that its client gave. */
  readonly sessions: Map<string, string>;
  /** Id of a question to a client -> who waits for its answer. */
  readonly asked: Map<string, (answer: JsonObject) => void>;
}

/** Serves Streamable HTTP, both eras, without a look at Host, Origin or token. */
export async function listenHttp(fixture: Fixture): Promise<ListeningFixture> {
  const endpoint: Endpoint = { fixture, sessions: new Map(), asked: new Map() };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      receive(endpoint, { request, response, body }).catch(() => response.destroy());
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // A listening TCP server has an AddressInfo, never a pipe's name.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    close: async () => {
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      });
      await fixture.close?.();
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
}

async function receive(endpoint: Endpoint, exchange: Exchange): Promise<void> {
  const { request, response, body } = exchange;
  const headers = headersOf(request);
  const asked: RawRequest = {
    method: request.method ?? '',
    path: request.url ?? '',
    headers,
    body,
  };
  const raw = endpoint.fixture.raw?.(asked) ?? null;
  if (raw !== null) {
    response.writeHead(raw.status, { 'content-type': 'application/json', ...raw.headers });
    response.end(raw.body);
    return;
  }
  const message = request.method === 'POST' ? readMessage(body) : null;
  if (message === null) return void response.writeHead(405).end();
  if (message.method === '') return answered(endpoint, exchange);
  if (message.id === undefined) return void response.writeHead(202).end();
  await answer(endpoint, exchange, { message, headers });
}

/** The client's answer to what it was asked. */
function answered(endpoint: Endpoint, { response, body }: Exchange): void {
  const said = jsonOf(body);
  if (isObject(said)) endpoint.asked.get(textOf(said, 'id'))?.(said);
  response.writeHead(202).end();
}

async function answer(
  endpoint: Endpoint,
  { response }: Exchange,
  asked: { readonly message: Message; readonly headers: Readonly<Record<string, string>> },
): Promise<void> {
  const { message, headers } = asked;
  const opens = message.method === 'initialize';
  const session = opens ? newId('fix_') : (headers['mcp-session-id'] ?? null);
  if (opens && session !== null) endpoint.sessions.set(session, clientNameOf(message));
  const known = session === null ? undefined : endpoint.sessions.get(session);
  if (!isModern(message) && !opens && known === undefined && message.method !== 'server/discover') {
    return void response.writeHead(404).end();
  }
  const caller: Caller = {
    session,
    client: known ?? clientNameOf(message),
    headers,
    ask: (method, params) => ask(endpoint, response, { method, params }),
  };
  const text = JSON.stringify(await answerTo(endpoint.fixture, message, caller));
  if (response.headersSent) return void response.end(event(text));
  response.writeHead(200, {
    'content-type': 'application/json',
    ...(opens && session !== null ? { 'mcp-session-id': session } : {}),
  });
  response.end(text);
}

/** Asks the client on the stream of the answer under way. */
function ask(
  endpoint: Endpoint,
  response: ServerResponse,
  question: { readonly method: string; readonly params: JsonObject },
): Promise<JsonObject> {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  const id = newId('ask_');
  return new Promise((done) => {
    endpoint.asked.set(id, (answer) => {
      endpoint.asked.delete(id);
      done(objectOf(answer, 'result'));
    });
    response.write(event(JSON.stringify({ jsonrpc: '2.0', id, ...question })));
  });
}

function event(text: string): string {
  return `event: message\ndata: ${text}\n\n`;
}

function headersOf(request: IncomingMessage): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string') headers[name] = value;
  }
  return headers;
}
