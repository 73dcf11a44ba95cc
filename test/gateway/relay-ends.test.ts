import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { MessageDownstream } from '../../src/gateway/listen/message-downstream.ts';
import { releaseAsIs, type RelaySpec } from '../../src/gateway/relay-spec.ts';
import { relay } from '../../src/gateway/relay.ts';
import type { Upstream, UpstreamListener } from '../../src/gateway/upstream/upstream.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';

let path: DataPath;
before(async () => {
  path = await startDataPath({ servers: [], policies: {} });
});
after(() => path.close());

/** A server that is told what to say by the test, or cannot be asked at all. */
class Scripted implements Upstream {
  readonly #problem: Error | null;
  asked: UpstreamListener | null = null;

  constructor(problem: Error | null = null) {
    this.#problem = problem;
  }

  exchange(_request: unknown, listener: UpstreamListener): ReturnType<Upstream['exchange']> {
    if (this.#problem !== null) throw this.#problem;
    this.asked = listener;
    return { pause() {}, resume() {}, abort() {} };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function exchangeWith(upstream: Upstream, more: Partial<RelaySpec> = {}): Exchange {
  const sink = { write: () => true, drained: () => undefined };
  const downstream = new MessageDownstream(sink, { id: '1', isSilent: false }, () => undefined);
  let settled = 0;
  const spec: RelaySpec = {
    gateway: path.gateway,
    upstream,
    request: {
      method: 'POST',
      headers: {},
      body: Buffer.from('{}'),
      message: null,
      sessionId: null,
      era: 'modern',
      timeoutMs: 0,
    },
    downstream,
    era: 'modern',
    awaitedId: '1',
    holdHead: false,
    judge: () => null,
    announce: null,
    settled: () => (settled += 1),
    conclude: () => Promise.resolve(releaseAsIs),
    ...more,
  };
  return { spec, downstream, settled: () => settled };
}

interface Exchange {
  readonly spec: RelaySpec;
  readonly downstream: MessageDownstream;
  readonly settled: () => number;
}

describe('an exchange leaves nothing behind', () => {
  const underWay = (): number => path.gateway.live.exchanges.size;

  test('whose server cannot be asked', async () => {
    const { spec, settled } = exchangeWith(new Scripted(new Error('no way')));
    await assert.rejects(relay(spec), /no way/);
    assert.deepEqual([settled(), underWay()], [1, 0]);
  });

  test('whose client had gone before it was sent: it is not sent', async () => {
    const upstream = new Scripted();
    const concluded: string[] = [];
    const { spec, downstream, settled } = exchangeWith(upstream, {
      conclude: ({ kind }) => {
        concluded.push(kind);
        return Promise.resolve(releaseAsIs);
      },
    });
    downstream.cut();
    await relay(spec);
    assert.deepEqual([settled(), underWay()], [1, 0]);
    assert.deepEqual(concluded, ['cancelled']);
    assert.equal(upstream.asked, null);
  });

  test('that was over when a judge of it failed, and is told so once', async () => {
    const upstream = new Scripted();
    const judging = Promise.withResolvers<null>();
    const { spec, settled } = exchangeWith(upstream, { judge: () => judging.promise });
    const over = relay(spec);
    upstream.asked?.head(200, { 'content-type': 'text/event-stream' });
    upstream.asked?.data(Buffer.from('data: {"jsonrpc":"2.0","id":9,"method":"ping"}\n\n'));
    upstream.asked?.failed({ kind: 'broken', reached: true, detail: 'gone' });
    await over;
    judging.reject(new Error('too late'));
    await assert.rejects(judging.promise);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([settled(), underWay()], [1, 0]);
  });
});
