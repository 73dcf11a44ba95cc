// A load generator for `streams.ts`, in a process of its own that `fork` started: it opens streams
// when it is told how many, keeps them, and breaks all of them off at once.
import { connect, type Socket } from 'node:net';

import { modern } from '../test/support/mcp-requests.ts';

/** What a load generator is told. */
export type StreamsOrder =
  | ({ readonly kind: 'open'; readonly count: number; readonly over: StreamsOver } & Target)
  | { readonly kind: 'break' };

/** How many streams were opened, and the answers that were none, by status. */
export interface StreamsOpened {
  readonly open: number;
  readonly refused: Readonly<Record<string, number>>;
}

/** `http`: a legacy session and its event stream; `stdio`: `subscriptions/listen` of 2026-07-28. */
export type StreamsOver = 'http' | 'stdio';

interface Target {
  readonly port: number;
  readonly token: string;
}

/** Streams that are being opened at the same time. */
const atOnce = 100;
const json = 'Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n';
const initialize =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"streams","version":"1"}}}';
const listen = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });

const sockets = new Set<Socket>();

process.on('message', (order: StreamsOrder) => {
  if (order.kind === 'break') for (const socket of sockets) socket.resetAndDestroy();
  else void openAll(order).then((opened) => process.send?.(opened));
});

async function openAll(order: StreamsOrder & { readonly kind: 'open' }): Promise<StreamsOpened> {
  const refused: Record<string, number> = {};
  let left = order.count;
  let open = 0;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const socket = connect({ port: order.port, host: '127.0.0.1' });
      socket.on('error', () => socket.destroy());
      const head = `Host: 127.0.0.1:${order.port}\r\nAuthorization: Bearer ${order.token}\r\n`;
      const opened = await (order.over === 'http' ? followSession : listenOn)(socket, head);
      if (opened === null) {
        sockets.add(socket);
        open += 1;
      } else {
        refused[opened] = (refused[opened] ?? 0) + 1;
        socket.destroy();
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { open, refused };
}

/** A session and its stream on one connection; the status where it is no stream. */
async function followSession(socket: Socket, head: string): Promise<string | null> {
  const post = `POST /s/s/mcp HTTP/1.1\r\n${head}${json}Content-Length: ${initialize.length}\r\n\r\n${initialize}`;
  const opened = await answer(socket, post, /"serverInfo"/);
  const session = /^mcp-session-id: *(\S+)/im.exec(opened)?.[1];
  if (session === undefined) return statusOf(opened);
  const get = `GET /s/s/mcp HTTP/1.1\r\n${head}Accept: text/event-stream\r\nMcp-Session-Id: ${session}\r\n\r\n`;
  return streamIn(await answer(socket, get, /\r\n\r\n/));
}

/** The stream of a request that the server has acknowledged. */
async function listenOn(socket: Socket, head: string): Promise<string | null> {
  const lines = Object.entries(listen.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const post = `POST /s/s/mcp HTTP/1.1\r\n${head}${json}${lines.join('')}Content-Length: ${listen.body.length}\r\n\r\n${listen.body}`;
  return streamIn(await answer(socket, post, /acknowledged|"error"/));
}

function streamIn(answered: string): string | null {
  const isStream = answered.startsWith('HTTP/1.1 200') && /event-stream/i.test(answered);
  return isStream ? null : statusOf(answered);
}

function statusOf(answered: string): string {
  return /^HTTP\/1\.1 (\d+)/.exec(answered)?.[1] ?? 'no answer';
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
