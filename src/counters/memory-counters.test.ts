import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../base/clock.ts';
import type { Take, TakeResult } from './counters.ts';
import { MemoryCounters, type MemoryCountersOptions } from './memory-counters.ts';

const minute = 60_000;
const day = 86_400_000;
const noon = Date.UTC(2026, 0, 31, 12, 0, 30);

/** A clock that is moved by hand: `pass` is time that passes, `stepWall` is somebody setting it. */
interface HandClock extends Clock {
  pass(ms: number): void;
  stepWall(ms: number): void;
}

function handClock(wallMs = noon): HandClock {
  let monotonic = 1_000;
  let wall = wallMs;
  return {
    nowMs: () => wall,
    monotonicMs: () => monotonic,
    pass: (ms) => {
      monotonic += ms;
      wall += ms;
    },
    stepWall: (ms) => {
      wall += ms;
    },
  };
}

function counters(options: Partial<MemoryCountersOptions> & { clock: Clock }): MemoryCounters {
  return new MemoryCounters(options);
}

function take(changes: Partial<Take> = {}): Take {
  return { key: 'k', windowMs: minute, align: 'sliding', units: 1, max: 2, ...changes };
}

function refused(result: TakeResult): readonly [number, number | null] {
  assert.ok(!result.ok && result.reason === 'exhausted', JSON.stringify(result));
  return [result.index, result.retryAfterMs];
}

test('a sliding window admits up to its max, and again when the first has left', () => {
  const clock = handClock();
  const store = counters({ clock });
  assert.equal(store.take([take()]).ok, true);
  clock.pass(10_000);
  assert.equal(store.take([take()]).ok, true);
  assert.deepEqual(refused(store.take([take()])), [0, 50_000]);
  clock.pass(49_999);
  assert.deepEqual(refused(store.peek([take()])), [0, 1]);
  clock.pass(1);
  assert.equal(store.peek([take()]).ok, true);
  assert.equal(store.take([take()]).ok, true);
  assert.deepEqual(refused(store.take([take()])), [0, 10_000]);
});

// B-142: no burst of twice the max around the edge of a period.
test('a sliding window does not open at the edge of a minute', () => {
  const clock = handClock(Date.UTC(2026, 0, 1, 0, 0, 59, 900));
  const store = counters({ clock });
  assert.equal(store.take([take({ units: 2 })]).ok, true);
  clock.pass(200);
  assert.equal(store.take([take()]).ok, false);
});

const calendar: readonly (readonly [Take['align'], number, number])[] = [
  ['minute', minute, Date.UTC(2026, 0, 31, 12, 1)],
  ['hour', 60 * minute, Date.UTC(2026, 0, 31, 13)],
  ['day', day, Date.UTC(2026, 1, 1)],
  ['month', 31 * day, Date.UTC(2026, 1, 1)],
];
for (const [align, windowMs, next] of calendar) {
  test(`a calendar ${align} opens when the next one begins`, () => {
    const clock = handClock();
    const store = counters({ clock });
    const one = take({ align, windowMs });
    assert.equal(store.take([one]).ok && store.take([one]).ok, true);
    assert.deepEqual(refused(store.take([one])), [0, next - noon]);
    clock.pass(next - noon - 1);
    assert.deepEqual(refused(store.take([one])), [0, 1]);
    clock.pass(1);
    assert.equal(store.take([one]).ok, true);
  });
}

test('a month of 28 days ends after 28 days', () => {
  const clock = handClock(Date.UTC(2026, 1, 1));
  const store = counters({ clock });
  const one = take({ align: 'month', windowMs: 31 * day, max: 1 });
  assert.equal(store.take([one]).ok, true);
  assert.deepEqual(refused(store.take([one])), [0, 28 * day]);
});

test('calls in flight are counted until they are released, once', () => {
  const store = counters({ clock: handClock() });
  const one = take({ windowMs: null, max: 1 });
  const first = store.take([one]);
  assert.ok(first.ok);
  assert.deepEqual(refused(store.take([one])), [0, null]);
  store.release(first.receipt);
  store.release(first.receipt);
  const second = store.take([one]);
  assert.ok(second.ok);
  store.release(first.receipt);
  assert.equal(store.take([one]).ok, false);
});

test('all units of a call are taken, or none', () => {
  const clock = handClock();
  const store = counters({ clock });
  const wide = take({ key: 'wide', max: 5 });
  const narrow = take({ key: 'narrow', max: 1 });
  const flight = take({ key: 'flight', windowMs: null, max: 9 });
  assert.equal(store.take([flight, wide, narrow]).ok, true);
  for (let times = 0; times < 10; times += 1) {
    assert.deepEqual(refused(store.take([flight, wide, narrow])), [2, minute]);
  }
  assert.equal(store.take([{ ...wide, units: 4 }]).ok, true);
  assert.equal(store.take([{ ...flight, units: 8 }]).ok, true);
});

test('the wait is until every limit has room, or null when one never has', () => {
  const clock = handClock();
  const store = counters({ clock });
  const short = take({ key: 'short', windowMs: 1_000, max: 1 });
  const long = take({ key: 'long', max: 1 });
  assert.equal(store.take([short, long]).ok, true);
  assert.deepEqual(refused(store.take([short, long])), [0, minute]);
  assert.deepEqual(refused(store.take([short, take({ key: 'x', units: 3 })])), [0, null]);
});

test('the wait counts as many departures as the units need', () => {
  const clock = handClock();
  const store = counters({ clock });
  for (const units of [1, 2, 3]) {
    assert.equal(store.take([take({ units, max: 6 })]).ok, true);
    clock.pass(1_000);
  }
  const waits = [1, 2, 3, 4, 5, 6].map(
    (units) => refused(store.take([take({ units, max: 6 })]))[1],
  );
  assert.deepEqual(waits, [57_000, 58_000, 58_000, 59_000, 59_000, 59_000]);
});

test('one key twice in a call counts once, with the largest units, under each max', () => {
  const store = counters({ clock: handClock() });
  const both = [take({ units: 1, max: 10 }), take({ units: 3, max: 5 })];
  assert.equal(store.take(both).ok, true);
  assert.deepEqual(refused(store.take(both)), [1, minute]);
  assert.equal(store.take([take({ units: 7, max: 10 })]).ok, true);
  assert.equal(store.take([take({ units: 1, max: 10 })]).ok, false);
});

test('one key with two windows is kept for the longer', () => {
  const clock = handClock();
  const store = counters({ clock });
  const both = [take({ windowMs: 1_000, max: 1 }), take({ windowMs: minute, max: 2 })];
  assert.equal(store.take(both).ok, true);
  clock.pass(1_000);
  assert.equal(store.take(both).ok, true);
  clock.pass(1_000);
  assert.deepEqual(refused(store.take(both)), [1, 58_000]);
});

test('max 0 admits nothing, and no units are still a call under a limit', () => {
  const store = counters({ clock: handClock() });
  assert.deepEqual(refused(store.take([take({ max: 0 })])), [0, null]);
  assert.deepEqual(refused(store.take([take({ max: 0, units: 0 })])), [0, null]);
  assert.equal(store.take([take({ units: 2 })]).ok, true);
  assert.equal(store.take([take({ units: 0 })]).ok, true);
  assert.equal(store.size, 1);
});

test('what is taken is given back once, and only from where it is', () => {
  const clock = handClock();
  const store = counters({ clock });
  const first = store.take([take({ units: 2 })]);
  assert.ok(first.ok);
  store.giveBack(first.receipt);
  const second = store.take([take({ units: 2 })]);
  assert.ok(second.ok);
  store.giveBack(first.receipt);
  store.giveBack({ ...second.receipt });
  assert.equal(store.take([take()]).ok, false);
  clock.pass(minute);
  assert.equal(store.take([take({ units: 2 })]).ok, true);
  store.giveBack(second.receipt);
  assert.equal(store.take([take()]).ok, false);
});

test('giving back ends the calls in flight too', () => {
  const store = counters({ clock: handClock() });
  const one = take({ windowMs: null, max: 1 });
  const first = store.take([one]);
  assert.ok(first.ok);
  store.giveBack(first.receipt);
  store.release(first.receipt);
  assert.equal(store.take([one]).ok, true);
});

test('what was only looked at gives nothing back', () => {
  const store = counters({ clock: handClock() });
  const looked = store.peek([take({ units: 2 })]);
  assert.ok(looked.ok);
  assert.equal(store.take([take({ units: 2 })]).ok, true);
  store.giveBack(looked.receipt);
  assert.equal(store.take([take()]).ok, false);
});

// B-044: ten costs of 0.1 fill a limit of 1 exactly, and taking back leaves nothing behind.
test('fractions do not drift', () => {
  const store = counters({ clock: handClock() });
  const tenth = take({ units: 0.1, max: 1 });
  const receipts = Array.from({ length: 10 }, () => store.take([tenth]));
  assert.equal(
    receipts.every((one) => one.ok),
    true,
  );
  assert.equal(store.take([take({ units: 1e-9, max: 1 })]).ok, false);
  assert.equal(store.take([take({ units: 1e-300, max: 1 })]).ok, false);
  for (const one of receipts) if (one.ok) store.giveBack(one.receipt);
  assert.equal(store.take([take({ units: 1, max: 1 })]).ok, true);
});

// B-143, R-28: somebody sets the wall clock while the process runs.
for (const step of [3_600_000, -3_600_000, -day, 400 * day]) {
  test(`a wall clock set by ${step / 3_600_000} h opens nothing`, () => {
    const clock = handClock();
    const store = counters({ clock });
    const limits = [take({ max: 1 }), take({ key: 'c', align: 'day', windowMs: day, max: 1 })];
    assert.equal(store.take(limits).ok, true);
    clock.stepWall(step);
    assert.equal(store.take([take({ max: 1 })]).ok, false);
    assert.deepEqual(refused(store.take(limits)), [0, day / 2 - 30_000]);
    clock.pass(minute);
    assert.equal(store.take([take({ max: 1 })]).ok, true);
  });
}

test('a clock that stands still admits no more than one window', () => {
  const store = counters({ clock: { nowMs: () => noon, monotonicMs: () => 0 } });
  const admitted = Array.from({ length: 50 }, () => store.take([take()]).ok).filter(Boolean);
  assert.equal(admitted.length, 2);
});

// B-144: nothing is forgotten by a restart.
test('a snapshot restores what was admitted, and when', () => {
  const clock = handClock();
  const store = counters({ clock });
  assert.equal(store.take([take()]).ok, true);
  clock.pass(10_000);
  assert.equal(store.take([take(), take({ key: 'f', units: 0.3, max: 1 })]).ok, true);
  const entries = store.snapshot();
  assert.deepEqual(
    entries.map((entry) => [entry.key, entry.time - noon, entry.units, entry.windowMs]),
    [
      ['k', 0, 1, minute],
      ['k', 10_000, 1, minute],
      ['f', 10_000, 0.3, minute],
    ],
  );

  clock.pass(5_000);
  const next = counters({ clock });
  next.restore(entries);
  assert.deepEqual(refused(next.take([take()])), [0, 45_000]);
  assert.equal(next.take([take({ key: 'f', units: 0.8, max: 1 })]).ok, false);
  assert.equal(next.take([take({ key: 'f', units: 0.7, max: 1 })]).ok, true);
});

test('a wall clock that was put back before a restart opens nothing', () => {
  const clock = handClock();
  const store = counters({ clock });
  assert.equal(store.take([take({ units: 2 })]).ok, true);
  const next = counters({ clock: handClock(noon - day) });
  next.restore(store.snapshot());
  assert.deepEqual(refused(next.take([take()])), [0, minute]);
});

test('records written while the wall clock was put back count at the later time', () => {
  const next = counters({ clock: handClock(noon - day) });
  next.restore([
    { key: 'other', windowMs: minute, time: noon, units: 1 },
    { key: 'k', windowMs: minute, time: noon - day, units: 2 },
  ]);
  assert.deepEqual(refused(next.take([take()])), [0, minute]);
});

test('a clock with fractions of a millisecond is rounded to the strict side', () => {
  let monotonic = 0;
  const store = counters({ clock: { nowMs: () => noon, monotonicMs: () => monotonic } });
  monotonic = 0.9;
  assert.equal(store.take([take({ units: 2 })]).ok, true);
  monotonic = 60_000.8;
  assert.deepEqual(refused(store.take([take()])), [0, 1]);
  monotonic = 60_001;
  assert.equal(store.take([take()]).ok, true);
});

test('keys are bounded: one more is refused until an idle one is forgotten', () => {
  const clock = handClock();
  const store = counters({ clock, keysMax: 3 });
  for (const key of ['a', 'b', 'c']) assert.equal(store.take([take({ key })]).ok, true);
  const more = store.take([take({ key: 'a' }), take({ key: 'd' })]);
  assert.deepEqual(more, { ok: false, reason: 'unreachable' });
  assert.deepEqual(store.peek([take({ key: 'd' })]), { ok: false, reason: 'unreachable' });
  assert.equal(store.take([take({ key: 'a' })]).ok, true);
  clock.pass(minute);
  assert.equal(store.take([take({ key: 'd' })]).ok, true);
  assert.equal(store.size <= 3, true);
});

test('idle keys are forgotten as calls go by', () => {
  const clock = handClock();
  const store = counters({ clock });
  for (let index = 0; index < 1_000; index += 1) store.take([take({ key: `old ${index}` })]);
  clock.pass(minute);
  for (let index = 0; index < 600; index += 1) store.take([take({ key: `new ${index % 10}` })]);
  assert.equal(store.size, 10);
});

test('a busy key holds a bounded number of admissions, and opens at most 1 % late', () => {
  const clock = handClock();
  const store = counters({ clock });
  const busy = take({ windowMs: day, max: 1_000_000 });
  for (let index = 0; index < 20_000; index += 1) {
    assert.equal(store.take([busy]).ok, true);
    clock.pass(1);
  }
  assert.ok(store.snapshot().length <= 512);
  assert.deepEqual(store.take([{ ...busy, units: 980_001 }]).ok, false);
  assert.deepEqual(store.take([{ ...busy, units: 980_000 }]).ok, true);
  clock.pass(day + day / 100);
  assert.equal(store.take([{ ...busy, units: 1_000_000 }]).ok, true);
});

const bugs: readonly (readonly [string, Partial<Take>])[] = [
  ['negative units', { units: -1 }],
  ['units that are no number', { units: Number.NaN }],
  ['units without end', { units: Number.POSITIVE_INFINITY }],
  ['a max without end', { max: Number.POSITIVE_INFINITY }],
  ['a negative max', { max: -1 }],
  ['no window', { windowMs: 0 }],
  ['a broken window', { windowMs: 0.5 }],
];
for (const [name, changes] of bugs) {
  test(`asserts on ${name}, and takes nothing`, () => {
    const store = counters({ clock: handClock() });
    assert.throws(() => store.take([take({ key: 'other' }), take(changes)]), /AssertionError/);
    assert.equal(store.size, 0);
  });
}

test('a receipt says what counted before, exactly', () => {
  const clock = handClock();
  const store = counters({ clock });
  const takes = [
    take({ units: 0.1, max: 5 }),
    take({ key: 'flight', windowMs: null, max: 5 }),
    take({ key: 'other', units: 2, max: 5 }),
  ];
  const first = store.take(takes);
  const second = store.take(takes);
  assert.ok(first.ok && second.ok);
  store.release(first.receipt);
  clock.pass(minute);
  const third = store.take(takes);
  assert.ok(third.ok);
  assert.deepEqual(
    [first, second, third].map(({ receipt }) => receipt.before),
    [
      [0, 0, 0],
      [0.1, 1, 2],
      [0, 1, 0],
    ],
  );
});

test('what is used is told through the window that looks, and nothing is taken', () => {
  const clock = handClock();
  const store = counters({ clock });
  store.take([take({ units: 0.1 }), take({ key: 'flying', windowMs: null, max: 5 })]);
  clock.pass(20_000);
  store.take([take({ units: 0.2 })]);
  const looks = [
    { key: 'k', windowMs: minute, align: 'sliding' },
    { key: 'k', windowMs: 10_000, align: 'sliding' },
    // Noon and a half minute plus 20 s: both are of this minute.
    { key: 'k', windowMs: minute, align: 'minute' },
    { key: 'flying', windowMs: null, align: 'sliding' },
    { key: 'nothing', windowMs: minute, align: 'sliding' },
  ] as const;
  for (let again = 0; again < 2; again += 1) {
    assert.deepEqual(store.used(looks), [0.3, 0.2, 0.3, 1, 0]);
  }
  assert.deepEqual([...store.keys()].sort(), ['flying', 'k']);
  clock.pass(minute);
  assert.deepEqual(store.used(looks), [0, 0, 0, 1, 0]);
});
