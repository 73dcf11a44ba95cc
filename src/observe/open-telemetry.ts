import {
  metrics as metricsApi,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
} from '@opentelemetry/api';
import type { IntentRecord, OutcomeRecord, RefusalRecord } from '../audit/record.ts';
import type { Metrics } from './metrics.ts';
import type { Observer } from './observed-log.ts';

const scope = 'portcullis';

/**
 * Makes a span of each tool call, under the client's own trace where it declared one (W3C Trace
 * Context in `_meta`), and a duration, by the semantic conventions for MCP. The SDK is whatever the
 * operator loaded; without one this does nothing.
 */
export function openTelemetryObserver(version: string): Observer {
  const tracer = trace.getTracer(scope, version);
  const duration = metricsApi
    .getMeter(scope, version)
    .createHistogram('mcp.server.operation.duration', {
      description: 'Time of a tool call, from its arrival to the end of its answer.',
      unit: 's',
    });
  const span = (record: IntentRecord | RefusalRecord, tookMs: number, ended: Attributes): void => {
    const attributes = { ...callAttributes(record), ...ended };
    const made = tracer.startSpan(
      `tools/call ${record.pin === null ? '(unknown)' : record.tool}`,
      { kind: SpanKind.SERVER, startTime: record.time, attributes },
      parentOf(record.traceparent),
    );
    if (ended['error.type'] !== undefined) made.setStatus({ code: SpanStatusCode.ERROR });
    made.end(record.time + tookMs);
  };
  return {
    ended: (intent, outcome) => {
      const tookMs = (outcome.decideUs + outcome.recordUs + outcome.upstreamUs) / 1_000;
      const error = errorOf(outcome);
      span(intent, tookMs, { ...stagesOf(outcome), ...error });
      duration.record(tookMs / 1_000, { ...measured(intent), ...error });
    },
    refused: (refusal) => {
      span(refusal, 0, {
        'portcullis.enforcement': refusal.enforcement,
        'portcullis.code': refusal.code,
        'error.type': `portcullis.${refusal.code}`,
      });
    },
  };
}

/** Passes on every counter and gauge, asked for when the operator's SDK collects. */
export function exportReadings(metrics: Metrics, version: string): void {
  const meter = metricsApi.getMeter(scope, version);
  for (const { name, help, kind, read } of metrics.readings()) {
    const options = { description: help };
    const instrument =
      kind === 'counter'
        ? meter.createObservableCounter(name, options)
        : meter.createObservableGauge(name, options);
    instrument.addCallback((result) => {
      for (const { labels, value } of read()) result.observe(value, labels);
    });
  }
}

function callAttributes(record: IntentRecord | RefusalRecord): Attributes {
  return {
    ...measured(record),
    'portcullis.decision_id': record.id,
    'portcullis.grant': record.grant,
    'portcullis.principal': record.principal,
    'portcullis.rule': record.rule,
    ...(record.policy === null ? {} : { 'portcullis.policy': record.policy }),
    ...(record.policyVersion === null ? {} : { 'portcullis.policy_version': record.policyVersion }),
  };
}

/** The few attributes that a metric may have: none that a stranger can make up. */
function measured({ server, tool, pin }: IntentRecord | RefusalRecord): Attributes {
  return {
    'mcp.method.name': 'tools/call',
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': pin === null ? '(unknown)' : tool,
    'portcullis.server': server,
  };
}

function stagesOf({ status, decideUs, recordUs, upstreamUs }: OutcomeRecord): Attributes {
  return {
    'portcullis.status': status,
    'portcullis.decide_us': decideUs,
    'portcullis.record_us': recordUs,
    'portcullis.upstream_us': upstreamUs,
  };
}

/** `tool_error` is the conventions' own word for a result that says `isError`. */
function errorOf({ status, code }: OutcomeRecord): Attributes {
  if (status === 'ok' || status === 'input-required') return {};
  if (status === 'tool-error') return { 'error.type': 'tool_error' };
  return { 'error.type': status === 'protocol-error' && code !== null ? String(code) : status };
}

/** A record has one only where it is well-formed; the all-zero ids stand for none (§3.2.2). */
function parentOf(traceparent: string | undefined): Context {
  const [, traceId = '', spanId = '', flags = ''] = traceparent?.split('-') ?? [];
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return ROOT_CONTEXT;
  const parent = { traceId, spanId, traceFlags: parseInt(flags, 16) & 1, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, parent);
}
