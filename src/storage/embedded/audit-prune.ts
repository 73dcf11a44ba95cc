import { newId } from '../../base/id.ts';
import type { AuditLog } from '../../audit/audit-log.ts';
import { parseCheckpoint } from '../../audit/checkpoint.ts';
import { readCheckpointLines } from './audit-checkpoints.ts';
import { listSegments } from './audit-paths.ts';
import type { AuditPaths, Segment } from './audit-paths.ts';
import { parseRecord } from './audit-read.ts';
import { LineReader } from './audit-read.ts';
import type { SegmentFiles } from './audit-segment-files.ts';

export interface PruneInput {
  readonly paths: AuditPaths;
  readonly files: SegmentFiles;
  readonly log: AuditLog;
  /** Milliseconds since the Unix epoch: now, and the age that is kept whole. */
  readonly nowMs: number;
  readonly keepSinceMs: number;
}

/**
 * Deletes the segments whose every record is older than `keepSinceMs`. What is left stays
 * verifiable: the cut is put on record first, and only made where a signed head says what the
 * rest is linked to. Answers how many segments went. Throws what `node:fs` throws.
 */
export async function pruneSegments(input: PruneInput): Promise<number> {
  const { paths, files, log, nowMs, keepSinceMs } = input;
  const segments = listSegments(paths.segments);
  const signed = new Set(
    readCheckpointLines(paths.checkpoints).map((line) => parseCheckpoint(line)?.checkpoint.seq),
  );
  const kept = segments.findLastIndex(
    (segment, index) =>
      index > 0 && signed.has(segment.first - 1) && beginsBefore(segment, keepSinceMs),
  );
  const firstKept = segments[kept]?.first;
  if (firstKept === undefined) return 0;

  const detail = { firstKept };
  const base = { kind: 'system', time: nowMs, event: 'pruned' } as const;
  const recorded = await log.append({ ...base, id: newId('sys_'), detail });
  if (!recorded.ok) return 0;
  // The oldest first: whatever interrupts this, the rest has no hole.
  for (const { path } of segments.slice(0, kept)) files.remove(path);
  return kept;
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
