import assert from 'node:assert/strict';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createMCPClient } from '@ai-sdk/mcp';
import { MCPClient } from '@mastra/mcp';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

import { connectSdkV1 } from './sdk-v1-client.ts';
import { startStand, type Stand } from './stand.ts';
import { suiteScope } from '../support/scope.ts';

// The framework would report its use.
process.env['MASTRA_TELEMETRY_DISABLED'] = '1';

/** What each of these clients lists and calls: server, fewest tools, tool, arguments, answer. */
const uses: readonly (readonly [string, number, string, Record<string, unknown>, RegExp])[] = [
  ['calculator', 9, 'calculate_cas', { expression: '6*7' }, /42/],
  ['fixture', 28, 'test_multiple_content_types', {}, /mixed/],
  ['everything', 13, 'echo', { message: 'hé' }, /Echo: hé/],
  ['everything-http', 13, 'get-sum', { a: 2, b: 40 }, /42/],
  ['everything-sse', 13, 'echo', { message: '✓' }, /Echo: ✓/],
  ['files', 10, 'list_allowed_directories', {}, /clients-/],
];

interface Found {
  readonly tools: readonly string[];
  readonly answer: string;
}

type Use = (
  stand: Stand,
  server: string,
  tool: string,
  args: Record<string, unknown>,
) => Promise<Found>;

const headersOf = (stand: Stand): Record<string, string> => ({
  authorization: `Bearer ${stand.dataPath.token}`,
});

/** Client of the AI SDK: asks for 2026-07-28 first. */
function useAiSdk(type: 'http' | 'sse'): Use {
  return async (stand, server, tool, args) => {
    const url = stand.urlOf(server).href.replace(/mcp$/, type === 'http' ? 'mcp' : 'sse');
    const client = await createMCPClient({ transport: { type, url, headers: headersOf(stand) } });
    try {
      const { tools } = await client.listTools();
      const called = await client.callTool({ name: tool, arguments: args });
      return { tools: tools.map(({ name }) => name), answer: JSON.stringify(called) };
    } finally {
      await client.close();
    }
  };
}

/** What an agent would give along: none of these tools looks at it. */
const noContext = {} as never;

/** Client of Mastra: puts the server's name before the names of its tools. */
const useMastra: Use = async (stand, server, tool, args) => {
  const client = new MCPClient({
    id: `${server}-${tool}`,
    servers: { s: { url: stand.urlOf(server), requestInit: { headers: headersOf(stand) } } },
  });
  try {
    const { s: tools = {} } = await client.listToolsets();
    const found = tools[tool];
    assert.ok(found?.execute !== undefined, `there is no ${tool} in ${Object.keys(tools).join()}`);
    const called: unknown = await found.execute(args, noContext);
    return { tools: Object.keys(tools), answer: JSON.stringify(called) };
  } finally {
    await client.disconnect();
  }
};

const remote = fileURLToPath(
  new URL('../../node_modules/mcp-remote/dist/proxy.js', import.meta.url),
);

/** mcp-remote, which takes a client of stdio to a server of HTTP. */
const useRemote: Use = async (stand, server, tool, args) => {
  const words = [remote, stand.urlOf(server).href, '--transport', 'http-only', '--silent'];
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...words, '--header', `Authorization: Bearer ${stand.dataPath.token}`],
    // Folders of its own: the program keeps files there.
    env: { HOME: stand.folder, MCP_REMOTE_CONFIG_DIR: path.join(stand.folder, 'remote') },
    stderr: 'ignore',
  });
  const client = await connectSdkV1(
    transport,
    () => '',
    () => Promise.resolve(),
  );
  try {
    return { tools: await client.tools(), answer: await client.call(tool, args) };
  } finally {
    await client.close();
  }
};

const clients: readonly (readonly [string, Use])[] = [
  ['AI SDK', useAiSdk('http')],
  ['AI SDK over HTTP+SSE', useAiSdk('sse')],
  ['Mastra', useMastra],
  ['mcp-remote', useRemote],
];

describe('clients of frameworks', { timeout: 280_000 }, () => {
  const suite = suiteScope();
  let stand: Stand;
  before(async () => {
    stand = await startStand(suite);
  });

  for (const [client, use] of clients) {
    for (const [server, least, tool, args, expected] of uses) {
      test(`${client}: ${server}: lists, and calls ${tool}`, async () => {
        const { tools, answer } = await use(stand, server, tool, args);
        assert.ok(tools.length >= least, `${tools.length} tools`);
        assert.ok(tools.includes(tool));
        assert.match(answer, expected);
      });
    }
  }
});
