import type { Metrics, Sample } from '../observe/metrics.ts';
import type { ObservedLog } from '../observe/observed-log.ts';
import type { Registry } from '../registry/registry.ts';
import type { AuditSink } from '../storage/embedded/audit-sink-thread.ts';
import { systemClock } from './clock.ts';

/** What is looked at when somebody asks for metrics. */
export interface StateParts {
  readonly version: string;
  readonly registry: Registry;
  readonly audit: ObservedLog;
  readonly opened: { readonly headSeq: () => number };
  readonly sink: AuditSink | null;
  readonly counterKeys: () => number;
  /** The edited configuration is not the one in force. */
  readonly isStale: () => boolean;
}

/** Adds how the gateway stands now. */
export function stateMetrics(metrics: Metrics, parts: StateParts): void {
  const one = (name: string, help: string, read: () => number): void =>
    metrics.gauge({ name, help, labels: [] }, () => [{ values: [], value: read() }]);
  const flag = (value: boolean): number => (value ? 1 : 0);
  const { audit, registry, opened, sink, counterKeys, isStale, version } = parts;
  const build = { name: 'portcullis_build_info', help: 'Always 1.', labels: ['version'] };
  metrics.gauge(build, () => [{ values: [version], value: 1 }]);
  one('portcullis_audit_healthy', '1 while records can be kept; 0 refuses every call.', () =>
    flag(audit.healthy()),
  );
  one('portcullis_audit_head', 'Number of the last durable record.', opened.headSeq);
  one('portcullis_calls_in_flight', 'Forwarded calls without an outcome.', () => audit.underWay());
  one('portcullis_policy_stale', '1 while an edited configuration is not in force.', () =>
    flag(isStale()),
  );
  one(
    'portcullis_snapshot',
    'Number of the snapshot in force, counted from the start.',
    () => registry.current().version,
  );
  one('portcullis_counter_keys', 'Limits that hold something now.', counterKeys);
  const tools = { name: 'portcullis_tools', help: 'Tools, by state.', labels: ['server', 'state'] };
  metrics.gauge(tools, () => toolSamples(registry));
  if (sink !== null) {
    one(
      'portcullis_sink_behind_records',
      'Records that the second place lacks.',
      () => sink.state().records,
    );
    one(
      'portcullis_sink_behind_seconds',
      'How long the second place has lagged.',
      () => sink.state().lagMs / 1_000,
    );
    one('portcullis_sink_failing', '1 while the second place takes no record.', () =>
      flag(sink.state().failing !== null),
    );
  }
  processMetrics(metrics, one);
}

function toolSamples(registry: Registry): readonly Sample[] {
  const samples: Sample[] = [];
  for (const [server, { tools }] of registry.current().servers) {
    const states = tools === null ? [] : [...tools.values()].map(({ state }) => state);
    for (const state of ['pinned', 'quarantined']) {
      const value = states.filter((found) => found === state).length;
      samples.push({ values: [server, state], value });
    }
  }
  return samples;
}

/** Under the names that exporters of other programs use. */
function processMetrics(
  metrics: Metrics,
  one: (name: string, help: string, read: () => number) => void,
): void {
  const startedSeconds = systemClock.nowMs() / 1_000 - process.uptime();
  const cpu = { name: 'process_cpu_seconds_total', help: 'CPU time.', labels: [] };
  metrics.counterOf(cpu, () => {
    const { user, system } = process.cpuUsage();
    return [{ values: [], value: (user + system) / 1e6 }];
  });
  one('process_resident_memory_bytes', 'Memory in use.', () => process.memoryUsage.rss());
  one(
    'process_start_time_seconds',
    'When the process started, since the epoch.',
    () => startedSeconds,
  );
  let last = performance.eventLoopUtilization();
  one(
    'nodejs_eventloop_utilization',
    'Share of the time since the last scrape that was busy.',
    () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
  );
}
