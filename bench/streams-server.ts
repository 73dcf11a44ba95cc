// A server for `streams.ts`, in a process of its own: streams that stay open. Over HTTP it has
// sessions, and writes its address and then, whenever that changes, how many streams are open. With
// a path it speaks stdio, and keeps that number in the file of this path.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

const [path] = process.argv.slice(2);
let open = 0;
let written = -1;

if (path === undefined) serveHttp();
else serveStdio();

setInterval(() => {
  if (open === written) return;
  written = open;
  if (path === undefined) console.log(String(open));
  else writeFileSync(path, String(open));
}, 100);

function serveHttp(): void {
  let sessions = 0;
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
}

/** Modern clients share this one process: its streams are requests that wait for their end. */
function serveStdio(): void {
  const listening = new Set<unknown>();
  const send = (message: object): void => {
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  };
  const lines = createInterface({ input: process.stdin });
  lines.on('close', () => process.exit(0));
  lines.on('line', (line) => {
    // The gateway writes JSON-RPC; members that are not there read as undefined.
    const { id, method, params } = JSON.parse(line) as {
      id?: number;
      method?: string;
      params?: { requestId?: number };
    };
    if (method === 'notifications/cancelled') listening.delete(params?.requestId);
    else if (method === 'subscriptions/listen') {
      listening.add(id);
      const _meta = { 'io.modelcontextprotocol/subscriptionId': id };
      send({ method: 'notifications/subscriptions/acknowledged', params: { _meta } });
    } else if (id !== undefined) send({ id, result: resultOf(method) });
    open = listening.size;
  });
}

function resultOf(method: string | undefined): object {
  const cached = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
  if (method === 'tools/list') return { ...cached, tools: [] };
  const _meta = { 'io.modelcontextprotocol/serverInfo': { name: 's', version: '1' } };
  return { ...cached, supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, _meta };
}
