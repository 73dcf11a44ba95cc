import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundledProgram, bundleIfStale } from '../scripts/bundle.ts';
import { HttpConnection } from './http-client.ts';

const READY_MS_MAX = 15_000;
const STOP_MS_MAX = 5_000;

// What is measured is what is published.
await bundleIfStale();

/** Something that answers the same calls. */
export interface Target {
  readonly name: string;
  readonly url: string;
  /** Header lines that every request carries, with their ends. */
  readonly headers: string;
  /** The process to be counted with everything below it; null for no gateway at all. */
  readonly pid: number | null;
  /** Resolves when its processes are gone. */
  stop(): Promise<void>;
}

/** Starts the server behind the targets; it is a target itself, the one without a gateway. */
export async function startDirect(): Promise<Target> {
  const child = fork(new URL('upstream.ts', import.meta.url), { stdio: 'inherit' });
  const port = await new Promise<number>((done, failed) => {
    child.once('message', (message) => done(Number(message)));
    child.once('exit', () => failed(new Error('the upstream did not start')));
  });
  const url = `http://127.0.0.1:${port}/mcp`;
  return { name: 'direct', url, headers: '', pid: null, stop: () => stopped(child) };
}

/** Starts nginx in front of the upstream, one worker, connections kept alive; null without nginx. */
export async function startNginx(folder: string, upstream: string): Promise<Target | null> {
  if (spawnSync('nginx', ['-v']).status !== 0) return null;
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, nginxConfig(folder, port, new URL(upstream).host));
  const log = openSync(join(folder, 'nginx.log'), 'w');
  const child = spawn('nginx', ['-c', config, '-p', folder, '-e', join(folder, 'error.log')], {
    stdio: ['ignore', log, log],
  });
  const target = {
    name: 'nginx',
    url: `http://127.0.0.1:${port}/mcp`,
    headers: '',
    pid: child.pid ?? null,
    stop: () => stopped(child),
  };
  return ready(target, child, join(folder, 'nginx.log'));
}

function nginxConfig(folder: string, port: number, upstream: string): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const folders = paths.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ');
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_max_body_size 2m;
  client_body_buffer_size 1m;
  ${folders}
  upstream behind { server ${upstream}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://behind;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffers 8 256k;
      proxy_buffer_size 256k;
      proxy_busy_buffers_size 512k;
    }
  }
}
`;
}

/** Starts the gateway in front of the upstream, with a policy, a limit that never binds, a record. */
export async function startGateway(folder: string, upstream: string): Promise<Target> {
  const port = await freePort();
  const token = `pc_${randomBytes(24).toString('base64url')}`;
  const config = join(folder, 'portcullis.json');
  mkdirSync(join(folder, 'data'), { recursive: true });
  writeFileSync(config, JSON.stringify(gatewayConfig({ folder, port, token, upstream }), null, 2));
  const logFile = join(folder, 'gateway.log');
  const log = openSync(logFile, 'w');
  const child = spawn(process.execPath, [bundledProgram, 'up', '--config', config], {
    stdio: ['ignore', log, log],
  });
  const target = {
    name: 'gateway',
    url: `http://127.0.0.1:${port}/s/echo/mcp`,
    headers: `Authorization: Bearer ${token}\r\n`,
    pid: child.pid ?? null,
    stop: () => stopped(child),
  };
  return ready(target, child, logFile);
}

interface GatewaySetting {
  readonly folder: string;
  readonly port: number;
  readonly token: string;
  readonly upstream: string;
}

function gatewayConfig({ folder, port, token, upstream }: GatewaySetting): object {
  const limit = { counter: 'echo_rate', window: 'minute', max: 1_000_000_000, scope: 'grant' };
  const sha256 = createHash('sha256').update(token).digest('hex');
  return {
    listen: { host: '127.0.0.1', port },
    data: join(folder, 'data'),
    // One call, over and over: counted as ever, and never a loop.
    limits: { sameCalls: 1_000_000_000 },
    servers: { echo: { url: upstream, allowPrivate: true } },
    policies: { bench: { version: '1', default: 'deny', tools: { echo: { limits: [limit] } } } },
    grants: {
      bench: { principal: 'agent:bench', servers: ['echo'], policy: 'bench', token: { sha256 } },
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // A TCP listener's address is an AddressInfo as soon as it listens.
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** Waits until a target answers a call's first message; throws with its log when it never does. */
async function ready(target: Target, child: ChildProcess, logFile: string): Promise<Target> {
  const deadlineMs = performance.now() + READY_MS_MAX;
  while (performance.now() < deadlineMs && child.exitCode === null) {
    if (await answers(target)) return target;
    await sleep(50);
  }
  await target.stop();
  throw new Error(`${target.name} did not start:\n${readFileSync(logFile, 'utf8').slice(-4000)}`);
}

async function answers({ url, headers }: Target): Promise<boolean> {
  try {
    const connection = await HttpConnection.open(new URL(url));
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'bench', version: '1' },
    };
    const message = { jsonrpc: '2.0', id: 0, method: 'initialize', params };
    const answer = await connection.post(headers, JSON.stringify(message));
    connection.close();
    return answer.status === 200;
  } catch {
    return false;
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await gone;
  clearTimeout(killer);
}
