import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { answerLine, toolNames, tools } from '../fixtures/upstream/bypass-answers.ts';
import type { Received } from './readings.ts';

/** One request as it arrived. */
export interface Arrival extends Received {
  readonly method: string;
  readonly url: string;
  /** It belongs to the gateway's own reading of the tools, not to what a client sent. */
  readonly isReading: boolean;
}

/** A server that keeps every byte it was sent, and can be told to answer badly. */
export interface Recorder {
  readonly url: string;
  /** Requests in the order of their arrival. */
  readonly arrivals: Arrival[];
  /** The bytes that answer the next request which holds `marker`, in place of a proper answer. */
  answerWith(marker: string, answer: Buffer | null): void;
  close(): Promise<void>;
}

export { toolNames, tools };

/** Serves MCP in both eras on a free port of the loopback interface, or on the one named. */
export async function startRecorder(port = 0): Promise<Recorder> {
  const arrivals: Arrival[] = [];
  let script: { readonly marker: string; readonly answer: Buffer } | null = null;
  let sessions = 0;
  const readers = new Set<string>();
  const isReading = (headers: IncomingMessage['headers'], text: string): boolean => {
    if (/"name" *: *"portcullis"/.test(text)) return true;
    return readers.has(String(headers['mcp-session-id'] ?? ''));
  };

  const respond = (arrival: Arrival, request: IncomingMessage, response: ServerResponse): void => {
    if (request.method !== 'POST') {
      response.writeHead(request.method === 'DELETE' ? 200 : 405).end();
      return;
    }
    const text = arrival.bytes.toString('utf8');
    if (script !== null && text.includes(script.marker)) {
      const { answer } = script;
      script = null;
      request.socket.end(answer);
      return;
    }
    const line = answerLine(text);
    if (line === null) {
      response.writeHead(202).end();
      return;
    }
    const opens = /"method"\s*:\s*"initialize"/.test(text);
    const id = opens ? `recorded-${(sessions += 1)}` : null;
    if (id !== null && arrival.isReading) readers.add(id);
    const session = id === null ? {} : { 'mcp-session-id': id };
    response.writeHead(200, { 'content-type': 'application/json', ...session });
    response.end(line);
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const bytes = Buffer.concat(chunks);
      const reading = isReading(headers, bytes.toString('utf8'));
      const arrival = { method, url, headers, bytes, isReading: reading };
      arrivals.push(arrival);
      respond(arrival, request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  // A listening TCP server has an AddressInfo, never a pipe's name.
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    arrivals,
    answerWith: (marker, answer) => (script = answer === null ? null : { marker, answer }),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
