import * as fs from 'node:fs';
import { newId } from '../../base/id.ts';
import type { AuditLog } from '../../audit/audit-log.ts';
import { parseCheckpoint } from '../../audit/checkpoint.ts';
import type { Checkpoint } from '../../audit/checkpoint.ts';
import { readCheckpointLines } from './audit-checkpoints.ts';
import { listSegments } from './audit-paths.ts';
import type { AuditPaths, Segment } from './audit-paths.ts';
import { LineReader, parseRecord } from './audit-read.ts';
import type { SegmentFiles } from './audit-segment-files.ts';

export interface PruneInput {
  readonly paths: AuditPaths;
  readonly files: SegmentFiles;
  readonly log: AuditLog;
  /** Signs the head of the log: false when that did not work. */
  readonly checkpoint: () => Promise<boolean>;
  /** Milliseconds since the Unix epoch: now, and the age that is kept whole. */
  readonly nowMs: number;
  readonly keepSinceMs: number;
  /** Records from this number on are kept whatever their age: a copy elsewhere lacks them. */
  readonly keepFromSeq?: number;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/**
 * Deletes the segments whose every record is older than `keepSinceMs`. What is left stays
 * verifiable: the cut is put on record and that record is signed first, and it is only made where
 * a signed head says what the rest is linked to. Answers how many segments went. Throws what
 * `node:fs` throws.
 */
export async function pruneSegments(input: PruneInput): Promise<number> {
  const { paths, files, log, nowMs, keepSinceMs, keepFromSeq = Infinity } = input;
  const segments = listSegments(paths.segments);
  const old = (segment: Segment, index: number): boolean =>
    index > 0 && segment.first <= keepFromSeq && beginsBefore(segment, keepSinceMs);
  // The heads of a long log are long themselves: without a segment to go they are left alone.
  if (!segments.some(old)) return 0;

  const heads = signedHeads(paths);
  const signed = new Map(heads.map(({ checkpoint }) => [checkpoint.seq, checkpoint]));
  const kept = segments.findLastIndex(
    (segment, index) => signed.has(segment.first - 1) && old(segment, index),
  );
  const firstKept = segments[kept]?.first;
  const cutAt = firstKept === undefined ? undefined : signed.get(firstKept - 1);
  if (firstKept === undefined || cutAt === undefined) return 0;

  const first = segments[0]?.first ?? firstKept;
  const detail = {
    firstKept,
    firstPruned: first,
    records: firstKept - first,
    segments: kept,
    lastHash: cutAt.hash,
    keepSinceMs,
  };
  const base = { kind: 'system', time: nowMs, event: 'pruned' } as const;
  const recorded = await log.append({ ...base, id: newId('sys_'), detail });
  if (!recorded.ok || !(await input.checkpoint())) return 0;
  // The oldest first: whatever interrupts this, the rest has no hole.
  for (const { path } of segments.slice(0, kept)) files.remove(path);
  thinHeads(paths, firstKept, nowMs);
  return kept;
}

interface Head {
  readonly line: string;
  readonly checkpoint: Checkpoint;
}

function signedHeads(paths: AuditPaths): readonly Head[] {
  return readCheckpointLines(paths.checkpoints).flatMap((line) => {
    const read = parseCheckpoint(line);
    return read === null ? [] : [{ line, checkpoint: read.checkpoint }];
  });
}

/**
 * Heads of what is gone go too, and of those older than a day one an hour is enough, beside those
 * that segments are linked to: each signs all that came before it. Nothing awaits in here, so no
 * head is signed meanwhile.
 */
function thinHeads(paths: AuditPaths, firstKept: number, nowMs: number): void {
  const borders = new Set(listSegments(paths.segments).map(({ first }) => first - 1));
  let lastHour = -1;
  const kept = signedHeads(paths).filter(({ checkpoint: { seq, time } }) => {
    if (seq < firstKept - 1) return false;
    const hour = Math.floor(time / hourMs);
    const wanted = borders.has(seq) || time > nowMs - dayMs || hour !== lastHour;
    if (wanted) lastHour = hour;
    return wanted;
  });
  const draft = `${paths.checkpoints}.new`;
  const text = kept.map(({ line }) => `${line}\n`).join('');
  fs.writeFileSync(draft, text, { mode: 0o600, flush: true });
  fs.renameSync(draft, paths.checkpoints);
}

/** A segment that begins before a time follows segments that ended before it. */
function beginsBefore(segment: Segment, timeMs: number): boolean {
  const reader = new LineReader(segment.path);
  try {
    let first: string | null = null;
    reader.readChunk((line) => (first ??= line));
    const record = first === null ? null : parseRecord(first);
    return record !== null && record.body.time <= timeMs;
  } finally {
    reader.close();
  }
}
