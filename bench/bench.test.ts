import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAnswer } from './http-client.ts';
import { addLatency, emptyLatencies, median, percentile } from './latency.ts';
import { readOptions } from './options.ts';
import { summarize } from './report.ts';

/** bytes, the answer's status and body, or null while it is incomplete. */
const answers: readonly (readonly [string, readonly [number, string] | null])[] = [
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab', [200, 'ab']],
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na', null],
  ['HTTP/1.1 200 OK\r\nContent-Le', null],
  ['HTTP/1.1 202 Accepted\r\nDate: x\r\n\r\n', [202, '']],
  [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
    [200, 'abc'],
  ],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n', null],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n0\r\n\r\n', null],
];

test('an answer is read when all of it is there', () => {
  for (const [bytes, wanted] of answers) {
    const answer = readAnswer(Buffer.from(bytes, 'latin1'));
    assert.deepEqual(answer === null ? null : [answer.status, answer.body], wanted, bytes);
  }
});

test('percentiles and medians', () => {
  const latencies = emptyLatencies();
  for (let ms = 1; ms <= 100; ms += 1) addLatency(latencies, ms);
  addLatency(latencies, 5000);
  assert.equal(percentile(latencies, 0.5), 51_000);
  assert.equal(percentile(latencies, 0.99), 100_000);
  assert.equal(percentile(latencies, 1), 1_000_000);
  assert.equal(percentile(emptyLatencies(), 0.5), 0);
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});

test('ratios are taken within a round', () => {
  const round = (calls: number) => ({
    calls,
    seconds: 1,
    p50Us: 1,
    p99Us: 2,
    cpuUsPerCall: null,
    peakRssMb: null,
  });
  const rows = summarize(
    new Map([
      ['nginx', [round(100), round(1000), round(10)]],
      ['gateway', [round(50), round(600), round(7)]],
    ]),
  );
  assert.equal(rows[1]?.timesNginx, 0.6);
  assert.equal(rows[1]?.timesDirect, null);
  assert.equal(rows[1]?.callsPerSecond, 50);
});

test('a wrong option is explained', () => {
  for (const argv of [
    ['--clients', '0'],
    ['--seconds', 'x'],
    ['--args-bytes', '1.5'],
  ]) {
    assert.equal(typeof readOptions(argv), 'string', argv.join(' '));
  }
  assert.equal(typeof readOptions([]), 'object');
});
