import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';

import fc from 'fast-check';

import { headAt, readPlainHead, sameHead, type PlainHead } from './plain-head.ts';

const first = 'POST /s/echo/mcp HTTP/1.1\r\n';
const host = 'Host: localhost:8420\r\n';
const usual = `${first}${host}Content-Type: application/json\r\nAccept: */*\r\nContent-Length: 2\r\n\r\n`;

const plainOnes: readonly (readonly [string, string])[] = [
  ['the usual head', usual],
  ['one path for all servers', `POST /mcp HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\n`],
  ['names in any case', `${first}HOST: a\r\ncontent-LENGTH: 2\r\n\r\n`],
  ['no space, and many', `${first}Host:a\r\nContent-Length:   2  \r\n\r\n`],
  ['a connection that stays', `${usual.slice(0, -2)}Connection: Keep-Alive\r\n\r\n`],
  ['a header that stands twice', `${usual.slice(0, -2)}X-A: 1\r\nX-A: 2\r\n\r\n`],
  ['zeros before the length', `${first}${host}Content-Length: 002\r\n\r\n`],
  ['every character of a name', `${usual.slice(0, -2)}!#$%&'*+-.^_\`|~09Az: x\r\n\r\n`],
];

const others: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['another method', usual.replace('POST', 'GET')],
  ['a method in lower case', usual.replace('POST', 'post')],
  ['an older version', usual.replace('HTTP/1.1', 'HTTP/1.0')],
  ['a later version', usual.replace('HTTP/1.1', 'HTTP/1.2')],
  ['two spaces', usual.replace('POST /', 'POST  /')],
  ['a query', usual.replace('/mcp ', '/mcp?a=b ')],
  ['a whole address', usual.replace('/s/', 'http://localhost/s/')],
  ['an escape in the path', usual.replace('/s/', '/%73/')],
  ['a line before it', `\r\n${usual}`],
  ['a bare line feed', usual.replace('Accept: */*\r\n', 'Accept: */*\n')],
  ['a bare carriage return', usual.replace('*/*', '*/\r*')],
  ['a NUL', usual.replace('*/*', '*/\0*')],
  ['a byte above ASCII', usual.replace('*/*', '*/\xe9*')],
  ['a folded line', usual.replace('*/*', '*/*\r\n b')],
  ['a space before the colon', usual.replace('Accept:', 'Accept :')],
  ['a tab around a value', usual.replace(': 2', ': 2\t')],
  ['a line without a colon', usual.replace('Accept:', 'Accept')],
  ['a line without a name', usual.replace('Accept:', ':')],
  ['an empty value', usual.replace('*/*', '')],
  ['no host', usual.replace(host, '')],
  ['two hosts', usual.replace(host, host + host)],
  ['no length', usual.replace('Content-Length: 2\r\n', '')],
  [
    'two lengths',
    usual.replace('Content-Length: 2\r\n', 'Content-Length: 2\r\nContent-Length: 2\r\n'),
  ],
  ['a list of lengths', usual.replace(': 2', ': 2, 2')],
  ['a signed length', usual.replace(': 2', ': +2')],
  ['a negative length', usual.replace(': 2', ': -2')],
  ['a hexadecimal length', usual.replace(': 2', ': 0x2')],
  ['a length too long to count', usual.replace(': 2', ': 0000000002')],
  ['chunks', usual.replace('Content-Length: 2', 'Transfer-Encoding: chunked')],
  ['a length and chunks', usual.replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n')],
  ['a connection that closes', usual.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')],
  ['an upgrade', usual.replace('\r\n\r\n', '\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')],
  ['an expectation', usual.replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n')],
  ['too many lines', usual.replace('\r\n\r\n', `\r\n${'a: b\r\n'.repeat(64)}\r\n`)],
  ['a head that is too long', usual.replace('*/*', 'x'.repeat(8_192))],
];

/** What is read from the start of bytes that go on behind the head. */
function read(text: string): PlainHead | null {
  const head = headAt(Buffer.from(`${text}{}\r\n\r\n`, 'latin1'));
  return head === null ? null : readPlainHead(head);
}

describe('the head of a plain request', () => {
  for (const [what, text] of plainOnes) {
    it(`is read: ${what}`, () => {
      const head = read(text);
      assert.equal(head?.bodyLength, 2);
      assert.equal(
        head.before + text.slice(head.before.length, -head.behind.length) + head.behind,
        text,
      );
      assert.match(text.slice(head.before.length, -head.behind.length), /^0*2$/);
    });
  }

  for (const [what, text] of others) {
    it(`is left alone: ${what}`, () => {
      assert.equal(read(text), null);
    });
  }
});

describe('the same head again', () => {
  const last = readPlainHead(usual);
  assert.ok(last !== null);
  const again = (from: string, to: string): ReturnType<typeof sameHead> =>
    sameHead(last, usual.replace(from, to));

  for (const [length, bodyLength] of [
    ['0', 0],
    ['7', 7],
    ['1234', 1_234],
    ['007', 7],
    ['999999999', 999_999_999],
  ] as const) {
    it(`is found with the length ${length}`, () => {
      assert.equal(again(': 2', `: ${length}`), bodyLength);
    });
  }

  for (const [what, from, to] of [
    ['no digits', ': 2', ': '],
    ['another sign', ': 2', ': +2'],
    ['a list', ': 2', ': 2, 2'],
    ['a space', ': 2', ': 2 '],
    ['ten digits', ': 2', ': 0000000002'],
    ['a letter that is a digit elsewhere', ': 2', ': \xb2'],
    ['another path', '/s/echo', '/s/ecko'],
    ['another value before', '*/*', '*/x'],
    ['another line behind', '2\r\n\r\n', '2\r\nA: b\r\n\r\n'],
    ['an end that is not whole', '2\r\n\r\n', '2\r\n'],
  ] as const) {
    it(`is not found with ${what}`, () => {
      assert.equal(again(from, to), null);
    });
  }
});

/** Good heads and others, with a line more and some bytes changed. */
const good = plainOnes.map(([, text]) => text);
const changedHeads = fc.record({
  seed: fc.oneof(
    fc.constantFrom(...good),
    fc.constantFrom(...good, ...others.map(([, text]) => text)),
  ),
  line: fc.option(
    fc.constantFrom(
      ...['close', 'keep-alive, close', 'keep-alive', 'Upgrade', 'TE'].map(
        (v) => `Connection: ${v}`,
      ),
      'Proxy-Connection: close',
      'Upgrade: websocket',
      'HTTP2-Settings: x',
      'TE: trailers',
      'Keep-Alive: timeout=1',
      'Expect: 100-continue',
      'Trailer: a',
      'Origin: http://a',
      'Content-Encoding: gzip',
      'Transfer-Encoding: identity',
      'Cookie: a=b',
    ),
  ),
  changes: fc.array(
    fc.record({
      at: fc.nat(220),
      byte: fc.oneof(
        fc.nat(255),
        fc.constantFrom(...Buffer.from('\r\n\t :,;2x0\0\x7f\x80"\\', 'latin1')),
      ),
      kind: fc.constantFrom('insert', 'replace', 'remove'),
    }),
    { maxLength: 3 },
  ),
});

/** What `node:http` makes of one request; null when it does not take it for one alone. */
interface Reading {
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly version: string;
}

describe('plain for us is plain for node:http', () => {
  const readings: Reading[] = [];
  const server = createServer({ requireHostHeader: true }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url = '', rawHeaders, httpVersion: version } = request;
      readings.push({ url, rawHeaders, body: Buffer.concat(chunks).toString('latin1'), version });
      response.end();
    });
  });
  before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('whatever is changed in a head', { timeout: 120_000 }, async (context) => {
    // A listening TCP server has an AddressInfo.
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    context.after(() => socket.destroy());
    const ask = asked(socket);
    let taken = 0;
    const sample = fc.sample(changedHeads, 20_000);
    for (const { seed, line, changes } of sample) {
      const whole = line === null ? seed : seed.replace('\r\n', `\r\n${line}\r\n`);
      const bytes = [...Buffer.from(whole, 'latin1')];
      for (const { at, byte, kind } of changes) {
        if (kind === 'remove') bytes.splice(at % bytes.length, 1);
        else bytes.splice(at % bytes.length, kind === 'replace' ? 1 : 0, byte);
      }
      const text = Buffer.from(bytes).toString('latin1');
      const cut = headAt(Buffer.from(bytes));
      const head = cut === null ? null : readPlainHead(cut);
      if (cut === null || head === null || head.bodyLength > 1_000) continue;
      taken += 1;
      const body = 'b'.repeat(head.bodyLength);
      readings.length = 0;
      const answer = await ask(Buffer.from(cut + body, 'latin1'));
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/, JSON.stringify(text));
      assert.match(answer, /\r\nConnection: keep-alive\r\n/, JSON.stringify(text));
      const { path: url, rawHeaders } = head;
      assert.deepEqual(readings, [{ url, rawHeaders, body, version: '1.1' }], JSON.stringify(text));
    }
    assert.ok(taken > 1_000, `${taken} of ${sample.length} heads were plain`);
  });
});

/** Sends requests over one connection, each behind the answer to the one before it. */
function asked(socket: Socket): (bytes: Buffer) => Promise<string> {
  let text = '';
  let told = Promise.withResolvers<string>();
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (text.endsWith('\r\n\r\n')) told.resolve(text);
  });
  socket.on('error', (error) => told.reject(error));
  socket.on('close', () => told.reject(new Error(`closed behind: ${text}`)));
  return (bytes) => {
    text = '';
    told = Promise.withResolvers<string>();
    socket.write(bytes);
    return told.promise;
  };
}
