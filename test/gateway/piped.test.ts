import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { serveStdio } from '../../src/gateway/listen/stdio.ts';
import { wrappedCaller } from '../../src/main/wrap.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';
import { until } from '../support/until.ts';

const initialize =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"pipe","version":"1"}}}';
const initialized = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
const call =
  '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"read","arguments":{}}}';

interface Stand {
  readonly server: RecordingServer;
  readonly path: DataPath;
  readonly input: PassThrough;
  /** Lines that the client was sent. */
  readonly said: () => readonly string[];
  readonly abort: AbortController;
  readonly served: Promise<unknown>;
}

/** One client over stdio, as `run` serves it, in front of a server with sessions. */
async function stand(context: TestContext): Promise<Stand> {
  const server = await startRecordingServer();
  context.after(() => server.close());
  const at = { transport: 'http', url: server.url, headers: {}, allowPrivate: true } as const;
  const path = await startDataPath({
    servers: [{ name: 'rec', ...at }],
    policies: { rec: { version: '1', default: 'allow' } },
  });
  context.after(() => path.close());
  await path.gateway.toolsReady('rec');
  server.bodies.length = 0;
  server.headers.length = 0;
  const [grant] = path.gateway.snapshot().grantsByToken.values();
  assert.ok(grant !== undefined);
  const [input, output] = [new PassThrough(), new PassThrough()];
  let text = '';
  output.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const abort = new AbortController();
  const ends = { input, output, signal: abort.signal };
  const served = serveStdio(path.gateway, wrappedCaller(grant, 'rec'), ends);
  context.after(async () => {
    abort.abort();
    input.end();
    await served;
  });
  const said = (): readonly string[] => text.split('\n').slice(0, -1);
  return { server, path, input, said, abort, served };
}

const methodsOf = (bodies: readonly string[]): readonly string[] =>
  bodies.map((body) => /"method":"([^"]+)"/.exec(body)?.[1] ?? '');

describe('what a client pipes in before its session is open', () => {
  test('waits for it, and goes on in its order', async (context) => {
    const { server, input, said, served } = await stand(context);
    const release = server.holdAnswers();
    context.after(release);
    input.write(`${[initialize, initialized, list, call].join('\n')}\n`);
    input.end();
    await until('the server is asked', () => server.bodies.length > 0);
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    assert.deepEqual(methodsOf(server.bodies), ['initialize']);
    release();
    await served;
    assert.deepEqual(methodsOf(server.bodies).toSorted(), [
      'initialize',
      'notifications/initialized',
      'tools/call',
      'tools/list',
    ]);
    assert.equal(methodsOf(server.bodies)[1], 'notifications/initialized');
    for (const headers of server.headers.slice(1))
      assert.equal(headers['mcp-session-id'], 'session-2');
    const ids = said().map((line) => JSON.parse(line).id);
    assert.equal(ids[0], 0);
    assert.deepEqual(new Set(ids), new Set([0, 1, 2]));
    assert.equal(ids.length, 3);
  });

  test('stays with the client once enough of it waits', async (context) => {
    const { server, input, said } = await stand(context);
    const release = server.holdAnswers();
    context.after(release);
    const pings = Array.from({ length: 2_000 }, (_, id) =>
      JSON.stringify({
        jsonrpc: '2.0',
        id: id + 1,
        method: 'ping',
        params: { pad: 'x'.repeat(500) },
      }),
    );
    input.write(`${initialize}\n`);
    for (const ping of pings) input.write(`${ping}\n`);
    await until('the server is asked', () => server.bodies.length > 0);
    for (let turn = 0; turn < 200; turn += 1) await nextTurn();
    const unread = input.readableLength + input.writableLength;
    assert.ok(unread > 500_000, `${unread} bytes are not read`);
    release();
    await until('every answer', () => said().length === pings.length + 1);
  });

  test('is given up with the client', async (context) => {
    const { server, input, said, served, abort } = await stand(context);
    const release = server.holdAnswers();
    context.after(release);
    input.write(`${initialize}\n`);
    for (let line = 0; line < 2_000; line += 1) input.write(`${call}\n`);
    await until('the server is asked', () => server.bodies.length > 0);
    abort.abort();
    input.end();
    await served;
    assert.deepEqual([said(), server.calls], [[], []]);
  });
});
