import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A gateway that the corpus must find leaks in. */
export interface NaiveGateway {
  readonly url: URL;
  readonly token: string;
  close(): Promise<void>;
}

/**
 * The gateway that is written in an afternoon: it parses the body, looks at the tool's name and the
 * amount, refuses what the corpus' policy denies, and forwards the bytes that came. What it cannot
 * parse it leaves to the server. It stands here so that the corpus is known to find something.
 */
export async function startNaiveGateway(upstream: string): Promise<NaiveGateway> {
  const token = 'naive-token';
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const known = incoming.headers.authorization === `Bearer ${token}`;
      if (!known || isDenied(body.toString('utf8'))) {
        outgoing.writeHead(known ? 403 : 401).end();
        return;
      }
      const options = { method: incoming.method ?? 'POST', headers: headersOf(incoming, body) };
      const forwarded = httpRequest(upstream, options, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json' });
        answer.pipe(outgoing);
      });
      forwarded.on('error', () => {
        outgoing.writeHead(502).end();
      });
      forwarded.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server has an AddressInfo, never a pipe's name.
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/mcp`),
    token,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function isDenied(text: string): boolean {
  try {
    // What is not of this shape is let through: that is the point.
    const { method, params } = JSON.parse(text) as {
      method?: string;
      params?: { name?: string; arguments?: { amount?: number } };
    };
    if (method !== 'tools/call') return false;
    if (params?.name === 'read') return false;
    return params?.name !== 'pay' || (params.arguments?.amount ?? 0) > 1000;
  } catch {
    return false;
  }
}

function headersOf(incoming: IncomingMessage, body: Buffer): Record<string, string> {
  const headers: Record<string, string> = { 'content-length': String(body.length) };
  for (const [name, value] of Object.entries(incoming.headers)) {
    const isMcp = name.startsWith('mcp-') || name === 'accept' || name.startsWith('content-t');
    if (isMcp && typeof value === 'string') headers[name] = value;
  }
  return headers;
}
