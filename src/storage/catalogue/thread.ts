import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { err, ok, type Result } from '../../base/result.ts';
import type { CatalogueStore } from '../../catalogue/catalogue-store.ts';
import { catalogueFile } from './file.ts';
import type { Answered, Asked, CatalogueWorkerData } from './worker.ts';

/** Questions that may wait: whoever asks more is told that the catalogue is busy. */
const waitingMax = 256;

type Settle = (result: Result<unknown, string>) => void;

/**
 * The catalogue of a data folder, in a thread of its own: classifying and searching tens of
 * thousands of tools never holds a call back. When the thread fails every question is answered with
 * why, and the next one starts another.
 */
export function openCatalogue(dataDir: string): CatalogueStore {
  const thread = new CatalogueThread(join(dataDir, catalogueFile));
  // The thread answers each method with what the file's method of that name gives.
  const ask = <T>(
    method: Asked['method'],
    ...args: readonly unknown[]
  ): Promise<Result<T, string>> => thread.ask(method, args) as Promise<Result<T, string>>;
  return {
    status: () => ask('status'),
    record: (recordings) => ask('record', recordings),
    feed: () => ask('feed'),
    searchTools: (search) => ask('searchTools', search),
    searchServers: (search) => ask('searchServers', search),
    server: (slug) => ask('server', slug),
    tool: (server, tool) => ask('tool', server, tool),
    changes: (of) => ask('changes', of),
    close: () => thread.close(),
  };
}

class CatalogueThread {
  readonly #data: CatalogueWorkerData;
  readonly #waiting = new Map<number, Settle>();
  #worker: Worker | null = null;
  #last = 0;
  #closed = false;

  constructor(path: string) {
    this.#data = { path };
  }

  ask(method: Asked['method'], args: readonly unknown[]): Promise<Result<unknown, string>> {
    if (this.#closed) return Promise.resolve(err('the catalogue is closed'));
    if (this.#waiting.size >= waitingMax) return Promise.resolve(err('the catalogue is busy'));
    const worker = (this.#worker ??= this.#start());
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      worker.ref();
      worker.postMessage({ id, method, args } satisfies Asked);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (worker === null || worker.threadId === -1) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.ref();
    worker.postMessage('stop');
    await ended;
  }

  #start(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), {
      workerData: this.#data,
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    });
    worker.unref();
    worker.on('message', (answer: Answered) => {
      const settle = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      // Whoever closes waits for the end of the thread, and may have nothing else to live for.
      if (this.#waiting.size === 0 && !this.#closed) worker.unref();
      settle?.('error' in answer ? err(answer.error) : ok(answer.value));
    });
    const gone = (reason: string): void => {
      if (this.#worker === worker) this.#worker = null;
      const waiting = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const settle of waiting) settle(err(reason));
    };
    worker.once('error', (error: unknown) =>
      gone(error instanceof Error ? error.message : 'the catalogue failed'),
    );
    worker.once('exit', () => gone('the catalogue ended'));
    return worker;
  }
}
