import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { z } from 'zod';

import { scanServer } from '../../src/main/scan.ts';
import type { Scope } from '../support/scope.ts';
import { until } from '../support/until.ts';

const tellPort = new URL('../fixtures/tell-port.mjs', import.meta.url).href;
const packages = new URL('../../node_modules/', import.meta.url);
const startMsMax = 90_000;

/** What a scan says that it can do: with less, a server may show fewer tools. */
const capabilities = {
  roots: { listChanged: true },
  sampling: { context: {}, tools: {} },
  elicitation: { form: {}, url: {} },
  tasks: {
    list: {},
    cancel: {},
    requests: { sampling: { createMessage: {} }, elicitation: { create: {} } },
  },
};

/** Published servers that speak Streamable HTTP themselves. */
const servers: readonly {
  readonly title: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly toolsMin: number;
}[] = [
  {
    title: 'server-everything',
    program: '@modelcontextprotocol/server-everything/dist/index.js',
    args: ['streamableHttp'],
    toolsMin: 15,
  },
  {
    title: 'git-mcp-server',
    program: '@cyanheads/git-mcp-server/dist/index.js',
    args: [],
    toolsMin: 20,
  },
];

for (const { title, program, args, toolsMin } of servers) {
  test(`a scan of ${title} over HTTP agrees with its own list`, async (context) => {
    const url = await startServer(context, program, args);
    const listed = await listOf(url);
    const scanned = await scanServer({
      config: { name: title, transport: 'http', url, headers: {}, allowPrivate: true },
      timeoutMs: startMsMax,
      environment: {},
      credentials: false,
    });
    assert.ok(scanned.ok, JSON.stringify(scanned));
    assert.ok(listed.length >= toolsMin, `${listed.length} tools`);
    assert.deepEqual(scanned.value.tools, listed);
    assert.equal(scanned.value.posture.transport, 'http');
  });
}

/** Starts a published program on a free port of this machine; returns its address. */
async function startServer(
  scope: Scope,
  program: string,
  args: readonly string[],
): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'scan-http-'));
  const script = fileURLToPath(new URL(program, packages));
  const child = spawn(process.execPath, ['--import', tellPort, script, ...args], {
    cwd: home,
    env: { PATH: '/usr/bin:/bin', HOME: home, MCP_TRANSPORT_TYPE: 'http' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  scope.after(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(home, { recursive: true, force: true });
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const port = (): string | undefined => /^listens on port (\d+)$/m.exec(said)?.[1];
  await until(
    () => `a port; it said ${said}`,
    () => port() !== undefined,
    startMsMax,
  );
  return `http://127.0.0.1:${port()}/mcp`;
}

/** The tools as the official client is given them, with every member that the server sent. */
async function listOf(url: string): Promise<unknown[]> {
  const client = new Client({ name: 'reference', version: '1' }, { capabilities });
  const page = z.object({ tools: z.array(z.unknown()), nextCursor: z.string().optional() });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const tools: unknown[] = [];
  let cursor: string | undefined;
  do {
    const params = cursor === undefined ? {} : { cursor };
    const answer = await client.request({ method: 'tools/list', params }, page);
    tools.push(...answer.tools);
    cursor = answer.nextCursor;
  } while (cursor !== undefined);
  await client.close();
  return tools;
}
