import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSseDecoder, encodeSseComment, encodeSseEvent, onOneLine } from './sse.ts';
import type { SseEvent } from './sse.ts';

const encoder = new TextEncoder();
type Said = Omit<SseEvent, 'raw'>;

/** Everything a stream says, cut into chunks at the offsets. */
function readAll(bytes: Uint8Array, cuts: readonly number[]): { said: Said[]; raw: Buffer } {
  const decoder = createSseDecoder({ eventBytesMax: 1e6 });
  const said: Said[] = [];
  const raw: Uint8Array[] = [];
  const offsets = [0, ...cuts.filter((cut) => cut < bytes.length), bytes.length];
  offsets.sort((a, b) => a - b);
  for (const [n, from] of offsets.entries()) {
    const events = decoder.push(bytes.subarray(from, offsets[n + 1] ?? bytes.length));
    assert(typeof events !== 'string');
    for (const { raw: part, ...rest } of events) {
      raw.push(part);
      said.push(rest);
    }
  }
  raw.push(decoder.rest());
  return { said, raw: Buffer.concat(raw) };
}

function said(event: Partial<Said>): Said {
  return { data: null, event: null, id: null, retryMs: null, plain: true, ...event };
}

test('streams are read by the standard, wherever they are cut', () => {
  const cases: readonly (readonly [stream: string, ...events: Said[]])[] = [
    ['data: a\n\n', said({ data: 'a' })],
    ['data:a\n\n', said({ data: 'a' })],
    ['data:  a \n\n', said({ data: ' a ' })],
    ['data: a\r\n\r\n', said({ data: 'a' })],
    ['data: a\r\r', said({ data: 'a' })],
    ['data: a\r\n\n', said({ data: 'a' })],
    ['data: a\n\r\n', said({ data: 'a' })],
    ['data: a\r\r\ndata: b\n\n', said({ data: 'a' }), said({ data: 'b' })],
    ['data: a\r\n\r\ndata: b\r\n\r\n', said({ data: 'a' }), said({ data: 'b' })],
    ['data: a\ndata: b\ndata:\n\n', said({ data: 'a\nb\n' })],
    ['data\n\n', said({ data: '' })],
    [
      'id: 1\nevent: message\nretry: 500\ndata: {"é":"中😀"}\n\n',
      said({ data: '{"é":"中😀"}', event: 'message', id: '1', retryMs: 500 }),
    ],
    ['id: p\ndata:\n\n', said({ data: '', id: 'p' })],
    [': ping\n\n', said({})],
    [':\ndata: a\n\n', said({ data: 'a' })],
    ['retry: 5x\nid\n\n', said({ id: '', plain: false })],
    ['id: a\0b\nid\n\n', said({ id: '', plain: false })],
    ['retry: -1\n\n', said({ plain: false })],
    [': a\u2028data: x\u2028\u2028\n\n', said({ plain: false })],
    ['id: a\u0085data: x\ndata: b\n\n', said({ data: 'b', plain: false })],
    ['event: a\vdata: x\nid: 1\ndata: b\n\n', said({ data: 'b', id: '1', plain: false })],
    ['data: "a\u2028b"\n\n', said({ data: '"a\u2028b"', plain: false })],
    ['data: "a"\n: a\tb\n\n', said({ data: '"a"' })],
    ['Data: a\n data: b\n\n', said({ plain: false })],
    ['unknown: x\ndata: a: b\n\n', said({ data: 'a: b', plain: false })],
    ['\uFEFFdata: a\n\n', said({ data: 'a', plain: false })],
    ['data: a\n\n\uFEFFdata: b\n\n', said({ data: 'a' }), said({ plain: false })],
    ['\u00EF\u00BB\u00BFdata: a\n\n', said({ plain: false })],
    ['data: a\n\ndata: unfinished\n', said({ data: 'a' })],
    ['data: a'],
    [''],
  ];
  for (const [stream, ...events] of cases) {
    const bytes = encoder.encode(stream);
    const everyByte = Array.from({ length: bytes.length }, (_, n) => n);
    for (const cuts of [[], everyByte, ...everyByte.map((cut) => [cut])]) {
      const read = readAll(bytes, cuts);
      // A LF that came after its CR was handed over leads the next block, and means nothing there.
      assert.deepEqual(read.said, events, `${JSON.stringify(stream)} cut at ${cuts.join()}`);
      assert.deepEqual(read.raw, Buffer.from(bytes), JSON.stringify(stream));
    }
  }
});

test('what is encoded is decoded as one event', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', ':', 'é', '😀', '\n', '\r', '\0', 'data:', 'event: x'),
  });
  const cuts = fc.array(fc.nat(60), { maxLength: 4 });
  const property = fc.property(text, text, cuts, (data, id, where) => {
    const bytes = encodeSseEvent({ data, id, event: id, retryMs: 7 });
    const named = /[\r\n\0]/.test(id) ? null : id;
    const expected = said({
      data: data.replaceAll(/\r\n?/g, '\n').replaceAll('\0', '\\u0000'),
      id: named,
      event: named,
      retryMs: 7,
    });
    assert.deepEqual(readAll(bytes, where).said, [expected]);
  });
  fc.assert(property, { numRuns: 2000 });
});

test('what is encoded is one line to readers that end lines elsewhere, and the same JSON', () => {
  const value = 'a\u2028b\u2029c\u0085d';
  const text = Buffer.from(encodeSseEvent({ data: `"${value}"` })).toString('utf8');
  assert.doesNotMatch(text, /[\u2028\u2029\u0085]/);
  assert.equal(JSON.parse(text.slice('data: '.length)), value);
  assert.equal(JSON.parse(onOneLine(`{\r\n"a":"${value}"}`)).a, value);
});

test('a comment says nothing, whatever is in it', () => {
  for (const comment of ['', 'keep-alive', 'a\ndata: x\n\n', 'a\rdata: x\r\r']) {
    assert.deepEqual(readAll(encodeSseComment(comment), []).said, [said({})], comment);
  }
});

test('an event is bounded, complete or not, however it is cut', () => {
  const long = encoder.encode(`data: ok\n\ndata: ${'x'.repeat(100)}\n\n`);
  for (const size of [1, 7, 30, 1000]) {
    const decoder = createSseDecoder({ eventBytesMax: 50 });
    const results: unknown[] = [];
    for (let at = 0; at < long.length; at += size)
      results.push(decoder.push(long.subarray(at, at + size)));
    results.push(decoder.push(new Uint8Array(0)), decoder.push(encoder.encode('data: b\n\n')));
    const events = results.flatMap((result) => (Array.isArray(result) ? result : []));
    assert.equal(events.length, 1, String(size));
    assert.deepEqual(results.slice(-2), ['event-too-large', 'event-too-large']);
  }
});

test('bytes that are not UTF-8 end the stream, characters cut in two do not', () => {
  const decoder = createSseDecoder({ eventBytesMax: 100 });
  assert.equal(decoder.push(Buffer.from('data: \xff\n\n', 'latin1')), 'invalid-utf8');
  assert.equal(decoder.push(encoder.encode('data: a\n\n')), 'invalid-utf8');
});
