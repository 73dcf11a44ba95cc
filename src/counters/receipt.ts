import type { Receipt } from './counters.ts';
import { labelKey } from './key.ts';

/** What one counter admitted for a receipt. */
export interface CountedUnits {
  readonly key: string;
  readonly units: number;
  /** Milliseconds; null for a count of calls in flight. */
  readonly windowMs: number | null;
  /** Milliseconds on the counters' own clock: the time under which `restore` must count them. */
  readonly time: number;
}

/**
 * What a record keeps of a receipt: each key once, with the largest of its units and the longest of
 * its windows, as the counters counted it; and each label that was set, as one unit under its key.
 */
export function countedUnits(receipt: Receipt): CountedUnits[] {
  const counted = new Map<string, CountedUnits>();
  for (const { key, units, windowMs } of receipt.takes) {
    const name = `${windowMs === null ? 'in flight' : 'windowed'} ${key}`;
    const before = counted.get(name);
    counted.set(name, {
      key,
      units: Math.max(units, before?.units ?? 0),
      windowMs: windowMs === null ? null : Math.max(windowMs, before?.windowMs ?? 0),
      time: receipt.atMs,
    });
  }
  const units = [...counted.values()];
  for (const { owner, label, forMs } of receipt.marks ?? []) {
    units.push({ key: labelKey(owner, label), units: 1, windowMs: forMs, time: receipt.atMs });
  }
  return units;
}
