import type { LimitObligation } from '../../policy/index.ts';

/** Units between two bounds: what a counter holds when some calls cannot be told. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** Units of one call in one counter, and until when they count. Milliseconds since the epoch. */
interface Admission extends Bounds {
  readonly fromMs: number;
  readonly leastUntilMs: number;
  readonly mostUntilMs: number;
}

/** When a call ended, as far as records say. */
export interface CallEnd {
  /** Null when no outcome is on record. */
  readonly endedMs: number | null;
  /** The server was never reached, so windowed units were given back when the call ended. */
  readonly givenBack: boolean;
}

/**
 * Counters of a replay, between a lower and an upper bound: certain calls count in both, possible
 * ones in the upper alone. Whatever really would have been admitted lies between them.
 */
export class BoundedCounters {
  readonly #admissions = new Map<string, Admission[]>();

  /** What a counter holds at `nowMs`; times never go back from one call to the next. */
  held(key: string, nowMs: number): Bounds {
    const live = (this.#admissions.get(key) ?? []).filter((each) => each.mostUntilMs > nowMs);
    this.#admissions.set(key, live);
    let least = 0;
    let most = 0;
    for (const each of live) {
      most += each.most;
      if (each.leastUntilMs > nowMs) least += each.least;
    }
    return { least, most };
  }

  admit(
    key: string,
    units: Bounds,
    at: { nowMs: number; limit: LimitObligation; end: CallEnd },
  ): void {
    const [leastUntilMs, mostUntilMs] = untilMs(at.limit, at.nowMs, at.end);
    const admissions = this.#admissions.get(key) ?? [];
    admissions.push({ ...units, fromMs: at.nowMs, leastUntilMs, mostUntilMs });
    this.#admissions.set(key, admissions);
  }
}

/** The earliest and the latest time at which the units stop counting. */
function untilMs(limit: LimitObligation, nowMs: number, end: CallEnd): readonly [number, number] {
  if (limit.windowMs === null) {
    const { endedMs } = end;
    return endedMs === null ? [nowMs, Number.POSITIVE_INFINITY] : [endedMs, endedMs];
  }
  const leaves = windowEndMs(limit, limit.windowMs, nowMs);
  const until = end.givenBack && end.endedMs !== null ? Math.min(leaves, end.endedMs) : leaves;
  return [until, until];
}

const periodMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

function windowEndMs({ align }: LimitObligation, windowMs: number, nowMs: number): number {
  if (align === 'sliding') return nowMs + windowMs;
  if (align !== 'month') return (Math.floor(nowMs / periodMs[align]) + 1) * periodMs[align];
  const date = new Date(nowMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}
