import { existsSync } from 'node:fs';
import { newId } from '../../base/id.ts';
import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { AuditLog } from '../../audit/audit-log.ts';
import { genesisHash } from '../../audit/chain.ts';
import type { ChainHead } from '../../audit/chain.ts';
import type { CounterEntry, RecordBody, SystemRecord } from '../../audit/record.ts';
import { createDigest } from '../../audit/redact.ts';
import type { Digest } from '../../audit/redact.ts';
import { AuditBatch } from './audit-batch.ts';
import { Checkpointer, mendCheckpoints } from './audit-checkpoints.ts';
import { openKeys } from './audit-keys.ts';
import type { AuditKeys } from './audit-keys.ts';
import { takeLock } from './audit-lock.ts';
import type { AuditLock } from './audit-lock.ts';
import {
  auditPaths,
  listSegments,
  makeAuditDirectories,
  segmentPath,
  sha256,
} from './audit-paths.ts';
import type { AuditPaths } from './audit-paths.ts';
import { recoverTail } from './audit-recover.ts';
import type { BrokenChain, LogTail } from './audit-recover.ts';
import { nodeSegmentFiles } from './audit-segment-files.ts';
import type { SegmentFiles } from './audit-segment-files.ts';
import { readMemory } from './audit-units.ts';
import type { LogMemory } from './audit-units.ts';
import { AuditWriter, errorCode, problemCode, segmentHead, writeAll } from './audit-writer.ts';
import type { Durability, OpenSegment } from './audit-writer.ts';

export interface AuditOpenOptions {
  /** The data directory; the log is `audit/` inside it. */
  readonly dir: string;
  readonly durability: Durability;
  readonly clock: Clock;
  readonly log: Log;
  /** What every live counter holds now: written at the head of each new segment. */
  readonly countersSnapshot: () => readonly CounterEntry[];
  /** Bytes; 16 MiB when absent. */
  readonly segmentBytesMax?: number;
  /** Records that may wait for the disk; 10,000 when absent. */
  readonly queueMax?: number;
  /** How often the head is signed while records come; a minute when absent. */
  readonly checkpointEveryMs?: number;
  /** The real disk when absent. */
  readonly files?: SegmentFiles;
}

/** Why there is no log to write to. The gateway must not start. */
export type AuditOpenProblem =
  | BrokenChain
  | { readonly code: 'locked'; readonly pid: number | null }
  /** A log without its keys: put `audit-keys` back, or move `audit` away and begin a new log. */
  | { readonly code: 'keys-missing' }
  | { readonly code: 'full' | 'failed'; readonly error: string };

/** What the log remembers from before this start. */
export interface AuditTail extends LogMemory {
  /** The number of the last record before this start; 0 for a new log. */
  readonly seq: number;
  readonly cleanStop: boolean;
  readonly tornBytes: number;
}

export interface OpenedAuditLog {
  readonly log: AuditLog;
  readonly tail: AuditTail;
  /** HMAC-SHA-256 under the installation's key, for `argumentsDigest`. */
  readonly digest: Digest;
  /** Signs the head now; false when that did not work. */
  readonly checkpoint: () => Promise<boolean>;
  /** The number of the last durable record. */
  readonly headSeq: () => number;
}

type Opened = Result<OpenedAuditLog, AuditOpenProblem>;

interface Base {
  readonly options: AuditOpenOptions;
  readonly files: SegmentFiles;
  readonly paths: AuditPaths;
  readonly lock: AuditLock;
  readonly keys: AuditKeys;
}

interface Start {
  readonly segment: OpenSegment;
  readonly head: ChainHead;
  readonly installation: string;
}

/**
 * Opens the log of a data directory for writing, as its only writer. What a crash left unfinished
 * is set aside and put on record; a log that was tampered with is refused. Never throws.
 */
export async function openAuditLog(options: AuditOpenOptions): Promise<Opened> {
  const paths = auditPaths(options.dir);
  let lock: AuditLock | null = null;
  try {
    makeAuditDirectories(paths);
    const taken = takeLock(paths);
    if (!taken.ok) return taken;
    lock = taken.value;
    const opened = await openLocked(options, paths, lock);
    if (!opened.ok) lock.release();
    return opened;
  } catch (error) {
    lock?.release();
    return err({ code: problemCode(error), error: errorCode(error) });
  }
}

async function openLocked(
  options: AuditOpenOptions,
  paths: AuditPaths,
  lock: AuditLock,
): Promise<Opened> {
  mendCheckpoints(paths.checkpoints);
  const recovered = recoverTail(paths);
  if (!recovered.ok) return recovered;
  const tail = recovered.value;
  const keys = openKeys(paths, tail !== null || existsSync(paths.checkpoints));
  if (keys === null) return err({ code: 'keys-missing' });

  const files = options.files ?? nodeSegmentFiles;
  const base: Base = { options, files, paths, lock, keys };
  const memory = rememberedBy(paths, tail);
  const start = tail === null ? await beginLog(base) : continueLog(files, tail);
  const seq = tail?.head.seq ?? 0;
  const cleanStop = tail?.cleanStop ?? true;
  const tornBytes = tail?.tornBytes ?? 0;
  return startWriting(base, start, { ...memory, seq, cleanStop, tornBytes });
}

function rememberedBy(paths: AuditPaths, tail: LogTail | null): LogMemory {
  if (tail === null) return { counters: [], inDoubt: [] };
  return tail.memory ?? readMemory(listSegments(paths.segments), 2);
}

function continueLog(files: SegmentFiles, tail: LogTail): Start {
  const { head, installation, segment, bytes } = tail;
  const file = files.openAppend(segment.path, false);
  return { segment: { file, first: segment.first, bytes }, head, installation };
}

/** The first segment of a new log: its first record is linked to the installation's own id. */
async function beginLog({ options, files, paths }: Base): Promise<Start> {
  const installation = newId('ins_');
  const batch = new AuditBatch();
  batch.begin({ seq: 0, hash: genesisHash(installation, sha256) });
  const nowMs = options.clock.nowMs();
  const ids = () => newId('sys_');
  for (const body of segmentHead({ installation, previous: 0, nowMs, newId: ids, entries: [] })) {
    batch.add(body);
  }
  const file = files.openAppend(segmentPath(paths.segments, 1), true);
  writeAll(files, file, batch);
  await new Promise<void>((settle, fail) => {
    files.syncDirectory(paths.segments, (error) => (error === null ? settle() : fail(error)));
  });
  return { segment: { file, first: 1, bytes: batch.length() }, head: batch.head(), installation };
}

async function startWriting(base: Base, start: Start, tail: AuditTail): Promise<Opened> {
  const { options, files, paths, lock, keys } = base;
  const { clock, log } = options;
  const path = paths.checkpoints;
  const checkpointer = new Checkpointer({ path, signer: keys.signer, clock, log });
  const writer = new AuditWriter({
    files,
    directory: paths.segments,
    ...start,
    durability: options.durability,
    segmentBytesMax: options.segmentBytesMax ?? 16_777_216,
    queueMax: options.queueMax ?? 10_000,
    queueBytesMax: 67_108_864,
    clock,
    log,
    newId: () => newId('sys_'),
    countersSnapshot: options.countersSnapshot,
    onRotate: (head, segment) => void checkpointer.write(head, segment),
  });
  const checkpoint = (): Promise<boolean> => {
    const { head, path: segment } = writer.head();
    return checkpointer.write(head, segment);
  };
  for (const record of openingRecords(tail, clock.nowMs())) {
    const appended = await writer.append(record);
    if (appended.ok) continue;
    await writer.close();
    const { code } = appended.error;
    return err({ code: code === 'full' ? code : 'failed', error: code });
  }
  await checkpoint();
  const timer = setInterval(() => void checkpoint(), options.checkpointEveryMs ?? 60_000);
  timer.unref();
  const headSeq = (): number => writer.head().head.seq;
  let closed: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await writer.close();
    await checkpoint();
    lock.release();
  };
  const auditLog: AuditLog = {
    append: (record) => writer.append(record),
    healthy: () => writer.healthy(),
    close: () => (closed ??= close()),
  };
  return ok({ log: auditLog, tail, digest: createDigest(keys.digestKey), checkpoint, headSeq });
}

function openingRecords(tail: AuditTail, nowMs: number): readonly RecordBody[] {
  const base = { kind: 'system', time: nowMs } as const;
  const start: SystemRecord = {
    ...base,
    id: newId('sys_'),
    event: 'start',
    detail: { cleanStop: tail.cleanStop, inDoubt: tail.inDoubt.length },
  };
  if (tail.tornBytes === 0) return [start];
  const detail = { cause: 'torn', tornBytes: tail.tornBytes };
  return [{ ...base, id: newId('sys_'), event: 'recovered', detail }, start];
}
