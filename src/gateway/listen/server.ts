import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { err, ok, type Result } from '../../base/result.ts';
import { endsConnection } from './http-downstream.ts';
import type { McpListener } from './http.ts';
import { routeOf } from './http.ts';
import { readHead, repeated } from './heads.ts';
import { PlainConnections, waitForTheAnswer } from './plain-connection.ts';
import { SseListener, sseRouteOf } from './sse.ts';
import type { HostPolicy } from './hosts.ts';

/** What one port serves: MCP on its endpoints, unless there is none, everything else by `pages`. */
export interface PortDeps {
  readonly mcp: McpListener | null;
  readonly pages: (request: IncomingMessage, response: ServerResponse) => void;
  /** Names and origins; read anew for each request, as the port is known only after listening. */
  readonly hosts: () => HostPolicy;
}

/** Why the port could not be opened. */
export interface ListenProblem {
  readonly code: 'in-use' | 'forbidden' | 'failed';
  readonly detail: string;
}

/** A port that is served. */
export interface OpenPort {
  readonly port: number;
  /**
   * Takes no new connection, refuses new requests with 503, and resolves when the answers under way
   * are given or `graceMs` is over.
   */
  close(graceMs: number): Promise<void>;
  /** Breaks every connection off. */
  cut(): void;
}

/** Opens the port. Header and idle bounds are those of a server that faces hostile clients. */
export function openPort(
  deps: PortDeps,
  at: { readonly host: string; readonly port: number },
): Promise<Result<OpenPort, ListenProblem>> {
  const served = { deps, sse: deps.mcp === null ? null : new SseListener(deps.mcp) };
  const unused = new Set<Socket>();
  let draining = false;
  const server = createServer(
    {
      maxHeaderSize: 16_384,
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
      insecureHTTPParser: false,
      requireHostHeader: true,
      noDelay: true,
    },
    (request, response) => {
      unused.delete(request.socket);
      if (draining) {
        response.setHeader('connection', 'close');
        return plain(response, 503, 'the gateway is stopping; try again soon');
      }
      if (takesTurn(request, response)) serve(served, request, response);
      else plain(response, 400, waitForTheAnswer);
    },
  );
  const plainOnes = takeConnections(server, deps, unused);
  server.on('clientError', (_error, socket) => {
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    else socket.destroy();
  });
  const cut = (): void => {
    plainOnes?.cut();
    server.closeAllConnections();
  };
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code =
        error.code === 'EADDRINUSE' ? 'in-use' : error.code === 'EACCES' ? 'forbidden' : 'failed';
      resolve(err({ code, detail: error.message }));
    });
    server.listen(at.port, at.host, () => {
      // A listening TCP server has an AddressInfo, never a pipe's name.
      const { port } = server.address() as AddressInfo;
      const close = (graceMs: number): Promise<void> => {
        draining = true;
        return drain({ server, plainOnes, unused, cut }, graceMs);
      };
      resolve(ok({ port, close, cut }));
    });
  });
}

/** Every connection begins as a plain one, where MCP is served; null where it is not. */
function takeConnections(
  server: Server,
  { mcp, hosts }: PortDeps,
  unused: Set<Socket>,
): PlainConnections | null {
  const note = (socket: Socket): void => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  };
  if (mcp === null) {
    server.on('connection', note);
    return null;
  }
  // Node's own listener, lifted: a server that does not listen itself never looks at its time limits.
  const readers = server.listeners('connection');
  server.removeAllListeners('connection');
  const leave = (socket: Socket): void => {
    for (const read of readers) Reflect.apply(read, server, [socket]);
    note(socket);
  };
  const plainOnes = new PlainConnections({ mcp, hosts, leave });
  server.on('connection', (socket) => plainOnes.take(socket));
  return plainOnes;
}

/** Marks a connection whose request is being answered, or that ends behind its last answer. */
const answering: unique symbol = Symbol('answering');
type Answering = Socket & { [answering]?: boolean };

/**
 * One request at a time on a connection, and none behind a refusal that ends it: a request that
 * was sent before its predecessor was answered may be what somebody smuggled into the bytes.
 */
function takesTurn(request: IncomingMessage, response: ServerResponse): boolean {
  // The mark is this module's own: no other code can name the symbol.
  const socket = request.socket as Answering;
  if (socket[answering] === true) return false;
  socket[answering] = true;
  response.on('close', endTurn);
  return true;
}

function endTurn(this: ServerResponse): void {
  // The mark is this module's own, as above.
  if (this.shouldKeepAlive) (this.req.socket as Answering)[answering] = false;
}

function serve(
  { deps, sse }: { readonly deps: PortDeps; readonly sse: SseListener | null },
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = request.url ?? '';
  const head = readHead(request.rawHeaders);
  const { host, origin } = head;
  if (host === repeated || origin === repeated || !url.startsWith('/')) {
    return plain(response, 400, 'bad request');
  }
  if (!head.isServed(deps.hosts())) {
    return plain(
      response,
      403,
      'this host or origin is not served; the operator can list it under `listen`',
    );
  }
  const route = deps.mcp === null ? null : routeOf(url);
  if (deps.mcp !== null && route !== null) {
    void deps.mcp.handle(request, response, head, route);
    return;
  }
  const sseRoute = sse === null ? null : sseRouteOf(url);
  if (sse !== null && sseRoute !== null) {
    void sse.handle(request, response, head, sseRoute);
    return;
  }
  if (
    url.includes('.well-known') ||
    url.startsWith('/mcp') ||
    url.startsWith('/s/') ||
    url.startsWith('/registry/')
  ) {
    return plain(response, 404, 'not found');
  }
  deps.pages(request, response);
}

function plain(response: ServerResponse, status: number, text: string): void {
  const body = JSON.stringify({ error: text });
  if (endsConnection(status)) response.shouldKeepAlive = false;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  });
  response.end(body);
}

/** How often connections are looked at while they drain, in milliseconds. */
const idleSweepMs = 50;

interface Drained {
  readonly server: Server;
  readonly plainOnes: PlainConnections | null;
  /** Connections that `node:http` reads and that have carried no request yet. */
  readonly unused: ReadonlySet<Socket>;
  readonly cut: () => void;
}

function drain({ server, plainOnes, unused, cut }: Drained, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(cut, graceMs);
    // A connection that gave its last answer would be kept for the next request.
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      // Browsers open connections ahead of need; Node does not call one idle before its first use.
      for (const socket of unused) socket.destroy();
    }, idleSweepMs);
    server.close(() => {
      clearTimeout(timer);
      clearInterval(sweep);
      resolve();
    });
    plainOnes?.drain();
    server.closeIdleConnections();
  });
}
