import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { metrics as metricsApi, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { AuditLog } from '../audit/audit-log.ts';
import { sampleIntent, sampleOutcome, sampleRefusal } from '../audit/record-samples.ts';
import { err, ok } from '../base/result.ts';
import { Metrics } from './metrics.ts';
import { ObservedLog } from './observed-log.ts';
import { exportReadings, openTelemetryObserver } from './open-telemetry.ts';

const spans = new InMemorySpanExporter();
const collected = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: collected });
const kept: AuditLog = {
  append: () => Promise.resolve(ok({ seq: 1 })),
  healthy: () => true,
  close: () => Promise.resolve(),
};
const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

let log: ObservedLog;

before(() => {
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }),
  );
  metricsApi.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  log = new ObservedLog(kept, [openTelemetryObserver('1.2.3')]);
});
after(async () => {
  trace.disable();
  metricsApi.disable();
  await reader.shutdown();
});

test('a call is a span of the trace that its client declared', async () => {
  spans.reset();
  const intent = sampleIntent('dec_1', { traceparent, tool: 'read', server: 's' });
  await log.append(intent);
  assert.equal(spans.getFinishedSpans().length, 0);
  const outcome = { decideUs: 1_000, recordUs: 500, upstreamUs: 8_500 };
  await log.append(sampleOutcome('dec_1', outcome), intent);
  const [span] = spans.getFinishedSpans();
  assert.ok(span !== undefined);
  assert.equal(span.name, 'tools/call read');
  assert.equal(span.kind, SpanKind.SERVER);
  assert.equal(span.spanContext().traceId, traceId);
  assert.equal(span.parentSpanContext?.spanId, 'b7ad6b7169203331');
  assert.deepEqual(span.startTime, [1_790_000_000, 0]);
  assert.deepEqual(span.duration, [0, 10_000_000]);
  assert.equal(span.status.code, SpanStatusCode.UNSET);
  assert.equal(span.attributes['mcp.method.name'], 'tools/call');
  assert.equal(span.attributes['gen_ai.tool.name'], 'read');
  assert.equal(span.attributes['portcullis.decision_id'], 'dec_1');
});

/** What it shows, the records of a call, and the span's name, error and trace. */
test('refusals and failures are spans with an error; a trace is never made up', async () => {
  spans.reset();
  await log.append(sampleRefusal('dec_1', { traceparent, code: 'limit' }));
  await log.append(sampleRefusal('dec_2', { pin: null, tool: 'made up', code: 'unknown' }));
  const unreal = `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`;
  const third = sampleIntent('dec_3', { traceparent: unreal });
  await log.append(third);
  await log.append(sampleOutcome('dec_3', { status: 'tool-error' }), third);
  const fourth = sampleIntent('dec_4');
  await log.append(fourth);
  assert.equal(log.underWay(), 1);
  await log.append(sampleOutcome('dec_4', { status: 'protocol-error', code: -32_602 }), fourth);
  await log.append(sampleOutcome('dec_unknown'));
  const found = spans.getFinishedSpans();
  assert.deepEqual(
    found.map(({ name, attributes, status }) => [name, attributes['error.type'], status.code]),
    [
      ['tools/call create_charge', 'portcullis.limit', SpanStatusCode.ERROR],
      ['tools/call (unknown)', 'portcullis.unknown', SpanStatusCode.ERROR],
      ['tools/call create_charge', 'tool_error', SpanStatusCode.ERROR],
      ['tools/call create_charge', '-32602', SpanStatusCode.ERROR],
    ],
  );
  assert.deepEqual(
    found.map((span) => span.spanContext().traceId === traceId),
    [true, false, false, false],
  );
  assert.equal(log.underWay(), 0);
});

test('a call whose intent could not be recorded is not under way', async () => {
  const full = new ObservedLog(
    { ...kept, append: () => Promise.resolve(err({ code: 'full' })) },
    [],
  );
  await full.append(sampleIntent('dec_5'));
  assert.equal(full.underWay(), 0);
});

test('durations and everything counted reach the SDK that is loaded', async () => {
  const own = new Metrics();
  own.counter({ name: 'calls_total', help: 'calls', labels: ['tool'] }).add(['a'], 4);
  own.gauge({ name: 'up', help: 'now', labels: [] }, () => [{ values: [], value: 1 }]);
  exportReadings(own, '1.2.3');
  const intent = sampleIntent('dec_9', { tool: 'slow' });
  await log.append(intent);
  const outcome = { decideUs: 0, recordUs: 0, upstreamUs: 250_000 };
  await log.append(sampleOutcome('dec_9', outcome), intent);
  await reader.forceFlush();
  const found = new Map<
    string,
    readonly { readonly attributes: object; readonly value: unknown }[]
  >();
  for (const { scopeMetrics } of collected.getMetrics()) {
    for (const { metrics } of scopeMetrics) {
      for (const one of metrics) found.set(one.descriptor.name, one.dataPoints);
    }
  }
  assert.deepEqual(
    found.get('calls_total')?.map(({ attributes, value }) => [attributes, value]),
    [[{ tool: 'a' }, 4]],
  );
  assert.equal(found.get('up')?.[0]?.value, 1);
  const slow = found
    .get('mcp.server.operation.duration')
    ?.find(
      ({ attributes }) =>
        'gen_ai.tool.name' in attributes && attributes['gen_ai.tool.name'] === 'slow',
    );
  assert.ok(typeof slow?.value === 'object' && slow.value !== null && 'sum' in slow.value);
  assert.equal(slow.value.sum, 0.25);
});
