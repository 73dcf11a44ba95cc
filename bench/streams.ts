// `npm run bench:streams -- [streams] [--over http|stdio] [--clients N]`: opens that many streams
// through a whole gateway, says what each costs in memory, then breaks all of them off and says when
// they are gone. Gateway, server and load generators are processes of their own.
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { fileGrant, writeOperatorFile } from '../test/support/operator-file.ts';
import { startGateway, type GatewayProcess } from '../test/support/gateway-process.ts';
import { until } from '../test/support/until.ts';
import type { StreamsOpened, StreamsOrder, StreamsOver } from './streams-client.ts';

/** What is measured: how many streams, with what server behind them, from how many processes. */
export interface StreamsOptions {
  readonly count: number;
  /** Over HTTP a stream takes two descriptors of the gateway, over stdio one. */
  readonly over: StreamsOver;
  readonly clients: number;
}

/** What was measured. */
export interface StreamsReport {
  readonly asked: number;
  readonly over: StreamsOver;
  readonly clients: number;
  readonly open: number;
  /** Answers other than a stream, by their status. */
  readonly refused: Readonly<Record<string, number>>;
  /** Kilobytes of resident memory of the gateway that each open stream added. */
  readonly kilobytesEach: number;
  /** Milliseconds from the break until the server saw the last stream end. */
  readonly goneMs: number;
  /** Milliseconds from the break until the gateway had given all descriptors back. */
  readonly releasedMs: number;
  /** The gateway's open descriptors before, with all streams open, and after. */
  readonly descriptors: readonly [before: number, open: number, after: number];
  /** Kilobytes of resident memory before, with all streams open, and after they were gone. */
  readonly residentKb: readonly [before: number, open: number, after: number];
}

/** Streams that warm the gateway up: what it needs once is not what a stream needs. */
const firstOnes = 100;
const msMax = 60_000;
/** Connections that the gateway keeps for the next request, beside those of streams. */
const keptMax = 64;
const serverScript = fileURLToPath(new URL('./streams-server.ts', import.meta.url));
const clientScript = fileURLToPath(new URL('./streams-client.ts', import.meta.url));

/** Opens, measures and breaks off. */
export async function measureStreams(options: StreamsOptions): Promise<StreamsReport> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-streams-'));
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const server = await (options.over === 'http' ? startServer() : stdioServer(folder));
    ends.unshift(() => server.end());
    const grant = fileGrant('streams', ['s'], 'p');
    const config = await writeOperatorFile(folder, {
      servers: { s: server.entry },
      policies: { p: { version: '1', default: 'allow' } },
      grants: [grant],
      more: { limits: { streamsPerGrant: options.count } },
    });
    const args = ['--config', config];
    const scope = { after: (end: () => Promise<unknown>) => void ends.unshift(end) };
    const gateway = await startGateway(scope, { dataDir: join(folder, 'data'), args });
    const clients = Array.from({ length: options.clients }, () => fork(clientScript));
    for (const client of clients) ends.unshift(() => endOf(client));
    return await measure({ ...options, gateway, server, clients, token: grant.token });
  } finally {
    for (const end of ends) await end();
  }
}

interface Measured extends Omit<StreamsOptions, 'clients'> {
  readonly gateway: GatewayProcess;
  readonly server: CountingServer;
  readonly clients: readonly ChildProcess[];
  readonly token: string;
}

async function measure(of: Measured): Promise<StreamsReport> {
  const { gateway, server, clients } = of;
  const descriptorsBefore = descriptorsOf(gateway.pid);
  const first = await openStreams(of, Math.min(firstOnes, of.count));
  await until('the first streams', async () => (await server.open()) >= first.open, msMax);
  const before = residentKb(gateway.pid);
  const rest = await openStreams(of, of.count - first.open);
  const open = first.open + rest.open;
  await until('all streams', async () => (await server.open()) >= open, msMax);
  const resident = residentKb(gateway.pid);
  const descriptors = descriptorsOf(gateway.pid);
  const brokenMs = performance.now();
  for (const client of clients) tell(client, { kind: 'break' });
  const sinceMs = async (what: string, holds: () => boolean | Promise<boolean>) => {
    await until(what, holds, msMax);
    return Math.round(performance.now() - brokenMs);
  };
  const gone = sinceMs('no stream', async () => (await server.open()) === 0);
  const released = sinceMs(
    'no descriptor',
    () => descriptorsOf(gateway.pid) <= descriptorsBefore + keptMax,
  );
  const [goneMs, releasedMs] = await Promise.all([gone, released]);
  return {
    asked: of.count,
    over: of.over,
    clients: clients.length,
    open,
    refused: rest.refused,
    kilobytesEach: Math.round((10 * (resident - before)) / Math.max(1, rest.open)) / 10,
    goneMs,
    releasedMs,
    descriptors: [descriptorsBefore, descriptors, descriptorsOf(gateway.pid)],
    residentKb: [before, resident, residentKb(gateway.pid)],
  };
}

/** Shares the streams out among the load generators. */
async function openStreams(
  { gateway, token, clients, over }: Measured,
  count: number,
): Promise<StreamsOpened> {
  const port = Number(new URL(gateway.url).port);
  const all = clients.map((client, index) => {
    const share = Math.floor((count + index) / clients.length);
    return openOn(client, { kind: 'open', count: share, over, port, token });
  });
  const refused: Record<string, number> = {};
  let open = 0;
  for (const opened of await Promise.all(all)) {
    open += opened.open;
    for (const [status, times] of Object.entries(opened.refused)) {
      refused[status] = (refused[status] ?? 0) + times;
    }
  }
  return { open, refused };
}

function openOn(client: ChildProcess, order: StreamsOrder): Promise<StreamsOpened> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error('a load generator ended'));
    client.once('exit', ended);
    client.once('message', (opened) => {
      client.off('exit', ended);
      // `streams-client.ts` sends nothing else.
      resolve(opened as StreamsOpened);
    });
    tell(client, order);
  });
}

function tell(client: ChildProcess, order: StreamsOrder): void {
  client.send(order);
}

interface CountingServer {
  /** Its entry in the operator's file. */
  readonly entry: object;
  open(): Promise<number>;
  end(): Promise<unknown>;
}

async function startServer(): Promise<CountingServer> {
  const child = spawn(process.execPath, [serverScript], { stdio: ['ignore', 'pipe', 'inherit'] });
  let url = '';
  let open = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('http')) url = line;
    else open = Number(line);
  });
  await until('the server', () => url !== '').catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  const entry = { url, allowPrivate: true };
  return { entry, open: () => Promise.resolve(open), end: () => endOf(child) };
}

/** The gateway starts it, and ends it. */
function stdioServer(folder: string): Promise<CountingServer> {
  const path = join(folder, 'open');
  const open = async (): Promise<number> => Number(await readFile(path, 'utf8').catch(() => '0'));
  const entry = { command: process.execPath, args: [serverScript, path] };
  return Promise.resolve({ entry, open, end: () => Promise.resolve() });
}

function endOf(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  return ended;
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function residentKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      over: { type: 'string', default: 'http' },
      clients: { type: 'string', default: '1' },
    },
  });
  const { over } = values;
  const count = Number(positionals[0] ?? '10000');
  const clients = Number(values.clients);
  const isSound = Number.isSafeInteger(count) && count > 0 && clients > 0 && clients <= 8;
  if (!isSound || (over !== 'http' && over !== 'stdio')) {
    console.error('npm run bench:streams -- [streams] [--over http|stdio] [--clients 1…8]');
    process.exit(2);
  }
  console.log(JSON.stringify(await measureStreams({ count, over, clients }), null, 2));
}
