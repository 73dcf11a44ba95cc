import { parentPort, workerData } from 'node:worker_threads';
import { auditPaths } from './audit-paths.ts';
import { fileSink, httpSink } from './audit-sink-target.ts';
import { SinkFeeder } from './audit-sink.ts';
import { errorCode } from './audit-writer.ts';

/** A second place for every record. */
export type SinkPlace =
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
    };

/** What the thread is started with. */
export interface SinkWorkerData {
  readonly dir: string;
  readonly place: SinkPlace;
}

/** To the thread: the last record that is durable, or that it is to end. */
export type SinkOrder = { readonly head: number } | 'stop';

/** From the thread: how far the place is, and why it does not go on. */
export interface SinkReport {
  readonly sent: number;
  /** A word; null while all goes well. */
  readonly failing: string | null;
}

const firstRetryMs = 500;
const lastRetryMs = 30_000;
const timeoutMs = 30_000;

// Only `startAuditSink` starts this file, with exactly this.
run(workerData as SinkWorkerData);

function run({ dir, place }: SinkWorkerData): void {
  const paths = auditPaths(dir);
  const target = place.kind === 'file' ? fileSink(place.path) : httpSink({ ...place, timeoutMs });
  let feeder: SinkFeeder | null = null;
  let head = 0;
  let stopping = false;
  let working = false;
  let retryMs = firstRetryMs;
  let timer: NodeJS.Timeout | null = null;

  const attempt = async (): Promise<string | null> => {
    try {
      feeder ??= new SinkFeeder(paths, target);
      const done = await feeder.step(head);
      if (!done.ok) return done.error;
      more = done.value;
      return null;
    } catch (error) {
      feeder = null;
      return error instanceof Error && error.message === 'foreign' ? 'foreign' : errorCode(error);
    }
  };
  let more = false;
  const work = async (): Promise<void> => {
    if (working) return;
    working = true;
    for (more = true; more && !stopping;) {
      more = false;
      const failing = await attempt();
      const report: SinkReport = { sent: feeder?.sent() ?? 0, failing };
      parentPort?.postMessage(report);
      if (failing === null) {
        retryMs = firstRetryMs;
        continue;
      }
      timer = setTimeout(() => void work(), retryMs);
      retryMs = Math.min(lastRetryMs, retryMs * 2);
    }
    working = false;
    if (stopping) end();
  };
  const end = (): void => {
    if (timer !== null) clearTimeout(timer);
    parentPort?.close();
  };
  parentPort?.on('message', (order: SinkOrder) => {
    if (order === 'stop') {
      stopping = true;
      if (!working) end();
      return;
    }
    head = order.head;
    if (retryMs === firstRetryMs) void work();
  });
}
