import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import type { IntentRecord, RefusalRecord } from '../../src/audit/record.ts';
import { createDigest } from '../../src/audit/redact.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { modernCall, post } from '../support/mcp-requests.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';

const digest = createDigest(Buffer.alloc(32, 9));
const limits = [{ counter: 'reads', window: 'hour', max: 3, scope: 'grant' }];
const policy = {
  version: '1',
  default: 'deny',
  tools: { read: { limits }, pay: {}, write: { action: 'deny' } },
};
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let server: RecordingServer;
let path: DataPath;

before(async () => {
  server = await startRecordingServer();
  path = await startDataPath({
    servers: [{ name: 's', transport: 'http', url: server.url, headers: {}, allowPrivate: true }],
    policies: { s: policy },
    recording: (_server, tool) =>
      ({
        pay: { level: 'values' as const, redact: [['card', 'number']] },
        write: { level: 'digests' as const, redact: [] },
      })[tool] ?? null,
  });
  await path.gateway.toolsReady('s');
});
after(async () => {
  await path.close();
  await server.close();
});
beforeEach(() => {
  path.records.length = 0;
});

function asked(): IntentRecord | RefusalRecord {
  const record = path.records.find(({ kind }) => kind === 'intent' || kind === 'refusal');
  assert.ok(record?.kind === 'intent' || record?.kind === 'refusal', 'a call is on record');
  return record;
}

const client = (): { url: string; token: string } => ({
  url: `${path.url}/s/s/mcp`,
  token: path.token,
});

describe('what a record holds of a call', () => {
  test('names and one digest, unless more is asked for', async () => {
    await post(client(), modernCall('read', { id: 'alice', password: 'pw' }));
    const record = asked();
    assert.deepEqual(record.argumentKeys, ['id', 'password']);
    assert.equal('arguments' in record || 'valueDigests' in record, false);
    assert.equal(JSON.stringify(record).includes('alice'), false);
  });

  test('digests of each value, of a refused call too', async () => {
    await post(client(), modernCall('write', { id: 'alice', count: 1.0 }));
    const record = asked();
    assert.equal(record.kind, 'refusal');
    assert.deepEqual(record.valueDigests, { id: digest('"alice"'), count: digest('1') });
    assert.equal('arguments' in record, false);
  });

  test('values, without secrets and the named paths', async () => {
    const args = { to: 'bob', card: { number: '1', name: 'Bob' }, apiKey: 'k', note: 'ghp_' };
    await post(client(), modernCall('pay', args));
    const record = asked();
    assert.deepEqual(record.arguments, {
      to: 'bob',
      card: { number: '[redacted]', name: 'Bob' },
      apiKey: '[redacted]',
      note: 'ghp_',
    });
    assert.equal(record.valueDigests?.['to'], digest('"bob"'));
  });

  test("the client's trace, when it is one", async () => {
    const call = modernCall('pay', {});
    const cases: readonly (readonly [unknown, string | undefined])[] = [
      [traceparent, traceparent],
      ['00-zz', undefined],
      [7, undefined],
      [`${traceparent}\n`, undefined],
    ];
    for (const [sent, wanted] of cases) {
      path.records.length = 0;
      const text = `"_meta":{"traceparent":${JSON.stringify(sent)},`;
      await post(client(), { ...call, body: call.body.replace('"_meta":{', text) });
      assert.equal(asked().traceparent, wanted, String(sent));
    }
  });

  test('what counters held before, and the limit', async () => {
    await post(client(), modernCall('read', {}));
    await post(client(), modernCall('read', {}));
    const units = path.records.flatMap((record) => (record.kind === 'intent' ? record.units : []));
    assert.deepEqual(
      units.map(({ units, before, max }) => [units, before, max]),
      [
        [1, 1, 3],
        [1, 2, 3],
      ],
    );
  });

  test('where a request without a valid token came from', async () => {
    await post({ ...client(), token: 'ptc_wrong' }, modernCall('read', {}));
    const [record] = path.records;
    assert.ok(record?.kind === 'method');
    assert.equal(record.grant, null);
    assert.match(record.source ?? '', /127\.0\.0\.1$/);
  });
});
