import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { Counter } from './counter.ts';
import type { AdmittedUnits, Counters, Mark, Receipt, Take, TakeResult } from './counters.ts';
import type { CountersInUse, Look } from './in-use.ts';
import { isLabelKey } from './key.ts';
import { MemoryLabels } from './memory-labels.ts';
import { steadyClock, type SteadyClock } from './steady-clock.ts';
import { exactUnits, numberOfUnits, type ExactUnits } from './units.ts';
import type { WindowShape } from './window.ts';

export interface MemoryCountersOptions {
  readonly clock: Clock;
  /** Keys held at once; a call that needs one more is refused as `unreachable`. 100,000. */
  readonly keysMax?: number;
  /** Admissions held for one key before they are joined to coarser ones. 512. */
  readonly admissionsMax?: number;
}

interface Held {
  readonly windowed: readonly Want[];
  readonly inFlight: readonly Want[];
  readonly labelled: readonly Mark[];
}

const noMarks: readonly Mark[] = [];

/** A receipt that knows what it still stands for. Units of one key are counted once. */
class MemoryReceipt implements Receipt {
  readonly takes: readonly Take[];
  readonly atMs: number;
  readonly before: readonly number[];
  readonly owner: MemoryCounters;
  windowed: readonly Want[];
  inFlight: readonly Want[];
  /** Labels whose call is under way. */
  labelled: readonly Mark[];
  readonly marks: readonly Mark[];

  constructor(owner: MemoryCounters, receipt: Receipt, held: Held) {
    this.takes = receipt.takes;
    this.marks = held.labelled;
    this.atMs = receipt.atMs;
    this.before = receipt.before ?? [];
    this.owner = owner;
    this.windowed = held.windowed;
    this.inFlight = held.inFlight;
    this.labelled = held.labelled;
  }
}

/** The units that one call wants of one key: the largest that its takes ask for. */
interface Want {
  readonly key: string;
  /** The windows that its takes look through; null for calls in flight. */
  readonly shapes: readonly WindowShape[] | null;
  readonly units: ExactUnits;
}

type Refusal = Extract<TakeResult, { ok: false }>;

/** Keys looked at for eviction by each call, and by a call that finds no free one. */
const sweptPerCall = 4;
const sweptWhenFull = 256;

/**
 * The counters of one process. Time within it is the monotonic clock's; see `steadyClock`. What
 * they hold is lost with the process and rebuilt by `restore` from the records of intents.
 *
 * Admissions are stamped with the next whole millisecond and windows are judged at the last one:
 * fractions of a millisecond make a limit stricter, never looser.
 */
export class MemoryCounters implements Counters, CountersInUse {
  readonly #time: SteadyClock;
  readonly #keysMax: number;
  readonly #admissionsMax: number;
  readonly #counters = new Map<string, Counter>();
  readonly #inFlight = new Map<string, ExactUnits>();
  readonly #labels = new MemoryLabels();
  #sweep: MapIterator<[string, Counter]>;

  constructor(options: MemoryCountersOptions) {
    this.#time = steadyClock(options.clock);
    this.#keysMax = options.keysMax ?? 100_000;
    this.#admissionsMax = options.admissionsMax ?? 512;
    this.#sweep = this.#counters.entries();
  }

  peek(takes: readonly Take[]): TakeResult {
    const now = this.#time.nowMs();
    const refusal = this.#refusal(takes, wants(takes), Math.floor(now), []);
    return refusal ?? { ok: true, receipt: { takes, atMs: Math.ceil(now) } };
  }

  used(looks: readonly Look[]): readonly number[] {
    const nowMs = Math.floor(this.#time.nowMs());
    return looks.map((look) => numberOfUnits(this.#used(look, nowMs)));
  }

  keys(): readonly string[] {
    return [...this.#counters.keys(), ...this.#inFlight.keys()];
  }

  labels(owner: string): readonly string[] {
    return this.#labels.inForce(owner, Math.floor(this.#time.nowMs()));
  }

  take(takes: readonly Take[], marks: readonly Mark[] = noMarks): TakeResult {
    const now = this.#time.nowMs();
    const atMs = Math.ceil(now);
    this.#evictIdle(sweptPerCall, Math.floor(now));
    const wanted = wants(takes);
    const used: ExactUnits[] = [];
    const refusal = this.#refusal(takes, wanted, Math.floor(now), used);
    if (refusal !== null) return refusal;

    // INVARIANT: nothing was taken up to here, and nothing below can fail.
    const counted = wanted.filter((want) => want.units > 0n);
    const windowed = counted.filter((want) => want.shapes !== null);
    const inFlight = counted.filter((want) => want.shapes === null);
    for (const want of windowed) this.#admit(want, atMs);
    for (const want of inFlight) this.#addInFlight(want.key, want.units);
    if (marks.length > 0) this.#labels.begin(marks, atMs);
    const held = { windowed, inFlight, labelled: marks };
    const before = used.map(numberOfUnits);
    return { ok: true, receipt: new MemoryReceipt(this, { takes, atMs, before }, held) };
  }

  /** Gives back all that a receipt of this object still stands for; a second time it is nothing. */
  giveBack(receipt: Receipt): void {
    if (!(receipt instanceof MemoryReceipt) || receipt.owner !== this) return;
    if (receipt.labelled.length > 0) this.#labels.withdraw(receipt.labelled, receipt.atMs);
    receipt.labelled = noMarks;
    this.release(receipt);
    for (const want of receipt.windowed) {
      this.#counters.get(want.key)?.giveBack(want.units, receipt.atMs);
    }
    receipt.windowed = [];
  }

  release(receipt: Receipt): void {
    if (!(receipt instanceof MemoryReceipt) || receipt.owner !== this) return;
    for (const want of receipt.inFlight) this.#addInFlight(want.key, -want.units);
    receipt.inFlight = [];
    if (receipt.labelled.length === 0) return;
    this.#labels.end(receipt.labelled, receipt.atMs, Math.ceil(this.#time.nowMs()));
    receipt.labelled = noMarks;
  }

  /**
   * Counts what earlier processes admitted, in the order in which it was admitted. An entry whose
   * time is before that of the one before it was written while the wall clock had been put back: it
   * counts at the later time. Where the last one is from the future the wall clock was ahead, who
   * knows for how many of them: each is taken for as much younger, so that none leaves too soon.
   */
  restore(entries: readonly AdmittedUnits[]): void {
    let lastMs = 0;
    for (const { time } of entries) {
      assert(Number.isFinite(time), 'a recorded time is finite');
      lastMs = Math.max(lastMs, Math.ceil(time));
    }
    const aheadMs = Math.max(0, Math.ceil(lastMs - this.#time.nowMs()));
    let latestMs = 0;
    for (const entry of entries) {
      latestMs = Math.max(latestMs, Math.ceil(entry.time));
      const atMs = Math.min(lastMs, latestMs + aheadMs);
      if (isLabelKey(entry.key)) {
        this.#labels.restore(entry, atMs);
        continue;
      }
      const shapes = [shapeOf(entry.windowMs, 'sliding')];
      const units = exactUnits(entry.units);
      if (units > 0n) this.#admit({ key: entry.key, shapes, units }, atMs);
    }
    this.#time.notBefore(lastMs);
  }

  /** What every counter still holds, and every label in force, in the order of time, as `restore` reads it. */
  snapshot(): readonly AdmittedUnits[] {
    const nowMs = Math.floor(this.#time.nowMs());
    const entries: AdmittedUnits[] = [...this.#labels.snapshot(nowMs)];
    for (const [key, counter] of this.#counters) {
      const windowMs = counter.keptMs;
      for (const { timeMs, units } of counter.admissions) {
        if (timeMs + windowMs <= nowMs) continue;
        entries.push({ key, windowMs, time: timeMs, units: numberOfUnits(units) });
      }
    }
    return entries.sort((a, b) => a.time - b.time);
  }

  /** Keys held now. */
  get size(): number {
    return this.#counters.size;
  }

  /** `used` is given, for each take, what counts against its limit now. */
  #refusal(
    takes: readonly Take[],
    wanted: readonly Want[],
    nowMs: number,
    used: ExactUnits[],
  ): Refusal | null {
    let first: number | null = null;
    let retryAfterMs: number | null = 0;
    for (const [index, take] of takes.entries()) {
      const want = wanted.find((one) => isFor(one, take));
      assert(want !== undefined, 'every take is wanted');
      const counted = this.#used(take, nowMs);
      used.push(counted);
      const waitMs = this.#waitMs(take, want.units, counted, nowMs);
      if (waitMs === 0) continue;
      first ??= index;
      retryAfterMs =
        waitMs === null || retryAfterMs === null ? null : Math.max(retryAfterMs, waitMs);
    }
    if (first !== null) {
      const before = numberOfUnits(used[first] ?? 0n);
      return { ok: false, reason: 'exhausted', index: first, retryAfterMs, before };
    }
    return this.#hasRoomFor(wanted, nowMs) ? null : { ok: false, reason: 'unreachable' };
  }

  /** 0 when the units fit now; null when no time can be told at which they will. */
  #waitMs(take: Take, units: ExactUnits, used: ExactUnits, nowMs: number): number | null {
    const max = exactUnits(take.max);
    if (take.max === 0 || units > max) return null;
    if (used + units <= max) return 0;
    const counter = this.#counters.get(take.key);
    if (take.windowMs === null || counter === undefined) return null;
    const shape = shapeOf(take.windowMs, take.align);
    return Math.max(1, counter.roomAtMs(shape, max - units, nowMs) - nowMs);
  }

  #used({ key, windowMs, align }: Look, nowMs: number): ExactUnits {
    if (windowMs === null) return this.#inFlight.get(key) ?? 0n;
    return this.#counters.get(key)?.used(shapeOf(windowMs, align), nowMs) ?? 0n;
  }

  /** Whether the keys that a call would add can be held. */
  #hasRoomFor(wanted: readonly Want[], nowMs: number): boolean {
    const added = wanted.filter(
      (want) => want.shapes !== null && want.units > 0n && !this.#counters.has(want.key),
    );
    if (this.#counters.size + added.length <= this.#keysMax) return true;
    this.#evictIdle(sweptWhenFull, nowMs);
    return this.#counters.size + added.length <= this.#keysMax;
  }

  #admit(want: Want, timeMs: number): void {
    assert(want.shapes !== null, 'calls in flight have no window');
    let counter = this.#counters.get(want.key);
    if (counter === undefined) {
      counter = new Counter(this.#admissionsMax);
      this.#counters.set(want.key, counter);
    }
    counter.admit(want.shapes, want.units, timeMs);
  }

  #addInFlight(key: string, units: ExactUnits): void {
    const left = (this.#inFlight.get(key) ?? 0n) + units;
    assert(left >= 0n, 'no more calls end than began');
    if (left === 0n) this.#inFlight.delete(key);
    else this.#inFlight.set(key, left);
  }

  /** Looks at the next keys of an endless round, so that no call pays for all of them. */
  #evictIdle(keys: number, nowMs: number): void {
    for (let looked = 0; looked < keys; looked += 1) {
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = this.#counters.entries();
        return;
      }
      const [key, counter] = next.value;
      if (counter.isIdle(nowMs)) this.#counters.delete(key);
    }
  }
}

/** Groups the takes of one call: the same key counts once, with the largest of its units. */
function wants(takes: readonly Take[]): Want[] {
  const wanted: Want[] = [];
  for (const take of takes) {
    assertTake(take);
    const units = exactUnits(take.units);
    const shapes = take.windowMs === null ? null : [shapeOf(take.windowMs, take.align)];
    const at = wanted.findIndex((one) => isFor(one, take));
    const before = wanted[at];
    if (before === undefined) wanted.push({ key: take.key, shapes, units });
    else wanted[at] = merged(before, shapes, units);
  }
  return wanted;
}

function merged(want: Want, shapes: Want['shapes'], units: ExactUnits): Want {
  const all = want.shapes === null || shapes === null ? null : [...want.shapes, ...shapes];
  return { key: want.key, shapes: all, units: units > want.units ? units : want.units };
}

function shapeOf(windowMs: number, align: Take['align']): WindowShape {
  assert(Number.isSafeInteger(windowMs) && windowMs > 0, 'a window is whole and longer than 0 ms');
  return { windowMs, align };
}

function isFor(want: Want, take: Take): boolean {
  return want.key === take.key && (want.shapes === null) === (take.windowMs === null);
}

function assertTake(take: Take): void {
  assert(Number.isFinite(take.units) && take.units >= 0, 'units are finite and not negative');
  assert(Number.isSafeInteger(take.max) && take.max >= 0, 'a limit is a whole number from 0');
}
