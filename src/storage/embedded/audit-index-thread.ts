import { Worker } from 'node:worker_threads';
import type { Log } from '../../base/log.ts';
import type { IndexWorkerData } from './audit-index-worker.ts';

export interface IndexThreadOptions {
  /** The data directory. */
  readonly dir: string;
  readonly log: Log;
  /** Of a core, in percent; 5 when absent. Only while there is something new. */
  readonly dutyPercent?: number;
  /** The worker's file, where it is not beside this one (a bundle). */
  readonly workerUrl?: URL;
}

/** The thread that keeps the index filled. */
export interface IndexThread {
  stop(): Promise<void>;
}

const restartMs = 10_000;

/**
 * Fills the index in a thread of its own, some moments behind the log, and begins it anew when the
 * thread fails: searching is never worth a call.
 */
export function startAuditIndex(options: IndexThreadOptions): IndexThread {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const beside = new URL(`./audit-index-worker.${extension}`, import.meta.url);
  const data: IndexWorkerData = { dir: options.dir, dutyPercent: options.dutyPercent ?? 5 };
  let stopped = false;
  let worker: Worker | null = null;
  let timer: NodeJS.Timeout | null = null;

  const start = (): void => {
    const started = new Worker(options.workerUrl ?? beside, {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    worker = started;
    started.unref();
    started.once('error', (error: unknown) => {
      const message = error instanceof Error ? error.message : 'unknown';
      options.log.error('audit.index-failed', { error: message });
      if (stopped) return;
      timer = setTimeout(start, restartMs);
      timer.unref();
    });
  };
  start();

  return {
    async stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      const running = worker;
      if (running === null || running.threadId === -1) return;
      const ended = new Promise((resolve) => running.once('exit', resolve));
      running.ref();
      running.postMessage('stop');
      await ended;
    },
  };
}
