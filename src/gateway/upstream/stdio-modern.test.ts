import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  bare,
  eventsOf,
  post,
  postText,
  run,
  start,
  type Running,
} from '../../../test/fixtures/upstream/collect.ts';
import {
  eventually,
  movableClock,
  openFixture,
  type FixtureOptions,
} from '../../../test/fixtures/upstream/stdio-upstream.ts';
import type { Upstream } from './upstream.ts';

const modern = { era: 'modern' } as const;
const subscriptionKey = 'io.modelcontextprotocol/subscriptionId';

function request(
  id: string | number,
  method: string,
  params: object = {},
): Record<string, unknown> {
  return { jsonrpc: '2.0', id, method, params };
}

async function withShared(
  mode: string,
  work: (upstream: Upstream) => Promise<void>,
  more: FixtureOptions = {},
): Promise<void> {
  const upstream = openFixture(mode, more);
  try {
    await work(upstream);
  } finally {
    await upstream.close();
  }
}

describe('the shared process of modern clients', () => {
  it('never crosses answers of clients whose ids are the same', async () => {
    await withShared('echo', async (upstream) => {
      const rounds = 20;
      const clients = 50;
      for (let id = 0; id < rounds; id += 1) {
        const all = Array.from({ length: clients }, (_unused, client) =>
          run(upstream, post(request(id, 'tools/call', { client }), modern)),
        );
        for (const [client, got] of (await Promise.all(all)).entries()) {
          assert.deepEqual(JSON.parse(got.body), {
            jsonrpc: '2.0',
            id,
            result: { method: 'tools/call', params: { client } },
          });
        }
      }
    });
  });

  const ids = ['0', '""', '"\\u0061"', '1.0', '-0', '9007199254740993', '1e3', '"__proto__"'];
  for (const id of ids) {
    it(`puts the id ${id} back as it was written`, async () => {
      await withShared('echo', async (upstream) => {
        const text = `{ "method":"exact-numbers", "id" : ${id} ,"jsonrpc":"2.0","params":{}}`;
        const got = await run(upstream, postText(text, modern));
        assert.equal(
          got.body,
          `{"jsonrpc":"2.0","result":{"n":9007199254740993, "x":1.0},  "id":${id} }`,
        );
      });
    });
  }

  it('remaps progress tokens and puts them back, each on its own stream', async () => {
    await withShared('echo', async (upstream) => {
      const ask = (token: string): Promise<{ body: string }> => {
        const params = `{"_meta":{"a":{"progressToken":5},"progressToken":${token}}}`;
        const text = `{"jsonrpc":"2.0","id":1,"method":"progress","params":${params}}`;
        return run(upstream, postText(text, modern));
      };
      const tokens = ['"t"', '"t"', '0', '"\\u0074"', '7.0'];
      const all = await Promise.all(tokens.map(ask));
      for (const [index, got] of all.entries()) {
        assert.equal(eventsOf(got.body).length, 4);
        assert.equal(got.body.split(`"progressToken":${tokens[index]}`).length, 4);
      }
    });
  });

  it('puts subscription ids back', async () => {
    await withShared('echo', async (upstream) => {
      const streams = ['"sub"', '1', '"sub"'].map((id): Running => {
        const text = `{"jsonrpc":"2.0","id":${id},"method":"subscriptions/listen","params":{}}`;
        return start(upstream, postText(text, { ...modern, timeoutMs: 0 }));
      });
      for (const [index, stream] of streams.entries()) {
        const got = await stream.until(({ body }) => eventsOf(body).length === 2);
        assert.equal(
          got.body.split(`"${subscriptionKey}":${['"sub"', '1', '"sub"'][index]}`).length,
          3,
        );
        stream.exchange.abort();
      }
    });
  });

  it('cancels a request whose stream is closed, or whose time is up', async () => {
    await withShared('echo', async (upstream) => {
      const left = start(upstream, post(request('mine', 'hang'), modern));
      left.exchange.abort();
      const late = await run(upstream, post(request('mine', 'hang'), { ...modern, timeoutMs: 30 }));
      assert.equal(late.failure?.kind, 'timeout');
      const got = await run(upstream, post(request(3, 'cancelled'), modern));
      assert.deepEqual(JSON.parse(got.body).result, { cancelled: [1, 2] });
      assert.deepEqual(left.got.calls, []);
    });
  });

  const foreign: readonly (readonly [string, object])[] = [
    ['notifications/cancelled', { requestId: 1 }],
    ['notifications/cancelled', {}],
    ['notifications/progress', { progressToken: 1, progress: 1 }],
    ['notifications/x', { _meta: { [subscriptionKey]: 1 } }],
  ];
  for (const [method, params] of foreign) {
    it(`passes no ${method} ${JSON.stringify(params)} that could name another's request`, async () => {
      await withShared('echo', async (upstream) => {
        const victim = start(upstream, post(request(1, 'hang'), modern));
        const got = await run(upstream, post({ jsonrpc: '2.0', method, params }, modern));
        assert.equal(got.status, 202);
        const seen = await run(upstream, post(request(2, 'cancelled'), modern));
        assert.deepEqual(JSON.parse(seen.body).result, { cancelled: [] });
        victim.exchange.abort();
      });
    });
  }

  it('gives nobody a message that names no exchange', async () => {
    await withShared('echo', async (upstream) => {
      const got = await run(upstream, post(request(1, 'log-first'), modern));
      assert.equal(got.headers['content-type'], 'application/json');
      const asked = start(upstream, post(request(2, 'late-request'), modern));
      assert.deepEqual((await asked.finished).calls, ['head', 'data', 'end']);
    });
  });

  const statuses: readonly (readonly [string, string, number])[] = [
    ['echo', 'server/discover', 200],
    ['legacy-only', 'server/discover', 400],
    ['dies-on-probe', 'server/discover', 400],
  ];
  for (const [mode, method, status] of statuses) {
    it(`answers ${method} of a server that is ${mode} with ${status}`, async () => {
      await withShared(mode, async (upstream) => {
        for (const id of [5, 'x']) {
          const got = await run(upstream, post(request(id, method), modern));
          assert.equal(got.status, status);
          // Both kinds of answer carry the id of the request.
          const body = JSON.parse(got.body) as { id: unknown; error?: { code: number } };
          assert.equal(body.id, id);
          if (status === 400) assert.equal(body.error?.code, -32_601);
        }
      });
    });
  }

  it('takes POST alone, one message each, and no answers to requests nobody made', async () => {
    await withShared('echo', async (upstream) => {
      for (const method of ['GET', 'DELETE'] as const) {
        const got = await run(upstream, bare(method, modern));
        assert.deepEqual([got.status, got.headers['allow']], [405, 'POST']);
      }
      const answer = { jsonrpc: '2.0', id: 'srv', result: {} };
      assert.equal((await run(upstream, post(answer, modern))).status, 400);
    });
  });

  it('waits longer and longer before it starts a process that keeps ending', async () => {
    const clock = movableClock();
    const options = { clock, command: '/bin/sh', args: ['-c', 'read line; exit 1'] };
    await withShared(
      'echo',
      async (upstream) => {
        const ask = () => run(upstream, post(request(1, 'tools/list'), modern));
        for (const waitMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
          assert.equal((await ask()).failure?.kind, 'broken');
          clock.advance(waitMs - 500);
          const early = await ask();
          assert.deepEqual([early.failure?.kind, early.failure?.reached], ['unreachable', false]);
          clock.advance(500);
        }
      },
      options,
    );
  });

  it('fails what is open when the process crashes, and starts another', async () => {
    const clock = movableClock();
    await withShared(
      'echo',
      async (upstream) => {
        const hanging = start(upstream, post(request(1, 'hang'), modern));
        const got = await run(upstream, post(request(2, 'crash'), modern));
        for (const one of [got, await hanging.finished]) {
          assert.deepEqual([one.failure?.kind, one.failure?.reached], ['broken', true]);
        }
        clock.advance(1_001);
        assert.equal((await run(upstream, post(request(3, 'tools/list'), modern))).status, 200);
      },
      { clock },
    );
  });

  it('lets one slow listener go and serves the others meanwhile', async () => {
    await withShared('echo', async (upstream) => {
      const params = { count: 500, _meta: { progressToken: 1 } };
      const slow = start(upstream, post(request(1, 'events', params), modern));
      slow.exchange.pause();
      const other = await run(upstream, post(request(1, 'events', params), modern));
      assert.equal(eventsOf(other.body).length, 501);
      const got = await slow.finished;
      assert.equal(got.failure?.kind, 'broken');
      const seen = await run(upstream, post(request(9, 'cancelled'), modern));
      assert.deepEqual(JSON.parse(seen.body).result, { cancelled: [1] });
    });
  });

  it('refuses requests beyond its bound at once', async () => {
    await withShared(
      'echo',
      async (upstream) => {
        const held = [1, 2].map((id) => start(upstream, post(request(id, 'hang'), modern)));
        const got = await run(upstream, post(request(3, 'tools/list'), modern));
        assert.deepEqual([got.failure?.kind, got.failure?.reached], ['overloaded', false]);
        for (const one of held) one.exchange.abort();
        assert.equal((await run(upstream, post(request(4, 'tools/list'), modern))).status, 200);
      },
      { limits: { inFlightMax: 2 } },
    );
  });

  it('keeps places for calls whatever streams are open', async () => {
    await withShared(
      'echo',
      async (upstream) => {
        const stream = { ...modern, timeoutMs: 0 };
        const open = [1, 2].map((id) => start(upstream, post(request(id, 'hang'), stream)));
        const got = await run(upstream, post(request(3, 'hang'), stream));
        assert.deepEqual([got.failure?.kind, got.failure?.reached], ['overloaded', false]);
        assert.equal((await run(upstream, post(request(4, 'tools/list'), modern))).status, 200);
        for (const one of open) one.exchange.abort();
      },
      { limits: { inFlightMax: 1, streamsMax: 2 } },
    );
  });

  it('leaves places to other grants', async () => {
    await withShared(
      'echo',
      async (upstream) => {
        const of = (id: string) => ({ ...modern, owner: { grant: { id }, server: 'fixture' } });
        const held = [1, 2].map((id) => start(upstream, post(request(id, 'hang'), of('a'))));
        const got = await run(upstream, post(request(3, 'tools/list'), of('a')));
        assert.equal(got.failure?.kind, 'overloaded');
        assert.equal((await run(upstream, post(request(4, 'tools/list'), of('b')))).status, 200);
        for (const one of held) one.exchange.abort();
        assert.equal((await run(upstream, post(request(5, 'tools/list'), of('a')))).status, 200);
      },
      { limits: { inFlightMax: 4 } },
    );
  });

  it('takes no more input for a process that does not read', async () => {
    const options = { command: '/bin/sleep', args: ['30'], limits: { stdinBytesMax: 300_000 } };
    await withShared(
      'echo',
      async (upstream) => {
        const held: Running[] = [];
        const params = { pad: 'a'.repeat(100_000) };
        for (let id = 0; id < 8; id += 1) {
          held.push(start(upstream, post(request(id, 'tools/call', params), modern)));
        }
        await eventually(() => held.some(({ got }) => got.failure?.kind === 'overloaded'));
        const refused = held.filter(({ got }) => got.failure !== null);
        assert.ok(refused.every(({ got }) => got.failure?.reached === false));
        assert.ok(refused.length < held.length);
      },
      options,
    );
  });
});
