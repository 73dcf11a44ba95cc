import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Redis } from 'iovalkey';

import { silentLog } from '../../base/log.ts';
import type { Mark, Take, TakeResult } from '../../counters/counters.ts';
import { labelOwner } from '../../counters/key.ts';
import { MemoryCounters } from '../../counters/memory-counters.ts';
import {
  startValkey,
  withoutValkey,
  type ValkeyServer,
} from '../../../test/support/valkey-server.ts';
import { openValkeyCounters } from './open.ts';
import type { ValkeyCounters } from './valkey-counters.ts';
import { until } from '../../../test/support/until.ts';
import { suiteScope } from '../../../test/support/scope.ts';

const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
let names = 0;
const fresh = (): string => `key ${(names += 1)}`;

function take(changes: Partial<Take> = {}): Take {
  return { key: fresh(), windowMs: 60_000, align: 'sliding', units: 1, max: 3, ...changes };
}

/** How many fields of hashes the store has read since it began. */
async function fieldsRead(client: Redis): Promise<number> {
  const stats = await client.info('commandstats');
  const calls = (name: string): number =>
    Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return calls('hget') + 500 * calls('hmget');
}

describe('counters in a shared store', { skip: withoutValkey }, () => {
  let server: ValkeyServer;
  const open: ValkeyCounters[] = [];
  const opened = async (gatewayId = fresh(), leaseMs = 60_000): Promise<ValkeyCounters> => {
    const own = new MemoryCounters({ clock });
    const bounds = { log: silentLog, deadlineMs: 5_000, leaseMs };
    const counters = openValkeyCounters({ url: server.url, own, gatewayId, ...bounds });
    open.push(counters);
    await until('the store answers', async () => (await counters.labels('x')) !== null);
    return counters;
  };
  const granted = async (counters: ValkeyCounters, one: Take, times: number): Promise<number> => {
    const all = await Promise.all(Array.from({ length: times }, () => counters.take([one])));
    return all.filter(({ ok }) => ok).length;
  };

  const suite = suiteScope();
  before(async () => {
    server = await startValkey(suite);
  });
  after(async () => {
    await Promise.all(open.map((one) => one.close()));
  });

  test('B-140: two gateways in parallel admit exactly max, every time', async () => {
    const [left, right] = [await opened(), await opened()];
    for (let round = 0; round < 5; round += 1) {
      const one = take({ max: 30 });
      const [a, b] = await Promise.all([granted(left, one, 500), granted(right, one, 500)]);
      assert.equal(a + b, 30);
    }
  });

  test('all or nothing, and the first that does not fit is named', async () => {
    const counters = await opened();
    const [wide, narrow] = [take({ max: 10 }), take({ max: 1 })];
    assert.equal((await counters.take([wide, narrow])).ok, true);
    const refused = await counters.take([wide, narrow]);
    assert.ok(!refused.ok && refused.reason === 'exhausted');
    assert.equal(refused.index, 1);
    assert.ok((refused.retryAfterMs ?? 0) > 58_000 && (refused.retryAfterMs ?? 0) <= 60_100);
    assert.equal(await granted(counters, wide, 20), 9, 'the refused call took nothing');
  });

  test('one key counts once in a call, with the largest of its units', async () => {
    const counters = await opened();
    const one = take({ max: 5, units: 2 });
    assert.equal((await counters.take([one, { ...one, units: 3 }])).ok, true);
    assert.equal(await granted(counters, { ...one, units: 1 }, 5), 2);
  });

  test('what counted before is told exactly, of what was taken and of what did not fit', async () => {
    const counters = await opened();
    const takes = [
      take({ units: 0.1, max: 5 }),
      take({ windowMs: null, max: 2 }),
      take({ units: 2, max: 50, align: 'month' }),
    ];
    const [first, second] = [await counters.take(takes), await counters.take(takes)];
    assert.ok(first.ok && second.ok);
    assert.deepEqual(first.receipt.before, [0, 0, 0]);
    assert.deepEqual(second.receipt.before, [0.1, 1, 2]);
    for (const refused of [await counters.take(takes), await counters.peek(takes)]) {
      assert.ok(!refused.ok && refused.reason === 'exhausted');
      assert.deepEqual([refused.index, refused.before], [1, 2]);
    }
    const [costly] = takes;
    assert.ok(costly !== undefined);
    const refused = await counters.take([{ ...costly, units: 4.9 }]);
    assert.ok(!refused.ok && refused.reason === 'exhausted');
    assert.equal(refused.before, 0.2);
    const closed = await counters.take([take({ max: 0 })]);
    assert.ok(!closed.ok && closed.reason === 'exhausted');
    assert.equal(closed.before, 0);
  });

  const calendars = ['minute', 'hour', 'day', 'month'] as const;
  for (const align of calendars) {
    test(`a limit by the ${align} beside a shorter one on its key: both hold`, async () => {
      const counters = await opened();
      const windowMs = 4_000;
      const sliding = take({ windowMs, max: 1 });
      const calendar = { ...sliding, align, windowMs: 86_400_000, max: 100 };
      const startMs = performance.now();
      assert.equal((await counters.take([calendar, sliding])).ok, true);
      const again = await counters.take([sliding]);
      assert.ok(
        !again.ok || performance.now() - startMs >= windowMs,
        'counted as long as it may be',
      );
      const wide = take({ windowMs: 28 * 86_400_000, max: 100 });
      const minutes = (): number => Math.floor(Date.now() / 60_000);
      const minute = minutes();
      assert.equal((await counters.take([wide])).ok, true);
      const sameMinute = await counters.take([{ ...wide, align, windowMs: 60_000, max: 1 }]);
      assert.ok(!sameMinute.ok || minutes() !== minute, 'counted in its own minute');
    });
  }

  test('a key is kept for the longest of its windows from the first call on', async (context) => {
    const counters = await opened();
    const minute = take({ max: 100 });
    const month = { ...minute, windowMs: 31 * 86_400_000, max: 1 };
    assert.equal((await counters.take([minute, month])).ok, true);
    const client = new Redis(server.url);
    context.after(() => client.disconnect());
    for (const part of ['w', 'u']) {
      const keptMs = await client.pttl(`{portcullis}${part}:${minute.key}`);
      assert.ok(keptMs > month.windowMs, `${part}: ${keptMs}`);
    }
  });

  const shapes = [
    ['a minute beside a month', { windowMs: 60_000 }],
    ['a calendar month', { windowMs: 31 * 86_400_000, align: 'month' }],
  ] as const;
  for (const [name, shape] of shapes) {
    test(`${name}: a key with a busy month behind it costs a call no more`, async (context) => {
      const counters = await opened();
      const client = new Redis(server.url);
      context.after(() => client.disconnect());
      const month = take({ windowMs: 31 * 86_400_000, max: 1_000_000 });
      const filled = client.pipeline();
      const [stamps, units] = [`{portcullis}w:${month.key}`, `{portcullis}u:${month.key}`];
      const nowMs = Date.now();
      for (let minute = 1; minute <= 5_000; minute += 1) {
        const stamp = String(nowMs - minute * 60_000 * 8);
        filled.zadd(stamps, stamp, stamp);
        filled.hset(units, stamp, '1:0');
      }
      filled.hset(units, 'total', '5000:0', 'kept', String(month.windowMs));
      await filled.exec();
      const calls = [month, { ...month, ...shape }];
      assert.equal((await counters.take(calls)).ok, true);
      const before = await fieldsRead(client);
      assert.equal((await counters.take(calls)).ok, true);
      const read = (await fieldsRead(client)) - before;
      assert.ok(read < 2_000, `${read}`);
    });
  }

  test('a calendar counts what comes, what came before it, and less what was given back', async () => {
    const counters = await opened();
    const minutes = (): number => Math.floor(Date.now() / 60_000);
    for (;;) {
      const minute = minutes();
      const plain = take({ windowMs: 3_600_000, max: 100, units: 2 });
      const calendar = { ...plain, align: 'minute' as const, units: 1, max: 6 };
      await counters.take([plain]);
      assert.equal((await counters.peek([{ ...calendar, max: 2 }])).ok, minutes() !== minute);
      const given = await counters.take([calendar]);
      await counters.take([plain]);
      assert.ok(given.ok);
      await counters.giveBack(given.receipt);
      const granted6 = await granted(counters, calendar, 5);
      if (minutes() !== minute) continue;
      assert.equal(granted6, 2);
      return;
    }
  });

  test('what leaves the window makes room, and no sooner', async () => {
    const counters = await opened();
    const one = take({ windowMs: 300, max: 1 });
    const startMs = performance.now();
    assert.equal((await counters.take([one])).ok, true);
    await until('there is room again', async () => (await counters.take([one])).ok);
    assert.ok(performance.now() - startMs >= 299);
  });

  const aligned = ['minute', 'hour', 'day', 'month'] as const;
  for (const align of aligned) {
    test(`a calendar ${align} counts and says when it ends`, async () => {
      const counters = await opened();
      const one = take({ align, windowMs: 31 * 86_400_000, max: 1 });
      await counters.take([one]);
      const refused = await counters.take([one]);
      if (refused.ok) return assert.equal((await counters.take([one])).ok, false, 'an edge passed');
      assert.ok(refused.reason === 'exhausted');
      const date = new Date();
      const ends = {
        minute: new Date(date).setUTCSeconds(60, 0),
        hour: new Date(date).setUTCMinutes(60, 0, 0),
        day: new Date(date).setUTCHours(24, 0, 0, 0),
        month: Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1),
      };
      const differs = Math.abs(date.getTime() + (refused.retryAfterMs ?? 0) - ends[align]);
      assert.ok(differs < 2_000, `${differs}`);
    });
  }

  test('ten costs of 0.1 fill a limit of 1, to the last', async () => {
    const counters = await opened();
    const one = take({ units: 0.1, max: 1 });
    assert.equal(await granted(counters, one, 20), 10);
  });

  test('units come back when the server certainly did not run the call, once', async () => {
    const counters = await opened();
    const one = take({ max: 1 });
    const taken = await counters.take([one]);
    assert.ok(taken.ok);
    await counters.giveBack(taken.receipt);
    await counters.giveBack(taken.receipt);
    assert.equal(await granted(counters, one, 5), 1);
  });

  test('looking takes nothing', async () => {
    const counters = await opened();
    const one = take({ max: 1 });
    for (let n = 0; n < 3; n += 1) assert.equal((await counters.peek([one])).ok, true);
    assert.equal(await granted(counters, one, 3), 1);
    assert.equal((await counters.peek([one])).ok, false);
  });

  test('calls in flight end when they are released, and with their gateway', async () => {
    const counters = await opened(fresh(), 400);
    const one = take({ windowMs: null, max: 1 });
    const taken = await counters.take([one]);
    assert.ok(taken.ok);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal((await counters.take([one])).ok, false, 'its lease was renewed');
    await counters.release(taken.receipt);
    assert.equal((await counters.take([one])).ok, true);
    // The gateway is gone without a word: nobody renews its leases.
    await counters.close();
    const other = await opened();
    await until('its place comes back', async () => (await other.take([one])).ok);
  });

  test('labels: seen by every gateway, kept after the call, withdrawn when it was not made', async () => {
    const [left, right] = [await opened(), await opened()];
    const owner = labelOwner(fresh(), false);
    const mark = (label: string): Mark => ({ owner, label, forMs: 3_600_000 });
    const taken = await left.take([], [mark('b'), mark('a')]);
    assert.ok(taken.ok);
    assert.deepEqual(await right.labels(owner), ['a', 'b']);
    await left.release(taken.receipt);
    assert.deepEqual(await right.labels(owner), ['a', 'b']);
    const undone = await left.take([], [mark('c')]);
    assert.ok(undone.ok);
    await left.giveBack(undone.receipt);
    assert.deepEqual(await right.labels(owner), ['a', 'b']);
  });

  test('B-145: a key that looks like another is another', async () => {
    const counters = await opened();
    const one = take({ key: 'a b:c', max: 1 });
    await counters.take([one]);
    assert.equal((await counters.take([{ ...one, key: 'a:b c' }])).ok, true);
    assert.equal((await counters.take([{ ...one, key: 'clock' }])).ok, true);
  });

  test('what is used is told for every gateway, and nothing is taken', async () => {
    const [left, right] = [await opened(), await opened()];
    const one = take({ max: 30, units: 0.1 });
    const flying = take({ windowMs: null, max: 5 });
    const monthly = take({ align: 'month', windowMs: 31 * 86_400_000 });
    await left.take([one, flying, monthly]);
    await right.take([{ ...one, units: 0.2 }]);
    const looks = [one, flying, monthly, take()];
    for (const counters of [left, right, left]) {
      assert.deepEqual(await counters.used(looks), [0.3, 1, 1, 0]);
    }
    assert.deepEqual([...left.keys()].sort(), [flying.key, monthly.key, one.key].sort());
    assert.deepEqual([...right.keys()], [one.key]);
    assert.deepEqual(await left.used([]), []);
  });

  test('B-144: a store that lost its memory gets it back from the gateways', async (context) => {
    const lost = await startValkey(context);
    const own = new MemoryCounters({ clock });
    const one = take({ max: 3 });
    own.restore([{ key: one.key, windowMs: 60_000, time: Date.now(), units: 2 }]);
    const counters = openValkeyCounters({ url: lost.url, own, gatewayId: 'g', log: silentLog });
    await until('the store answers', async () => (await counters.labels('x')) !== null);
    assert.equal(await granted(counters, one, 5), 1);
    await counters.close();
    const again = new MemoryCounters({ clock });
    again.restore(own.snapshot());
    const next = openValkeyCounters({ url: lost.url, own: again, gatewayId: 'g', log: silentLog });
    await until('the store answers', async () => (await next.labels('x')) !== null);
    assert.equal(await granted(next, { ...one, max: 4 }, 5), 1, 'nothing is counted twice');
    await next.close();
  });

  test('R-18: a store that hangs or is gone refuses within the deadline', async (context) => {
    const own = new MemoryCounters({ clock });
    const hung = await startValkey(context);
    const counters = openValkeyCounters({ url: hung.url, own, gatewayId: 'g', log: silentLog });
    await until('the store answers', async () => (await counters.labels('x')) !== null);
    process.kill(hung.pid, 'SIGSTOP');
    const refused = await counters.take([take()]);
    assert.deepEqual(refused, { ok: false, reason: 'unreachable' } satisfies TakeResult);
    assert.equal(await counters.labels('x'), null);
    assert.equal(await counters.used([take()]), null);
    await hung.close();
    assert.deepEqual(await counters.take([take()]), { ok: false, reason: 'unreachable' });
    await counters.close();
  });
});
