import type { CounterEntry, IntentRecord } from './record.ts';

/** The units that an intent took from windows; counts of calls in flight end with the process. */
export function unitsOf({ units, time }: IntentRecord): readonly CounterEntry[] {
  return units.flatMap((taken) =>
    taken.windowMs === null
      ? []
      : [{ key: taken.key, windowMs: taken.windowMs, units: taken.units, time }],
  );
}

/**
 * The entries less the units that were given back or that stand in another record. Each is taken
 * off its own counter's youngest entries that are not younger than itself; what finds nothing to
 * be taken off is ignored, so that a counter is never taken for emptier than it is.
 */
export function withoutUnits(
  entries: readonly CounterEntry[],
  removed: readonly CounterEntry[],
): readonly CounterEntry[] {
  if (removed.length === 0) return entries;
  const byCounter = Map.groupBy(entries, counterOf);
  for (const { time, units, ...rest } of removed) {
    const counter = counterOf({ time, units, ...rest });
    const own = byCounter.get(counter);
    if (own !== undefined) byCounter.set(counter, takeOff(own, time, units));
  }
  return [...byCounter.values()].flat().filter((entry) => entry.units > 0);
}

function takeOff(entries: readonly CounterEntry[], time: number, units: number): CounterEntry[] {
  const rest = entries.toSorted((a, b) => a.time - b.time);
  let left = units;
  for (let index = rest.length - 1; index >= 0 && left > 0; index -= 1) {
    const entry = rest[index];
    if (entry === undefined || entry.time > time) continue;
    const taken = Math.min(entry.units, left);
    rest[index] = { ...entry, units: entry.units - taken };
    left -= taken;
  }
  return rest;
}

function counterOf(entry: CounterEntry): string {
  return `${entry.windowMs} ${entry.key}`;
}
