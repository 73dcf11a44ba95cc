import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import type { Approver } from '../../src/approvals/approval.ts';
import type { Approvals } from '../../src/approvals/approvals.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { modernPay, resultOf, textOf } from '../support/held-calls.ts';
import { until } from '../support/until.ts';
import { openStream, post, type Answered, type OpenedStream } from '../support/mcp-requests.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';

const anna: Approver = { principal: 'person:anna', roles: [] };
const yes = { answer: 'allow', via: 'api', comment: null, standing: null } as const;
const policy = {
  version: '1',
  default: 'deny',
  tools: { read: {}, pay: { action: 'require_approval' } },
};
const page = 'https://gate.example.com/approvals/';
const withUrl = '{"elicitation":{"form":{},"url":{}}}';

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

async function start(holdMs: number): Promise<void> {
  const config = { transport: 'http', headers: {}, allowPrivate: true } as const;
  path = await startDataPath({
    servers: [{ name: 'bank', ...config, url: server.url }],
    policies: { bank: policy },
    held: { page, holdMs },
  });
}

function desk(): Approvals {
  assert.ok(path.gateway.approvals !== null);
  return path.gateway.approvals;
}

const client = (): { url: string; token: string } => ({
  url: `${path.url}/s/bank/mcp`,
  token: path.token,
});

const pay = (args: string, more = '', abilities = withUrl): Promise<Answered> =>
  post(client(), modernPay(args, more, abilities));

/** The members with which a call comes back from the page. */
function back(state: string | undefined, action = 'accept'): string {
  const answers = `"inputResponses":{"approval":{"action":"${action}"}}`;
  return `,${answers},"requestState":${JSON.stringify(state)}`;
}

describe('modern clients that open pages', { timeout: 280_000 }, () => {
  test('are sent to the page, and the call goes out when it comes back after the yes', async () => {
    await start(20_000);
    const { result } = resultOf(await pay('{"amount":1}'));
    assert.equal(result?.resultType, 'input_required');
    const [one] = desk().live();
    assert.ok(one !== undefined);
    assert.deepEqual(result.inputRequests?.['approval'], {
      method: 'elicitation/create',
      params: {
        mode: 'url',
        message:
          'A person must approve this call of `pay` on `bank`: open the page to see what would run, and to answer.',
        url: page + one.id,
      },
    });
    const again = pay('{"amount":1}', back(result.requestState));
    await until('the call waits', () => desk().waiting(one.id) === 1);
    await desk().answer(one.id, anna, yes);
    assert.equal(resultOf(await again).result?.resultType, 'complete');
    assert.deepEqual(server.calls, ['pay']);
    const sent = JSON.parse(server.bodies.at(-1) ?? '{}') as { params: object };
    assert.deepEqual(Object.keys(sent.params), ['name', 'arguments', '_meta']);
  });

  test('are asked again while nobody has answered', async () => {
    await start(50);
    const first = resultOf(await pay('{}')).result?.requestState;
    const again = resultOf(await pay('{}', back(first))).result;
    assert.equal(again?.resultType, 'input_required');
    await desk().answer(desk().live()[0]?.id ?? '', anna, yes);
    assert.equal(
      resultOf(await pay('{}', back(again.requestState))).result?.resultType,
      'complete',
    );
  });

  test('who decline withdraw the call', async () => {
    await start(50);
    const state = resultOf(await pay('{}')).result?.requestState;
    const [one] = desk().live();
    assert.match(textOf(await pay('{}', back(state, 'decline'))), /^\[POLICY DENIED\]/);
    const late = await desk().answer(one?.id ?? '', anna, yes);
    assert.equal(late.ok, false);
    assert.deepEqual(server.calls, []);
  });

  const flipped = (state: string): string => state.slice(0, -2) + (state.endsWith('A') ? 'B' : 'A');
  const forgeries: readonly [what: string, args: string, state: (good: string) => string][] = [
    ['tampered with', '{"amount":1}', flipped],
    ['of another approval', '{"amount":1}', (s) => s.replace(/apr_.{22}/, `apr_${'A'.repeat(22)}`)],
    ['longer than it may be', '{"amount":1}', (s) => s + 'A'.repeat(17_000)],
    ['of another form', '{"amount":1}', () => 'pca1.x'],
    ['attached to another call', '{"amount":2}', (s) => s],
  ];
  for (const [what, args, forge] of forgeries) {
    test(`a state ${what} releases nothing (B-173)`, async () => {
      await start(50);
      const good = resultOf(await pay('{"amount":1}')).result?.requestState ?? '';
      const [one] = desk().live();
      await desk().answer(one?.id ?? '', anna, yes);
      const answered = await pay(args, back(forge(good)));
      assert.equal(resultOf(answered).error?.code, -32602, answered.text);
      assert.deepEqual(server.calls, []);
      assert.equal(desk().find(one?.id ?? '')?.state, 'allowed');
    });
  }

  test('a state is good once (B-173)', async () => {
    await start(50);
    const state = resultOf(await pay('{}')).result?.requestState;
    await desk().answer(desk().live()[0]?.id ?? '', anna, yes);
    assert.equal(resultOf(await pay('{}', back(state))).result?.resultType, 'complete');
    assert.equal(resultOf(await pay('{}', back(state))).error?.code, -32602);
    assert.deepEqual(server.calls, ['pay']);
  });

  test('a state of ours opens nothing on a call that nobody holds (B-173)', async () => {
    await start(50);
    const state = resultOf(await pay('{}')).result?.requestState;
    const other = await post(client(), modernPay('{}', back(state), withUrl, 'read'));
    assert.equal(resultOf(other).error?.code, -32602);
    assert.deepEqual(server.calls, []);
  });

  test('whose call carries answers for its server wait on the line', async () => {
    await start(50);
    const answered = await pay('{}', ',"inputResponses":{}');
    assert.match(textOf(answered), /^\[POLICY HELD\]/);
  });
});

/** What clients declare (measured), and how each learns that its call waits. */
const clients: readonly [what: string, abilities: string, rung: string][] = [
  ['a client that declares nothing', '{}', 'hold'],
  ['forms only, as Claude Code declares it', '{"roots":{},"elicitation":{}}', 'hold'],
  ['forms, said plainly', '{"elicitation":{"form":{}}}', 'hold'],
  ['forms and pages, as Codex declares it', withUrl, 'page'],
  ['a page that is no ability', '{"elicitation":{"url":true}}', 'hold'],
];

describe('the rung of each client', { timeout: 280_000 }, () => {
  for (const [what, abilities, rung] of clients) {
    test(`modern, ${what}: ${rung}`, async () => {
      await start(50);
      const { result } = resultOf(await pay('{}', '', abilities));
      assert.equal(result?.resultType, rung === 'page' ? 'input_required' : 'complete');
      assert.equal(result.isError ?? false, rung === 'hold');
    });

    for (const version of ['2025-06-18', '2025-11-25']) {
      const legacyRung = version === '2025-11-25' ? rung : 'hold';
      test(`${version}, ${what}: ${legacyRung}`, async () => {
        await start(150);
        const session = await open(version, abilities);
        const { stream } = await call(session, version);
        await stream.closed;
        const asked = stream.text().includes('"method":"elicitation/create"');
        assert.equal(asked, legacyRung === 'page');
        assert.match(textOf({ text: stream.text() }), /^\[POLICY HELD\]/);
      });
    }
  }
});

describe('legacy clients that open pages', { timeout: 280_000 }, () => {
  const version = '2025-11-25';
  const id = (text: string): unknown => {
    const line = text.split('\n').find((one) => one.includes('"elicitation/create"'));
    return (JSON.parse(line?.slice(6) ?? '{}') as { id?: unknown }).id;
  };

  test('are sent there while the call waits, and told when it is over', async () => {
    await start(20_000);
    const session = await open(version, withUrl);
    const { stream } = await call(session, version);
    await until('the client is asked', () => stream.text().includes('elicitation/create'));
    const [one] = desk().live();
    assert.ok(stream.text().includes(page + (one?.id ?? '?')));
    const bodies = server.bodies.length;
    const result = { action: 'accept' };
    const answered = await send(session, version, { id: id(stream.text()), result });
    assert.equal(answered.status, 202);
    assert.equal(server.bodies.length, bodies, 'the answer is not the server’s');
    assert.equal(desk().find(one?.id ?? '')?.state, 'pending', 'opening a page is no yes');
    await desk().answer(one?.id ?? '', anna, yes);
    await stream.closed;
    assert.match(stream.text(), /notifications\/elicitation\/complete/);
    assert.equal(resultOf({ text: stream.text() }).result?.isError, undefined);
    assert.deepEqual(server.calls, ['pay']);
  });

  for (const result of [{ action: 'decline' }, { action: 'cancel' }, {}]) {
    test(`who answer ${JSON.stringify(result)} withdraw the call`, async () => {
      await start(20_000);
      const session = await open(version, withUrl);
      const { stream } = await call(session, version);
      await until('the client is asked', () => stream.text().includes('elicitation/create'));
      await send(session, version, { id: id(stream.text()), result });
      await stream.closed;
      assert.deepEqual(desk().live(), []);
      assert.deepEqual(server.calls, []);
    });
  }

  test('who cancel the request withdraw the call', async () => {
    await start(20_000);
    const session = await open(version, '{}');
    const { stream } = await call(session, version);
    await until('one call waits', () => desk().live().length === 1);
    const params = { requestId: 'call-1' };
    await send(session, version, { method: 'notifications/cancelled', params });
    await stream.closed;
    assert.deepEqual(desk().live(), []);
    assert.deepEqual(server.calls, []);
  });
});

async function open(version: string, abilities: string): Promise<string> {
  const params = `{"protocolVersion":"${version}","capabilities":${abilities},"clientInfo":{"name":"t","version":"1"}}`;
  server.setVersion(version);
  const opened = await post(client(), {
    body: `{"jsonrpc":"2.0","id":0,"method":"initialize","params":${params}}`,
  });
  const session = opened.headers['mcp-session-id'];
  assert.ok(typeof session === 'string', opened.text);
  return session;
}

async function call(session: string, version: string): Promise<{ readonly stream: OpenedStream }> {
  const params = '{"name":"pay","arguments":{"amount":1}}';
  const stream = await openStream(client(), {
    method: 'POST',
    body: `{"jsonrpc":"2.0","id":"call-1","method":"tools/call","params":${params}}`,
    headers: { 'mcp-session-id': session, 'mcp-protocol-version': version },
  });
  return { stream };
}

function send(session: string, version: string, message: object): Promise<Answered> {
  return post(client(), {
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    headers: { 'mcp-session-id': session, 'mcp-protocol-version': version },
  });
}
