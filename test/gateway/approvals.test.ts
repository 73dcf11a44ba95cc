import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import type { Approval, Approver } from '../../src/approvals/approval.ts';
import type { Approvals } from '../../src/approvals/approvals.ts';
import { stopsOf, type Stop } from '../../src/registry/stops.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { openStream, post, type OpenedStream } from '../support/mcp-requests.ts';
import { modernPay, resultOf, textOf, type Sent } from '../support/held-calls.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';
import { until } from '../support/until.ts';

const anna: Approver = { principal: 'person:anna', roles: [] };
const yes = { answer: 'allow', via: 'api', comment: null, standing: null } as const;
const no = { ...yes, answer: 'deny' } as const;
const policy = {
  version: '1',
  default: 'deny',
  tools: {
    read: {},
    pay: {
      action: 'require_approval',
      reason: 'money leaves the house',
      limits: [{ counter: 'pays', window: 'hour', max: 2, scope: 'grant' }],
    },
  },
};

let server: RecordingServer;
let path: DataPath;

before(async () => {
  server = await startRecordingServer();
});
after(() => server.close());
beforeEach(() => {
  server.bodies.length = 0;
  server.calls.length = 0;
});
afterEach(() => path.close());

async function start(held: {
  readonly page: string | null;
  readonly holdMs: number;
}): Promise<void> {
  const config = { transport: 'http', headers: {}, allowPrivate: true } as const;
  path = await startDataPath({
    servers: [{ name: 'bank', ...config, url: server.url }],
    policies: { bank: policy },
    held,
  });
}

const waits = { page: null, holdMs: 20_000 };
/** Long enough for one turn of the machine, short enough to be told to come again. */
const asksBack = { page: null, holdMs: 50 };

function desk(): Approvals {
  assert.ok(path.gateway.approvals !== null);
  return path.gateway.approvals;
}

const client = (): { url: string; token: string } => ({
  url: `${path.url}/s/bank/mcp`,
  token: path.token,
});

/** The one approval that waits. */
async function pending(count = 1): Promise<Approval> {
  await until(
    `${count} calls wait`,
    () =>
      desk()
        .live()
        .filter((one) => one.state === 'pending').length === count,
  );
  const found = desk()
    .live()
    .find((one) => one.state === 'pending');
  assert.ok(found !== undefined);
  return found;
}

function publishStops(all: readonly Stop[]): void {
  const stops = stopsOf(all);
  path.publish(({ stops: _before, ...rest }) => (stops === undefined ? rest : { ...rest, stops }));
}

function events(): readonly string[] {
  return path.records.flatMap((record) => (record.kind === 'approval' ? [record.event] : []));
}

describe('a call that waits', { timeout: 280_000 }, () => {
  test('goes out once somebody says yes, exactly as it came, and is on record', async () => {
    await start(waits);
    const args = '{ "nonce": "\\u0061",  "amount": 1.0 }';
    const waiting = post(client(), modernPay(args));
    const { id } = await pending();
    assert.deepEqual(server.calls, []);
    assert.ok((await desk().answer(id, anna, yes)).ok);
    assert.equal(resultOf(await waiting).result?.isError ?? false, false);
    assert.deepEqual(server.calls, ['pay']);
    assert.ok(server.bodies.at(-1)?.includes(args));
    const kinds = path.records.flatMap((record) =>
      record.kind === 'approval' ? [record.event] : record.kind === 'intent' ? ['intent'] : [],
    );
    assert.deepEqual(kinds, ['asked', 'allowed', 'used', 'intent']);
    const intent = path.records.find((record) => record.kind === 'intent');
    const used = path.records.find((r) => r.kind === 'approval' && r.event === 'used');
    assert.ok(intent?.kind === 'intent' && used?.kind === 'approval');
    assert.equal(used.call, intent.id);
    assert.equal(used.argumentsDigest, intent.argumentsDigest);
  });

  test('does not go out once somebody says no, and says why', async () => {
    await start(waits);
    const waiting = post(client(), modernPay('{}'));
    const { id } = await pending();
    await desk().answer(id, anna, { ...no, comment: 'ask me first' });
    assert.match(textOf(await waiting), /^\[POLICY DENIED\] .*: ask me first$/);
    assert.match(textOf(await post(client(), modernPay('{}'))), /^\[POLICY DENIED\]/);
    assert.deepEqual(server.calls, []);
  });

  test('is told to come again when time is up, and then goes out on the yes given meanwhile', async () => {
    await start(asksBack);
    const first = await post(client(), modernPay('{"amount":1}'));
    const { id, decisionId } = await pending();
    const text = `[POLICY HELD] money leaves the house; approval pending, decision id ${decisionId}, call again with the same arguments`;
    assert.equal(textOf(first), text);
    assert.equal(resultOf(first).result?._meta?.['io.portcullis/decision']?.['approvalId'], id);
    await desk().answer(id, anna, yes);
    assert.equal(
      resultOf(await post(client(), modernPay('{"amount":1}'))).result?.isError,
      undefined,
    );
    assert.deepEqual(server.calls, ['pay']);
    assert.match(textOf(await post(client(), modernPay('{"amount":1}'))), /^\[POLICY HELD\]/);
    assert.deepEqual(server.calls, ['pay']);
  });

  test('keeps its client informed: progress where it asked for it', async () => {
    await start(waits);
    const token = modernPay('{}').body.replace('"_meta":{', '"_meta":{"progressToken":"p-1",');
    const { promise, stream } = await openCall({ ...modernPay('{}'), body: token });
    const { id } = await pending();
    await until('progress comes', () => /"progressToken":"p-1"/.test(stream.text()));
    await desk().answer(id, anna, yes);
    await promise;
    assert.match(stream.text(), /"result"/);
  });

  test('vanishes when its client goes away: a later yes finds nothing (B-158)', async () => {
    await start(waits);
    const { stream } = await openCall(modernPay('{}'));
    const { id } = await pending();
    stream.end();
    await until('it is withdrawn', () => events().includes('withdrawn'));
    const late = await desk().answer(id, anna, yes);
    assert.equal(late.ok ? null : late.error.code, 'ended');
    assert.deepEqual(server.calls, []);
  });

  test('vanishes when its grant ends', async () => {
    await start(waits);
    const waiting = post(client(), modernPay('{}')).catch((error: unknown) => error);
    await pending();
    path.publish((snapshot) => ({
      ...snapshot,
      grantsByToken: new Map(
        [...snapshot.grantsByToken].map(([key, grant]) => [key, { ...grant, revokedMs: 1 }]),
      ),
    }));
    await waiting;
    await until('it is withdrawn', () => events().includes('withdrawn'));
    assert.deepEqual(server.calls, []);
  });

  const everything = { kind: 'all', name: '', label: 'everything' } as const;
  const stops: readonly (readonly [string, Pick<Stop, 'kind' | 'name' | 'label'>])[] = [
    ['everything', everything],
    ['its grant', { kind: 'grant', name: 'grant_test', label: 'test' }],
    ['its server', { kind: 'server', name: 'bank', label: 'bank' }],
  ];
  for (const [what, stop] of stops) {
    test(`is answered when an operator stops ${what}, and no yes lets it out (B-163)`, async () => {
      await start(waits);
      const stopped = { ...stop, reason: null, actor: 'ann', sinceMs: 0 };
      const waiting = post(client(), modernPay('{"amount":1}'));
      const { id } = await pending();
      publishStops([stopped]);
      assert.match(textOf(await waiting), /approval pending/);
      assert.equal((await desk().answer(id, anna, yes)).ok, false);
      assert.match(textOf(await post(client(), modernPay('{"amount":1}'))), /operator has stopped/);
      publishStops([]);
      const again = post(client(), modernPay('{"amount":1}'));
      const { id: another } = await pending();
      assert.notEqual(another, id);
      assert.deepEqual(server.calls, []);
      await desk().answer(another, anna, no);
      assert.match(textOf(await again), /DENIED/);
    });
  }

  test('stopped between the yes and its record stays here (B-163)', async () => {
    await start(waits);
    const waiting = post(client(), modernPay('{"amount":1}'));
    const { id } = await pending();
    path.onRecord((record) => {
      if (record.kind !== 'intent') return;
      const stopped = { ...everything, reason: null, actor: 'ann', sinceMs: 0 };
      publishStops([stopped]);
    });
    assert.ok((await desk().answer(id, anna, yes)).ok);
    assert.match(textOf(await waiting), /operator has stopped/);
    assert.deepEqual(server.calls, []);
  });

  test('that is asked about while an operator stops it does not wait (B-163)', async () => {
    await start(waits);
    path.onRecord((record) => {
      if (record.kind !== 'approval' || record.event !== 'asked') return;
      const stopped = { ...everything, reason: null, actor: 'ann', sinceMs: 0 };
      publishStops([stopped]);
    });
    assert.match(textOf(await post(client(), modernPay('{"amount":1}'))), /pending|has changed/);
    assert.deepEqual(server.calls, []);
  });

  test('is judged anew when it goes out: limits count then, and only then', async () => {
    await start(asksBack);
    const ids: string[] = [];
    for (const amount of [1, 2, 3]) {
      assert.match(textOf(await post(client(), modernPay(`{"amount":${amount}}`))), /HELD/);
      ids.push((await pending(amount)).id);
    }
    for (const { id } of desk().live()) await desk().answer(id, anna, yes);
    const answers: string[] = [];
    for (const amount of [1, 2, 3]) {
      answers.push(textOf(await post(client(), modernPay(`{"amount":${amount}}`))));
    }
    assert.match(answers[2] ?? '', /^\[POLICY DENIED\] the limit of 2/);
    assert.deepEqual(server.calls, ['pay', 'pay']);
    assert.equal(ids.length, 3);
  });

  test('a policy that changed while it waited is not what was approved (B-152)', async () => {
    await start(waits);
    const waiting = post(client(), modernPay('{}'));
    const { id } = await pending();
    path.publish((snapshot) => {
      const policies = new Map(snapshot.policies);
      const bank = policies.get('bank');
      assert.ok(bank !== undefined);
      policies.set('bank', { ...bank, version: 2, hash: 'other' });
      return { ...snapshot, policies };
    });
    const answered = await desk().answer(id, anna, yes);
    assert.equal(answered.ok ? null : answered.error.code, 'changed');
    assert.match(textOf(await waiting), /^\[POLICY HELD\] what this call was approved under/);
    assert.deepEqual(server.calls, []);
  });

  test('a definition that changed after the yes holds the call again (B-152)', async () => {
    await start(asksBack);
    await post(client(), modernPay('{}'));
    const { id } = await pending();
    await desk().answer(id, anna, yes);
    path.publish((snapshot) => {
      const servers = new Map(snapshot.servers);
      const bank = servers.get('bank');
      const pay = bank?.tools?.get('pay');
      assert.ok(bank !== undefined && pay !== undefined);
      const tools = new Map([...(bank.tools ?? []), ['pay', { ...pay, digest: 'other' }] as const]);
      servers.set('bank', { ...bank, tools });
      return { ...snapshot, servers };
    });
    assert.match(textOf(await post(client(), modernPay('{}'))), /^\[POLICY HELD\]/);
    assert.deepEqual(server.calls, []);
  });

  test('observe asks nobody, and says what would have happened', async () => {
    const config = { transport: 'http', headers: {}, allowPrivate: true } as const;
    path = await startDataPath({
      servers: [{ name: 'bank', ...config, url: server.url }],
      policies: { bank: policy },
      grant: { mode: 'observe' },
      held: waits,
    });
    assert.equal(resultOf(await post(client(), modernPay('{}'))).result?.isError, undefined);
    assert.deepEqual(server.calls, ['pay']);
    assert.deepEqual(events(), []);
    const intent = path.records.find((record) => record.kind === 'intent');
    assert.ok(intent?.kind === 'intent');
    assert.equal(intent.wouldRefuse, '/tools/pay/action');
  });

  test('nothing is asked that cannot be put on record', async () => {
    await start(waits);
    await post(client(), modernPay('{}', '', '{}', 'read'));
    path.breakAudit(true);
    const answered = await post(client(), modernPay('{}'));
    assert.match(textOf(answered), /^\[POLICY DENIED\]/);
    path.breakAudit(false);
    assert.deepEqual(desk().live(), []);
  });
});

/** What an approval of `{"amount":1,"nonce":"é"}` lets out, and what it does not (B-150). */
const spellings: readonly [what: string, args: string, more: string, same: boolean][] = [
  ['the same bytes', '{"amount":1,"nonce":"\u00e9"}', '', true],
  ['white space', '{ "amount" : 1, "nonce":"\u00e9" }', '', true],
  ['the order of the parameters', '{"nonce":"\u00e9","amount":1}', '', true],
  ['an escape', '{"amount":1,"nonce":"\\u00e9"}', '', true],
  ['another value', '{"amount":2,"nonce":"\u00e9"}', '', false],
  ['1.0 for 1', '{"amount":1.0,"nonce":"\u00e9"}', '', false],
  ['1e0 for 1', '{"amount":1e0,"nonce":"\u00e9"}', '', false],
  ['a string for a number', '{"amount":"1","nonce":"\u00e9"}', '', false],
  ['another spelling of é', '{"amount":1,"nonce":"e\u0301"}', '', false],
  ['one argument more', '{"amount":1,"nonce":"\u00e9","x":null}', '', false],
  ['one argument less', '{"amount":1}', '', false],
  ['another case', '{"Amount":1,"nonce":"\u00e9"}', '', false],
  ['a member beside the arguments', '{"amount":1,"nonce":"\u00e9"}', ',"task":{"ttl":1}', false],
];
describe('what an approval lets out (B-150)', { timeout: 280_000 }, () => {
  for (const [what, args, more, same] of spellings) {
    test(`${what}: ${same ? 'the same call' : 'another call'}`, async () => {
      await start(asksBack);
      await post(client(), modernPay('{"amount":1,"nonce":"\u00e9"}'));
      await desk().answer((await pending()).id, anna, yes);
      const answered = await post(client(), modernPay(args, more));
      assert.equal(server.calls.length, same ? 1 : 0, answered.text);
    });
  }
});

async function openCall(
  sent: Sent,
): Promise<{ readonly stream: OpenedStream; readonly promise: Promise<void> }> {
  const stream = await openStream(client(), { method: 'POST', ...sent });
  return { stream, promise: stream.closed };
}
