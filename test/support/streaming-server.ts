import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One tool call as it reached the server. */
export interface ReceivedCall {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** The session it came in; empty for 2026-07-28. */
  readonly session: string;
}

/** A server of both eras with sessions and streams of its own, that keeps every call. */
export interface StreamingServer {
  readonly url: string;
  readonly calls: readonly ReceivedCall[];
  /** Sessions with an open GET stream, and ids of open subscriptions. */
  readonly streams: ReadonlyMap<string, ServerResponse>;
  /** Sends one event on one stream. */
  announce(stream: string, message: object): void;
  /** Milliseconds that each call takes from now on. */
  setDelay(ms: number): void;
  /** Calls get no answer from now on, until what it gives is called. */
  holdCalls(): () => void;
  close(): Promise<void>;
}

interface Request {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: {
    readonly name?: string;
    readonly arguments?: Readonly<Record<string, unknown>>;
    readonly _meta?: Readonly<Record<string, unknown>>;
  };
}

const schema = { type: 'object', properties: { nonce: { type: 'string' } } };
const names = ['read', 'write', 'pay', 'secret'];
const tools = names.map((name) => ({ name, description: `tool ${name}`, inputSchema: schema }));
const subscriptionKey = 'io.modelcontextprotocol/subscriptionId';

/** Tools `read`, `write`, `pay`, `secret`, which answer with their arguments and their session. */
export async function startStreamingServer(): Promise<StreamingServer> {
  const calls: ReceivedCall[] = [];
  const streams = new Map<string, ServerResponse>();
  const sessions = new Set<string>();
  let delayMs = 0;
  let held: (() => void)[] | null = null;

  const openStream = (key: string, response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': open\n\n');
    streams.set(key, response);
    response.on('close', () => {
      if (streams.get(key) === response) streams.delete(key);
    });
  };
  const announce = (key: string, message: object): void => {
    streams.get(key)?.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  };
  const answer = (
    response: ServerResponse,
    id: unknown,
    result: object,
    session?: string,
  ): void => {
    const headers = {
      'content-type': 'application/json',
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
    };
    response.writeHead(200, headers).end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  };

  const handle = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    const session = String(request.headers['mcp-session-id'] ?? '');
    if (request.method === 'GET') return openStream(session, response);
    if (request.method === 'DELETE')
      return void response.writeHead(sessions.delete(session) ? 200 : 404).end();
    // Only objects are sent to this server.
    const message = JSON.parse(body) as Request;
    if (message.id === undefined) return void response.writeHead(202).end();
    const modern = request.headers['mcp-protocol-version'] === '2026-07-28';
    const head = modern ? { resultType: 'complete' } : {};
    const cache = modern ? { ttlMs: 0, cacheScope: 'private' } : {};
    switch (message.method) {
      case 'initialize': {
        const opened = `s${sessions.size + 1}-${Math.floor(performance.now() * 1000)}`;
        sessions.add(opened);
        const capabilities = { tools: { listChanged: true } };
        const serverInfo = { name: 'streaming', version: '1' };
        return answer(
          response,
          message.id,
          { protocolVersion: '2025-11-25', capabilities, serverInfo },
          opened,
        );
      }
      case 'server/discover':
        return answer(response, message.id, {
          ...head,
          supportedVersions: ['2026-07-28'],
          capabilities: { tools: { listChanged: true } },
          ...cache,
        });
      case 'tools/list':
        return answer(response, message.id, { ...head, tools, ...cache });
      case 'subscriptions/listen': {
        const key = String(message.id);
        openStream(key, response);
        const params = {
          notifications: { toolsListChanged: true },
          _meta: { [subscriptionKey]: message.id },
        };
        return announce(key, {
          jsonrpc: '2.0',
          method: 'notifications/subscriptions/acknowledged',
          params,
        });
      }
      case 'tools/call': {
        const args = message.params?.arguments ?? {};
        calls.push({ tool: message.params?.name ?? '', args, session });
        const text = JSON.stringify({ args, session });
        const reply = (): void =>
          answer(response, message.id, { ...head, content: [{ type: 'text', text }] });
        if (held !== null) return void held.push(reply);
        if (delayMs === 0) return reply();
        setTimeout(reply, delayMs).unref();
        return;
      }
      default:
        return answer(response, message.id, head);
    }
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handle(request, response, Buffer.concat(chunks).toString('utf8')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    calls,
    streams,
    announce,
    setDelay: (ms) => (delayMs = ms),
    holdCalls: () => {
      held = [];
      return () => {
        for (const reply of held ?? []) reply();
        held = null;
      };
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
