import { closeSync, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

import { CatalogueFile } from './file.ts';

/** What the thread is started with: the file's path. */
export interface CatalogueWorkerData {
  readonly path: string;
}

/** A question to the thread; `method` is one of the file's. */
export interface Asked {
  readonly id: number;
  readonly method: Exclude<keyof CatalogueFile, 'close'>;
  readonly args: readonly unknown[];
}

/** The thread's answer. */
export type Answered =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

const feedPauseMs = 50;

// Only `openCatalogue` starts this file, with exactly this.
run((workerData as CatalogueWorkerData).path);

function run(path: string): void {
  // SQLite gives its log files the rights of this one.
  closeSync(openSync(path, 'a', 0o600));
  const file = new CatalogueFile(path);
  let timer: NodeJS.Timeout | null = null;
  const feed = (): void => {
    timer = null;
    // An error here shows at the next question; the search is only behind meanwhile.
    const left = attempt(() => file.feed());
    if (typeof left.value === 'number' && left.value > 0) feedSoon();
  };
  const feedSoon = (): void => {
    timer ??= setTimeout(feed, feedPauseMs);
  };
  feedSoon();
  parentPort?.on('message', (asked: Asked | 'stop') => {
    if (asked === 'stop') {
      if (timer !== null) clearTimeout(timer);
      file.close();
      parentPort?.close();
      return;
    }
    // The port's own methods alone are asked for, with the arguments of their types.
    const method = file[asked.method].bind(file) as (...args: readonly unknown[]) => unknown;
    const answer = attempt(() => method(...asked.args));
    parentPort?.postMessage({ id: asked.id, ...answer });
    if (asked.method === 'record') feedSoon();
  });
}

function attempt(work: () => unknown): { value?: unknown; error?: string } {
  try {
    return { value: work() };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
