import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Receipt, Take } from './counters.ts';
import { MemoryCounters } from './memory-counters.ts';
import { exactUnits } from './units.ts';

// Random schedules against a list of everything that was ever admitted. fast-check prints the seed
// and the smallest schedule when one of them fails.

const start = Date.UTC(2026, 1, 28, 23, 59, 50);

/** What the store is asked, on a clock that tests move by hand. Milliseconds. */
type Step =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'stepWall'; readonly ms: number }
  | { readonly kind: 'take'; readonly takes: readonly Take[] }
  | { readonly kind: 'giveBack'; readonly pick: number }
  | { readonly kind: 'restart'; readonly wallBackMs: number };

interface Admitted {
  readonly key: string;
  readonly at: number;
  readonly units: bigint;
}

/** The obvious store: it forgets nothing and adds everything up each time. */
class Naive {
  admitted: Admitted[] = [];

  fits(takes: readonly Take[], at: number): number | null {
    for (const [index, take] of takes.entries()) {
      const used = this.#used(take, at) + largest(takes, take.key);
      if (take.max === 0 || used > exactUnits(take.max)) return index;
    }
    return null;
  }

  /** The first time from `at` on when all fits, by trying every time when something leaves. */
  retryAfter(takes: readonly Take[], at: number): number | null {
    for (const take of takes) {
      if (take.max === 0 || largest(takes, take.key) > exactUnits(take.max)) return null;
    }
    const times = takes.flatMap((take) =>
      this.admitted.filter((one) => one.key === take.key).map((one) => leaves(take, one.at)),
    );
    for (const time of times.filter((one) => one > at).sort((a, b) => a - b)) {
      if (this.fits(takes, time) === null) return time - at;
    }
    assert.fail('everything leaves at last');
  }

  admit(takes: readonly Take[], at: number): Admitted[] {
    const keys = new Set(takes.map((take) => take.key));
    const added = [...keys].map((key) => ({ key, at, units: largest(takes, key) }));
    this.admitted.push(...added);
    return added;
  }

  giveBack(added: readonly Admitted[]): void {
    this.admitted = this.admitted.filter((one) => !added.includes(one));
  }

  #used(take: Take, at: number): bigint {
    return this.admitted
      .filter((one) => one.key === take.key && leaves(take, one.at) > at)
      .reduce((sum, one) => sum + one.units, 0n);
  }
}

function largest(takes: readonly Take[], key: string): bigint {
  const units = takes.filter((take) => take.key === key).map((take) => exactUnits(take.units));
  return units.reduce((a, b) => (a > b ? a : b), 0n);
}

function leaves(take: Take, at: number): number {
  const date = new Date(at);
  if (take.align === 'sliding') return at + (take.windowMs ?? 0);
  if (take.align === 'minute') return date.setUTCSeconds(60, 0);
  if (take.align === 'hour') return date.setUTCMinutes(60, 0, 0);
  if (take.align === 'day') return date.setUTCHours(24, 0, 0, 0);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

const shapes = [
  { windowMs: 1_000, align: 'sliding' },
  { windowMs: 7_000, align: 'sliding' },
  { windowMs: 60_000, align: 'minute' },
  { windowMs: 31 * 86_400_000, align: 'month' },
] as const;

const sliding = shapes.filter((shape) => shape.align === 'sliding');

// A counter keeps its window: the key names both.
const takeOf = (some: readonly (typeof shapes)[number][]): fc.Arbitrary<Take> =>
  fc
    .record({
      shape: fc.constantFrom(...some),
      units: fc.constantFrom(0, 0.1, 0.3, 1, 1, 1, 2.5, 4),
      max: fc.constantFrom(0, 1, 2, 3, 5, 8),
      key: fc.constantFrom('a', 'b'),
    })
    .map(({ shape, units, max, key }) => {
      return { ...shape, units, max, key: `${key} ${shape.windowMs}` };
    });

const pass = fc.record({
  kind: fc.constant('pass' as const),
  ms: fc.constantFrom(0, 1, 10, 250, 999, 1_000, 1_001, 3_500, 7_000, 30_000),
});
const stepWall = fc.record({
  kind: fc.constant('stepWall' as const),
  ms: fc.constantFrom(-86_400_000, -3_600_000, -1_000, 1_000, 3_600_000, 86_400_000),
});
const takeStep = (some: readonly (typeof shapes)[number][]) =>
  fc.record({
    kind: fc.constant('take' as const),
    takes: fc.array(takeOf(some), { minLength: 1, maxLength: 3 }),
  });
const giveBack = fc.record({ kind: fc.constant('giveBack' as const), pick: fc.nat(9) });
const restart = fc.record({
  kind: fc.constant('restart' as const),
  wallBackMs: fc.constantFrom(0, 0, 5_000, 86_400_000),
});

/** Runs a schedule; `onTake` sees the model's answer and the store's. */
class Run {
  monotonic = 0;
  wall = start;
  /** What a steady clock shows: it starts at the wall clock's time and only passes. */
  steady = start;
  readonly naive = new Naive();
  store: MemoryCounters;
  readonly #admissionsMax: number;
  #behindMs = 0;
  #given: { receipt: Receipt; added: readonly Admitted[] }[] = [];

  constructor(admissionsMax: number) {
    this.#admissionsMax = admissionsMax;
    this.store = this.#open();
  }

  step(step: Exclude<Step, { kind: 'take' }>): void {
    if (step.kind === 'pass') {
      this.monotonic += step.ms;
      this.wall += step.ms;
      this.steady += step.ms;
    } else if (step.kind === 'stepWall') this.wall += step.ms;
    else if (step.kind === 'giveBack') this.#giveBack(step.pick);
    else this.#restart(step.wallBackMs);
  }

  taken(receipt: Receipt, takes: readonly Take[]): void {
    this.#given.push({ receipt, added: this.naive.admit(takes, this.steady) });
  }

  #giveBack(pick: number): void {
    const one = this.#given[this.#given.length - 1 - pick];
    if (one === undefined) return;
    this.store.giveBack(one.receipt);
    this.naive.giveBack(one.added);
  }

  /** A wall clock that is put right between two processes cannot be told from time that passed. */
  #restart(wallBackMs: number): void {
    const entries = this.store.snapshot();
    this.#given = [];
    this.#behindMs = Math.max(this.#behindMs, wallBackMs);
    this.wall = this.steady - this.#behindMs;
    this.store = this.#open();
    this.store.restore(entries);
  }

  #open(): MemoryCounters {
    const clock = { nowMs: () => this.wall, monotonicMs: () => this.monotonic };
    return new MemoryCounters({ clock, admissionsMax: this.#admissionsMax });
  }
}

test('within a process the store answers as the obvious one does, to the millisecond', () => {
  const steps = fc.array(
    fc.oneof({ weight: 4, arbitrary: takeStep(shapes) }, pass, stepWall, giveBack),
    {
      maxLength: 80,
      size: 'max',
    },
  );
  fc.assert(
    fc.property(steps, (schedule) => {
      const run = new Run(512);
      for (const step of schedule) {
        if (step.kind !== 'take') {
          run.step(step);
          continue;
        }
        const index = run.naive.fits(step.takes, run.steady);
        const peeked = run.store.peek(step.takes);
        const result = run.store.take(step.takes);
        assert.equal(peeked.ok, result.ok);
        if (result.ok) {
          assert.equal(index, null);
          run.taken(result.receipt, step.takes);
        } else {
          const retryAfterMs = run.naive.retryAfter(step.takes, run.steady);
          const { before, ...told } = result.reason === 'exhausted' ? result : assert.fail();
          assert.deepEqual(told, { ok: false, reason: 'exhausted', index, retryAfterMs });
          assert.ok(before !== undefined && before >= 0);
        }
      }
    }),
    { numRuns: 400 },
  );
});

test('joined admissions and restarts never admit more than max in any window', () => {
  const steps = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: takeStep(sliding) },
      { weight: 3, arbitrary: pass },
      stepWall,
      giveBack,
      {
        weight: 1,
        arbitrary: restart,
      },
    ),
    { maxLength: 120, size: 'max' },
  );
  fc.assert(
    fc.property(steps, fc.constantFrom(4, 6, 512), (schedule, admissionsMax) => {
      const run = new Run(admissionsMax);
      for (const step of schedule) {
        if (step.kind !== 'take') {
          run.step(step);
          continue;
        }
        const result = run.store.take(step.takes);
        if (!result.ok) continue;
        // The wall clock of a restart may be behind: the store's time then starts at the latest
        // admission, and only time that really passed lets anything leave.
        assert.equal(run.naive.fits(step.takes, run.steady), null);
        run.taken(result.receipt, step.takes);
      }
    }),
    { numRuns: 400 },
  );
});

test('one key under two windows at once holds both promises', () => {
  const short: Take = { key: 'k', windowMs: 1_000, align: 'sliding', units: 1, max: 3 };
  const long: Take = { key: 'k', windowMs: 10_000, align: 'sliding', units: 2, max: 12 };
  const step = fc.tuple(fc.constantFrom([short], [short, long]), fc.nat(900));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (schedule) => {
      const run = new Run(8);
      for (const [takes, ms] of [[[short, long], 0] as const, ...schedule]) {
        run.step({ kind: 'pass', ms });
        const result = run.store.take(takes);
        if (!result.ok) continue;
        assert.equal(run.naive.fits(takes, run.steady), null);
        run.taken(result.receipt, takes);
      }
    }),
    { numRuns: 300 },
  );
});
