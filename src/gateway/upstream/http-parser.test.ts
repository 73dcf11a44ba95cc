import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { HeadReader, type ResponseHead } from './http-head.ts';
import { ResponseParser } from './http-parser.ts';

interface Read {
  head: ResponseHead | null;
  body: string;
  ended: boolean;
  problem: string | null;
  reusable: boolean;
  left: number;
}

/** One for all cases: what it remembers of one answer must never show in the next. */
const heads = new HeadReader();

/** Feeds the chunks, then the end of the connection when `closes`. */
function read(chunks: readonly Buffer[], closes = false): Read {
  const got: Read = { head: null, body: '', ended: false, problem: null, reusable: false, left: 0 };
  const order: string[] = [];
  const parser = new ResponseParser(
    {
      paused: false,
      head(head) {
        assert.equal(order.length, 0);
        order.push('head');
        got.head = head;
      },
      data(chunk) {
        assert.equal(order[0], 'head');
        assert.ok(!got.ended && chunk.length > 0);
        got.body += chunk.toString('latin1');
      },
      end() {
        assert.ok(!got.ended && order[0] === 'head');
        got.ended = true;
      },
    },
    heads,
  );
  for (const chunk of chunks) {
    const used = parser.push(chunk);
    if (typeof used === 'string') {
      got.problem = used;
      return got;
    }
    got.left += chunk.length - used;
  }
  if (closes) got.problem = parser.finish();
  assert.equal(parser.done, got.ended);
  got.reusable = parser.done && parser.reusable;
  return got;
}

const ok = 'HTTP/1.1 200 OK\r\n';
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;

/** Bytes, body, whether the connection can be used again, bytes that are left over. */
const good: readonly (readonly [string, string, boolean, number])[] = [
  [`${ok}Content-Length: 2\r\n\r\nhi`, 'hi', true, 0],
  [`${ok}content-length:2\r\n\r\nhi`, 'hi', true, 0],
  [`${ok}Content-Length: 0\r\n\r\n`, '', true, 0],
  [`${ok}Content-Length: 2\r\nConnection: close\r\n\r\nhi`, 'hi', false, 0],
  [`${ok}Content-Length: 2\r\nConnection: x, Close\r\n\r\nhi`, 'hi', false, 0],
  [`${ok}Content-Length: 2\r\nConnection: closed\r\n\r\nhi`, 'hi', true, 0],
  [`${ok}Content-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n`, 'hi', true, 17],
  ['HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi', 'hi', false, 0],
  ['HTTP/1.1 202\r\nContent-Length: 0\r\n\r\n', '', true, 0],
  ['HTTP/1.1 202 \r\nContent-Length: 0\r\n\r\n', '', true, 0],
  ['HTTP/1.1 204 No Content\r\n\r\n', '', true, 0],
  ['HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc', '', false, 3],
  ['HTTP/1.1 304 N\r\nTransfer-Encoding: chunked\r\n\r\n', '', false, 0],
  [`HTTP/1.1 103 Early\r\nLink: x\r\n\r\n${ok}Content-Length: 1\r\n\r\nx`, 'x', true, 0],
  [`${chunked}2\r\nhi\r\n0\r\n\r\n`, 'hi', true, 0],
  [`${chunked}2;a=b\r\nhi\r\n1 \r\n!\r\n000\r\nX-Trailer: 1\r\n\r\n`, 'hi!', true, 0],
  [`${chunked}A\r\n0123456789\r\n0\r\n\r\nz`, '0123456789', true, 1],
];

const bad: readonly (readonly [string, string])[] = [
  ['another protocol', 'SSH-2.0-x\r\n'],
  ['HTTP/2 in clear', 'PRI * HTTP/2.0\r\n\r\n'],
  ['HTTP/0.9', '<html>'],
  ['a version that is none', 'HTTP/1.2 200 OK\r\n\r\n'],
  ['lower case', 'http/1.1 200 OK\r\n\r\n'],
  ['no status', 'HTTP/1.1 OK\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['status 600', 'HTTP/1.1 600 OK\r\n\r\n'],
  ['status 0', 'HTTP/1.1 000 OK\r\n\r\n'],
  ['two spaces', 'HTTP/1.1  200 OK\r\n\r\n'],
  ['bare LF lines', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n\r\n\r\n'],
  ['one bare LF', `${ok}a: b\nContent-Length: 0\r\n\r\n`],
  ['a bare CR', `${ok}a: b\rc: d\r\n\r\n`],
  ['a NUL', `${ok}a: b\0\r\n\r\n`],
  ['folding', `${ok}a: b\r\n c\r\n\r\n`],
  ['folding of the length', `${ok}Content-Length:\r\n 5\r\n\r\nhello`],
  ['a space before the colon', `${ok}Content-Length : 5\r\n\r\nhello`],
  ['a line without a colon', `${ok}Content-Length\r\n\r\n`],
  ['a nameless line', `${ok}: x\r\n\r\n`],
  ['a name with a space', `${ok}a b: x\r\n\r\n`],
  ['two lengths', `${ok}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
  ['a list of lengths', `${ok}Content-Length: 5, 5\r\n\r\nhello`],
  ['a signed length', `${ok}Content-Length: +5\r\n\r\nhello`],
  ['a negative length', `${ok}Content-Length: -5\r\n\r\n`],
  ['a hexadecimal length', `${ok}Content-Length: 0x5\r\n\r\nhello`],
  ['an empty length', `${ok}Content-Length:\r\n\r\n`],
  ['a length too long to count', `${ok}Content-Length: 99999999999999999999\r\n\r\n`],
  ['a length and chunks', `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['two encodings', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n`],
  ['two encoding lines', `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`],
  ['an encoding that is not chunked', `${ok}Transfer-Encoding: xchunked\r\n\r\n`],
  ['identity', `${ok}Transfer-Encoding: identity\r\n\r\n`],
  ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['an upgrade', 'HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n'],
  ['an interim answer with a length', 'HTTP/1.1 100 C\r\nContent-Length: 1\r\n\r\nx'],
  ['endless interim answers', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20)],
  ['a head without end', `${ok}${'a: b\r\n'.repeat(7_000)}`],
  ['a header without end', `${ok}a: ${'b'.repeat(40_000)}`],
  ['too many headers', `${ok}${'a: b\r\n'.repeat(200)}\r\n`],
  ['no chunk size', `${chunked}\r\n`],
  ['a chunk size that is none', `${chunked}g\r\n`],
  ['a signed chunk size', `${chunked}+1\r\na\r\n`],
  ['a prefixed chunk size', `${chunked}0x1\r\na\r\n`],
  ['a chunk size with a leading space', `${chunked} 1\r\na\r\n`],
  ['a huge chunk size', `${chunked}fffffffff\r\n`],
  ['a chunk size line that ends in LF', `${chunked}1\na\r\n`],
  ['a chunk that is longer than it says', `${chunked}1\r\nab\r\n0\r\n\r\n`],
  ['a chunk that ends in LF', `${chunked}1\r\na\n0\r\n\r\n`],
  ['an endless chunk extension', `${chunked}1;${'a'.repeat(2_000)}`],
  ['a NUL in a chunk extension', `${chunked}1;\0\r\na\r\n0\r\n\r\n`],
  ['a malformed trailer', `${chunked}0\r\nnothing\r\n\r\n`],
  ['a folded trailer', `${chunked}0\r\na: b\r\n c\r\n\r\n`],
  ['endless trailers', `${chunked}0\r\n${'a: bcdefgh\r\n'.repeat(2_000)}`],
];

function cut(text: string, size: number): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

describe('answers of HTTP/1', () => {
  for (const [text, body, reusable, left] of good) {
    it(`reads ${JSON.stringify(text.slice(0, 90))}`, () => {
      for (const size of [text.length, 1, 2, 3, 7]) {
        const got = read(cut(text, size));
        assert.deepEqual([got.problem, got.ended, got.body], [null, true, body]);
        assert.equal(got.reusable, reusable);
        assert.equal(got.left, left);
      }
    });
  }

  for (const [what, text] of bad) {
    it(`refuses ${what}`, () => {
      for (const size of [text.length, 1, 2, 1_460]) {
        const got = read(cut(text, size));
        assert.equal(typeof got.problem, 'string', `in pieces of ${size}`);
        assert.equal(got.ended, false);
      }
    });
  }

  it('takes the end of the connection as the end of an answer without a length alone', () => {
    const open = read([Buffer.from(`${ok}a: b\r\n\r\nsome`)], true);
    assert.deepEqual(
      [open.problem, open.ended, open.body, open.reusable],
      [null, true, 'some', false],
    );
    for (const text of [
      '',
      ok,
      `${ok}Content-Length: 3\r\n\r\nab`,
      `${chunked}2\r\nhi\r\n`,
      `${chunked}0\r\n`,
    ]) {
      assert.equal(typeof read([Buffer.from(text)], true).problem, 'string', text);
    }
  });

  it('passes the headers that may pass, and joins their doubles', () => {
    const text = `${ok}Content-Type:  a/b \r\nSet-Cookie: x\r\nCache-Control: a\r\ncache-control: b\r\n`;
    const got = read([Buffer.from(`${text}__proto__: x\r\nContent-Encoding: gzip\r\n\r\n`)], true);
    assert.deepEqual(got.head?.headers, { 'content-type': 'a/b', 'cache-control': 'a, b' });
    assert.equal(got.head.contentEncoding, 'gzip');
  });

  it('stops behind the piece at which its sink pauses', () => {
    const sink = { paused: false };
    const parser = new ResponseParser(
      {
        get paused() {
          return sink.paused;
        },
        head: () => {},
        end: () => {},
        data: () => {
          sink.paused = true;
        },
      },
      heads,
    );
    const text = `${chunked}2\r\nhi\r\n2\r\nho\r\n0\r\n\r\n`;
    const used = parser.push(Buffer.from(text));
    assert.equal(used, chunked.length + 5);
  });

  it('reads the same however the bytes are cut', () => {
    const piece = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.integer({ min: 1, max: 30 })), (pieces, cuts) => {
        const body = pieces.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('');
        const whole = Buffer.from(`${chunked}${body}0\r\n\r\n`, 'latin1');
        const chunks: Buffer[] = [];
        let at = 0;
        for (const size of cuts) {
          chunks.push(whole.subarray(at, at + size));
          at += size;
        }
        chunks.push(whole.subarray(Math.min(at, whole.length)));
        const got = read(chunks.filter((chunk) => chunk.length > 0));
        assert.deepEqual([got.problem, got.ended, got.body], [null, true, pieces.join('')]);
      }),
    );
  });

  it('survives mutated answers, and never ends one twice', () => {
    const seeds = good.map(([text]) => Buffer.from(text, 'latin1'));
    const change = fc.record({ at: fc.nat(400), byte: fc.nat(255), insert: fc.boolean() });
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(change, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 64 }),
        (seed, changes, size) => {
          const bytes = [...seed];
          for (const { at, byte, insert } of changes) {
            bytes.splice(at % bytes.length, insert ? 0 : 1, byte);
          }
          read(cut(Buffer.from(bytes).toString('latin1'), size), true);
        },
      ),
      { numRuns: 20_000 },
    );
  });
});
