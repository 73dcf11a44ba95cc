import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { bare, post, run, start } from '../../../test/fixtures/upstream/collect.ts';
import { guardUpstream } from './pool.ts';
import type { Upstream, UpstreamFailure, UpstreamListener } from './upstream.ts';

const call = { jsonrpc: '2.0', id: 1, method: 'tools/call' };
const kinds: Readonly<Record<'down' | 'late' | 'broken' | 'full', UpstreamFailure>> = {
  down: { kind: 'unreachable', reached: false, detail: 'down' },
  late: { kind: 'timeout', reached: true, detail: 'late' },
  broken: { kind: 'broken', reached: true, detail: 'broken' },
  full: { kind: 'overloaded', reached: false, detail: 'full' },
};

type Behaviour = keyof typeof kinds | 'answer' | 'wait';

/** A server whose next behaviour a case sets, and a clock that a case moves. */
function fake(): {
  upstream: Upstream;
  state: { behaviour: Behaviour; asked: number; now: number };
  held: UpstreamListener[];
} {
  const state = { behaviour: 'answer' as Behaviour, asked: 0, now: 0 };
  const held: UpstreamListener[] = [];
  const inner: Upstream = {
    exchange(_request, listener) {
      state.asked += 1;
      const { behaviour } = state;
      if (behaviour === 'wait') held.push(listener);
      else {
        queueMicrotask(() => {
          if (behaviour !== 'answer') return listener.failed(kinds[behaviour]);
          listener.head(200, {});
          listener.end();
        });
      }
      return { pause() {}, resume() {}, abort() {} };
    },
    close: () => Promise.resolve(),
  };
  const clock = { nowMs: () => state.now, monotonicMs: () => state.now };
  const options = { clock, waitingMax: 3, failuresMax: 5, openMs: 30_000 };
  return { upstream: guardUpstream(inner, options), state, held };
}

describe('the guard of a server', () => {
  for (const behaviour of ['down', 'late'] as const) {
    it(`leaves a server alone after five times ${behaviour}, then lets one try`, async () => {
      const { upstream, state, held } = fake();
      state.behaviour = behaviour;
      for (let n = 0; n < 5; n += 1) await run(upstream, post(call));
      const refused = await run(upstream, post(call));
      assert.deepEqual([refused.failure?.kind, refused.failure?.reached], ['unreachable', false]);
      assert.equal(state.asked, 5);

      state.now = 29_999;
      await run(upstream, post(call));
      assert.equal(state.asked, 5);

      state.now = 30_000;
      state.behaviour = 'wait';
      const probe = start(upstream, post(call));
      await run(upstream, post(call));
      assert.equal(state.asked, 6, 'one alone tries');
      held[0]?.failed(kinds.down);
      await probe.finished;
      state.now = 59_999;
      await run(upstream, post(call));
      assert.equal(state.asked, 6, 'one failed probe closes the door again');

      state.now = 60_000;
      state.behaviour = 'answer';
      for (let n = 0; n < 3; n += 1) assert.equal((await run(upstream, post(call))).status, 200);
    });
  }

  for (const behaviour of ['broken', 'full'] as const) {
    it(`goes on asking a server that is ${behaviour}`, async () => {
      const { upstream, state } = fake();
      state.behaviour = behaviour;
      for (let n = 0; n < 20; n += 1) await run(upstream, post(call));
      assert.equal(state.asked, 20);
    });
  }

  it('counts failures in a row only, and each era alone', async () => {
    const { upstream, state } = fake();
    for (let round = 0; round < 3; round += 1) {
      state.behaviour = 'down';
      for (let n = 0; n < 4; n += 1) await run(upstream, post(call));
      state.behaviour = 'answer';
      assert.equal((await run(upstream, post(call))).status, 200);
    }
    state.behaviour = 'down';
    for (let n = 0; n < 6; n += 1) await run(upstream, post(call, { era: 'modern' }));
    state.behaviour = 'answer';
    assert.equal((await run(upstream, post(call))).status, 200);
    assert.equal((await run(upstream, post(call, { era: 'modern' }))).status, null);
  });

  it('lets another probe after one that was aborted', async () => {
    const { upstream, state } = fake();
    state.behaviour = 'down';
    for (let n = 0; n < 5; n += 1) await run(upstream, post(call));
    state.now = 30_000;
    state.behaviour = 'wait';
    start(upstream, post(call)).exchange.abort();
    state.behaviour = 'answer';
    assert.equal((await run(upstream, post(call))).status, 200);
  });

  it('five slow calls of one grant keep no other grant away', async () => {
    const { upstream, state } = fake();
    const of = (id: string) => post(call, { owner: { grant: { id }, server: 's' } });
    state.behaviour = 'late';
    for (let n = 0; n < 5; n += 1) await run(upstream, of('slow'));
    state.behaviour = 'answer';
    assert.equal((await run(upstream, of('slow'))).failure?.reached, false);
    assert.equal((await run(upstream, of('other'))).status, 200);
    state.now = 30_000;
    assert.equal((await run(upstream, of('slow'))).status, 200, 'it may try again');
    assert.equal((await run(upstream, of('slow'))).status, 200);
  });

  it('a server that cannot be reached is left alone by everybody', async () => {
    const { upstream, state } = fake();
    const of = (id: string) => post(call, { owner: { grant: { id }, server: 's' } });
    state.behaviour = 'down';
    for (let n = 0; n < 5; n += 1) await run(upstream, of(`grant ${n}`));
    assert.equal((await run(upstream, of('other'))).failure?.reached, false);
    assert.equal(state.asked, 5);
  });

  it('one grant cannot take every place', async () => {
    const { upstream, state } = fake();
    const of = (id: string) => post(call, { owner: { grant: { id }, server: 's' } });
    state.behaviour = 'wait';
    start(upstream, of('greedy'));
    const held = start(upstream, of('greedy'));
    assert.equal((await run(upstream, of('greedy'))).failure?.kind, 'overloaded');
    start(upstream, of('modest'));
    assert.equal((await run(upstream, of('modest'))).failure?.kind, 'overloaded', 'all are taken');
    held.exchange.abort();
    start(upstream, of('third'));
    assert.equal(state.asked, 4);
  });

  it('bounds what waits, and not streams', async () => {
    const { upstream, state } = fake();
    state.behaviour = 'wait';
    const held = [1, 2, 3].map(() => start(upstream, post(call)));
    const got = await run(upstream, post(call));
    assert.deepEqual([got.failure?.kind, got.failure?.reached], ['overloaded', false]);
    for (let n = 0; n < 10; n += 1) start(upstream, bare('GET'));
    assert.equal(state.asked, 13);
    held[0]?.exchange.abort();
    state.behaviour = 'answer';
    assert.equal((await run(upstream, post(call))).status, 200);
  });
});
