import assert from 'node:assert/strict';
import { test } from 'node:test';

import { originOf } from './origin.ts';
import type { ServerConfig } from './server.ts';

const http = (url: string, transport: 'http' | 'sse' = 'http'): ServerConfig => ({
  name: 's',
  transport,
  url,
  headers: {},
  allowPrivate: true,
});
const stdio = (command: string, ...args: readonly string[]): ServerConfig => ({
  name: 's',
  transport: 'stdio',
  command,
  args,
  env: {},
  cwd: null,
});

/** Two entries, and whether they are one server. */
const pairs: readonly (readonly [ServerConfig, ServerConfig, boolean])[] = [
  [http('https://a.example/mcp'), http('https://a.example/mcp?key=1'), true],
  [http('https://a.example/mcp'), http('https://a.example:8443/mcp'), false],
  [http('https://a.example/mcp'), http('http://a.example/mcp'), false],
  [http('https://a.example/mcp'), http('https://a.example/other'), false],
  [http('https://a.example/mcp'), http('https://a.example/mcp', 'sse'), false],
  [http('http://127.0.0.1:1/mcp'), http('http://127.0.0.1:2/mcp'), true],
  [http('http://127.0.0.1:1/mcp'), http('http://10.0.0.1:1/mcp'), false],
  [stdio('npx', '-y', 'a', '/tmp'), stdio('npx', 'a', '/home'), true],
  [stdio('npx', '-y', 'a'), stdio('npx', '-y', 'b'), false],
  [stdio('npx', 'a'), stdio('uvx', 'a'), false],
  [stdio('a'), http('http://a/'), false],
];

test('a server is told by where it is, or by its program', () => {
  for (const [one, other, same] of pairs) {
    assert.equal(originOf(one) === originOf(other), same, `${originOf(one)} ${originOf(other)}`);
  }
});
