import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startDataPath } from '../support/data-path.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { bytesOf, type Values } from './case.ts';
import { exchange } from './wire.ts';

const annotated = (...names: readonly string[]): object => ({
  name: 'read',
  description: 'reads',
  inputSchema: {
    type: 'object',
    properties: Object.fromEntries(
      names.map((header, at) => [`p${at}`, { type: 'string', 'x-mcp-header': header }]),
    ),
  },
});

const send = [
  'POST {{path}} HTTP/1.1\r\nHost: {{host}}\r\nAuthorization: {{authorization}}\r\n' +
    'Content-Type: application/json\r\nMCP-Protocol-Version: 2026-07-28\r\n' +
    'Mcp-Method: tools/call\r\nMcp-Name: read\r\nMcp-Param-Host: evil.example\r\n' +
    'Content-Length: {{length}}\r\n\r\n',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{' +
    '"io.modelcontextprotocol/protocolVersion":"2026-07-28",' +
    '"io.modelcontextprotocol/clientCapabilities":{}},"name":"read","arguments":{}}}',
];

const cases: readonly (readonly [title: string, tool: object, runs: boolean])[] = [
  ['a name of HTTP', annotated('Host'), false],
  ['a credential', annotated('Authorization'), false],
  ['a line break', annotated('X\r\nHost: evil'), false],
  ['two that differ in case', annotated('Region', 'REGION'), false],
  ['a good one', annotated('Region'), true],
];

for (const [title, tool, runs] of cases) {
  test(`B-177 a tool that asks for a header: ${title}`, async () => {
    const server = await startRecordingServer();
    server.setTools([tool]);
    const { url } = server;
    const config = {
      name: 'rec',
      transport: 'http',
      url,
      headers: {},
      allowPrivate: true,
    } as const;
    const policy = { version: '1', default: 'allow' };
    const path = await startDataPath({ servers: [config], policies: { rec: policy } });
    await path.gateway.toolsReady('rec');
    const { host, hostname, port } = new URL(path.url);
    const authorization = `Bearer ${path.token}`;
    const values: Values = {
      host,
      path: '/s/rec/mcp',
      authorization,
      session: null,
      toolPrefix: '',
    };
    const address = { host: hostname, port: Number(port) };
    const heard = await exchange(address, { bytes: bytesOf(send, values), waitMs: 8_000 });
    await path.close();
    await server.close();
    assert.deepEqual(server.calls, runs ? ['read'] : []);
    assert.match(heard.text, runs ? /"result"/ : /Unknown tool: read/);
  });
}
