import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';

import type { RecordBody } from '../../src/audit/record.ts';
import { MemoryCounters } from '../../src/counters/memory-counters.ts';
import type { Gateway } from '../../src/gateway/gateway.ts';
import { freePort, startDataPath, type DataPath } from '../support/data-path.ts';
import { textOf } from '../support/held-calls.ts';
import { modernCall, post } from '../support/mcp-requests.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';

// A bug behind the intent of a call is answered as one, and the call has one outcome all the same.

let server: RecordingServer;
let path: DataPath;

before(async () => {
  server = await startRecordingServer();
  const http = { transport: 'http', headers: {}, allowPrivate: true } as const;
  const away = `http://127.0.0.1:${await freePort()}/mcp`;
  // Of more calls at once a later one would be refused: what a bug ends must be let go of.
  const one = { counter: 'calls', concurrent: true, max: 1, scope: 'grant' };
  const policy = { version: '1', default: 'deny', tools: { write: { limits: [one] } } };
  path = await startDataPath({
    servers: [
      { ...http, name: 'rec', url: server.url },
      { ...http, name: 'away', url: away },
    ],
    policies: { rec: policy, away: policy },
  });
  await path.gateway.toolsReady('rec');
  path.publish((snapshot) => {
    const tools = snapshot.servers.get('rec')?.tools ?? null;
    const known = snapshot.servers.get('away');
    assert.ok(known !== undefined);
    return { ...snapshot, servers: new Map(snapshot.servers).set('away', { ...known, tools }) };
  });
});

after(async () => {
  await path.close();
  await server.close();
});

/** Throws the first time, and is what it stands for from then on. */
function once<Args extends unknown[], T>(then: (...args: Args) => T): (...args: Args) => T {
  let thrown = false;
  return (...args) => {
    if (thrown) return then(...args);
    thrown = true;
    throw new Error('a bug');
  };
}

const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

function brokenCounters(): MemoryCounters {
  const counters = new MemoryCounters({ clock });
  counters.release = once(counters.release.bind(counters));
  return counters;
}

function brokenUpstream(gateway: Gateway): Gateway['upstream'] {
  const real = gateway.upstream('rec');
  assert.ok(real !== null);
  const exchange = once(real.exchange.bind(real));
  return () => ({ exchange, close: () => real.close() });
}

const nothing = (): void => undefined;

const cases: readonly (readonly [
  where: string,
  server: string,
  broken: (gateway: Gateway) => Partial<Gateway>,
  status: string,
])[] = [
  ['where units are let go of', 'rec', () => ({ counters: brokenCounters() }), 'broken'],
  [
    'where its server is found',
    'rec',
    (gateway) => ({ upstream: once(gateway.upstream.bind(gateway)) }),
    'broken',
  ],
  ['where it is sent', 'rec', (gateway) => ({ upstream: brokenUpstream(gateway) }), 'broken'],
  [
    'behind its outcome',
    'away',
    () => ({ log: { info: nothing, warn: once(nothing), error: nothing } }),
    'not-sent',
  ],
];

/** The call that a bug ended; `broken` stands in the place of what the gateway has until the end. */
async function callBroken(
  context: TestContext,
  name: string,
  broken: Partial<Gateway>,
): Promise<readonly RecordBody[]> {
  const whole = Object.getOwnPropertyDescriptors(path.gateway);
  context.after(() => Object.defineProperties(path.gateway, whole));
  for (const [member, value] of Object.entries(broken)) {
    Object.defineProperty(path.gateway, member, { value, configurable: true });
  }
  path.records.length = 0;
  const answered = await write(name);
  assert.equal(answered.status, 500, answered.text);
  return [...path.records];
}

const write = (name: string): ReturnType<typeof post> =>
  post({ url: `${path.url}/s/${name}/mcp`, token: path.token }, modernCall('write', {}));

function oneOutcome([intent, outcome, ...more]: readonly RecordBody[], status: string): void {
  assert.ok(intent?.kind === 'intent' && outcome?.kind === 'outcome', JSON.stringify(path.records));
  assert.deepEqual([outcome.id, outcome.status, more], [intent.id, status, []]);
}

for (const [where, name, broken, status] of cases) {
  test(`a bug ${where}: one outcome, and the next call is made`, async (context) => {
    oneOutcome(await callBroken(context, name, broken(path.gateway)), status);
    assert.doesNotMatch(textOf(await write('rec')), /limit/);
  });
}

test('a bug whenever units are let go of: one outcome', async (context) => {
  const counters = new MemoryCounters({ clock });
  counters.release = () => {
    throw new Error('a bug');
  };
  oneOutcome(await callBroken(context, 'rec', { counters }), 'broken');
});
