import type { LineHead } from './chain.ts';

/** What was done to a log. docs/reference/audit-record.md says what each word means. */
export type TamperKind =
  | 'malformed'
  | 'changed'
  | 'removed'
  | 'inserted'
  | 'repeated'
  | 'reordered'
  | 'truncated'
  | 'rewritten'
  | 'foreign'
  | 'segment-removed'
  | 'segment-inserted'
  | 'segment-swapped'
  | 'segment-replayed'
  | 'checkpoint-forged'
  | 'checkpoint-foreign'
  | 'checkpoint-missing';

/** Where a line stands: its segment's name, and the line within it, counted from 1. */
export interface Place {
  readonly segment: number;
  readonly line: number;
}

/** The first bad record. `segment` null means the checkpoints file. */
export interface Finding {
  readonly kind: TamperKind;
  /** The record that is bad or missing. */
  readonly seq: number;
  readonly segment: number | null;
  readonly line: number;
}

/** What the next line had to be. */
export interface Expected {
  readonly seq: number;
  /** Hash of the line before; null before the first line of a log. */
  readonly prev: string | null;
  /** What the line before was itself linked to. */
  readonly before: string | null;
  /** Where the line before stands. */
  readonly place: Place;
}

/** A line as it was found. */
export interface Seen {
  readonly head: LineHead | null;
  readonly hash: string;
  readonly place: Place;
  /** It is one record in the form we write. */
  readonly valid: boolean;
  /** It fits the chain, but a signed head says that another record stood here. */
  readonly rewritten: boolean;
}

/** All that is known about the first line that did not fit. */
export interface Anomaly {
  readonly expected: Expected;
  readonly suspect: Seen;
  /** The line right after the suspect one. */
  readonly next: Seen | null;
  /** The number that was expected came later in the log. */
  readonly expectedLater: boolean;
  /** The suspect's number came once more. */
  readonly againLater: boolean;
  /** The highest number among the lines after the suspect one. */
  readonly maxLater: number;
  readonly signedTo: number;
}

/**
 * Tells from the neighbours what happened. Where a changed record and a changed link cannot be
 * told apart, the record that is certain to be bad is named.
 */
export function classify(anomaly: Anomaly): Finding {
  const { expected, suspect, next } = anomaly;
  const here = (kind: TamperKind, seq: number): Finding => ({ kind, seq, ...suspect.place });
  const { head } = suspect;
  if (isMoved(anomaly)) return here('reordered', expected.seq);
  if (follows(next, expected.seq, expected.prev)) {
    const copy = head !== null && head.seq < expected.seq;
    return here(copy ? 'repeated' : 'inserted', head?.seq ?? expected.seq);
  }
  if (head === null || (!suspect.valid && head.seq === expected.seq)) {
    return here('malformed', expected.seq);
  }
  if (suspect.rewritten && head.seq === expected.seq && head.prev === expected.prev) {
    const recomputed = follows(next, expected.seq + 1, suspect.hash);
    return here(recomputed ? 'rewritten' : 'changed', expected.seq);
  }
  if (head.seq === expected.seq) return brokenLink(anomaly);
  if (head.prev === expected.prev) {
    const relinked = next?.head?.seq === head.seq + 1 || next === null;
    return here(relinked && head.seq > expected.seq ? 'removed' : 'changed', expected.seq);
  }
  if (head.seq > expected.seq) return laterRecord(anomaly, head);
  return earlierRecord(anomaly, head);
}

/** The right number, linked to something else than the line before. */
function brokenLink(anomaly: Anomaly): Finding {
  const { expected, suspect, next } = anomaly;
  const before: Finding = { kind: 'changed', seq: expected.seq - 1, ...expected.place };
  const own: Finding = { kind: 'changed', seq: expected.seq, ...suspect.place };
  // A signed head says that this one is not what stood here.
  if (expected.seq === 1 || suspect.rewritten) return own;
  const intact = next === null || follows(next, expected.seq + 1, suspect.hash);
  if (anomaly.signedTo === expected.seq - 1) return intact ? { ...own, kind: 'rewritten' } : own;
  return intact ? before : own;
}

function laterRecord(anomaly: Anomaly, head: LineHead): Finding {
  const { expected, suspect } = anomaly;
  if (!anomaly.expectedLater) return { kind: 'removed', seq: expected.seq, ...suspect.place };
  return { kind: 'inserted', seq: head.seq, ...suspect.place };
}

/** A later record stands here, the one that belongs here comes later, and neither comes twice. */
function isMoved({ expected, suspect, expectedLater, againLater, maxLater }: Anomaly): boolean {
  const seq = suspect.head?.seq ?? 0;
  return seq > expected.seq && expectedLater && !againLater && seq <= maxLater + 1;
}

/** Two lines claim one number: the one that the rest of the chain goes on from is the true one. */
function earlierRecord(anomaly: Anomaly, head: LineHead): Finding {
  const { expected, suspect } = anomaly;
  const twin = head.seq === expected.seq - 1 && head.prev === expected.before;
  const copy = suspect.hash === expected.prev;
  if (!twin || copy) return { kind: 'repeated', seq: head.seq, ...suspect.place };
  return { kind: 'inserted', seq: head.seq, ...expected.place };
}

function follows(line: Seen | null, seq: number, prev: string | null): boolean {
  return line?.head?.seq === seq && prev !== null && line.head.prev === prev;
}
