import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { startPublished, type Published } from '../clients/stand.ts';
import { startEverythingServer, type EverythingServer } from '../fixtures/everything/server.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { until as waitUntil } from '../support/until.ts';
import { suiteScope } from '../support/scope.ts';

const slow = 'trigger-long-running-operation';
/** One call in flight at once: a call that never ends would refuse all that follow. */
const policy = {
  version: '1',
  default: 'allow',
  tools: {
    [slow]: {
      limits: [{ counter: 'slow', concurrent: 1, scope: 'grant', on_deny: 'one at a time' }],
    },
  },
};

let published: Published;
let fixture: EverythingServer;
let path: DataPath;

function outcomes(): readonly string[] {
  return path.records.flatMap((record) => (record.kind === 'outcome' ? [record.status] : []));
}

async function until(holds: () => boolean): Promise<void> {
  await waitUntil(() => `not so: ${JSON.stringify(path.records)}`, holds);
}

/** What came until it matches; the rest of the answer is dropped, with its connection. */
async function readUntil(response: Response, wanted: RegExp): Promise<string> {
  const reader = response.body?.getReader();
  let text = '';
  while (reader !== undefined && !wanted.test(text)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += Buffer.from(value).toString('utf8');
  }
  await reader?.cancel();
  assert.match(text, wanted);
  return text;
}

describe('legacy calls that a client gives up', { timeout: 280_000 }, () => {
  const suite = suiteScope();
  before(async () => {
    published = await startPublished(suite, 'streamableHttp');
    fixture = await startEverythingServer();
    const config = { transport: 'http', headers: {}, allowPrivate: true } as const;
    path = await startDataPath({
      servers: [
        { name: 'everything', ...config, url: published.url },
        { name: 'fixture', ...config, url: fixture.url },
      ],
      policies: { everything: policy, fixture: { version: '1', default: 'allow' } },
    });
  });
  after(async () => {
    await fixture.close();
    await path.close();
  });
  beforeEach(() => {
    path.records.length = 0;
  });

  const connect = async (): Promise<Client> => {
    const client = new Client({ name: 'canceller', version: '1' }, { capabilities: {} });
    const headers = { authorization: `Bearer ${path.token}` };
    const url = new URL(`${path.url}/s/everything/mcp`);
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
    return client;
  };
  const call = (client: Client, seconds: number, signal?: AbortSignal): Promise<string> =>
    client
      .callTool(
        { name: slow, arguments: { duration: seconds, steps: 1 } },
        undefined,
        signal === undefined ? {} : { signal },
      )
      .then((result) => JSON.stringify(result));

  test('a cancelled call is recorded as such, and its place is free again', async () => {
    const client = await connect();
    const stop = new AbortController();
    const pending = call(client, 30, stop.signal);
    await until(() => path.records.some(({ kind }) => kind === 'intent'));
    assert.match(await call(client, 0.05), /one at a time/);
    stop.abort();
    await assert.rejects(pending);
    await until(() => outcomes().length > 0);
    assert.deepEqual(outcomes(), ['cancelled']);
    assert.match(await call(client, 0.05), /completed/);
    await client.close();
  });

  test('a client that lost its stream gets the answer on the next, and it is on record', async () => {
    const ask = (session: string | null, message: object): Promise<Response> =>
      post('fixture', session, message);
    const opened = await ask(null, { method: 'initialize', params: initialize, id: 0 });
    const session = opened.headers.get('mcp-session-id');
    await opened.text();
    await (await ask(session, { method: 'notifications/initialized' })).text();
    const params = { name: 'test_tool_with_logging', arguments: {} };
    const lost = await ask(session, { method: 'tools/call', params, id: 'lost' });
    const before = await readUntil(lost, /Tool execution started.*\n\n/);
    const lastEventId = [...before.matchAll(/^id: ?(.+)$/gm)].at(-1)?.[1] ?? '';
    await new Promise((resolve) => setTimeout(resolve, 30));

    const resumed = await fetch(`${path.url}/s/fixture/mcp`, {
      headers: {
        ...headersOf(session),
        accept: 'text/event-stream',
        'last-event-id': lastEventId,
      },
      signal: AbortSignal.timeout(10_000),
    });
    assert.equal(resumed.status, 200);
    const rest = await readUntil(resumed, /"result"/);
    assert.match(rest, /Tool execution completed/);
    assert.match(rest, /"id":"lost"/);
    await until(() => outcomes().length > 0);
    assert.deepEqual(outcomes(), ['ok']);
  });

  test('a client that went away for good leaves the true outcome behind', async () => {
    const start = { method: 'initialize', params: initialize, id: 0 };
    const opened = await post('everything', null, start);
    const session = opened.headers.get('mcp-session-id');
    await opened.text();
    const params = { name: slow, arguments: { duration: 0.5, steps: 1 } };
    const left = await post('everything', session, { method: 'tools/call', params, id: 1 });
    await left.body?.cancel();
    await until(() => outcomes().length > 0);
    assert.deepEqual(outcomes(), ['ok']);
  });

  const initialize = {
    protocolVersion: '2025-11-25',
    capabilities: { sampling: {} },
    clientInfo: { name: 'raw', version: '1' },
  };
  const headersOf = (session: string | null): Record<string, string> => ({
    authorization: `Bearer ${path.token}`,
    ...(session === null ? {} : { 'mcp-session-id': session }),
    ...(session === null ? {} : { 'mcp-protocol-version': '2025-11-25' }),
  });
  const post = (server: string, session: string | null, message: object): Promise<Response> =>
    fetch(`${path.url}/s/${server}/mcp`, {
      method: 'POST',
      headers: {
        ...headersOf(session),
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
});
