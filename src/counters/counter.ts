import type { ExactUnits } from './units.ts';
import {
  coalesce,
  countedFromMs,
  retentionMs,
  roomAtMs,
  unitsSince,
  type Admission,
  type WindowShape,
} from './window.ts';

/** Admissions are joined in groups of this part of the window at first. */
const slicesPerWindow = 128;

/**
 * What one key has admitted: exact while it holds few admissions, on the safe side beyond
 * `admissionsMax`. Two policies may use one key with different windows: what the longest needs is
 * kept, and the shortest says how finely.
 */
export class Counter {
  readonly #admissionsMax: number;
  #admissions: Admission[] = [];
  #total: ExactUnits = 0n;
  #longestMs = 0;
  #shortestMs = Number.POSITIVE_INFINITY;

  constructor(admissionsMax: number) {
    this.#admissionsMax = admissionsMax;
  }

  /** In the order of time. */
  get admissions(): readonly Admission[] {
    return this.#admissions;
  }

  /** How long an admission is kept, in milliseconds. */
  get keptMs(): number {
    return this.#longestMs;
  }

  /** Whether nothing is left that any window could count. */
  isIdle(nowMs: number): boolean {
    const last = this.#admissions.at(-1);
    return last === undefined || last.timeMs + this.#longestMs <= nowMs;
  }

  /** The units that count against a limit now. */
  used(shape: WindowShape, nowMs: number): ExactUnits {
    this.#keepFor(shape);
    this.#forgetBefore(nowMs - this.#longestMs + 1);
    return unitsSince(this.#admissions, this.#total, countedFromMs(shape, nowMs));
  }

  /** When no more than `room` units will be left, in the same time as `nowMs`. */
  roomAtMs(shape: WindowShape, room: ExactUnits, nowMs: number): number {
    return roomAtMs(this.#admissions, shape, { room, nowMs });
  }

  /** Counts units at a time that is not before the last one, for as long as the windows need. */
  admit(shapes: readonly WindowShape[], units: ExactUnits, timeMs: number): void {
    for (const shape of shapes) this.#keepFor(shape);
    this.#total += units;
    const last = this.#admissions.at(-1);
    if (last !== undefined && last.timeMs >= timeMs) {
      const joined = { ...last, units: last.units + units };
      this.#admissions[this.#admissions.length - 1] = joined;
      return;
    }
    this.#admissions.push({ fromMs: timeMs, timeMs, units });
    if (this.#admissions.length > this.#admissionsMax) this.#coalesce();
  }

  /** Takes back units admitted at `timeMs`, unless they have left every window meanwhile. */
  giveBack(units: ExactUnits, timeMs: number): void {
    const index = this.#admissions.findLastIndex((admission) => admission.fromMs <= timeMs);
    const found = this.#admissions[index];
    if (found === undefined || found.timeMs < timeMs || found.units < units) return;
    this.#total -= units;
    const left = found.units - units;
    if (left > 0n) this.#admissions[index] = { ...found, units: left };
    else this.#admissions.splice(index, 1);
  }

  #keepFor(shape: WindowShape): void {
    const kept = retentionMs(shape);
    this.#longestMs = Math.max(this.#longestMs, kept);
    this.#shortestMs = Math.min(this.#shortestMs, kept);
  }

  #forgetBefore(fromMs: number): void {
    let gone = 0;
    for (const admission of this.#admissions) {
      if (admission.timeMs >= fromMs) break;
      this.#total -= admission.units;
      gone += 1;
    }
    if (gone > 0) this.#admissions.splice(0, gone);
  }

  #coalesce(): void {
    let spanMs = this.#shortestMs / slicesPerWindow;
    do {
      this.#admissions = coalesce(this.#admissions, spanMs);
      spanMs = Math.max(2 * spanMs, 1);
    } while (this.#admissions.length > this.#admissionsMax / 2);
  }
}
