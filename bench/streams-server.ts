// A server for `streams.ts`, in a process of its own: sessions, and streams that stay open. It
// writes its address, and then, whenever that changes, how many streams are open.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

let sessions = 0;
let open = 0;
let written = -1;

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.method === 'GET') {
    open += 1;
    response.on('close', () => (open -= 1));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': open\n\n');
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const text = Buffer.concat(chunks).toString('utf8');
    const id = /"id":([^,}]+)/.exec(text)?.[1];
    if (request.method !== 'POST' || id === undefined) {
      response.writeHead(request.method === 'POST' ? 202 : 200).end();
      return;
    }
    const isFirst = text.includes('"initialize"');
    const result = isFirst
      ? '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}'
      : '{"tools":[]}';
    const session = isFirst ? { 'mcp-session-id': `s-${(sessions += 1)}` } : {};
    response.writeHead(200, { 'content-type': 'application/json', ...session });
    response.end(`{"jsonrpc":"2.0","id":${id},"result":${result}}`);
  });
});

server.listen(0, '127.0.0.1', 4_096, () => {
  // A TCP server that listens has an address with a port.
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
});

setInterval(() => {
  if (open === written) return;
  written = open;
  console.log(String(open));
}, 100);
