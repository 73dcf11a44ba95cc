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
  /** What counted against the limit before, where the store tells. */
  readonly before: number | undefined;
  /** The limit; a label has none. */
  readonly max: number | undefined;
}

/**
 * What a record keeps of a receipt: each key once, with the largest of its units and the longest of
 * its windows, as the counters counted it; and each label that was set, as one unit under its key.
 */
export function countedUnits(receipt: Receipt): CountedUnits[] {
  const [only] = receipt.takes;
  if (only !== undefined && receipt.takes.length === 1 && (receipt.marks?.length ?? 0) === 0) {
    const { key, units, windowMs, max } = only;
    return [{ key, units, windowMs, time: receipt.atMs, before: receipt.before?.[0], max }];
  }
  const counted = new Map<string, CountedUnits>();
  for (const [index, { key, units, windowMs, max }] of receipt.takes.entries()) {
    const name = `${windowMs === null ? 'in flight' : 'windowed'} ${key}`;
    const other = counted.get(name);
    const own = { before: receipt.before?.[index], max };
    // The limit that is shown is that of the longest window.
    const shown = other !== undefined && (other.windowMs ?? 0) > (windowMs ?? 0) ? other : own;
    counted.set(name, {
      key,
      units: Math.max(units, other?.units ?? 0),
      windowMs: windowMs === null ? null : Math.max(windowMs, other?.windowMs ?? 0),
      time: receipt.atMs,
      before: shown.before,
      max: shown.max,
    });
  }
  const units = [...counted.values()];
  for (const { owner, label, forMs } of receipt.marks ?? []) {
    const key = labelKey(owner, label);
    const limit = { before: undefined, max: undefined };
    units.push({ key, units: 1, windowMs: forMs, time: receipt.atMs, ...limit });
  }
  return units;
}
