import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { keyOf, readBatch, readFrame, spanAt, spliceBytes, textOf } from './frame.ts';
import { EventWindow, eventOf, LineSplitter, lineOf } from './framing.ts';

function frame(text: string): ReturnType<typeof readFrame> {
  return readFrame(Buffer.from(text));
}

describe('frames', () => {
  const kinds: readonly (readonly [string, string | null])[] = [
    ['{"jsonrpc":"2.0","id":1,"method":"x"}', 'request'],
    ['{"id":null,"method":"x"}', 'request'],
    ['{"method":"x","params":{"id":1,"result":2}}', 'notification'],
    ['{"id":1,"result":{}}', 'response'],
    [' {"id":"a","error":{"code":1}}\t', 'response'],
    ['{"\\u0069d":1,"result":{}}', 'response'],
    ['{"id":1,"result":{"a":"}\\"]\\\\"}}', 'response'],
    ['{"id":1}', null],
    ['{"id":1,"result":1,"error":1}', null],
    ['{"id":1,"id":2,"result":1}', null],
    ['{"id":1,"\\u0069d":2,"result":1}', null],
    ['{"method":1}', null],
    ['{"id":1,"result":{}', null],
    ['{"id":1,"result":"abc}', null],
    ['{"id":1,"result":{}} x', null],
    ['{"id":1,,"result":{}}', null],
    ['{"id":1 "result":{}}', null],
    ['{"id":,"result":{}}', null],
    ['{id:1,"result":{}}', null],
    ['{}', null],
    ['[]', null],
    ['null', null],
    ['', null],
    ['\ufeff{"id":1,"result":{}}', null],
  ];
  for (const [text, kind] of kinds) {
    it(`reads ${JSON.stringify(text)} as ${kind}`, () => {
      assert.equal(frame(text)?.kind ?? null, kind);
    });
  }

  it('finds members by path, and none that is doubled', () => {
    const read = frame('{"method":"x","params":{"a":{"b" : [1,{"c":"}"}] },"d":1,"d":2}}');
    assert(read !== null);
    const span = spanAt(read.bytes, read.params, ['a', 'b']);
    assert(span !== null);
    assert.equal(textOf(read.bytes, span), '[1,{"c":"}"}]');
    for (const path of [['d'], ['a', 'c'], ['a', 'b', 'c'], ['a', 'b', '1']]) {
      assert.equal(spanAt(read.bytes, read.params, path), null);
    }
  });

  it('knows equal ids by value and type', () => {
    assert.equal(keyOf('"\\u0061"'), keyOf('"a"'));
    assert.equal(keyOf('1.0'), keyOf('1'));
    assert.notEqual(keyOf('"1"'), keyOf('1'));
    for (const text of ['null', 'true', '{}', '[]', '', '"', 'x', '01'])
      assert.equal(keyOf(text), null);
  });

  it('takes batches apart within a bound', () => {
    const texts = (line: string, max: number): string[] | null =>
      readBatch(Buffer.from(line), max)?.map((part) => Buffer.from(part).toString()) ?? null;
    assert.deepEqual(texts(' [ {"a":[1,2]} , "x]" ] ', 9), ['{"a":[1,2]}', '"x]"']);
    for (const line of ['[1,2,3]', '[]', '[1,]', '[1', '[1]x', '{}'])
      assert.equal(texts(line, 2), null);
  });

  it('agrees with a parser on every message, and changes only what it replaces', () => {
    const member = fc.jsonValue();
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer()), member, member, (id, extra, result) => {
        const text = JSON.stringify({ extra, id, jsonrpc: '2.0', result });
        const read = frame(text);
        assert(read !== null && read.id !== null && read.result !== null);
        assert.deepEqual(
          JSON.parse(textOf(read.bytes, read.result)),
          JSON.parse(JSON.stringify(result)),
        );
        const edited = spliceBytes(read.bytes, [{ ...read.id, text: '77' }]).toString();
        assert.deepEqual(JSON.parse(edited), { ...JSON.parse(text), id: 77 });
      }),
    );
  });

  it('survives any bytes', () => {
    const seed = Buffer.from(
      '{"jsonrpc":"2.0","id":"a\\"b","params":{"x":[1,{"y":"\\\\"}]},"result":{}}',
    );
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(seed.length - 1), byte: fc.nat(255) }), { maxLength: 6 }),
        fc.nat(seed.length),
        (changes, end) => {
          const bytes = Buffer.from(seed);
          for (const { at, byte } of changes) bytes[at] = byte;
          const read = readFrame(bytes.subarray(0, end));
          if (read !== null) spanAt(read.bytes, read.params, ['x', 'y']);
          readBatch(bytes.subarray(0, end), 10);
        },
      ),
      { numRuns: 20_000 },
    );
  });
});

function split(chunks: readonly string[], max: number): { lines: string[]; overflows: number } {
  const lines: string[] = [];
  let overflows = 0;
  const splitter = new LineSplitter(max, {
    line: (bytes) => lines.push(Buffer.from(bytes).toString()),
    overflow: () => (overflows += 1),
  });
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  return { lines, overflows };
}

describe('lines', () => {
  const cases: readonly (readonly [readonly string[], readonly string[], number])[] = [
    [['a\nb\n'], ['a', 'b'], 0],
    [['a', 'b\nc', '\n'], ['ab', 'c'], 0],
    [['a\r\n\r\n\nb\r', '\n'], ['a', 'b'], 0],
    [['12345\n123456\n1\n'], ['12345'], 1],
    [['123', '456'], [], 1],
    [['123', '45', '\n6'], ['12345'], 0],
    [['1234567890', '\nnext\n'], [], 1],
    [['unfinished'.slice(0, 4)], [], 0],
  ];
  for (const [chunks, lines, overflows] of cases) {
    it(`splits ${JSON.stringify(chunks)}`, () => {
      assert.deepEqual(split(chunks, 5), { lines, overflows });
    });
  }

  it('gives the same lines however the bytes are cut', () => {
    const line = fc.string({ minLength: 1 }).filter((text) => !/[\r\n]/u.test(text));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(20)), (lines, cuts) => {
        const whole = lines.map((text) => `${text}\n`).join('');
        const chunks: string[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(whole.slice(at, at + cut));
          at += cut;
        }
        chunks.push(whole.slice(at));
        // A cut between the halves of a surrogate pair would change the bytes of the case itself.
        fc.pre(chunks.every((chunk) => chunk.isWellFormed()));
        assert.deepEqual(split(chunks, 10_000).lines, lines);
      }),
    );
  });

  it('makes one line and one event of a message, of the same length', () => {
    const message = Buffer.from('{\r\n"a":\n1}\r');
    assert.equal(lineOf(message).toString(), '{  "a": 1} \n');
    assert.equal(eventOf(message).toString(), 'event: message\ndata: {  "a": 1} \n\n');
  });

  it('counts within a window', () => {
    let now = 0;
    const clock = { nowMs: () => now, monotonicMs: () => now };
    const window = new EventWindow(clock, 2, 100);
    assert.deepEqual(
      [1, 2, 3].map(() => window.exceeded()),
      [false, false, true],
    );
    now = 100;
    assert.equal(window.exceeded(), false);
  });
});
