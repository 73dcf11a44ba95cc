import type { Take } from './counters.ts';
import type { ExactUnits } from './units.ts';

/** Units admitted from `fromMs` to `timeMs`, counted as if all had been admitted at `timeMs`. */
export interface Admission {
  readonly fromMs: number;
  readonly timeMs: number;
  readonly units: ExactUnits;
}

/** Which admissions count against a limit. Milliseconds. */
export interface WindowShape {
  readonly windowMs: number;
  readonly align: Take['align'];
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The longest that a calendar window lasts. */
const periodMsMax = { minute: minuteMs, hour: hourMs, day: dayMs, month: 31 * dayMs } as const;

/** How long an admission may matter to a window, in milliseconds. */
export function retentionMs(shape: WindowShape): number {
  if (shape.align === 'sliding') return shape.windowMs;
  return Math.max(shape.windowMs, periodMsMax[shape.align]);
}

/**
 * The earliest admission time that still counts at `nowMs`. Times are whole milliseconds; what was
 * admitted at `t` leaves a sliding window at `t + windowMs`, so that no half-open interval of the
 * window's length holds more than was checked here.
 */
export function countedFromMs(shape: WindowShape, nowMs: number): number {
  if (shape.align === 'sliding') return nowMs - shape.windowMs + 1;
  return periodStartMs(shape.align, nowMs);
}

/** The units of the admissions since `fromMs`, of a list in the order of time whose sum is `total`. */
export function unitsSince(
  admissions: readonly Admission[],
  total: ExactUnits,
  fromMs: number,
): ExactUnits {
  let units = total;
  for (const admission of admissions) {
    if (admission.timeMs >= fromMs) break;
    units -= admission.units;
  }
  return units;
}

/**
 * The earliest time at which no more than `room` units are left in the window, if nothing else is
 * admitted before. `admissions` are in the order of time; `room` is not negative.
 */
export function roomAtMs(
  admissions: readonly Admission[],
  shape: WindowShape,
  question: { readonly room: ExactUnits; readonly nowMs: number },
): number {
  const { room, nowMs } = question;
  const fromMs = countedFromMs(shape, nowMs);
  const counted = admissions.filter((admission) => admission.timeMs >= fromMs);
  let left = counted.reduce((sum, admission) => sum + admission.units, 0n);
  let atMs = nowMs;
  for (const admission of counted) {
    if (left <= room) break;
    left -= admission.units;
    atMs = leavesAtMs(shape, admission.timeMs);
  }
  return atMs;
}

/**
 * Fewer admissions that stand for the same units: neighbours are joined while the oldest part of a
 * group is not more than `spanMs` older than its time. A group counts at its latest time, so that
 * units stay counted longer than they need to and never leave too early.
 */
export function coalesce(admissions: readonly Admission[], spanMs: number): Admission[] {
  const groups: Admission[] = [];
  for (const admission of admissions) {
    const last = groups.at(-1);
    if (last === undefined || admission.timeMs - last.fromMs > spanMs) {
      groups.push(admission);
    } else {
      const { fromMs } = last;
      const units = last.units + admission.units;
      groups[groups.length - 1] = { fromMs, timeMs: admission.timeMs, units };
    }
  }
  return groups;
}

/** When a UTC period that holds `ms` began. */
function periodStartMs(align: keyof typeof periodMsMax, ms: number): number {
  if (align !== 'month') return Math.floor(ms / periodMsMax[align]) * periodMsMax[align];
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

function leavesAtMs(shape: WindowShape, timeMs: number): number {
  if (shape.align === 'sliding') return timeMs + shape.windowMs;
  if (shape.align !== 'month') {
    return periodStartMs(shape.align, timeMs) + periodMsMax[shape.align];
  }
  const date = new Date(timeMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}
