import assert from 'node:assert/strict';
import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { serveStdio } from '../../src/gateway/listen/stdio.ts';
import { wrappedCaller } from '../../src/main/wrap.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { bytesOf, httpCases, lineCases, type LineCase, type Values } from './case.ts';
import { methodsIn, runsIn } from './corpus.ts';
import { corpusPolicy, targetAt } from './own.ts';
import { callsInLines, whyDenied } from './readings.ts';
import { exchange } from './wire.ts';
import { until } from '../support/until.ts';

const program = fileURLToPath(new URL('../fixtures/upstream/bypass-stdio.ts', import.meta.url));
const values: Values = { host: '', path: '', authorization: '', session: null, toolPrefix: '' };
const hello =
  '{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2025-06-18",' +
  '"capabilities":{},"clientInfo":{"name":"bypass","version":"1"}}}\n';
const good =
  '{"jsonrpc":"2.0","id":"good","method":"tools/call","params":{"name":"read","arguments":{}}}';

let folder: string;
let ledger: string;
let path: DataPath;

/** The data path in front of a server over stdio, which keeps what it was sent in a file. */
async function start(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-bypass-'));
  ledger = join(folder, 'received');
  path = await startDataPath({
    servers: [
      {
        name: 'rec',
        transport: 'stdio',
        command: process.execPath,
        args: [program, ledger],
        env: {},
        cwd: null,
      },
    ],
    policies: { rec: corpusPolicy },
  });
  assert.equal(await path.gateway.toolsReady('rec'), true);
}

async function stop(): Promise<void> {
  await path.close();
  await rm(folder, { recursive: true, force: true });
}

const received = (): Buffer => (existsSync(ledger) ? readFileSync(ledger) : Buffer.alloc(0));

/** Each line as if it were one request. */
function arrivals(bytes: Buffer): Parameters<typeof runsIn>[0][] {
  const lines = bytes.toString('latin1').split('\n').slice(0, -1);
  return lines.map((line) => {
    const text = Buffer.from(line, 'latin1');
    return { method: 'POST', url: '', headers: {}, bytes: text, isReading: false };
  });
}

describe('the bypass corpus over stdio', () => {
  const input = new PassThrough();
  const output = new PassThrough();
  let said = '';
  let served: Promise<unknown>;

  before(async () => {
    await start();
    output.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    const [grant] = path.gateway.snapshot().grantsByToken.values();
    assert.ok(grant !== undefined);
    served = serveStdio(path.gateway, wrappedCaller(grant, 'rec'), { input, output });
    input.write(hello);
    await until('the session is open', () => said.includes('"hello"'));
  });
  after(async () => {
    input.end();
    await served;
    await stop();
  });

  for (const file of lineCases()) {
    for (const one of file.cases) {
      test(`${one.number} ${one.title}`, async () => {
        said = '';
        truncateSync(ledger);
        input.write(Buffer.concat([bytesOf(one.send, values), Buffer.from(`\n${good}\n`)]));
        await until(`a good call passes afterwards`, () => /"id":"good","result"/.test(said));
        await until('the case is answered', () => answered(said, one.expect));
        const bytes = received();
        const denied = callsInLines(bytes)
          .map(whyDenied)
          .filter((why) => why !== null);
        assert.deepEqual(denied, []);
        const seen = arrivals(bytes);
        assert.deepEqual(seen.flatMap(runsIn).toSorted(), [...one.expect.runs, 'read'].toSorted());
        assert.deepEqual(methodsIn(seen), []);
      });
    }
  }
});

function answered(said: string, { code, says, runs }: LineCase['expect']): boolean {
  // The good call's answer is one of them.
  if (said.split('it ran').length - 2 < runs.length) return false;
  if (says !== undefined && !said.includes(says)) return false;
  return code === undefined || said.includes(`"code":${code},`);
}

test('B-045 no request over HTTP becomes two lines, or another call, at a server over stdio', async () => {
  await start();
  try {
    const url = new URL(`${path.url}/s/rec/mcp`);
    const none = { url: '', arrivals: [], answerWith() {}, close: () => Promise.resolve() };
    const target = await targetAt(url, `Bearer ${path.token}`, { recorder: none, toolPrefix: '' });
    let calls = 0;
    for (const { send, expect } of inputs()) {
      const from = received().length;
      await exchange(target.address, { bytes: bytesOf(send, target.values), waitMs: 5_000 });
      const bytes = received().subarray(from);
      const denied = callsInLines(bytes)
        .map(whyDenied)
        .filter((why) => why !== null);
      assert.deepEqual(denied, [], bytesOf(send, target.values).toString('latin1').slice(0, 600));
      assert.deepEqual(arrivals(bytes).flatMap(runsIn), expect.runs);
      calls += expect.runs.length;
    }
    assert.ok(calls > 30, 'permitted calls passed');
  } finally {
    await stop();
  }
});

/** Cases about what a message says, and a message within a message that line breaks would free. */
function inputs(): readonly Pick<ReturnType<typeof httpCases>[0]['cases'][0], 'send' | 'expect'>[] {
  const areas = /^(?:methods|bytes|numbers|names)/;
  const cases = httpCases()
    .filter((file) => areas.test(file.area))
    .flatMap((file) => file.cases)
    .filter((one) => one.era === 'legacy');
  const [head = ''] = cases[0]?.send ?? [];
  const inner = '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"secret"}}';
  const breaks = ['\n', '\r', '\r\n', '\n\r', '\n\n'].map((end) => ({
    send: [head, good.replace('{}', `{"x":${end}${inner}${end}}`)],
    expect: { runs: ['read'] },
  }));
  return [...cases, ...breaks];
}
