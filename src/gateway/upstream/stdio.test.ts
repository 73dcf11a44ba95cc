import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  bare,
  eventsOf,
  post,
  postText,
  run,
  start,
  type Collected,
} from '../../../test/fixtures/upstream/collect.ts';
import {
  eventually,
  isAlive,
  keptLog,
  movableClock,
  openFixture,
  type FixtureOptions,
} from '../../../test/fixtures/upstream/stdio-upstream.ts';
import type { Upstream } from './upstream.ts';

const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize', params: {} };

function request(
  id: string | number,
  method: string,
  params: object = {},
): Record<string, unknown> {
  return { jsonrpc: '2.0', id, method, params };
}

async function withFixture(
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

/** Opens a session and gives its id and the process id that the fixture tells. */
/** Opens a session as soon as the last one's place is free: its process takes its time to end. */
async function whenThereIsRoom(upstream: Upstream): Promise<Awaited<ReturnType<typeof run>>> {
  let got = await run(upstream, post(initialize));
  for (let tries = 0; got.failure?.kind === 'overloaded' && tries < 250; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    got = await run(upstream, post(initialize));
  }
  return got;
}

async function openSession(upstream: Upstream): Promise<{ sessionId: string; pid: number }> {
  const got = await run(upstream, post(initialize));
  assert.equal(got.status, 200, JSON.stringify(got));
  // The fixture answers initialize with its process id.
  const answer = JSON.parse(got.body) as { result: { pid: number } };
  return { sessionId: got.headers['mcp-session-id'] ?? '', pid: answer.result.pid };
}

/** One session, and a short way to ask it. */
async function withSession(
  work: (
    ask: (method: string, params?: object) => Promise<Collected>,
    at: {
      upstream: Upstream;
      sessionId: string;
      pid: number;
    },
  ) => Promise<void>,
  more: FixtureOptions = {},
): Promise<void> {
  await withFixture(
    'echo',
    async (upstream) => {
      const session = await openSession(upstream);
      let id = 0;
      const ask = (method: string, params: object = {}): Promise<Collected> =>
        run(upstream, post(request((id += 1), method, params), { sessionId: session.sessionId }));
      await work(ask, { upstream, ...session });
    },
    more,
  );
}

describe('legacy sessions', () => {
  it('answers initialize with a session, and the session with JSON', async () => {
    await withSession(async (ask, { sessionId }) => {
      assert.equal(sessionId, 'session-1');
      const got = await ask('tools/call', { name: 'x' });
      assert.equal(got.headers['content-type'], 'application/json');
      assert.equal(got.headers['mcp-session-id'], undefined);
      assert.deepEqual(got.calls, ['head', 'data', 'end']);
      assert.deepEqual(JSON.parse(got.body), {
        jsonrpc: '2.0',
        id: 1,
        result: { method: 'tools/call', params: { name: 'x' } },
      });
    });
  });

  it('gives each session its own process', async () => {
    await withFixture('echo', async (upstream) => {
      const first = await openSession(upstream);
      const second = await openSession(upstream);
      assert.notEqual(first.pid, second.pid);
      assert.notEqual(first.sessionId, second.sessionId);
    });
  });

  it('passes the judged bytes, with line ends blanked, and answers byte for byte', async () => {
    await withSession(async (_ask, { upstream, sessionId }) => {
      const text = '{ "jsonrpc":"2.0",\r\n "id" : 7,\n"method":"raw","params":{"n":1.0} }';
      const got = await run(upstream, postText(text, { sessionId }));
      // The fixture returns the line it read.
      const answer = JSON.parse(got.body) as { id: number; result: { line: string } };
      assert.equal(answer.result.line, text.replaceAll(/[\r\n]/gu, ' '));
      const exact = await run(upstream, post(request(8, 'exact-numbers'), { sessionId }));
      assert.equal(
        exact.body,
        '{"jsonrpc":"2.0","result":{"n":9007199254740993, "x":1.0},  "id":8 }',
      );
    });
  });

  const ids: readonly string[] = ['0', '""', '"a"', '"\\u00e9"', '1.5', '-3', '12345678901234'];
  for (const id of ids) {
    it(`answers the id ${id}`, async () => {
      await withSession(async (_ask, { upstream, sessionId }) => {
        const text = `{"jsonrpc":"2.0","id":${id},"method":"tools/list"}`;
        const got = await run(upstream, postText(text, { sessionId }));
        // Only the id matters here.
        const answer = JSON.parse(got.body) as { id: unknown };
        assert.deepEqual(answer.id, JSON.parse(id));
      });
    });
  }

  it('streams what comes before the response', async () => {
    await withSession(async (_ask, { upstream, sessionId }) => {
      const params = { _meta: { progressToken: 'p' } };
      const got = await run(upstream, post(request(1, 'progress', params), { sessionId }));
      assert.equal(got.headers['content-type'], 'text/event-stream');
      const events = eventsOf(got.body);
      assert.equal(events.length, 4);
      assert.deepEqual(events[3], { jsonrpc: '2.0', id: 1, result: { done: true } });
    });
  });

  it('brings progress to the stream that its token names', async () => {
    await withSession(async (_ask, { upstream, sessionId }) => {
      const first = start(
        upstream,
        post(request(1, 'hang', { _meta: { progressToken: 'a' } }), { sessionId }),
      );
      const got = await run(
        upstream,
        post(request(2, 'progress', { _meta: { progressToken: 'b' } }), { sessionId }),
      );
      const last = start(
        upstream,
        post(request(3, 'hang', { _meta: { progressToken: 'c' } }), { sessionId }),
      );
      const again = await run(
        upstream,
        post(request(4, 'progress', { _meta: { progressToken: 0 } }), { sessionId }),
      );
      assert.equal(eventsOf(got.body).length, 4);
      assert.equal(eventsOf(again.body).length, 4);
      assert.deepEqual([first.got.calls, last.got.calls], [[], []]);
      first.exchange.abort();
      last.exchange.abort();
    });
  });

  it("carries a server's request out and the client's response back in", async () => {
    await withSession(async (_ask, { upstream, sessionId }) => {
      const asked = start(upstream, post(request(1, 'ask'), { sessionId }));
      await asked.until((got) => got.body.includes('roots/list'));
      const response = { jsonrpc: '2.0', id: 'srv-1', result: { roots: [] } };
      const accepted = await run(upstream, post(response, { sessionId }));
      assert.deepEqual([accepted.status, accepted.calls], [202, ['head', 'end']]);
      const got = await asked.finished;
      assert.deepEqual(eventsOf(got.body), [
        { jsonrpc: '2.0', id: 'srv-1', method: 'roots/list' },
        { jsonrpc: '2.0', id: 1, result: { answer: { roots: [] } } },
      ]);
    });
  });

  it('keeps what belongs to no exchange for the stream of the session, one at a time', async () => {
    await withSession(async (_ask, { upstream, sessionId }) => {
      const note = { jsonrpc: '2.0', method: 'notifications/announce' };
      assert.equal((await run(upstream, post(note, { sessionId }))).status, 202);
      const stream = start(upstream, bare('GET', { sessionId }));
      await stream.until((got) => got.body.includes('announced'));
      assert.equal(stream.got.headers['content-type'], 'text/event-stream');
      const second = await run(upstream, bare('GET', { sessionId }));
      assert.equal(second.status, 409);
      await run(upstream, post(note, { sessionId }));
      await stream.until((got) => eventsOf(got.body).length === 2);
      stream.exchange.abort();
      const third = start(upstream, bare('GET', { sessionId }));
      await third.until((got) => got.status === 200);
      third.exchange.abort();
    });
  });

  it('gives what waited to the next request when no stream is open', async () => {
    await withSession(async (ask, { upstream, sessionId }) => {
      const note = { jsonrpc: '2.0', method: 'notifications/announce' };
      await run(upstream, post(note, { sessionId }));
      await new Promise((resolve) => setTimeout(resolve, 50));
      const got = await ask('tools/list');
      assert.equal(eventsOf(got.body).length, 2);
    });
  });

  const refusals: readonly (readonly [string, number, Parameters<typeof run>[1]])[] = [
    ['a message without a session', 400, post(request(1, 'tools/list'))],
    ['a stream without a session', 400, bare('GET')],
    ['a session that is not there', 404, post(request(1, 'x'), { sessionId: 'none' })],
    ['the end of a session that is not there', 404, bare('DELETE', { sessionId: 'none' })],
    ['a stream of a session that is not there', 404, bare('GET', { sessionId: '__proto__' })],
  ];
  for (const [what, status, wrong] of refusals) {
    it(`answers ${what} with ${status}`, async () => {
      await withFixture('echo', async (upstream) => {
        const got = await run(upstream, wrong);
        assert.equal(got.status, status);
        // Every refusal carries a JSON-RPC error.
        const body = JSON.parse(got.body) as { error: { code: number }; id: unknown };
        assert.equal(typeof body.error.code, 'number');
        // Over stdio the id alone says which request was refused.
        assert.equal(body.id, wrong.message?.id === '1' ? 1 : null);
      });
    });
  }

  it('refuses an id that is in flight, however it is written', async () => {
    await withSession(async (_ask, { upstream, sessionId }) => {
      const first = start(
        upstream,
        postText('{"jsonrpc":"2.0","id":"a","method":"hang"}', { sessionId }),
      );
      const twin = postText('{"jsonrpc":"2.0","id":"\\u0061","method":"tools/list"}', {
        sessionId,
      });
      assert.equal((await run(upstream, twin)).status, 400);
      first.exchange.abort();
    });
  });

  it('drops answers that nobody asked for, and the second of two', async () => {
    await withSession(async (ask) => {
      const got = await ask('foreign');
      assert.deepEqual(JSON.parse(got.body), { jsonrpc: '2.0', id: 1, result: { done: true } });
      assert.equal((await ask('tools/list')).status, 200);
    });
  });

  it('drops lines that are no message', async () => {
    await withSession(async (ask) => {
      const got = await ask('noise');
      assert.deepEqual(JSON.parse(got.body), { jsonrpc: '2.0', id: 1, result: { done: true } });
    });
  });

  it('takes a batch apart', async () => {
    await withSession(async (ask) => {
      const got = await ask('batch');
      assert.equal(eventsOf(got.body).length, 2);
    });
  });

  it('lets no carriage return make an event of its own', async () => {
    await withSession(async (ask) => {
      const got = await ask('carriage-return');
      assert.doesNotMatch(got.body, /\r/u);
      assert.equal(eventsOf(got.body).length, 2);
    });
  });

  it('runs on when the client leaves: that is no cancellation', async () => {
    await withSession(async (ask, { upstream, sessionId, pid }) => {
      const params = { _meta: { progressToken: 'gone' } };
      const left = start(upstream, post(request(77, 'progress', params), { sessionId }));
      left.exchange.abort();
      const got = await ask('cancelled');
      assert.deepEqual(JSON.parse(got.body).result, { cancelled: [] });
      assert.ok(isAlive(pid));
      assert.deepEqual(left.got.calls, []);
    });
  });

  it('times out once, and drops the late answer', async () => {
    await withSession(async (ask, { upstream, sessionId }) => {
      const got = await run(upstream, post(request(50, 'hang'), { sessionId, timeoutMs: 60 }));
      assert.deepEqual([got.failure?.kind, got.failure?.reached], ['timeout', true]);
      assert.equal((await ask('tools/list')).status, 200);
    });
  });

  it('ends a session with DELETE, and its process with it', async () => {
    await withSession(async (ask, { upstream, sessionId, pid }) => {
      const open = start(upstream, bare('GET', { sessionId }));
      await open.until((got) => got.status === 200);
      assert.equal((await run(upstream, bare('DELETE', { sessionId }))).status, 204);
      assert.equal((await ask('tools/list')).status, 404);
      await eventually(() => !isAlive(pid));
      assert.equal((await open.finished).failure?.kind, 'broken');
    });
  });

  it('ends a session that is idle, and not one with a stream', async () => {
    const clock = movableClock();
    await withSession(
      async (ask, { upstream, sessionId, pid }) => {
        const stream = start(upstream, bare('GET', { sessionId }));
        await stream.until((got) => got.status === 200);
        clock.advance(1_000);
        await new Promise((resolve) => setTimeout(resolve, 60));
        assert.ok(isAlive(pid));
        stream.exchange.abort();
        clock.advance(1_000);
        await eventually(() => !isAlive(pid));
        assert.equal((await ask('tools/list')).status, 404);
      },
      { clock, limits: { sessionIdleMs: 100 } },
    );
  });

  it('refuses a session too many, and takes one again when another has ended', async () => {
    await withFixture(
      'echo',
      async (upstream) => {
        const { sessionId, pid } = await openSession(upstream);
        const got = await run(upstream, post(initialize));
        assert.deepEqual([got.failure?.kind, got.failure?.reached], ['overloaded', false]);
        await run(upstream, bare('DELETE', { sessionId }));
        await eventually(() => !isAlive(pid));
        assert.equal((await whenThereIsRoom(upstream)).status, 200);
      },
      { limits: { sessionsMax: 1 } },
    );
  });

  it('gives a grant no more sessions than it may have', async () => {
    await withFixture(
      'echo',
      async (upstream) => {
        const of = (id: string) => ({ owner: { grant: { id }, server: 'fixture' } });
        assert.equal((await run(upstream, post(initialize, of('a')))).status, 200);
        const got = await run(upstream, post(initialize, of('a')));
        assert.deepEqual([got.failure?.kind, got.failure?.reached], ['overloaded', false]);
        assert.equal((await run(upstream, post(initialize, of('b')))).status, 200);
      },
      { limits: { sessionsPerGrantMax: 1 } },
    );
  });

  it('keeps no process for a session that never came to be', async () => {
    await withFixture(
      'initialize-fails',
      async (upstream) => {
        for (let n = 0; n < 3; n += 1) {
          const got = await whenThereIsRoom(upstream);
          assert.equal(got.headers['mcp-session-id'], undefined);
          assert.match(got.body, /-32602/u);
        }
      },
      { limits: { sessionsMax: 1 } },
    );
  });

  it('ends the process when initialize is abandoned or late', async () => {
    await withFixture(
      'echo',
      async (upstream) => {
        const slow = await run(upstream, post(initialize, { timeoutMs: 1 }));
        assert.equal(slow.failure?.kind, 'timeout');
        await new Promise((resolve) => setTimeout(resolve, 400));
        const left = start(upstream, post(initialize));
        left.exchange.abort();
        await new Promise((resolve) => setTimeout(resolve, 400));
        await openSession(upstream);
      },
      { limits: { sessionsMax: 1 } },
    );
  });

  it('fails everything that is open when the process crashes; the session is gone', async () => {
    await withSession(async (ask, { upstream, sessionId }) => {
      const hanging = start(upstream, post(request(90, 'hang'), { sessionId }));
      const stream = start(upstream, bare('GET', { sessionId }));
      const got = await ask('crash');
      for (const one of [got, await hanging.finished, await stream.finished]) {
        assert.deepEqual([one.failure?.kind, one.failure?.reached], ['broken', true]);
      }
      assert.match(got.failure?.detail ?? '', /code 3/u);
      assert.equal((await ask('tools/list')).status, 404);
    });
  });

  it('holds the process back for a slow reader, within a bound', async () => {
    await withSession(async (_ask, { upstream, sessionId }) => {
      const before = process.memoryUsage().rss;
      const params = { count: 2_000, _meta: { progressToken: 1 } };
      const slow = start(upstream, post(request(1, 'events', params), { sessionId }));
      slow.exchange.pause();
      await new Promise((resolve) => setTimeout(resolve, 400));
      assert.ok(process.memoryUsage().rss - before < 16 * 1_048_576, 'memory is bounded');
      assert.equal(slow.got.body, '');
      slow.exchange.resume();
      const got = await slow.finished;
      assert.equal(eventsOf(got.body).length, 2_001);
    });
  });

  it('goes on for others when a slow reader leaves', async () => {
    await withSession(async (ask, { upstream, sessionId }) => {
      const params = { count: 1_000, _meta: { progressToken: 1 } };
      const slow = start(upstream, post(request(60, 'events', params), { sessionId }));
      slow.exchange.pause();
      await new Promise((resolve) => setTimeout(resolve, 200));
      slow.exchange.abort();
      assert.equal((await ask('tools/list')).status, 200);
    });
  });

  it('carries a large answer whole', async () => {
    await withSession(async (ask) => {
      const got = await ask('big', { bytes: 4_000_000 });
      assert.equal(JSON.parse(got.body).result.text.length, 4_000_000);
    });
  });
});

describe('a process and its bounds', () => {
  const floods: readonly (readonly [string, RegExp])[] = [
    ['flood', /belong to nobody/u],
    ['noise-flood', /no JSON-RPC message/u],
    ['long-line', /longer than/u],
  ];
  for (const [method, why] of floods) {
    it(`kills on ${method}`, async () => {
      const limits = { lineBytesMax: 4_194_304, queuedMax: 4, strayPerTenSecondsMax: 2_000 };
      await withSession(
        async (ask, { upstream, sessionId, pid }) => {
          // What floods without a listener: the request itself is abandoned first.
          const running = start(upstream, post(request(9, method), { sessionId }));
          if (method === 'flood') running.exchange.abort();
          else assert.match((await running.finished).failure?.detail ?? '', why);
          await eventually(() => !isAlive(pid));
          assert.equal((await ask('tools/list')).status, 404);
        },
        { limits },
      );
    });
  }

  it('starts with exactly the argv and the environment of the entry, without a shell', async () => {
    const args = ['$(touch /tmp/x)', '; rm -rf', '`id`', '*', 'a b'];
    const script = new URL('../../../test/fixtures/upstream/stdio-server.ts', import.meta.url);
    await withFixture(
      'echo',
      async (upstream) => {
        const { sessionId } = await openSession(upstream);
        const got = await run(upstream, post(request(1, 'environment'), { sessionId }));
        // The fixture tells its environment and its arguments.
        const { result } = JSON.parse(got.body) as {
          result: { env: Record<string, string>; argv: string[] };
        };
        assert.deepEqual(result.argv, args);
        assert.deepEqual(result.env, { ONLY: '${HOME}' });
      },
      { args: [script.pathname, 'echo', ...args], env: { ONLY: '${HOME}' } },
    );
  });

  const launches: readonly (readonly [string, FixtureOptions, RegExp])[] = [
    ['a command that is not there', { command: '/nonexistent/command' }, /was not found/u],
    ['a directory that is not there', { cwd: '/nonexistent' }, /working directory/u],
    ['a file that cannot run', { command: '/etc/passwd' }, /did not start \(EACCES\)/u],
    ['an argument with a NUL', { args: ['a\0b'] }, /not valid/u],
  ];
  for (const [what, options, why] of launches) {
    for (const era of ['legacy', 'modern'] as const) {
      it(`says that ${what} was never reached (${era})`, async () => {
        await withFixture(
          'echo',
          async (upstream) => {
            const message = era === 'legacy' ? initialize : request(1, 'tools/list');
            const got = await run(upstream, post(message, { era }));
            assert.deepEqual([got.failure?.kind, got.failure?.reached], ['unreachable', false]);
            assert.match(got.failure?.detail ?? '', why);
          },
          options,
        );
      });
    }
  }

  it('kills what the process forked, also when it exits by itself', async () => {
    for (const how of ['close', 'crash'] as const) {
      const upstream = openFixture('echo');
      const { sessionId } = await openSession(upstream);
      const got = await run(upstream, post(request(1, 'grandchild'), { sessionId }));
      // The fixture tells the process id of what it forked.
      const { result } = JSON.parse(got.body) as { result: { pid: number } };
      assert.ok(isAlive(result.pid));
      if (how === 'crash') await run(upstream, post(request(2, 'crash'), { sessionId }));
      await upstream.close();
      await eventually(() => !isAlive(result.pid));
    }
  });

  it('kills a process that ignores the end of its input and SIGTERM', async () => {
    const upstream = openFixture('echo', { limits: { graceMs: 60 } });
    const { sessionId, pid } = await openSession(upstream);
    const stubborn = start(upstream, post(request(1, 'slow-end'), { sessionId }));
    await stubborn.until((got) => got.body.includes('stubborn'));
    await upstream.close();
    assert.ok(!isAlive(pid));
    assert.equal((await stubborn.finished).failure?.kind, 'broken');
  });

  it('passes stderr to the log by lines, made printable', async () => {
    const log = keptLog();
    await withFixture(
      'crash-at-start',
      async (upstream) => {
        const got = await run(upstream, post(initialize));
        assert.equal(got.failure?.kind, 'broken');
      },
      { log },
    );
    const lines = log.lines.filter(([event]) => event === 'upstream.stderr');
    assert.deepEqual(lines, [
      ['upstream.stderr', { server: 'fixture', line: 'cannot start\ufffd' }],
    ]);
  });

  it('leaves no process behind after 50 crashes in a row', async () => {
    const options = { command: '/bin/sh', args: ['-c', 'read line; exit 7'] };
    await withFixture(
      'echo',
      async (upstream) => {
        for (let n = 0; n < 50; n += 1) {
          const got = await run(upstream, post(initialize));
          assert.deepEqual([got.failure?.kind, got.failure?.reached], ['broken', true]);
        }
      },
      options,
    );
    assert.deepEqual(await childrenOf(process.pid), []);
  });

  it('refuses everything once it is closed', async () => {
    const upstream = openFixture('echo');
    await upstream.close();
    for (const era of ['legacy', 'modern'] as const) {
      const got = await run(upstream, post(initialize, { era }));
      assert.deepEqual([got.failure?.kind, got.failure?.reached], ['unreachable', false]);
    }
  });
});

/** Children that are alive or zombies, by the process table; [] where there is none to read. */
async function childrenOf(pid: number): Promise<string[]> {
  const { readFile } = await import('node:fs/promises');
  try {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter((child) => child !== '');
  } catch {
    return [];
  }
}
