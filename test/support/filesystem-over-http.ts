import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

import type { Scope } from './scope.ts';

/** The real filesystem server, reached over HTTP as a server that is added by its address is. */
export interface FilesystemOverHttp {
  readonly url: string;
  /** The folder that it serves. */
  readonly root: string;
}

/** Starts it on a folder of its own: one POST in is one line in, and its answer one line out. */
export async function startFilesystemOverHttp(scope: Scope): Promise<FilesystemOverHttp> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'portcullis-files-')));
  await writeFile(join(root, 'a.txt'), 'first line\n');
  const manifest = createRequire(import.meta.url).resolve(
    '@modelcontextprotocol/server-filesystem/package.json',
  );
  const program = join(dirname(manifest), 'dist', 'index.js');
  const child = spawn(process.execPath, [program, root], { stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting = new Map<string, (line: string) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    // A server writes JSON-RPC messages, one a line.
    const { id } = JSON.parse(line) as { id?: unknown };
    waiting.get(JSON.stringify(id))?.(line);
  });
  const server = createServer((request, response) => {
    void bodyOf(request).then(async (body) => {
      if (request.method !== 'POST') return response.writeHead(405).end();
      const message = JSON.parse(body) as { id?: unknown; method?: string };
      if (message.id === undefined) {
        child.stdin.write(`${body.replaceAll('\n', ' ')}\n`);
        return response.writeHead(202).end();
      }
      const answer = await ask(child, waiting, { id: JSON.stringify(message.id), body });
      return response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    });
  });
  scope.after(() => close(server, child, root));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    root,
  };
}

function ask(
  child: ChildProcess,
  waiting: Map<string, (line: string) => void>,
  { id, body }: { readonly id: string; readonly body: string },
): Promise<string> {
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    child.stdin?.write(`${body.replaceAll('\n', ' ')}\n`);
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) text += String(chunk);
  return text;
}

async function close(server: Server, child: ChildProcess, root: string): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  await rm(root, { recursive: true, force: true });
}
