import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { AuditIndex } from './audit-index.ts';
import { auditPaths } from './audit-paths.ts';

/** What the thread is started with. */
export interface IndexWorkerData {
  readonly dir: string;
  /** Of the time, in percent, that filling the index may take while calls come in. */
  readonly dutyPercent: number;
}

const idleMs = 250;
/** Less than a search waits for the index. */
const restMaxMs = 1_000;

// Only `startAuditIndex` starts this file, with exactly this.
run(workerData as IndexWorkerData);

/** Follows the log until it is told to stop. An error ends the thread; whoever started it knows. */
function run({ dir, dutyPercent }: IndexWorkerData): void {
  yieldToCalls();
  const index = new AuditIndex(auditPaths(dir));
  let timer: NodeJS.Timeout;
  const work = (): void => {
    const before = workedMs();
    const more = index.step();
    const tookMs = workedMs() - before;
    const restMs = Math.min(restMaxMs, (tookMs * (100 - dutyPercent)) / dutyPercent);
    timer = setTimeout(work, more ? restMs : idleMs);
  };
  timer = setTimeout(work, 0);
  parentPort?.once('message', () => {
    clearTimeout(timer);
    index.close();
  });
}

/**
 * Milliseconds that this thread has worked. Where Node does not tell (before 23.9), the time that
 * passed: a step that a busy machine held up is followed by a longer rest then.
 */
function workedMs(): number {
  // Newer than the oldest Node that this runs on.
  const cpu = (process.threadCpuUsage as typeof process.threadCpuUsage | undefined)?.();
  return cpu === undefined ? performance.now() : (cpu.user + cpu.system) / 1_000;
}

/**
 * Lets every other thread of the machine go first. Linux gives each thread a priority of its own,
 * and this file system names the one that asks; elsewhere the share of time is the only bound.
 */
function yieldToCalls(): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(thread, 19);
  } catch {
    // Not Linux, or not allowed: the index is as fast as its share.
  }
}
