import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { startDemoServers } from '../../src/demo/start.ts';
import type { HttpServerConfig, ServerConfig } from '../../src/registry/server.ts';
import { startEverythingServer } from '../fixtures/everything/server.ts';
import { freePort, startDataPath, type DataPath } from '../support/data-path.ts';
import type { Scope } from '../support/scope.ts';

/** A data path in front of servers as they are published, and of servers of our own. */
export interface Stand {
  readonly dataPath: DataPath;
  /** A folder that `files` serves, with one file `a.txt`. */
  readonly folder: string;
  urlOf(server: string): URL;
}

const startMs = 90_000;

/**
 * Starts every server: `calculator`, `callendar`, `qasperai` (HTTP, both eras), `orchard` (stdio,
 * both eras), `fixture` (HTTP, both eras), and of the published ones, all of the legacy era,
 * `everything`, `everything-http` and `everything-sse`, `files` and `memory`. stdio servers start with their first
 * message.
 */
export async function startStand(scope: Scope): Promise<Stand> {
  const folder = await mkdtemp(path.join(tmpdir(), 'clients-'));
  await writeFile(path.join(folder, 'a.txt'), 'content of a');
  scope.after(() => rm(folder, { recursive: true, force: true }));
  const demo = await startDemoServers();
  scope.after(() => demo.close());
  const fixture = await startEverythingServer();
  scope.after(() => fixture.close());
  const published = await startPublished(scope, 'streamableHttp');
  const old = await startPublished(scope, 'sse');
  const servers: readonly ServerConfig[] = [
    ...demo.servers.map(({ name, url }) => http(name, url)),
    http('fixture', fixture.url),
    http('everything-http', published.url),
    { ...http('everything-sse', old.url), transport: 'sse' },
    stdio('orchard', fileURLToPath(new URL('../../src/demo/orchard.ts', import.meta.url)), []),
    stdio('everything', programOf('everything'), ['stdio']),
    stdio('files', programOf('filesystem'), [folder]),
    stdio('memory', programOf('memory'), [], {
      MEMORY_FILE_PATH: path.join(folder, 'memory.json'),
    }),
  ];
  const open = { version: '1', default: 'allow' };
  const dataPath = await startDataPath({
    servers,
    policies: Object.fromEntries(servers.map(({ name }) => [name, open])),
  });
  scope.after(() => dataPath.close());
  return {
    dataPath,
    folder,
    urlOf: (server) => new URL(`${dataPath.url}/s/${server}/mcp`),
  };
}

function http(name: string, url: string): HttpServerConfig {
  return { name, transport: 'http', url, headers: {}, allowPrivate: true };
}

function stdio(
  name: string,
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ServerConfig {
  const command = process.execPath;
  return { name, transport: 'stdio', command, args: [script, ...args], env, cwd: null };
}

function programOf(server: string): string {
  const packages = new URL('../../node_modules/@modelcontextprotocol/', import.meta.url);
  return path.join(fileURLToPath(packages), `server-${server}`, 'dist', 'index.js');
}

/** A child that listens. */
export interface Published {
  readonly url: string;
  readonly child: ChildProcess;
}

/**
 * `server-everything` over Streamable HTTP, where it keeps its events so that a client may resume,
 * or over the transport before it. It is gone when `scope` is over.
 */
export async function startPublished(
  scope: Scope,
  transport: 'streamableHttp' | 'sse',
): Promise<Published> {
  const port = await freePort();
  const child = spawn(process.execPath, [programOf('everything'), transport], {
    env: { PATH: process.env['PATH'], PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  scope.after(async () => child.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => reject(new Error(`the server did not start: ${said}`)), startMs);
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      if (!/listening|running on port/i.test(said)) return;
      clearTimeout(late);
      resolve();
    });
    child.on('exit', () => reject(new Error(`the server ended: ${said}`)));
  });
  return { url: `http://127.0.0.1:${port}/${transport === 'sse' ? 'sse' : 'mcp'}`, child };
}
