import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { AuditLog } from '../../src/audit/audit-log.ts';
import type { RecordBody } from '../../src/audit/record.ts';
import { ok } from '../../src/base/result.ts';
import { idKey } from '../../src/mcp/decode.ts';
import { stopsOf, type Stop } from '../../src/registry/stops.ts';
import type { Snapshot } from '../../src/registry/snapshot.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { textOf } from '../support/held-calls.ts';
import { modern, post } from '../support/mcp-requests.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';

let server: RecordingServer;
let path: DataPath;
const records: RecordBody[] = [];
/** What becomes of everything while the next record is written; null: nothing. */
let meanwhile: ((snapshot: Snapshot) => Snapshot) | null = null;

const audit: AuditLog = {
  append(record) {
    const change = meanwhile;
    meanwhile = null;
    if (change !== null) path.publish(change);
    records.push(record);
    return Promise.resolve(ok({ seq: records.length }));
  },
  healthy: () => true,
  close: () => Promise.resolve(),
};

before(async () => {
  server = await startRecordingServer();
  const config = { transport: 'http', url: server.url, headers: {}, allowPrivate: true } as const;
  const once = { counter: 'writes', window: 'hour', max: 1, scope: 'grant' };
  const tools = { write: { limits: [once] } };
  const rec = { version: '1', default: 'deny', tools };
  path = await startDataPath({ servers: [{ name: 'rec', ...config }], policies: { rec }, audit });
  await path.gateway.toolsReady('rec');
});

after(async () => {
  await path.close();
  await server.close();
});

const stop: Stop = {
  kind: 'server',
  name: 'rec',
  label: 'rec',
  reason: null,
  actor: 'ann',
  sinceMs: 0,
};

const ends: readonly (readonly [string, (snapshot: Snapshot) => Snapshot, string, RegExp])[] = [
  [
    'its grant ends',
    (snapshot) => ({ ...snapshot, grantsByToken: new Map() }),
    'grant-ended',
    /DENIED\] the grant of this call ended/,
  ],
  [
    'its grant loses the server',
    (snapshot) => {
      const [[key, grant] = []] = snapshot.grantsByToken;
      assert.ok(key !== undefined && grant !== undefined);
      return { ...snapshot, grantsByToken: new Map([[key, { ...grant, servers: [] }]]) };
    },
    'grant-ended',
    /DENIED\] the grant of this call ended/,
  ],
  [
    'an operator stops its server',
    (snapshot) => {
      const stops = stopsOf([stop]);
      assert.ok(stops !== undefined);
      return { ...snapshot, stops };
    },
    'stopped',
    /DENIED\] the operator has stopped/,
  ],
];

const call = modern('tools/call', { name: 'write', arguments: {} }, { name: 'write' });
const client = (): { url: string; token: string } => ({
  url: `${path.url}/s/rec/mcp`,
  token: path.token,
});

describe('while what was asked for goes on record', () => {
  for (const [what, change, code, sentence] of ends) {
    test(`${what}: the call is not made, takes nothing, and its record says so`, async () => {
      const whole = path.gateway.snapshot();
      [records.length, server.calls.length] = [0, 0];
      meanwhile = change;
      const answered = await post(client(), call);
      assert.match(textOf(answered), sentence);
      assert.ok(answered.text.includes(`"code":"${code}"`), answered.text);
      assert.deepEqual(server.calls, []);
      const [intent, outcome] = records;
      assert.ok(intent?.kind === 'intent' && outcome?.kind === 'outcome');
      assert.equal(outcome.id, intent.id);
      assert.deepEqual([outcome.status, outcome.givenBack], ['not-sent', true]);
      path.publish(() => whole);
    });

    test(`${what}: nothing else is forwarded either`, async () => {
      const whole = path.gateway.snapshot();
      const { length } = server.bodies;
      const ping = modern('resources/list', {});
      const noted = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
      const answer = { body: '{"jsonrpc":"2.0","id":"q","result":{"action":"accept"}}' };
      for (const message of [ping, { ...ping, body: noted }, answer]) {
        path.gateway.live.questions.ask('rec grant_test', idKey('"q"'), 'elicitation/create', 0);
        meanwhile = change;
        await post(client(), message).catch(() => null);
        path.publish(() => whole);
      }
      assert.equal(server.bodies.length, length);
    });
  }

  test('the limit of 1 is still there for the call that goes', async () => {
    path.resetCounters();
    const whole = path.gateway.snapshot();
    for (const [, change] of ends) {
      meanwhile = change;
      await post(client(), call);
      path.publish(() => whole);
    }
    server.calls.length = 0;
    await post(client(), call);
    assert.deepEqual(server.calls, ['write']);
    assert.match(textOf(await post(client(), call)), /the limit of 1/);
  });
});
