import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { AuditLog } from '../../src/audit/audit-log.ts';
import { ok } from '../../src/base/result.ts';
import { startDataPath, type DataPath, type DataPathOptions } from '../support/data-path.ts';
import { post } from '../support/mcp-requests.ts';
import { until } from '../support/until.ts';

const questions = 1_500;

interface AskingServer {
  readonly url: string;
  /** Answers to its questions that reached it. */
  readonly answers: string[];
  close(): Promise<void>;
}

/** A server that asks its client as much as it can while it answers a call. */
async function startAsking(method: string, isQuestion: boolean): Promise<AskingServer> {
  const answers: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      if (request.method !== 'POST') return void response.writeHead(204).end();
      // Only messages of the test's own and of the gateway's are sent here.
      const message = JSON.parse(text) as { id?: number | string; method?: string };
      if (message.method === undefined) answers.push(text);
      if (message.method === undefined || message.id === undefined) {
        return void response.writeHead(202).end();
      }
      const { id } = message;
      const say = (result: object): string => JSON.stringify({ jsonrpc: '2.0', id, result });
      if (message.method !== 'tools/call') {
        response.writeHead(200, {
          'content-type': 'application/json',
          ...(message.method === 'initialize' ? { 'mcp-session-id': 'asks' } : {}),
        });
        const opened = { protocolVersion: '2025-06-18', capabilities: { tools: {} } };
        const tools = [{ name: 'ask', inputSchema: { type: 'object' } }];
        const serverInfo = { name: 'asks', version: '1' };
        response.end(say({ ...opened, serverInfo, tools }));
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let asked = 0; asked < questions; asked += 1) {
        const about = { jsonrpc: '2.0', ...(isQuestion ? { id: `q${asked}` } : {}), method };
        response.write(`data: ${JSON.stringify({ ...about, params: {} })}\n\n`);
      }
      response.end(`data: ${say({ content: [] })}\n\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function stand(
  context: TestContext,
  server: AskingServer,
  grant: NonNullable<DataPathOptions['grant']>,
  audit?: AuditLog,
): Promise<DataPath> {
  context.after(() => server.close());
  const at = { transport: 'http', url: server.url, headers: {}, allowPrivate: true } as const;
  const path = await startDataPath({
    servers: [{ name: 's', ...at }],
    policies: { s: { version: '1', default: 'allow' } },
    grant,
    ...(audit === undefined ? {} : { audit }),
  });
  context.after(() => path.close());
  return path;
}

const cases = [
  { name: 'opened to the grant', method: 'elicitation/create', methods: ['elicitation'] },
  { name: 'not opened to it', method: 'elicitation/create', methods: [] },
  { name: 'of no method there is', method: 'no/such', methods: [] },
  { name: 'notifications of none there is', method: 'no/such', methods: [], notification: true },
] as const;

describe('a server that asks without end', { timeout: 120_000 }, () => {
  for (const one of cases) {
    test(one.name, async (context) => {
      const isQuestion = !('notification' in one);
      const server = await startAsking(one.method, isQuestion);
      const path = await stand(context, server, { methods: one.methods });
      const client = { url: `${path.url}/s/s/mcp`, token: path.token };
      const opened = await post(client, {
        body: '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}',
      });
      const headers = { 'mcp-session-id': String(opened.headers['mcp-session-id']) };
      const body =
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{}}}';
      const { text } = await post(client, { body, headers });
      assert.match(text, /"content":\[\]/, 'the call has its answer');

      const of = path.records.filter(
        (record) => record.kind === 'method' && record.method === one.method,
      );
      const passed = of.filter((record) => record.kind === 'method' && record.decision === 'allow');
      const shown = text.split('\n').filter((line) => line.includes(`"${one.method}"`)).length;
      const isOpen = one.methods.length > 0;
      assert.equal(shown, isOpen ? 256 : 0);
      assert.equal(passed.length, shown, 'a record for each that was passed on, and no other');
      assert.equal(of.length, questions, 'each is on record, for the log to count');
      // The gateway answers for its client no more often than it would have asked it.
      const answered = isQuestion && !isOpen ? 256 : 0;
      await until('the answers', () => server.answers.length >= answered);
      assert.equal(server.answers.length, answered);
    });
  }
});

interface SlowLog {
  readonly audit: AuditLog;
  /** Records of the method. */
  readonly seen: () => number;
  /** How many of them waited at once. */
  readonly most: () => number;
}

/** A log that takes a turn for each record of a method. */
function slowLog(method: string): SlowLog {
  let seen = 0;
  let waiting = 0;
  let most = 0;
  const audit: AuditLog = {
    async append(record) {
      if (record.kind !== 'method' || record.method !== method) return ok({ seq: 1 });
      seen += 1;
      waiting += 1;
      most = Math.max(most, waiting);
      await nextTurn();
      waiting -= 1;
      return ok({ seq: 1 });
    },
    healthy: () => true,
    close: () => Promise.resolve(),
  };
  return { audit, seen: () => seen, most: () => most };
}

describe('notifications that are not passed on wait in the log one at a time', () => {
  for (const method of ['no/such', 'notifications/resources/updated']) {
    test(method, async (context) => {
      const { audit, seen, most } = slowLog(method);
      const server = await startAsking(method, false);
      const path = await stand(context, server, { methods: [] }, audit);
      await path.gateway.toolsReady('s');
      const body =
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{}}}';
      const client = { url: `${path.url}/s/s/mcp`, token: path.token };
      assert.match((await post(client, { body })).text, /"content":\[\]/);
      assert.deepEqual([seen(), most()], [questions, 1]);
    });
  }
});
