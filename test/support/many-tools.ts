import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server with as many tools as it is told, described by whatever it is given. */
export interface ManyTools {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts it. It answers `initialize` and `tools/list` of the sessionless legacy form, no more. */
export async function startManyTools(count: number, texts: readonly string[]): Promise<ManyTools> {
  const tools = Array.from({ length: count }, (_, index) => {
    const text = texts[index % texts.length] ?? '';
    return {
      name: index < texts.length ? text.slice(0, 128) || `empty_${index}` : `tool_${index}`,
      title: text,
      description: text,
      inputSchema: {
        type: 'object',
        properties: { argument: { type: 'string', description: text, enum: [text, 'b'] } },
      },
    };
  });
  const results: Readonly<Record<string, object>> = {
    initialize: {
      protocolVersion: '2025-06-18',
      capabilities: { tools: {} },
      serverInfo: { name: texts[0] ?? '', title: texts[1] ?? '', version: '1' },
    },
    'tools/list': { tools },
  };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      if (request.method !== 'POST') return response.writeHead(405).end();
      const { id, method } = JSON.parse(body) as { id?: unknown; method: string };
      if (id === undefined) return response.writeHead(202).end();
      const result = results[method];
      const answer =
        result === undefined ? { error: { code: -32601, message: 'no such method' } } : { result };
      const headers = { 'content-type': 'application/json' };
      return response
        .writeHead(200, headers)
        .end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
