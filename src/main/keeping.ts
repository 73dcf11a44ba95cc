import type { AuditLog } from '../audit/audit-log.ts';
import { CountedRefusals } from '../audit/counted-refusals.ts';
import type { SystemRecord } from '../audit/record.ts';
import { newId } from '../base/id.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../config.ts';
import { callMetrics } from '../observe/call-metrics.ts';
import { Metrics } from '../observe/metrics.ts';
import { ObservedLog, type Observer } from '../observe/observed-log.ts';
import type { Registry } from '../registry/registry.ts';
import type { OpenedAuditLog } from '../storage/embedded/audit-open.ts';
import { auditPaths } from '../storage/embedded/audit-paths.ts';
import { pruneSegments } from '../storage/embedded/audit-prune.ts';
import { nodeSegmentFiles } from '../storage/embedded/audit-segment-files.ts';
import { startAuditSink, type AuditSink } from '../storage/embedded/audit-sink-thread.ts';
import { systemClock } from './clock.ts';
import { stateMetrics } from './state-metrics.ts';

/** What records are kept with. */
export interface KeepingParts {
  readonly config: Pick<Config, 'audit' | 'telemetry'>;
  readonly dataDir: string;
  readonly version: string;
  readonly log: Log;
  readonly opened: OpenedAuditLog;
  readonly registry: Registry;
  /** Counters held now. */
  readonly counterKeys: () => number;
}

/** What the gateway tells about itself to whoever watches it. */
export interface Telemetry {
  /** Everything counted, in the text format of Prometheus. */
  metrics(): string;
  /** Who may read it. */
  readonly metricsFor: 'operator' | 'anyone';
  /**
   * In words, what does not stop calls but needs somebody to look at it. Whoever is known is told
   * what is wrong with an edited configuration; names and paths of it are not for anyone else.
   */
  warnings(isKnown: boolean): readonly string[];
  /** The edited configuration is in force, or is not because of these problems. */
  configRead(problems: readonly string[]): void;
}

/** The log that everything is recorded in, with what stands around it. */
export interface Keeping extends Telemetry {
  readonly audit: AuditLog;
  /** Ends what runs beside the log; the log itself is closed before. */
  stop(): Promise<void>;
}

const pruneEveryMs = 3_600_000;
const pruneFirstMs = 60_000;

/**
 * Puts around the log what the operator asks for: floods of refusals are counted, metrics and spans
 * are made of what is recorded, old segments go, and a second place gets a copy.
 */
export async function keepRecords(parts: KeepingParts): Promise<Keeping> {
  const { config, opened, version } = parts;
  const metrics = new Metrics();
  const observers: Observer[] = [callMetrics(metrics)];
  const openTelemetry = config.telemetry.openTelemetry
    ? await import('../observe/open-telemetry.ts')
    : null;
  if (openTelemetry !== null) {
    observers.push(openTelemetry.openTelemetryObserver(version));
    await warnOfUnseen(parts.log);
  }
  const counting = new CountedRefusals({ log: opened.log, clock: systemClock });
  const audit = new ObservedLog(counting, observers);
  const sink = sinkOf(parts);
  const stopPruning = pruneOnSchedule(parts, sink);
  let problems: readonly string[] = [];
  stateMetrics(metrics, { ...parts, audit, sink, isStale: () => problems.length > 0 });
  openTelemetry?.exportReadings(metrics, version);
  return {
    audit,
    metrics: () => metrics.text(),
    metricsFor: config.telemetry.metrics,
    warnings: (isKnown) => [
      ...(problems.length > 0 ? [notInForce(problems, isKnown)] : []),
      ...(sink?.state().behind === true ? ['the second place of the records is behind'] : []),
    ],
    configRead: (found) => (problems = found),
    stop: async () => {
      stopPruning();
      await sink?.stop();
    },
  };
}

async function warnOfUnseen(log: Log): Promise<void> {
  const { apiNeeded, unseenApi } = await import('../observe/unseen-api.ts');
  const found = unseenApi();
  if (found === null) return;
  log.warn('the OpenTelemetry SDK that is loaded is not used: its API is another', {
    found: `@opentelemetry/api ${found}`,
    needed: `an SDK loaded with @opentelemetry/api ${apiNeeded} or a later 1.x`,
  });
}

/** Of very many problems the first are enough to begin with; the log has them all. */
const problemsShownMax = 5;

function notInForce(problems: readonly string[], isKnown: boolean): string {
  const what = 'the edited configuration is not in force';
  if (!isKnown) return `${what}: the gateway's log says why, or ask with the operator's key`;
  const more = problems.length - problemsShownMax;
  const rest = more > 0 ? `; and ${more} more, in the gateway's log` : '';
  return `${what}: ${problems.slice(0, problemsShownMax).join('; ')}${rest}`;
}

function sinkOf({ config, dataDir, log, opened }: KeepingParts): AuditSink | null {
  const place = config.audit.sink;
  if (place === null) return null;
  return startAuditSink({
    dir: dataDir,
    place,
    clock: systemClock,
    log,
    head: opened.headSeq,
    onChange: ({ behind, records, failing }) => {
      const state = behind ? 'behind' : 'caught-up';
      void opened.log.append(system('sink', { state, records, reason: failing }));
    },
  });
}

/** Old segments go a minute after the start, and every hour; none that the second place lacks. */
function pruneOnSchedule(parts: KeepingParts, sink: AuditSink | null): () => void {
  const { keepMs } = parts.config.audit;
  if (keepMs === null) return () => undefined;
  const { opened, dataDir, log } = parts;
  const prune = async (): Promise<void> => {
    const nowMs = systemClock.nowMs();
    try {
      const gone = await pruneSegments({
        paths: auditPaths(dataDir),
        files: nodeSegmentFiles,
        log: opened.log,
        checkpoint: opened.checkpoint,
        nowMs,
        keepSinceMs: nowMs - keepMs,
        ...(sink === null ? {} : { keepFromSeq: sink.sent() + 1 }),
      });
      if (gone > 0) log.info('audit.pruned', { segments: gone });
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      log.error('audit.prune-failed', { error: reason });
    }
  };
  const first = setTimeout(() => void prune(), pruneFirstMs).unref();
  const timer = setInterval(() => void prune(), pruneEveryMs).unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}

function system(event: SystemRecord['event'], detail: SystemRecord['detail']): SystemRecord {
  return { kind: 'system', id: newId('sys_'), time: systemClock.nowMs(), event, detail };
}
