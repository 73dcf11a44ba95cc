import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP hop that adds one header line and changes nothing else. */
export interface Forwarder {
  /** Where it listens; the path is kept. */
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Stands in for a client that can send a token: the suite cannot. Every other header line, `Host`
 * and repeated lines among them, and both bodies pass as they came.
 */
export async function startForwarder(target: URL, token: string): Promise<Forwarder> {
  const server = createServer((incoming, outgoing) => {
    const forwarded = httpRequest({
      host: target.hostname,
      port: target.port,
      method: incoming.method,
      path: incoming.url,
      headers: [...incoming.rawHeaders, 'Authorization', `Bearer ${token}`],
    });
    forwarded.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      answer.on('error', () => outgoing.destroy());
    });
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server has an AddressInfo, never a pipe's name.
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
