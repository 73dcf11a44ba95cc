import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { AuditLog, AuditPosition, AuditProblem } from '../../audit/audit-log.ts';
import { encodeBody } from '../../audit/chain.ts';
import type { ChainHead } from '../../audit/chain.ts';
import { unitsOf, withoutUnits } from '../../audit/counter-entries.ts';
import type { CounterEntry, RecordBody, SystemRecord } from '../../audit/record.ts';
import { AuditBatch } from './audit-batch.ts';
import { segmentPath } from './audit-paths.ts';
import type { SegmentFiles } from './audit-segment-files.ts';

/** `process`: survives kill -9 of this process. `power`: survives a power cut as well. */
export type Durability = 'process' | 'power';

/** The open segment. */
export interface OpenSegment {
  readonly file: number;
  /** Number of its first record: its name. */
  readonly first: number;
  /** Its length, which ends with a newline, or 0. */
  readonly bytes: number;
}

export interface AuditWriterOptions {
  readonly files: SegmentFiles;
  readonly directory: string;
  readonly installation: string;
  readonly segment: OpenSegment;
  readonly head: ChainHead;
  readonly durability: Durability;
  /** A segment that has grown to this is followed by a new one. */
  readonly segmentBytesMax: number;
  /** Records, and bytes of them, that may wait for the disk. */
  readonly queueMax: number;
  readonly queueBytesMax: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
  /** What every live counter holds at this moment. */
  readonly countersSnapshot: () => readonly CounterEntry[];
  /** A segment ended with this head. */
  readonly onRotate: (head: ChainHead, path: string) => void;
}

interface Pending {
  readonly record: RecordBody;
  readonly body: string;
  readonly settle: (result: Result<AuditPosition, AuditProblem>) => void;
}

interface Outage {
  readonly code: 'full' | 'failed';
  readonly sinceMs: number;
  readonly refused: number;
}

const retryMs = 1_000;
const entriesPerRecord = 500;

/**
 * Writes the log. The records of one turn of the event loop become one write; each is linked to
 * the one before, so no record is ever outside the chain. A write that fails is cut off again, its
 * appends are told so, and the next append or the next second tries anew.
 */
export class AuditWriter implements AuditLog {
  readonly #options: AuditWriterOptions;
  readonly #batch = new AuditBatch();
  #segment: OpenSegment;
  #head: ChainHead;
  #queue: Pending[] = [];
  #queueBytes = 0;
  #scheduled = false;
  #syncing = false;
  #outage: Outage | null = null;
  #rotationFailed = false;
  #retry: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: AuditWriterOptions) {
    this.#options = options;
    this.#segment = options.segment;
    this.#head = options.head;
  }

  append(record: RecordBody): Promise<Result<AuditPosition, AuditProblem>> {
    if (this.#closing !== null) return Promise.resolve(err({ code: 'closed' }));
    return this.#enqueue(record, this.#options);
  }

  healthy(): boolean {
    return this.#outage === null && this.#closing === null;
  }

  /** The last record that is durable, and the segment that it is in. */
  head(): { readonly head: ChainHead; readonly path: string } {
    return { head: this.#head, path: segmentPath(this.#options.directory, this.#segment.first) };
  }

  /** Writes what waits and a `stop` record; later appends are refused. */
  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  async #stop(): Promise<void> {
    // INVARIANT: what waits is written before the file is closed: `stop` waits behind it, always.
    const unbounded = { queueMax: Infinity, queueBytesMax: Infinity };
    await this.#enqueue(this.#system('stop', {}), unbounded);
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#options.files.close(this.#segment.file);
  }

  #enqueue(
    record: RecordBody,
    { queueMax, queueBytesMax }: Pick<AuditWriterOptions, 'queueMax' | 'queueBytesMax'>,
  ): Promise<Result<AuditPosition, AuditProblem>> {
    const body = encodeBody(record);
    if (body === null) return Promise.resolve(err({ code: 'failed' }));
    if (this.#queue.length >= queueMax || this.#queueBytes + body.length > queueBytesMax) {
      return Promise.resolve(err({ code: 'overloaded' }));
    }
    this.#queueBytes += body.length;
    this.#schedule();
    return new Promise((settle) => {
      this.#queue.push({ record, body, settle });
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    // The end of the sync under way flushes again.
    if (this.#syncing || (this.#queue.length === 0 && this.#outage === null)) return;
    const pending = this.#queue;
    this.#queue = [];
    this.#queueBytes = 0;

    const first = this.#build(pending);
    const error = this.#write();
    if (error !== null) this.#fail(pending, error);
    else if (this.#options.durability === 'power') this.#sync(pending, first);
    else this.#commit(pending, first);
  };

  /** Lays out the lines; answers the number of the first pending one. */
  #build(pending: readonly Pending[]): number {
    this.#batch.begin(this.#head);
    if (this.#outage !== null) this.#batch.add(this.#recovered(this.#outage));
    const first = this.#batch.head().seq + 1;
    for (const { body } of pending) this.#batch.add(body);
    return first;
  }

  #write(): unknown {
    const { files } = this.#options;
    const { file, bytes } = this.#segment;
    try {
      // After a failure something may still stand behind the last good line.
      if (this.#outage !== null) files.truncate(file, bytes);
      writeAll(files, file, this.#batch);
      return null;
    } catch (error) {
      return error;
    }
  }

  #sync(pending: readonly Pending[], first: number): void {
    this.#syncing = true;
    this.#options.files.datasync(this.#segment.file, (error) => {
      this.#syncing = false;
      if (error === null) this.#commit(pending, first);
      else this.#fail(pending, error);
      if (this.#queue.length > 0) this.#flush();
    });
  }

  /** INVARIANT: the chain goes on, and appends are told so, only for what is on the disk. */
  #commit(pending: readonly Pending[], first: number): void {
    this.#head = this.#batch.head();
    this.#segment = { ...this.#segment, bytes: this.#segment.bytes + this.#batch.length() };
    if (this.#outage !== null) {
      this.#outage = null;
      this.#options.log.info('audit.recovered', { seq: this.#head.seq });
    }
    const full = this.#segment.bytes >= this.#options.segmentBytesMax;
    // The `stop` of an orderly end stays the last record of the log.
    if (full && this.#closing === null) this.#rotate();
    for (const [index, { settle }] of pending.entries()) settle(ok({ seq: first + index }));
  }

  #fail(pending: readonly Pending[], error: unknown): void {
    const code = problemCode(error);
    const before = this.#outage;
    const sinceMs = before?.sinceMs ?? this.#options.clock.nowMs();
    this.#outage = { code, sinceMs, refused: (before?.refused ?? 0) + pending.length };
    if (before === null) this.#options.log.error('audit.failed', { code, error: errorCode(error) });
    this.#cutBack();
    this.#retryLater();
    for (const { settle } of pending) settle(err({ code }));
  }

  #cutBack(): void {
    try {
      this.#options.files.truncate(this.#segment.file, this.#segment.bytes);
    } catch {
      // INVARIANT: every write in an outage cuts back first, and writes nothing where that fails.
    }
  }

  #retryLater(): void {
    if (this.#retry !== null || this.#closing !== null) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      if (this.#outage === null) return;
      this.#flush();
      if (this.#outage !== null) this.#retryLater();
    }, retryMs);
    this.#retry.unref();
  }

  /**
   * Begins the next segment, right after the last one's final write was committed. When that does
   * not work the segment in use goes on growing, and the next commit tries again.
   */
  #rotate(): void {
    const { files, directory, durability } = this.#options;
    const first = this.#head.seq + 1;
    const path = segmentPath(directory, first);
    let file: number | null = null;
    try {
      this.#buildSegmentHead(this.#segment.first);
      file = files.openAppend(path, true);
      writeAll(files, file, this.#batch);
    } catch (error) {
      this.#keepSegment(error, file, path);
      return;
    }
    const next = { file, first, bytes: this.#batch.length() };
    const head = this.#batch.head();
    if (durability === 'process') {
      this.#switchTo(next, head);
      return;
    }
    // INVARIANT: nothing is written, here or there, before the segment and its entry are durable.
    this.#syncing = true;
    syncSegment(files, next.file, directory, (error) => {
      this.#syncing = false;
      if (error === null) this.#switchTo(next, head);
      else this.#keepSegment(error, next.file, path);
      if (this.#queue.length > 0) this.#flush();
    });
  }

  #switchTo(next: OpenSegment, head: ChainHead): void {
    const { files, directory, onRotate } = this.#options;
    const finished = this.#segment;
    const ended = this.#head;
    this.#rotationFailed = false;
    this.#segment = next;
    this.#head = head;
    files.close(finished.file);
    onRotate(ended, segmentPath(directory, finished.first));
  }

  #keepSegment(error: unknown, file: number | null, path: string): void {
    const { files, log } = this.#options;
    if (!this.#rotationFailed) log.error('audit.rotation-failed', { error: errorCode(error) });
    this.#rotationFailed = true;
    if (file !== null) discard(files, file, path);
  }

  /** What waits in the queue took its units already, and will be recorded behind the snapshot. */
  #buildSegmentHead(previous: number): void {
    const waiting = this.#queue.flatMap(({ record }) =>
      record.kind === 'intent' ? unitsOf(record) : [],
    );
    const entries = withoutUnits(this.#options.countersSnapshot(), waiting);
    this.#batch.begin(this.#head);
    const { clock, installation, newId } = this.#options;
    const head = { installation, previous, nowMs: clock.nowMs(), newId, entries };
    for (const body of segmentHead(head)) this.#batch.add(body);
  }

  #recovered(outage: Outage): string {
    const { code, sinceMs, refused } = outage;
    const detail = { cause: code, sinceMs, refusedRecords: refused };
    return encodeSystem(this.#system('recovered', detail));
  }

  #system(event: SystemRecord['event'], detail: SystemRecord['detail']): SystemRecord {
    const { clock, newId } = this.#options;
    return { kind: 'system', id: newId(), time: clock.nowMs(), event, detail };
  }
}

export interface SegmentHeadInput {
  readonly installation: string;
  /** The segment before; 0 for the first one of a log. */
  readonly previous: number;
  readonly nowMs: number;
  readonly newId: () => string;
  readonly entries: readonly CounterEntry[];
}

/** The bodies of the records that every segment begins with: whose it is, and the counters. */
export function segmentHead(input: SegmentHeadInput): readonly string[] {
  const { installation, previous, nowMs, newId, entries } = input;
  const parts = Math.max(1, Math.ceil(entries.length / entriesPerRecord));
  const base = { kind: 'system', time: nowMs } as const;
  const bodies = [
    encodeSystem({ ...base, id: newId(), event: 'segment', detail: { installation, previous } }),
  ];
  for (let part = 1; part <= parts; part += 1) {
    const counters = entries.slice((part - 1) * entriesPerRecord, part * entriesPerRecord);
    const detail = { part, parts };
    bodies.push(encodeSystem({ ...base, id: newId(), event: 'counters', detail, counters }));
  }
  return bodies;
}

/** Writes every byte of a batch, or throws: what the disk says, or that it takes nothing more. */
export function writeAll(files: SegmentFiles, file: number, batch: AuditBatch): void {
  const length = batch.length();
  for (let done = 0; done < length;) {
    const taken = files.write(file, batch.bytes(), done, length - done);
    if (taken <= 0) throw new Error('the disk took no byte');
    done += taken;
  }
}

/** What a failed write means to whoever waits for it. */
export function problemCode(error: unknown): 'full' | 'failed' {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errorCode(error)) ? 'full' : 'failed';
}

/** The operating system's word for an error, or the error's own name. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function encodeSystem(record: SystemRecord): string {
  const body = encodeBody(record);
  if (body === null) throw new Error('a counter has a key that no record can hold');
  return body;
}

/** Settles when a new segment, and that it is there, survive a power cut. */
function syncSegment(
  files: SegmentFiles,
  file: number,
  directory: string,
  done: (error: Error | null) => void,
): void {
  files.datasync(file, (error) => {
    if (error === null) files.syncDirectory(directory, done);
    else done(error);
  });
}

function discard(files: SegmentFiles, file: number, path: string): void {
  try {
    files.close(file);
    files.remove(path);
  } catch {
    // Recovery puts an unfinished segment aside; the next rotation fails on it and says so.
  }
}
