import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import type { StdioServerConfig } from '../../src/registry/server.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { post } from '../support/mcp-requests.ts';
import { connectSdkV1 } from './sdk-v1-client.ts';
import type { TestClient } from './uses.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'servers-'));
const hasGit = ((): boolean => {
  try {
    execFileSync('git', ['init', '--quiet', '--initial-branch=trunk', folder]);
    return true;
  } catch {
    return false;
  }
})();

let forge: Server;
let dataPath: DataPath;

/** Answers every search of projects as a forge does; nothing else is asked of it. */
async function startForge(): Promise<string> {
  forge = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-total': '0' });
    response.end('[]');
  });
  await new Promise<void>((resolve) => forge.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address with a port.
  return `http://127.0.0.1:${(forge.address() as AddressInfo).port}/api/v4`;
}

function stdio(
  name: string,
  script: string,
  env: Readonly<Record<string, string>> = {},
): StdioServerConfig {
  const program = fileURLToPath(new URL(`../../node_modules/${script}`, import.meta.url));
  const command = process.execPath;
  return { name, transport: 'stdio', command, args: [program], env, cwd: folder };
}

before(async () => {
  const api = await startForge();
  const servers = [
    stdio('git', '@cyanheads/git-mcp-server/dist/index.js', {
      HOME: folder,
      LOGS_DIR: path.join(folder, 'logs'),
      MCP_TRANSPORT_TYPE: 'stdio',
    }),
    stdio('commands', 'mcp-server-commands/build/index.js'),
    stdio('forge', '@modelcontextprotocol/server-gitlab/dist/index.js', {
      GITLAB_PERSONAL_ACCESS_TOKEN: 'none',
      GITLAB_API_URL: api,
    }),
  ];
  dataPath = await startDataPath({
    servers,
    policies: {
      git: {
        version: '1',
        default: 'allow',
        hide: ['git_push'],
        tools: { git_reset: { action: 'deny' } },
      },
      commands: {
        version: '1',
        default: 'deny',
        tools: {
          run_command: {
            require: [{ path: 'args.command', op: 'regex', value: '^echo [a-z]+$' }],
          },
        },
      },
      forge: { version: '1', default: 'allow' },
    },
  });
});

after(async () => {
  await dataPath.close();
  forge.close();
  rmSync(folder, { recursive: true, force: true });
});

async function withClient(
  server: string,
  use: (client: TestClient) => Promise<void>,
): Promise<void> {
  const transport = new StreamableHTTPClientTransport(new URL(`${dataPath.url}/s/${server}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${dataPath.token}` } },
  });
  const client = await connectSdkV1(
    transport,
    () => '',
    () => transport.terminateSession(),
  );
  try {
    await use(client);
  } finally {
    await client.close();
  }
}

describe('published servers', { timeout: 280_000 }, () => {
  test('git', { skip: hasGit ? false : 'there is no git' }, async () => {
    await withClient('git', async (client) => {
      const tools = await client.tools();
      assert.ok(tools.length >= 20 && tools.includes('git_status'), tools.join());
      assert.ok(!tools.includes('git_push'));
      assert.match(await client.call('git_status', { path: folder }), /trunk/);
      assert.match(await client.call('git_reset', { path: folder }), /POLICY DENIED/);
      await assert.rejects(client.call('git_push', { path: folder }), /Unknown tool/);
    });
  });

  test('commands', () =>
    withClient('commands', async (client) => {
      assert.deepEqual(await client.tools(), ['run_command']);
      assert.match(await client.call('run_command', { command: 'echo hello' }), /hello/);
      const denied = await client.call('run_command', { command: 'echo hello; id' });
      assert.match(denied, /POLICY DENIED/);
    }));

  test('one whose schemas lack `type`: the list passes as it is, and calls do', async () => {
    const client = { url: `${dataPath.url}/s/forge/mcp`, token: dataPath.token };
    const opened = await post(client, {
      body: '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}',
    });
    const headers = { 'mcp-session-id': String(opened.headers['mcp-session-id']) };
    await post(client, { headers, body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' });
    const listed = await post(client, {
      headers,
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
    });
    const untyped = listed.text.match(/"inputSchema":\{"\$schema":"[^"]*"\}/g) ?? [];
    assert.equal(untyped.length, 9, listed.text.slice(0, 500));
    const called = await post(client, {
      headers,
      body: '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"search_repositories","arguments":{"search":"a"}}}',
    });
    assert.match(called.text, /\\"count\\": ?0/);
  });
});
