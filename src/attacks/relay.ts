import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Client } from './client.ts';
import { isObject, jsonOf, textOf } from './json.ts';

/** What stands in the gateway's place when a control that has no switch is to be missing. */
export interface Relay {
  readonly url: string;
  /** A person says yes to what waits. */
  readonly approve?: () => void;
  close(): Promise<void>;
}

/** Passes everything on as it came: every host, every session, every header, the token too. */
export function startRelay(upstream: string): Promise<Relay> {
  return listen((exchange) => passOn(new URL(upstream), exchange));
}

/** Sends one request on, and its answer back. */
export function passOn(to: URL, { request, response, body }: Exchange): void {
  const path = request.url ?? '/';
  const options = { method: request.method ?? 'POST', headers: request.headers };
  const sent = httpRequest(new URL(path, to), options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  sent.on('error', () => response.writeHead(502).end());
  sent.end(body);
}

/**
 * Shares one session of the server among all clients, and sends each answer to whoever asked last
 * with its request id: the mistake that made clients read one another's answers.
 */
export function startSharedRelay(upstream: string): Promise<Relay> {
  const shared = new Client({ url: upstream, token: null }, () => null);
  const waiting = new Map<string, ServerResponse[]>();
  let sessions = 0;
  const relay = listen(({ response, body }) => {
    const message = jsonOf(body);
    if (!isObject(message) || message['id'] === undefined) {
      return void response.writeHead(202).end();
    }
    const id = JSON.stringify(message['id']);
    const params = isObject(message['params']) ? message['params'] : {};
    const method = textOf(message, 'method');
    const json = { 'content-type': 'application/json' };
    if (method === 'initialize') {
      sessions += 1;
      response.writeHead(200, { ...json, 'mcp-session-id': `shared-${sessions}` });
      const result = { protocolVersion: '2025-06-18', capabilities: { tools: {} } };
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message['id'], result }));
      return;
    }
    waiting.set(id, [...(waiting.get(id) ?? []), response]);
    void shared.request(method, params).then(({ result, error }) => {
      const newest = waiting.get(id)?.pop();
      const answer = result === null ? { error } : { result };
      newest?.writeHead(200, json);
      newest?.end(JSON.stringify({ jsonrpc: '2.0', id: message['id'] ?? null, ...answer }));
    });
  });
  return relay.then((opened) => ({
    ...opened,
    close: () => {
      shared.close();
      return opened.close();
    },
  }));
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
}

/** Listens on the loopback interface. */
export async function listen(handle: (exchange: Exchange) => void): Promise<Relay> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () =>
      handle({ request, response, body: Buffer.concat(chunks).toString('utf8') }),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // A listening TCP server has an AddressInfo, never a pipe's name.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
