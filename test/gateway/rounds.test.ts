import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';

import type { Grant } from '../../src/identity/grant.ts';
import { hashToken, newToken } from '../../src/identity/token.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { modern, post, type Answered } from '../support/mcp-requests.ts';

/** The server's own state: opaque, written in a way that a second writer would not choose. */
const serverState = '"st\\u00e4te \\/ {\\"a\\":1.0}"';
const asks =
  '"resultType":"input_required","inputRequests":{"q":{"method":"elicitation/create","params":{"mode":"form","message":"?","requestedSchema":{"type":"object","properties":{}}}}}';

let server: Server;
let path: DataPath;
const bodies: string[] = [];
const otherToken = newToken();

/** Asks in the first round, with a state or (tool `bare`) without; a call that carries answers is done. */
function answerTo(body: string): string {
  // The tests send JSON-RPC requests.
  const { method, params } = JSON.parse(body) as {
    method: string;
    params: { name?: string; inputResponses?: unknown };
  };
  if (method === 'server/discover') {
    return '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"public"}';
  }
  if (method === 'tools/list') {
    const tools = ['pay', 'bare', 'free', 'endless'].map((name) => ({
      name,
      inputSchema: { type: 'object' },
    }));
    return `{"resultType":"complete","tools":${JSON.stringify(tools)},"ttlMs":0,"cacheScope":"public"}`;
  }
  if (params.inputResponses === undefined || params.name === 'endless') {
    return params.name === 'bare' ? `{${asks}}` : `{${asks},"requestState":${serverState}}`;
  }
  return '{"resultType":"complete","content":[{"type":"text","text":"done"}]}';
}

before(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      if (request.headers['mcp-protocol-version'] !== '2026-07-28') {
        response.writeHead(400).end();
        return;
      }
      bodies.push(body);
      const id = /"id":([^,]+),/.exec(body)?.[1] ?? 'null';
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(`{"jsonrpc":"2.0","id":${id},"result":${answerTo(body)}}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  const limits = [{ counter: 'pays', window: 'hour', max: 2, scope: 'grant' }];
  const once = [{ counter: 'bares', window: 'hour', max: 1, scope: 'grant' }];
  const few = [{ counter: 'endless', window: 'hour', max: 1, scope: 'grant' }];
  path = await startDataPath({
    servers: [
      {
        name: 's',
        transport: 'http',
        url: `http://127.0.0.1:${port}/mcp`,
        headers: {},
        allowPrivate: true,
      },
    ],
    policies: {
      s: {
        version: '1',
        default: 'deny',
        tools: {
          pay: { limits, deny_if: [{ path: 'args.amount', op: 'gt', value: 100 }] },
          bare: { limits: once },
          free: {},
          endless: { limits: few },
        },
      },
    },
  });
  const { gateway } = path;
  path.publish((snapshot) => {
    const [first] = snapshot.grantsByToken.values();
    assert.ok(first !== undefined);
    const other: Grant = { ...first, id: 'grant_other', tokenSha256: hashToken(otherToken) };
    return {
      ...snapshot,
      grantsByToken: new Map([...snapshot.grantsByToken, [other.tokenSha256, other]]),
    };
  });
  await gateway.toolsReady('s');
});

after(async () => {
  await path.close();
  server.close();
});

beforeEach(() => {
  bodies.length = 0;
});

interface Call {
  readonly name: string;
  readonly args?: object;
  readonly state?: unknown;
  readonly answered?: boolean;
  readonly token?: string;
}

async function call({ name, args = {}, state, answered, token }: Call): Promise<Answered> {
  const more = {
    ...(state === undefined ? {} : { requestState: state }),
    ...(answered === true ? { inputResponses: { q: { action: 'accept', content: {} } } } : {}),
  };
  const message = modern('tools/call', { name, arguments: args, ...more }, { name });
  return post({ url: `${path.url}/s/s/mcp`, token: token ?? path.token }, message);
}

function stateIn({ text }: Answered): string {
  // The server's answers carry a state as a string, or none.
  const { result } = JSON.parse(text) as { result: { requestState?: string } };
  assert.ok(result.requestState !== undefined, text);
  return result.requestState;
}

/** What the server was sent as the state, byte for byte; null for none. */
function stateSent(): string | null {
  return /"requestState":("(?:[^"\\]|\\.)*")/.exec(bodies.at(-1) ?? '')?.[1] ?? null;
}

describe('calls of several rounds', () => {
  test('count once, and bring the server its own state byte for byte', async () => {
    for (let turn = 0; turn < 2; turn += 1) {
      const first = await call({ name: 'pay', args: { amount: 1, turn } });
      const state = stateIn(first);
      assert.match(state, /^pcr1\./);
      const second = await call({
        name: 'pay',
        args: { turn, amount: 1.0 },
        state,
        answered: true,
      });
      assert.match(second.text, /done/);
      assert.equal(stateSent(), serverState);
    }
    assert.match((await call({ name: 'pay', args: { amount: 1 } })).text, /POLICY DENIED.*limit/);
  });

  test('are known where the server gave no state, and bring it none', async () => {
    const state = stateIn(await call({ name: 'bare' }));
    const second = await call({ name: 'bare', state, answered: true });
    assert.match(second.text, /done/);
    assert.ok(!(bodies.at(-1) ?? '').includes('requestState'));
    assert.match((await call({ name: 'bare' })).text, /POLICY DENIED/);
  });

  test('use what the first took once: a state that comes again counts as a call', async () => {
    const state = stateIn(await call({ name: 'endless' }));
    const second = await call({ name: 'endless', state, answered: true });
    assert.match(stateIn(second), /^pcr1\./);
    const replayed = await call({ name: 'endless', state, answered: true });
    assert.match(replayed.text, /POLICY DENIED/);
    const third = await call({ name: 'endless', state: stateIn(second), answered: true });
    assert.match(stateIn(third), /^pcr1\./);
  });

  test('keep what the first took when a round cannot be put on record', async () => {
    path.resetCounters();
    const state = stateIn(await call({ name: 'bare' }));
    bodies.length = 0;
    path.breakAudit(true);
    const unrecorded = await call({ name: 'bare', state, answered: true });
    path.breakAudit(false);
    assert.match(unrecorded.text, /could not be put on record/);
    assert.deepEqual(bodies, []);
    assert.match((await call({ name: 'bare', state, answered: true })).text, /done/);
  });

  test('without limits carry a state that is theirs alone', async () => {
    const state = stateIn(await call({ name: 'free' }));
    const again = await call({ name: 'free', state, answered: true });
    assert.match(again.text, /done/);
    const replayed = await call({ name: 'free', state, answered: true });
    assert.match(replayed.text, /done/);
  });

  const foreign: readonly (readonly [string, (state: string) => Call])[] = [
    ['of another grant', (state) => ({ name: 'free', state, token: otherToken })],
    ['of another tool', (state) => ({ name: 'endless', state })],
    ['of other arguments', (state) => ({ name: 'free', state, args: { a: 1 } })],
    ['of the server itself', () => ({ name: 'free', state: JSON.parse(serverState) })],
    ['with a changed end', (state) => ({ name: 'free', state: `${state}x` })],
    ['with a later end of its time', (s) => ({ name: 'free', state: s.replace('.', '.z') })],
    ['that is empty', () => ({ name: 'free', state: '' })],
    ['that is no text', () => ({ name: 'free', state: 1 })],
    ['that is null', () => ({ name: 'free', state: null })],
    ['of 20 kB', () => ({ name: 'free', state: 'pcr1.'.padEnd(20_000, 'a') })],
  ];
  for (const [which, made] of foreign) {
    test(`a state ${which} is refused, and nothing is forwarded`, async () => {
      const state = stateIn(await call({ name: 'free' }));
      bodies.length = 0;
      const refused = await call({ answered: true, ...made(state) });
      assert.match(refused.text, /"error":\{"code":-32602/);
      assert.deepEqual(bodies, []);
    });
  }

  test('are judged in every round', async () => {
    const state = stateIn(await call({ name: 'free' }));
    const kept = path.gateway.snapshot();
    path.publish((snapshot) => ({ ...snapshot, policies: new Map() }));
    bodies.length = 0;
    const second = await call({ name: 'free', state, answered: true });
    path.publish(() => kept);
    assert.match(second.text, /DENIED|Unknown tool/);
    assert.deepEqual(bodies, []);
  });
});
