// The server behind every target, a process of its own: MCP over plain node:http, with one tool that
// answers with its own argument. It tells its parent the port.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Call {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly arguments?: { readonly text?: string } };
}

const TOOL = {
  name: 'echo',
  description: 'Answers with the text it was given.',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
};

const INITIALIZED = {
  protocolVersion: '2025-06-18',
  capabilities: { tools: {} },
  serverInfo: { name: 'bench-echo', version: '1.0.0' },
};

function answer(call: Call): string | null {
  if (call.id === undefined) return null;
  const id = JSON.stringify(call.id);
  switch (call.method) {
    case 'tools/call': {
      const text = JSON.stringify(call.params?.arguments?.text ?? '');
      return `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":${text}}]}}`;
    }
    case 'initialize':
      return `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(INITIALIZED)}}`;
    case 'tools/list':
      return `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify({ tools: [TOOL] })}}`;
    case 'ping':
      return `{"jsonrpc":"2.0","id":${id},"result":{}}`;
    default:
      return `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"method not found"}}`;
  }
}

function send(response: ServerResponse, body: string | null): void {
  if (body === null) {
    response.writeHead(202).end();
    return;
  }
  const length = Buffer.byteLength(body);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
  response.end(body);
}

const server = createServer((request, response) => {
  if (request.method !== 'POST') {
    request.resume();
    response.writeHead(405).end();
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    // Only the benchmark's own clients call it: what they send is known.
    const call = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Call;
    send(response, answer(call));
  });
});

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  // A TCP listener's address is an AddressInfo as soon as it listens.
  process.send?.((server.address() as AddressInfo).port);
});
// Without its parent it has nothing to serve.
process.on('disconnect', () => process.exit(0));
