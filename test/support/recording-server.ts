import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A real MCP server over HTTP that keeps every body it was sent: the ledger of what got through. */
export interface RecordingServer {
  readonly url: string;
  /** Raw bodies of POSTs, in order. */
  readonly bodies: string[];
  readonly headers: IncomingMessage['headers'][];
  /** Names of the tools that ran, in order. */
  readonly calls: string[];
  /** Replaces the tool list that is served from now on. */
  setTools(tools: readonly object[]): void;
  /** Milliseconds that each call takes. */
  setDelay(ms: number): void;
  /** Characters that stand behind what each answer to a call echoes. */
  setFill(characters: number): void;
  /** Gives no answer from now on, until what it gives is called: then all that are due. */
  holdAnswers(): () => void;
  /** The revision that sessions are opened in; 2025-06-18 unless said. */
  setVersion(version: string): void;
  close(): Promise<void>;
}

const tool = (name: string): object => ({
  name,
  description: `tool ${name}`,
  inputSchema: {
    type: 'object',
    properties: { amount: { type: 'number' }, nonce: { type: 'string' } },
  },
});

/** Tools `read`, `write`, `pay`, `secret`; both eras; the answer echoes the arguments' bytes. */
export async function startRecordingServer(): Promise<RecordingServer> {
  const bodies: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const calls: string[] = [];
  let tools = ['read', 'write', 'pay', 'secret'].map(tool);
  let delayMs = 0;
  let fill = '';
  let revision = '2025-06-18';
  let held: (() => void)[] | null = null;
  const sessions = new Set<string>();

  const handle = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    if (request.method !== 'POST') {
      response.writeHead(request.method === 'DELETE' ? 200 : 405).end();
      return;
    }
    bodies.push(body);
    headers.push(request.headers);
    const parsed: unknown = JSON.parse(body);
    if (Array.isArray(parsed)) for (const one of parsed) noteCall(one);
    // Only objects are sent by the tests that look at the answer.
    const message = parsed as { id?: unknown; method?: string; params?: Record<string, unknown> };
    noteCall(message);
    if (message.id === undefined) {
      response.writeHead(202).end();
      return;
    }
    const modern = request.headers['mcp-protocol-version'] === '2026-07-28';
    const extra: Record<string, string> = {};
    if (message.method === 'initialize') {
      const id = `session-${sessions.size + 1}`;
      sessions.add(id);
      extra['mcp-session-id'] = id;
    }
    const rawId = /"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?[0-9.eE+]+)/.exec(body)?.[1] ?? 'null';
    const answer = `{"jsonrpc":"2.0","id":${rawId},"result":${resultOf(message, modern, body)}}`;
    const give = (): void => {
      response.writeHead(200, { 'content-type': 'application/json', ...extra });
      response.end(answer);
    };
    if (held === null) setTimeout(give, delayMs);
    else held.push(give);
  };

  const noteCall = (message: unknown): void => {
    if (typeof message !== 'object' || message === null) return;
    const { method, params } = message as { method?: unknown; params?: { name?: unknown } };
    if (method === 'tools/call') calls.push(String(params?.name));
  };

  const resultOf = (message: { method?: string }, modern: boolean, body: string): string => {
    const head = modern ? '"resultType":"complete",' : '';
    switch (message.method) {
      case 'initialize':
        return `{"protocolVersion":"${revision}","capabilities":{"tools":{}},"serverInfo":{"name":"recorder","version":"1"}}`;
      case 'server/discover':
        return '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"public"}';
      case 'tools/list':
        return `{${head}"tools":${JSON.stringify(tools)}${modern ? ',"ttlMs":3600000,"cacheScope":"public"' : ''}}`;
      default:
        return `{${head}"content":[{"type":"text","text":${JSON.stringify(body + fill)}}],"big":9007199254740993,"one":1.0}`;
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
    bodies,
    headers,
    calls,
    setTools: (next) => (tools = [...next]),
    setDelay: (ms) => (delayMs = ms),
    setFill: (characters) => (fill = 'f'.repeat(characters)),
    holdAnswers: () => {
      const due: (() => void)[] = [];
      held = due;
      return () => {
        held = null;
        for (const give of due.splice(0)) give();
      };
    },
    setVersion: (version) => (revision = version),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
