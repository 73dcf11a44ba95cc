import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';

import type { Approval } from '../approvals/approval.ts';
import { MemoryApprovalStore, sampleCall } from '../approvals/samples.ts';
import { isAnswerToken } from '../approvals/webhook.ts';
import { silentLog } from '../base/log.ts';
import { freePort } from '../../test/support/data-path.ts';
import { until } from '../../test/support/until.ts';
import { Webhook, type WebhookParts } from './webhook.ts';

const secret = 'a-secret-of-24-characters';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a receiver does with each request: a status, or `hang`. */
type Behaviour = number | 'hang';

interface Stand {
  readonly webhook: Webhook;
  readonly store: MemoryApprovalStore;
  readonly received: Received[];
  readonly given: (readonly [string, string])[];
}

/** A program that is told, and the webhook that tells it; both end with the test. */
async function start(
  context: TestContext,
  behaviours: readonly Behaviour[],
  changes: Partial<WebhookParts> & { readonly arguments?: boolean; readonly url?: string } = {},
): Promise<Stand> {
  const received: Received[] = [];
  const given: (readonly [string, string])[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const behaviour = behaviours[received.length] ?? behaviours.at(-1) ?? 200;
      received.push({ headers: request.headers, body });
      if (behaviour === 'hang') return;
      response.writeHead(behaviour, behaviour === 302 ? { location: '/elsewhere' } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  const store = new MemoryApprovalStore();
  const webhook = new Webhook({
    config: {
      url: changes.url ?? `http://127.0.0.1:${port}/told`,
      secret,
      principal: 'person:bot',
      roles: [],
      arguments: changes.arguments ?? false,
    },
    store,
    log: silentLog,
    baseUrl: () => 'https://gateway.example',
    gaveUp: (id, reason) => {
      given.push([id, reason]);
      return Promise.resolve();
    },
    pausesMs: [1, 1],
    timeoutMs: 30_000,
    ...changes,
  });
  context.after(() => webhook.close());
  return { webhook, store, received, given };
}

function approval(id = 'apr_AAAAAAAAAAAAAAAAAAAAAA'): Approval {
  return {
    ...sampleCall().held,
    id,
    nonce: 'n',
    state: 'pending',
    askedMs: 1,
    expiresMs: 9,
    endedMs: null,
    reason: null,
    votes: [],
    asks: 1,
  };
}

test('a held call is announced once, signed over the time and the very body', async (context) => {
  const { webhook, received, given } = await start(context, [204]);
  const one = approval();
  const beforeS = Math.floor(Date.now() / 1000);
  webhook.announce(one);
  await until('it is told', () => received.length === 1);
  const [{ headers, body } = { headers: {}, body: '' }] = received;
  assert.equal(headers['content-type'], 'application/json');
  const signed = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['portcullis-signature']));
  assert.ok(signed !== null, String(headers['portcullis-signature']));
  const [, seconds = '', mac] = signed;
  assert.ok(Number(seconds) >= beforeS && Number(seconds) <= Date.now() / 1000);
  assert.equal(mac, createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex'));
  const told = JSON.parse(body) as Record<string, unknown>;
  assert.deepEqual(
    [told['type'], told['id'], told['tool'], told['argumentNames'], told['page']],
    ['approval.asked', one.id, 'pay', ['to'], `https://gateway.example/approvals/${one.id}`],
  );
  assert.equal('arguments' in told, false);
  const answer = told['answer'] as { url: string; token: string };
  assert.equal(answer.url, 'https://gateway.example/api/v1/approvals/answer');
  assert.ok(isAnswerToken(secret, answer.token, one));
  await webhook.close();
  assert.deepEqual([received.length, given.length], [1, 0]);
});

test('the exact arguments are in it where the operator asks for them', async (context) => {
  const { webhook, store, received } = await start(context, [200], { arguments: true });
  const one = approval();
  await store.insert(one, '{"to":"anna","a":1.0}');
  webhook.announce(one);
  await until('it is told', () => received.length === 1);
  const told = JSON.parse(received[0]?.body ?? '') as Record<string, unknown>;
  assert.equal(told['arguments'], '{"to":"anna","a":1.0}');
});

test('a failure is tried again with the same body, and success ends it', async (context) => {
  const { webhook, received, given } = await start(context, [500, 302, 200]);
  webhook.announce(approval());
  await until('it is told', () => received.length === 3);
  assert.equal(new Set(received.map(({ body }) => body)).size, 1);
  webhook.announce(approval('apr_BBBBBBBBBBBBBBBBBBBBBB'));
  await until('it is told', () => received.length === 4);
  assert.deepEqual(given, []);
});

test('three failures are the end, on record, and the next call is announced', async (context) => {
  const { webhook, received, given } = await start(context, [503, 503, 503, 200]);
  const [one, two] = [approval(), approval('apr_BBBBBBBBBBBBBBBBBBBBBB')];
  webhook.announce(one);
  webhook.announce(two);
  await until('it is told', () => received.length === 4);
  assert.deepEqual(given, [[one.id, 'HTTP 503']]);
  assert.ok(received[3]?.body.includes(two.id));
});

test('a program that is not there is given up, on record', async (context) => {
  const url = `http://127.0.0.1:${await freePort()}/told`;
  const { webhook, given } = await start(context, [200], { url });
  webhook.announce(approval());
  await until('it is told', () => given.length === 1);
  assert.equal(given[0]?.[0], approval().id);
});

test('a program that does not answer is given up, and nobody waits for it', async (context) => {
  const { webhook, given } = await start(context, ['hang'], { timeoutMs: 20 });
  webhook.announce(approval());
  assert.deepEqual(given, [], 'announcing waits for nothing');
  await until('it is told', () => given.length === 1);
});

test('more than a thousand wait for nobody: what comes on top is on record', async (context) => {
  const { webhook, received, given } = await start(context, ['hang']);
  webhook.announce(approval());
  await until('it is told', () => received.length === 1);
  for (let count = 0; count < 1_000; count += 1) webhook.announce(approval());
  webhook.announce(approval('apr_CCCCCCCCCCCCCCCCCCCCCC'));
  assert.deepEqual(given, [['apr_CCCCCCCCCCCCCCCCCCCCCC', 'too many wait to be announced']]);
});

test('a gateway that stops lets go of what it was telling', async (context) => {
  const { webhook, received, given } = await start(context, ['hang']);
  webhook.announce(approval());
  webhook.announce(approval());
  await until('it is told', () => received.length === 1);
  await webhook.close();
  assert.deepEqual([received.length, given.length], [1, 0]);
});
