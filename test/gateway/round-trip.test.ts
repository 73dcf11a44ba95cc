import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { serveStdio } from '../../src/gateway/listen/stdio.ts';
import { wrappedCaller } from '../../src/main/wrap.ts';
import { exactAnswer, exactResult, exactTool } from '../fixtures/upstream/exact-answers.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { post } from '../support/mcp-requests.ts';
import { until } from '../support/until.ts';

const script = fileURLToPath(new URL('../fixtures/upstream/exact-stdio.ts', import.meta.url));

/** Arguments whose bytes a second writer would not choose. */
const args =
  '{"b":9007199254740993,"a":1.0,"z":-0,"y":1e400,"x":1E+2,"s":"\\u00e9é\\/","n":{"k2":[ 1 , 2.50 ],"k1":{}},"A":null}';
const meta = '"z.example/second":1.0,"a.example/first":[-0.0]';
const modernMeta =
  '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}';

let server: Server;
let path: DataPath;

before(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const answer = request.method === 'POST' ? exactAnswer(text) : null;
      if (answer === null) {
        response.writeHead(request.method === 'POST' ? 202 : 405).end();
        return;
      }
      const session = text.includes('"initialize"') ? { 'mcp-session-id': 'one' } : {};
      response.writeHead(200, { 'content-type': 'application/json', ...session }).end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/mcp`;
  const command = process.execPath;
  path = await startDataPath({
    servers: [
      { name: 'http', transport: 'http', url, headers: {}, allowPrivate: true },
      { name: 'stdio', transport: 'stdio', command, args: [script], env: {}, cwd: null },
    ],
    policies: {
      http: { version: '1', default: 'allow' },
      stdio: { version: '1', default: 'allow' },
    },
  });
});

after(async () => {
  await path.close();
  server.close();
});

const initialize =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}';
const listOf = (era: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{${era === 'modern' ? `"_meta":{${modernMeta}}` : ''}}}`;
const paramsOf = (era: string): string =>
  `{"_meta":{${era === 'modern' ? `${modernMeta},` : ''}${meta}},"name":"exact","unknown":{"k":1.0},"arguments":${args}}`;
const callOf = (era: string): string =>
  `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":${paramsOf(era)}}`;

/** What must be in the answers, and in what the server says that it received. */
function assertExact(era: string, listed: string, called: string): void {
  assert.ok(listed.includes(exactTool), listed);
  assert.ok(called.includes(exactResult), called);
  const received = /"received":"([^"]*)"/.exec(called)?.[1] ?? '';
  const text = Buffer.from(received, 'base64').toString('utf8');
  assert.ok(text.includes(`"params":${paramsOf(era)}`), text);
}

describe('every byte of a value arrives', () => {
  for (const name of ['http', 'stdio']) {
    test(`legacy, over HTTP, from a server of ${name}`, async () => {
      const client = { url: `${path.url}/s/${name}/mcp`, token: path.token };
      const opened = await post(client, { body: initialize });
      const headers = { 'mcp-session-id': String(opened.headers['mcp-session-id']) };
      const listed = await post(client, { body: listOf('legacy'), headers });
      const called = await post(client, { body: callOf('legacy'), headers });
      assertExact('legacy', listed.text, called.text);
    });

    test(`modern, over HTTP, from a server of ${name}`, async () => {
      const client = { url: `${path.url}/s/${name}/mcp`, token: path.token };
      const version = { 'mcp-protocol-version': '2026-07-28' };
      const list = { ...version, 'mcp-method': 'tools/list' };
      const call = { ...version, 'mcp-method': 'tools/call', 'mcp-name': 'exact' };
      const listed = await post(client, { body: listOf('modern'), headers: list });
      const called = await post(client, { body: callOf('modern'), headers: call });
      assertExact('modern', listed.text, called.text);
    });

    for (const era of ['legacy', 'modern']) {
      test(`${era}, over stdio, from a server of ${name}`, async () => {
        const [grant] = path.gateway.snapshot().grantsByToken.values();
        assert.ok(grant !== undefined);
        const input = new PassThrough();
        const output = new PassThrough();
        let said = '';
        output.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
        const served = serveStdio(path.gateway, wrappedCaller(grant, name), { input, output });
        const ask = async (line: string, id: number): Promise<string> => {
          input.write(`${line}\n`);
          const answered = (): string | undefined =>
            said.split('\n').find((one) => one.includes(`"id":${id},"result"`));
          await until(`an answer to ${id}`, () => answered() !== undefined);
          return answered() ?? '';
        };
        if (era === 'legacy') await ask(initialize, 0);
        assertExact(era, await ask(listOf(era), 1), await ask(callOf(era), 2));
        input.end();
        await served;
      });
    }
  }
});
