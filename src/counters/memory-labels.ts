import { assert } from '../base/assert.ts';
import type { AdmittedUnits, Mark } from './counters.ts';
import { labelKey, labelOfKey } from './key.ts';

/** One label of one principal. Times in milliseconds since the epoch. */
interface Kept {
  /** When the calls that set it and are still under way began. */
  open: { readonly atMs: number; readonly forMs: number }[];
  /** The end of the call after which it stays the longest; null while none has ended. */
  ended: { readonly atMs: number; readonly forMs: number } | null;
}

const none: readonly string[] = [];

/**
 * The labels of one process's principals. How many there are is bounded by what policies name, so
 * nothing is ever pushed out to make room.
 */
export class MemoryLabels {
  readonly #owners = new Map<string, Map<string, Kept>>();

  /** Sorted, so that the same state gives the same answer. */
  inForce(owner: string, nowMs: number): readonly string[] {
    const labels = this.#owners.get(owner);
    if (labels === undefined) return none;
    const found: string[] = [];
    for (const [label, kept] of labels) {
      if (isOver(kept, nowMs)) labels.delete(label);
      else found.push(label);
    }
    if (labels.size === 0) this.#owners.delete(owner);
    return found.sort();
  }

  /** A call that sets these labels begins. */
  begin(marks: readonly Mark[], atMs: number): void {
    for (const { owner, label, forMs } of marks)
      this.#kept(owner, label).open.push({ atMs, forMs });
  }

  /** A call that began at `atMs` has ended: its labels stay for as long as they say. */
  end(marks: readonly Mark[], atMs: number, nowMs: number): void {
    for (const mark of marks) {
      const kept = this.#withdrawn(mark, atMs);
      settle(kept, { atMs: nowMs, forMs: mark.forMs });
    }
  }

  /** A call that began at `atMs` was not made. */
  withdraw(marks: readonly Mark[], atMs: number): void {
    for (const mark of marks) this.#withdrawn(mark, atMs);
  }

  /** Counts what an earlier process recorded; anything but a label is left alone. */
  restore(entry: AdmittedUnits, atMs: number): void {
    const named = labelOfKey(entry.key);
    assert(named !== null, 'what is recorded under a key of labels is a label');
    settle(this.#kept(named.owner, named.label), { atMs, forMs: entry.windowMs });
  }

  /** What is in force, as `restore` reads it. */
  snapshot(nowMs: number): readonly AdmittedUnits[] {
    const entries: AdmittedUnits[] = [];
    for (const [owner, labels] of this.#owners) {
      for (const [label, kept] of labels) {
        if (isOver(kept, nowMs)) continue;
        const sets = kept.ended === null ? kept.open : [kept.ended, ...kept.open];
        for (const { atMs, forMs } of sets) {
          entries.push({ key: labelKey(owner, label), windowMs: forMs, time: atMs, units: 1 });
        }
      }
    }
    return entries;
  }

  #kept(owner: string, label: string): Kept {
    const labels = this.#owners.get(owner) ?? new Map<string, Kept>();
    this.#owners.set(owner, labels);
    const kept = labels.get(label) ?? { open: [], ended: null };
    labels.set(label, kept);
    return kept;
  }

  #withdrawn({ owner, label }: Mark, atMs: number): Kept {
    const kept = this.#kept(owner, label);
    const index = kept.open.findIndex((one) => one.atMs === atMs);
    assert(index >= 0, 'a label ends with the call that set it');
    kept.open.splice(index, 1);
    return kept;
  }
}

function isOver({ open, ended }: Kept, nowMs: number): boolean {
  return open.length === 0 && (ended === null || ended.atMs + ended.forMs <= nowMs);
}

function settle(kept: Kept, end: { readonly atMs: number; readonly forMs: number }): void {
  const { ended } = kept;
  if (ended === null || ended.atMs + ended.forMs < end.atMs + end.forMs) kept.ended = end;
}
