import { Agent as Connections, request, type IncomingMessage } from 'node:http';

import type { JsonObject } from '../base/strict-json.ts';
import { isObject, jsonOf, objectOf } from './json.ts';

/** Where an MCP client connects, and as whom. */
export interface Target {
  readonly url: string;
  readonly token: string | null;
}

/** What came back for one request. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly result: JsonObject | null;
  readonly error: JsonObject | null;
  readonly text: string;
}

/** What a client answers when a server asks it something; null declines. */
export type AnswerServer = (method: string, params: JsonObject) => JsonObject | null;

const revision = '2025-06-18';
const answerMsMax = 20_000;

/** A small MCP client of the era with sessions, which follows its servers wherever they lead. */
export class Client {
  readonly #target: Target;
  readonly #answer: AnswerServer;
  #session: string | null = null;
  #opened = false;
  readonly #connections = new Connections({ keepAlive: true, maxSockets: 4 });
  #next = 0;

  constructor(target: Target, answer: AnswerServer) {
    this.#target = target;
    this.#answer = answer;
  }

  /** The session that was opened; null where the server has none. */
  get session(): string | null {
    return this.#session;
  }

  /** Opens a session, unless there is one. */
  async open(): Promise<Reply | null> {
    if (this.#opened) return null;
    const reply = await this.#post({
      jsonrpc: '2.0',
      id: 'open',
      method: 'initialize',
      params: {
        protocolVersion: revision,
        capabilities: { sampling: {}, elicitation: {} },
        clientInfo: { name: 'obedient-agent', version: '1' },
      },
    });
    if (reply.result === null) return reply;
    this.#opened = true;
    this.#session = reply.headers['mcp-session-id'] ?? null;
    await this.#post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    return null;
  }

  /** Ends its connections. */
  close(): void {
    this.#connections.destroy();
  }

  /** Goes on in a session that somebody else opened. */
  take(session: string | null): void {
    this.#session = session;
    this.#opened = true;
  }

  /** Sends one request; the session is opened first. */
  async request(method: string, params: JsonObject, id?: number): Promise<Reply> {
    const refused = await this.open();
    if (refused !== null) return refused;
    this.#next += 1;
    return this.#post({ jsonrpc: '2.0', id: id ?? this.#next, method, params });
  }

  #post(message: JsonObject): Promise<Reply> {
    const { url, token } = this.#target;
    return send(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(this.#session === null
          ? {}
          : { 'mcp-session-id': this.#session, 'mcp-protocol-version': revision }),
      },
      body: JSON.stringify(message),
      connections: this.#connections,
      onEvent: (asked) => {
        if (typeof asked['method'] !== 'string' || asked['id'] === undefined) return;
        const result = this.#answer(asked['method'], objectOf(asked, 'params'));
        const id = asked['id'];
        void this.#post(
          result === null
            ? { jsonrpc: '2.0', id, error: { code: -1, message: 'declined' } }
            : { jsonrpc: '2.0', id, result },
        );
      },
    });
  }
}

/** A plain HTTP request. */
export interface PlainRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Connections to use again; one of its own when absent. */
  readonly connections?: Connections;
  /** Called for each event of a stream that is no answer. */
  readonly onEvent?: (message: JsonObject) => void;
}

/** Sends a request as it is; a connection that breaks is a reply of status 0. */
export async function send(url: string, asked: PlainRequest): Promise<Reply> {
  const response = await sent(url, asked);
  const broken = { status: 0, headers: {}, result: null, error: null, text: 'no answer came' };
  if (response === null) return broken;
  return readAll(response, asked.onEvent ?? (() => undefined)).catch(() => broken);
}

/** The beginning of the answer; null when the connection broke before it came. */
function sent(url: string, asked: PlainRequest): Promise<IncomingMessage | null> {
  return new Promise((done) => {
    const length = { 'content-length': String(Buffer.byteLength(asked.body)) };
    const sending = request(url, {
      method: asked.method,
      headers: { ...asked.headers, ...length },
      agent: asked.connections ?? false,
      signal: AbortSignal.timeout(answerMsMax),
    });
    sending.on('error', () => done(null));
    sending.on('response', done);
    sending.end(asked.body);
  });
}

async function readAll(
  response: IncomingMessage,
  onEvent: (message: JsonObject) => void,
): Promise<Reply> {
  const streamed = (response.headers['content-type'] ?? '').startsWith('text/event-stream');
  response.setEncoding('utf8');
  let text = '';
  let pending = '';
  let answer: JsonObject | null = null;
  for await (const chunk of response) {
    text += String(chunk);
    pending += String(chunk).replaceAll('\r\n', '\n');
    if (!streamed) continue;
    const events = pending.split('\n\n');
    pending = events.pop() ?? '';
    for (const event of events) {
      const message = dataOf(event);
      if (message === null) continue;
      if (message['method'] === undefined) answer = message;
      else onEvent(message);
    }
  }
  if (!streamed) answer = objectIn(text);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (typeof value === 'string') headers[name] = value;
  }
  return {
    status: response.statusCode ?? 0,
    headers,
    result: answer !== null && isObject(answer['result']) ? answer['result'] : null,
    error: answer !== null && isObject(answer['error']) ? answer['error'] : null,
    text,
  };
}

function dataOf(event: string): JsonObject | null {
  const lines = event.split('\n').filter((line) => line.startsWith('data:'));
  return objectIn(lines.map((line) => line.slice(5).trimStart()).join('\n'));
}

function objectIn(text: string): JsonObject | null {
  const value = jsonOf(text);
  return isObject(value) ? value : null;
}
