// `npm run bench:streams -- [streams]`: opens that many sessions with a stream each through a whole
// gateway, says what each costs in memory, then breaks all of them off and says when they are gone.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { fileGrant, writeOperatorFile } from '../test/support/operator-file.ts';
import { startGateway, until, type GatewayProcess } from '../test/support/gateway-process.ts';

/** What was measured. */
export interface StreamsReport {
  readonly asked: number;
  readonly open: number;
  /** Answers other than a stream, by their status. */
  readonly refused: Readonly<Record<string, number>>;
  /** Kilobytes of resident memory of the gateway that each open stream added. */
  readonly kilobytesEach: number;
  /** Milliseconds from the break until the server saw the last stream end. */
  readonly goneMs: number;
  /** Kilobytes of resident memory before, with all streams open, and after they were gone. */
  readonly residentKb: readonly [before: number, open: number, after: number];
}

const atOnce = 100;
const goneMsMax = 60_000;
const initialize =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"streams","version":"1"}}}';

/** Opens, measures and breaks off. The gateway and the server are processes of their own. */
export async function measureStreams(count: number): Promise<StreamsReport> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-streams-'));
  const server = await startServer();
  const grant = fileGrant('streams', ['s'], 'p');
  const config = await writeOperatorFile(folder, {
    servers: { s: { url: server.url, allowPrivate: true } },
    policies: { p: { version: '1', default: 'allow' } },
    grants: [grant],
  });
  await allow(config, count);
  const args = ['--config', config];
  const gateway = await startGateway({ dataDir: join(folder, 'data'), args });
  try {
    return await measure({ gateway, server, token: grant.token }, count);
  } finally {
    await gateway.end('SIGKILL');
    server.child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

interface Measured {
  readonly gateway: GatewayProcess;
  readonly server: CountingServer;
  readonly token: string;
}

async function measure(of: Measured, count: number): Promise<StreamsReport> {
  const { gateway, server } = of;
  // The first ones warm the gateway up: what it needs once is not what a stream needs.
  const first = await openStreams(of, Math.min(atOnce, count));
  await until('the first streams', () => server.open() >= first.sockets.length);
  const before = residentKb(gateway.pid);
  const rest = await openStreams(of, count - first.sockets.length);
  const sockets = [...first.sockets, ...rest.sockets];
  await until('all streams', () => server.open() >= sockets.length, goneMsMax);
  const open = residentKb(gateway.pid);
  const brokenMs = performance.now();
  for (const socket of sockets) socket.resetAndDestroy();
  await until('no stream', () => server.open() === 0, goneMsMax);
  const goneMs = Math.round(performance.now() - brokenMs);
  return {
    asked: count,
    open: sockets.length,
    refused: rest.refused,
    kilobytesEach: Math.round((10 * (open - before)) / Math.max(1, rest.sockets.length)) / 10,
    goneMs,
    residentKb: [before, open, residentKb(gateway.pid)],
  };
}

async function openStreams(
  { gateway, token }: Measured,
  count: number,
): Promise<{ readonly sockets: Socket[]; readonly refused: Record<string, number> }> {
  const sockets: Socket[] = [];
  const refused: Record<string, number> = {};
  let left = count;
  const port = Number(new URL(gateway.url).port);
  const head = `Host: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n`;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const opened = await openOne(port, head);
      if (typeof opened === 'string') refused[opened] = (refused[opened] ?? 0) + 1;
      else sockets.push(opened);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { sockets, refused };
}

/** A session and its stream on one connection; the status where it is no stream. */
async function openOne(port: number, head: string): Promise<Socket | string> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => socket.destroy());
  const json = 'Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n';
  const post = `POST /s/s/mcp HTTP/1.1\r\n${head}${json}Content-Length: ${initialize.length}\r\n\r\n${initialize}`;
  const opened = await answer(socket, post, /"serverInfo"/);
  const session = /^mcp-session-id: *(\S+)/im.exec(opened)?.[1];
  const get = `GET /s/s/mcp HTTP/1.1\r\n${head}Accept: text/event-stream\r\nMcp-Session-Id: ${session ?? ''}\r\n\r\n`;
  const streamed = session === undefined ? opened : await answer(socket, get, /\r\n\r\n/);
  if (streamed.startsWith('HTTP/1.1 200') && /event-stream/i.test(streamed)) return socket;
  socket.destroy();
  return /^HTTP\/1\.1 (\d+)/.exec(streamed)?.[1] ?? 'no answer';
}

function answer(socket: Socket, request: string, whole: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const done = (): void => {
      socket.off('data', take);
      socket.off('close', done);
      socket.resume();
      resolve(text);
    };
    const take = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (whole.test(text)) done();
    };
    socket.on('data', take);
    socket.on('close', done);
    socket.write(request);
  });
}

interface CountingServer {
  readonly url: string;
  readonly child: ChildProcess;
  open(): number;
}

async function startServer(): Promise<CountingServer> {
  const script = fileURLToPath(new URL('./streams-server.ts', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let url = '';
  let open = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('http')) url = line;
    else open = Number(line);
  });
  await until('the server', () => url !== '');
  return { url, child, open: () => open };
}

/** The one grant may hold them all open. */
async function allow(config: string, count: number): Promise<void> {
  const file = JSON.parse(await readFile(config, 'utf8')) as object;
  const limits = { streamsPerGrant: count };
  await writeFile(config, JSON.stringify({ ...file, limits }));
}

function residentKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}

if (import.meta.main) {
  console.log(JSON.stringify(await measureStreams(Number(process.argv[2] ?? '10000')), null, 2));
}
