// Random schedules of calls, clock steps and crashes against the real counters, the real writer of the
// log and the real recovery of it: in no interval of a window's length may more than `max` units have
// been let through.
//
//   node test/storage/limit-schedules.ts 100000 [first seed]
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sampleIntent, sampleOutcome } from '../../src/audit/record-samples.ts';
import { genesisHash } from '../../src/audit/chain.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Receipt, Take } from '../../src/counters/counters.ts';
import { MemoryCounters } from '../../src/counters/memory-counters.ts';
import { countedUnits } from '../../src/counters/receipt.ts';
import { exactUnits } from '../../src/counters/units.ts';
import { AuditBatch } from '../../src/storage/embedded/audit-batch.ts';
import {
  auditPaths,
  listSegments,
  makeAuditDirectories,
  segmentPath,
  sha256,
  type AuditPaths,
} from '../../src/storage/embedded/audit-paths.ts';
import { recoverTail } from '../../src/storage/embedded/audit-recover.ts';
import {
  nodeSegmentFiles,
  type SegmentFiles,
} from '../../src/storage/embedded/audit-segment-files.ts';
import { readMemory } from '../../src/storage/embedded/audit-units.ts';
import { AuditWriter, segmentHead, writeAll } from '../../src/storage/embedded/audit-writer.ts';
import { seeded } from '../policy/random-case.ts';

const stepsPerSchedule = 50;
/** A few calls: segments end all the time, with a snapshot of the counters in the next. */
const segmentBytesMax = 5_000;
const start = Date.UTC(2026, 1, 28, 23, 59, 50);

const limits = [
  { key: 'second', windowMs: 1_000, align: 'sliding', max: 3 },
  { key: 'seconds', windowMs: 7_000, align: 'sliding', max: 5 },
  { key: 'minute', windowMs: 60_000, align: 'minute', max: 4 },
  { key: 'month', windowMs: 31 * 86_400_000, align: 'month', max: 8 },
] as const;

/** What happened over some schedules, to see that they did what they are for. */
export interface Seen {
  schedules: number;
  letThrough: number;
  refused: number;
  crashes: number;
  torn: number;
  segments: number;
}

/** Runs the schedules of these seeds; a failure names its seed. */
export async function runSchedules(first: number, count: number): Promise<Seen> {
  const seen = { schedules: 0, letThrough: 0, refused: 0, crashes: 0, torn: 0, segments: 0 };
  for (let seed = first; seed < first + count; seed += 1) {
    // Nothing here may depend on the disk: a folder in memory, where there is one.
    const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'pc-limits-'));
    try {
      await new Schedule(folder, seed, seen).run();
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : 'failed'}`, {
        cause: error,
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    seen.schedules += 1;
  }
  return seen;
}

interface LetThrough {
  readonly key: string;
  readonly atMs: number;
  readonly units: bigint;
}

interface Call {
  readonly id: string;
  readonly receipt: Receipt;
  readonly entries: readonly LetThrough[];
}

/** A process that dies in the middle of a write, or at any other moment. */
class Disk implements SegmentFiles {
  /** Bytes until the next write is cut short; null for as many as come. */
  fuse: number | null = null;
  dead = false;
  readonly #open = new Set<number>();

  openAppend(path: string, create: boolean): number {
    const file = nodeSegmentFiles.openAppend(path, create);
    this.#open.add(file);
    return file;
  }

  close(file: number): void {
    if (this.#open.delete(file)) nodeSegmentFiles.close(file);
  }

  /** A process that ended has no open file. */
  end(): void {
    this.dead = true;
    for (const file of this.#open) this.close(file);
  }

  syncDirectory(_path: string, done: (error: Error | null) => void): void {
    done(null);
  }

  write(file: number, bytes: Uint8Array, offset: number, length: number): number {
    // What a process does after its end reaches no disk.
    if (this.dead) return length;
    if (this.fuse === null) return nodeSegmentFiles.write(file, bytes, offset, length);
    const taken = Math.min(length, this.fuse);
    if (taken > 0) nodeSegmentFiles.write(file, bytes, offset, taken);
    this.fuse -= taken;
    if (taken === length) return length;
    this.dead = true;
    throw new Error('the process died');
  }

  truncate(file: number, length: number): void {
    if (!this.dead) nodeSegmentFiles.truncate(file, length);
  }

  datasync(_file: number, done: (error: Error | null) => void): void {
    done(null);
  }

  remove(path: string): void {
    if (!this.dead) nodeSegmentFiles.remove(path);
  }
}

class Schedule {
  readonly #paths: AuditPaths;
  readonly #random: () => number;
  readonly #seen: Seen;
  /** Nobody touches the wall clock: else calendars begin at other times, and are left out. */
  readonly #calm: boolean;
  /** How far the wall clock of later processes is behind. */
  readonly #behindMs: number;
  #monotonicMs = 0;
  #wallMs = start;
  #steadyMs = start;
  #ledger: LetThrough[] = [];
  #disk = new Disk();
  #writer: AuditWriter;
  #counters: MemoryCounters;
  #given: Call[] = [];
  #waiting: Promise<void>[] = [];
  #calls = 0;

  constructor(folder: string, seed: number, seen: Seen) {
    this.#seen = seen;
    this.#random = seeded(seed);
    this.#calm = this.#random() < 0.5;
    this.#behindMs = this.#calm ? 0 : this.#pick([0, 0, 5_000, 86_400_000]);
    this.#paths = auditPaths(folder);
    makeAuditDirectories(this.#paths);
    this.#counters = this.#newCounters();
    this.#writer = this.#begin();
  }

  async run(): Promise<void> {
    for (let step = 0; step < stepsPerSchedule; step += 1) {
      await this.#step(this.#random());
      if (this.#disk.dead) await this.#restart();
    }
    await this.#settle();
    this.#check();
    this.#seen.letThrough += this.#ledger.length;
    this.#seen.segments += listSegments(this.#paths.segments).length;
    this.#disk.dead = true;
    await this.#writer.close();
    this.#disk.end();
  }

  async #step(what: number): Promise<void> {
    if (what < 0.5) this.#call();
    else if (what < 0.68)
      this.#pass(this.#pick([0, 1, 10, 250, 999, 1_000, 1_001, 3_500, 7_000, 30_000]));
    else if (what < 0.73) this.#stepWall();
    else if (what < 0.8) this.#giveBack();
    else if (what < 0.92) await this.#settle();
    else if (what < 0.96) this.#disk.fuse = Math.floor(this.#random() * 3_000);
    else this.#disk.dead = true;
  }

  /** Units are taken, the intent goes on record, and only then the call goes out. */
  #call(): void {
    const some = limits.filter(() => this.#random() < 0.5);
    const usable = some.filter(({ align }) => this.#calm || align === 'sliding');
    if (usable.length === 0) return;
    const units = this.#pick([0.1, 0.3, 1, 1, 1, 2.5]);
    const takes: Take[] = usable.map((limit) => ({ ...limit, units }));
    const taken = this.#counters.take(takes);
    if (!taken.ok) {
      this.#seen.refused += 1;
      return;
    }
    this.#calls += 1;
    const id = `dec_${this.#calls}`;
    const exact = exactUnits(units);
    const entries = takes.map(({ key }) => ({ key, atMs: this.#steadyMs, units: exact }));
    const time = Math.max(Math.floor(this.#wallMs), taken.receipt.atMs);
    const disk = this.#disk;
    const counted = countedUnits(taken.receipt);
    const sent = this.#writer.append(sampleIntent(id, { time, units: counted })).then(({ ok }) => {
      if (disk.dead) return;
      if (!ok) return this.#counters.giveBack(taken.receipt);
      this.#ledger.push(...entries);
      this.#given.push({ id, receipt: taken.receipt, entries });
    });
    this.#waiting.push(sent);
  }

  /** The server was certainly not reached: the call never was. */
  #giveBack(): void {
    const call = this.#given.splice(Math.floor(this.#random() * this.#given.length), 1)[0];
    if (call === undefined) return;
    this.#counters.giveBack(call.receipt);
    const outcome = {
      time: Math.floor(this.#wallMs),
      givenBack: true,
      status: 'not-sent',
    } as const;
    this.#waiting.push(this.#writer.append(sampleOutcome(call.id, outcome)).then(() => undefined));
    this.#ledger = this.#ledger.filter((one) => !call.entries.includes(one));
  }

  #stepWall(): void {
    if (!this.#calm) this.#wallMs += this.#pick([-86_400_000, -1_000, 1_000, 3_600_000]);
  }

  #pass(ms: number): void {
    this.#monotonicMs += ms;
    this.#wallMs += ms;
    this.#steadyMs += ms;
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#waiting.splice(0));
  }

  /** What the next process finds is what the disk has: nothing else is carried over. */
  async #restart(): Promise<void> {
    this.#seen.crashes += 1;
    await this.#settle();
    this.#disk.end();
    this.#given = [];
    this.#pass(this.#pick([0, 5, 900, 2_000]));
    this.#wallMs = this.#steadyMs - this.#behindMs;
    this.#disk = new Disk();
    const recovered = recoverTail(this.#paths);
    assert.ok(recovered.ok, `the log is whole: ${JSON.stringify(recovered)}`);
    const tail = recovered.value;
    this.#counters = this.#newCounters();
    if (tail === null) {
      this.#writer = this.#begin();
      return;
    }
    if (tail.tornBytes > 0) this.#seen.torn += 1;
    const memory = tail.memory ?? readMemory(listSegments(this.#paths.segments), 2);
    this.#counters.restore(memory.counters);
    const { head, installation, segment, bytes } = tail;
    const file = this.#disk.openAppend(segment.path, false);
    this.#writer = this.#write({
      segment: { file, first: segment.first, bytes },
      head,
      installation,
    });
  }

  #newCounters(): MemoryCounters {
    const clock = { nowMs: () => this.#wallMs, monotonicMs: () => this.#monotonicMs };
    return new MemoryCounters({ clock, admissionsMax: this.#pick([4, 6, 512]) });
  }

  #begin(): AuditWriter {
    const installation = 'ins_1';
    const batch = new AuditBatch();
    batch.begin({ seq: 0, hash: genesisHash(installation, sha256) });
    const newId = (): string => 'sys_1';
    for (const body of segmentHead({
      installation,
      previous: 0,
      nowMs: start,
      newId,
      entries: [],
    })) {
      batch.add(body);
    }
    const file = this.#disk.openAppend(segmentPath(this.#paths.segments, 1), true);
    writeAll(this.#disk, file, batch);
    const segment = { file, first: 1, bytes: batch.length() };
    return this.#write({ segment, head: batch.head(), installation });
  }

  #write(
    from: Pick<ConstructorParameters<typeof AuditWriter>[0], 'segment' | 'head' | 'installation'>,
  ): AuditWriter {
    const counters = this.#counters;
    return new AuditWriter({
      ...from,
      files: this.#disk,
      directory: this.#paths.segments,
      durability: 'process',
      segmentBytesMax,
      queueMax: 1_000,
      queueBytesMax: 1_000_000,
      clock: { nowMs: () => Math.floor(this.#wallMs), monotonicMs: () => this.#monotonicMs },
      log: silentLog,
      newId: () => 'sys_1',
      countersSnapshot: () => counters.snapshot(),
      onRotate: () => undefined,
    });
  }

  /** Every interval that ends with a call, and every calendar period. */
  #check(): void {
    for (const { key, windowMs, align, max } of limits) {
      const own = this.#ledger.filter((one) => one.key === key);
      for (const { atMs: lastMs } of own) {
        const within = own.filter(({ atMs }) =>
          align === 'sliding'
            ? atMs > lastMs - windowMs && atMs <= lastMs
            : periodOf(atMs, align) === periodOf(lastMs, align),
        );
        const sum = within.reduce((total, { units }) => total + units, 0n);
        assert.ok(sum <= exactUnits(max), `${key}: ${sum} billionths at ${lastMs - start} ms`);
      }
    }
  }

  #pick<T>(from: readonly T[]): T {
    const one = from[Math.floor(this.#random() * from.length)];
    assert.ok(one !== undefined);
    return one;
  }
}

function periodOf(ms: number, align: 'minute' | 'month'): string {
  return new Date(ms).toISOString().slice(0, align === 'minute' ? 16 : 7);
}

if (import.meta.main) {
  const [count = '100000', first = '1'] = process.argv.slice(2);
  const startedMs = performance.now();
  const seen = await runSchedules(Number(first), Number(count));
  console.log(
    JSON.stringify({ ...seen, seconds: Math.round((performance.now() - startedMs) / 1000) }),
  );
}
