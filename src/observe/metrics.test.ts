import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from './metrics.ts';

test('counters, gauges and histograms in the text format of Prometheus', () => {
  const metrics = new Metrics();
  const calls = metrics.counter({ name: 'calls_total', help: 'calls\\ of\nall', labels: ['tool'] });
  calls.add(['a']);
  calls.add(['a'], 2);
  calls.add(['quote" slash\\ line\n bell\u0007 rtl\u202e']);
  metrics.counter({ name: 'none_total', help: 'never', labels: [] });
  metrics.gauge({ name: 'up', help: 'now', labels: [] }, () => [{ values: [], value: 1.5 }]);
  const took = metrics.histogram({ name: 'took_seconds', help: 'time', labels: ['at'] });
  took.observe(['x'], 0.0001);
  took.observe(['x'], 0.3);
  took.observe(['x'], 100);
  const text = metrics.text();
  const lines = text.split('\n');
  assert.equal(text.endsWith('\n'), true);
  for (const wanted of [
    '# HELP calls_total calls\\\\ of\\nall',
    '# TYPE calls_total counter',
    'calls_total{tool="a"} 3',
    'calls_total{tool="quote\\" slash\\\\ line\\n bell? rtl?"} 1',
    'none_total 0',
    '# TYPE up gauge',
    'up 1.5',
    'took_seconds_bucket{at="x",le="0.0001"} 1',
    'took_seconds_bucket{at="x",le="0.25"} 1',
    'took_seconds_bucket{at="x",le="0.5"} 2',
    'took_seconds_bucket{at="x",le="60"} 2',
    'took_seconds_bucket{at="x",le="+Inf"} 3',
    'took_seconds_count{at="x"} 3',
  ]) {
    assert.ok(lines.includes(wanted), `${wanted}\nis not in\n${text}`);
  }
  assert.match(text, /^took_seconds_sum\{at="x"\} 100\.3001$/m);
});

test('a stranger who makes up names makes no more than a bounded number of series', () => {
  const metrics = new Metrics();
  const calls = metrics.counter({ name: 'calls_total', help: 'calls', labels: ['tool', 'code'] });
  for (let n = 0; n < 5_000; n += 1) calls.add([`t${n}`, 'x']);
  const series = metrics
    .text()
    .split('\n')
    .filter((line) => line.startsWith('calls_total{'));
  assert.ok(series.length <= 2_001, String(series.length));
  assert.ok(series.includes('calls_total{tool="(other)",code="(other)"} 3000'));
});

test('another exporter reads counters and gauges with their labels', () => {
  const metrics = new Metrics();
  metrics.counter({ name: 'calls_total', help: 'calls', labels: ['tool'] }).add(['a'], 4);
  metrics.gauge({ name: 'up', help: 'now', labels: [] }, () => [{ values: [], value: 1 }]);
  metrics.histogram({ name: 'took_seconds', help: 'time', labels: [] });
  assert.deepEqual(
    metrics.readings().map(({ name, kind, read }) => [name, kind, read()]),
    [
      ['calls_total', 'counter', [{ labels: { tool: 'a' }, value: 4 }]],
      ['up', 'gauge', [{ labels: {}, value: 1 }]],
    ],
  );
});
