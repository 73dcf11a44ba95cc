import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';

import { bare, post, run, start } from '../../../test/fixtures/upstream/collect.ts';
import {
  jsonAnswer,
  startRawServer,
  type RawReply,
} from '../../../test/fixtures/upstream/raw-server.ts';
import { openUndiciUpstream } from '../../../test/fixtures/upstream/undici-upstream.ts';
import { eventually } from '../../../test/fixtures/upstream/stdio-upstream.ts';
import { checkTarget } from './egress.ts';
import { httpUpstreamDefaults, openHttpUpstream, type HttpUpstreamOptions } from './http.ts';
import type { Upstream } from './upstream.ts';

const adapters: readonly (readonly [string, (options: HttpUpstreamOptions) => Upstream])[] = [
  ['undici', openUndiciUpstream],
  ['sockets', openHttpUpstream],
];

const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo' } };
const answer = '{"jsonrpc":"2.0","id":1,"result":{"n":9007199254740993,"x":1.0}}';

function optionsFor(url: string, more: Partial<HttpUpstreamOptions> = {}): HttpUpstreamOptions {
  const target = checkTarget(url, true);
  assert(target.ok);
  return {
    target: target.value,
    headers: {},
    ...httpUpstreamDefaults,
    egress: { connectTimeoutMs: 60_000 },
    ...more,
  };
}

async function serve(listener: RequestListener): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp?key=a%20b`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

for (const [name, open] of adapters) {
  const withRaw = async (
    reply: RawReply,
    work: (upstream: Upstream, server: { received: readonly string[] }) => Promise<void>,
    more: Partial<HttpUpstreamOptions> = {},
  ): Promise<void> => {
    const server = await startRawServer(reply);
    const upstream = open(optionsFor(server.url, more));
    try {
      await work(upstream, server);
    } finally {
      await upstream.close();
      await server.close();
    }
  };

  describe(`http upstream on ${name}`, () => {
    it('sends the given bytes and headers, its credentials, and nothing of the client', async () => {
      const sent: { headers?: NodeJS.Dict<string | string[]>; url?: string; body?: string } = {};
      const server = await serve((request, response) => {
        sent.headers = request.headers;
        sent.url = request.url ?? '';
        request.on('data', (chunk: Buffer) => (sent.body = (sent.body ?? '') + chunk.toString()));
        request.on('end', () => {
          response.writeHead(200, {
            'content-type': 'application/json',
            'mcp-session-id': 's-1',
            'set-cookie': 'a=b',
            server: 'x',
            'x-secret': 'y',
          });
          response.end(answer);
        });
      });
      const upstream = open(optionsFor(server.url, { headers: { authorization: 'Bearer up' } }));
      const headers = {
        'mcp-protocol-version': '2025-11-25',
        authorization: 'Bearer client',
        cookie: 'c=d',
        host: 'evil',
        'transfer-encoding': 'chunked',
        'mcp-param-city': 'Bern',
      };
      const got = await run(upstream, post(call, { headers, sessionId: 's-0' }));
      await upstream.close();
      await server.close();
      assert.equal(got.status, 200);
      assert.equal(got.body, answer);
      assert.deepEqual(got.headers, {
        'content-type': 'application/json',
        'mcp-session-id': 's-1',
      });
      assert.equal(sent.url, '/mcp?key=a%20b');
      assert.equal(sent.body, JSON.stringify(call));
      assert.equal(sent.headers?.['authorization'], 'Bearer up');
      assert.equal(sent.headers?.['cookie'], undefined);
      assert.equal(sent.headers?.['mcp-session-id'], 's-0');
      assert.equal(sent.headers?.['mcp-param-city'], 'Bern');
      assert.equal(sent.headers?.['content-type'], 'application/json');
      assert.equal(sent.headers?.['accept'], 'application/json, text/event-stream');
      assert.equal(sent.headers?.['accept-encoding'], 'identity');
      assert.equal(sent.headers?.['transfer-encoding'], undefined);
      assert.match(String(sent.headers?.['host']), /^127\.0\.0\.1:\d+$/u);
    });

    it('sends GET and DELETE without a body', async () => {
      await withRaw(
        (socket) => socket.write('HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n'),
        async (upstream, server) => {
          for (const method of ['GET', 'DELETE'] as const) {
            const got = await run(upstream, bare(method, { sessionId: 's' }));
            assert.deepEqual([got.status, got.calls], [202, ['head', 'end']]);
          }
          const text = server.received.join('');
          assert.match(text, /^GET \/mcp HTTP\/1\.1\r\n/u);
          assert.match(text, /DELETE \/mcp HTTP\/1\.1\r\n/u);
          assert.doesNotMatch(text, /content-type|transfer-encoding/iu);
        },
      );
    });

    const failures: readonly (readonly [string, string, string])[] = [
      [
        'a redirect',
        'HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/\r\ncontent-length: 0\r\n\r\n',
        'refused',
      ],
      [
        'a permanent redirect',
        'HTTP/1.1 308 X\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n',
        'refused',
      ],
      [
        'gzip',
        `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\n${gzipSync('').toString('latin1').slice(0, 5)}`,
        'broken',
      ],
      ['garbage', 'SSH-2.0-OpenSSH_9.9\r\n\r\n', 'broken'],
      [
        'two lengths',
        'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
        'broken',
      ],
      [
        'length and chunked',
        'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
        'broken',
      ],
      [
        'a bad chunk size',
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n',
        'broken',
      ],
      ['a huge header', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`, 'broken'],
      ['a negative length', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n', 'broken'],
      [
        'an unasked upgrade',
        'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
        'broken',
      ],
    ];
    for (const [what, bytes, kind] of failures) {
      it(`fails on ${what} as ${kind}, once`, async () => {
        let requests = 0;
        await withRaw(
          (socket) => {
            requests += 1;
            socket.write(bytes, 'latin1');
          },
          async (upstream) => {
            const got = await run(upstream, post(call));
            assert.equal(got.failure?.kind, kind);
            assert.equal(got.failure.reached, true);
            assert.equal(got.calls.filter((name) => name === 'failed').length, 1);
          },
        );
        assert.equal(requests, 1, 'a request is never sent twice');
      });
    }

    const cuts: readonly (readonly [string, string])[] = [
      ['before any byte', ''],
      ['inside the status line', 'HTTP/1.1 20'],
      ['inside the headers', 'HTTP/1.1 200 OK\r\ncontent-'],
      ['inside a body of known length', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'],
      ['inside a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab'],
      ['before the last chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n'],
    ];
    for (const [where, bytes] of cuts) {
      it(`fails as broken when the connection ends ${where}`, async () => {
        await withRaw(
          (socket) => socket.end(bytes, 'latin1'),
          async (upstream, server) => {
            const got = await run(upstream, post(call));
            assert.equal(got.failure?.kind, 'broken');
            assert.equal(got.failure.reached, true);
            assert.equal(server.received.length, 1, 'no second connection');
          },
        );
      });
    }

    it('reads a body that ends with the connection', async () => {
      await withRaw(
        (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{}'),
        async (upstream) => {
          const got = await run(upstream, post(call));
          assert.deepEqual([got.status, got.body, got.failure], [200, '{}', null]);
        },
      );
    });

    it('skips an interim answer', async () => {
      await withRaw(
        (socket) => socket.write(`HTTP/1.1 103 Early\r\nlink: x\r\n\r\n${jsonAnswer('{}')}`),
        async (upstream) => {
          const got = await run(upstream, post(call));
          assert.deepEqual([got.status, got.body, got.calls], [200, '{}', ['head', 'data', 'end']]);
        },
      );
    });

    it('keeps a connection for the next exchange, and never pipelines', async () => {
      await withRaw(
        (socket) => socket.write(jsonAnswer('{}')),
        async (upstream, server) => {
          for (let n = 0; n < 5; n += 1) await run(upstream, post(call));
          const reused = server.received.length;
          assert.ok(reused <= 2, `${reused} connections for 5 exchanges in a row`);
          await Promise.all([1, 2, 3, 4].map(() => run(upstream, post(call))));
          assert.ok(server.received.length >= 4, 'each open exchange has its own connection');
        },
      );
    });

    it('fails and does not send again when a kept connection turns out to be dead', async () => {
      await withRaw(
        (socket, _request, nth) => {
          if (nth === 1) socket.write(jsonAnswer('{}'));
          else socket.destroy();
        },
        async (upstream, server) => {
          await run(upstream, post(call));
          const got = await run(upstream, post(call));
          assert.deepEqual([got.failure?.kind, got.failure?.reached], ['broken', true]);
          assert.equal(server.received.join('').split('POST ').length - 1, 2);
        },
      );
    });

    it('does not read an answer that nobody asked for into the next exchange', async () => {
      await withRaw(
        (socket, _request, nth) => {
          if (nth > 1) socket.write(jsonAnswer('{"mine":true}'));
          else socket.write(jsonAnswer('{}') + jsonAnswer('{"poison":true}'));
        },
        async (upstream) => {
          await run(upstream, post(call));
          const got = await run(upstream, post(call));
          assert.doesNotMatch(got.body, /poison/u);
        },
      );
    });

    const kept: readonly (readonly [string, string, number])[] = [
      ['says close', 'connection: close\r\n', 2],
      ['announces a second', 'keep-alive: timeout=1\r\n', 2],
      ['announces a minute', 'keep-alive: timeout=60\r\n', 1],
    ];
    for (const [what, header, connections] of kept) {
      it(`opens ${connections} connections for two exchanges when the server ${what}`, async () => {
        await withRaw(
          (socket) => socket.write(jsonAnswer('{}', '200 OK', header)),
          async (upstream, server) => {
            await run(upstream, post(call));
            await new Promise((resolve) => setTimeout(resolve, 20));
            await run(upstream, post(call));
            assert.equal(server.received.length, connections);
          },
        );
      });
    }

    it('uses a new connection when the server has hung up between two exchanges', async () => {
      await withRaw(
        (socket, _request, nth) => {
          socket.write(jsonAnswer('{}'));
          if (nth === 1) setTimeout(() => socket.end(), 5);
        },
        async (upstream, server) => {
          await run(upstream, post(call));
          await new Promise((resolve) => setTimeout(resolve, 40));
          assert.equal((await run(upstream, post(call))).status, 200);
          assert.equal(server.received.length, 2);
        },
      );
    });

    it('sends 200 requests over kept connections, and each reads its own answer', async () => {
      await withRaw(
        (socket, request) => {
          const body = request.slice(request.indexOf('\r\n\r\n') + 4);
          const cut = body.length % 7;
          const text = jsonAnswer(body);
          socket.write(text.slice(0, text.length - cut));
          setImmediate(() => socket.write(text.slice(text.length - cut)));
        },
        async (upstream, server) => {
          for (let round = 0; round < 10; round += 1) {
            const all = Array.from({ length: 20 }, (_unused, n) => {
              const message = { ...call, id: round * 20 + n, pad: 'a'.repeat(n * 50) };
              return run(upstream, post(message)).then((got) =>
                assert.equal(got.body, JSON.stringify(message)),
              );
            });
            await Promise.all(all);
          }
          assert.ok(server.received.length <= 40, `${server.received.length} connections`);
        },
      );
    });

    it('is certain that nothing arrived where nobody listens', async () => {
      const server = await startRawServer(() => {});
      await server.close();
      const upstream = open(optionsFor(server.url));
      const got = await run(upstream, post(call));
      await upstream.close();
      assert.deepEqual([got.failure?.kind, got.failure?.reached], ['unreachable', false]);
    });

    it('is certain that nothing arrived when the name does not resolve', async () => {
      const egress = {
        connectTimeoutMs: 60_000,
        resolve: (_name: string, done: (error: Error | null, all: []) => void) =>
          done(new Error('ENOTFOUND'), []),
      };
      const upstream = open(optionsFor('http://nowhere.invalid/', { egress }));
      const got = await run(upstream, post(call));
      await upstream.close();
      assert.deepEqual([got.failure?.kind, got.failure?.reached], ['unreachable', false]);
    });

    it('gives up on an answer that does not come, and frees its place at once', async () => {
      let closed = 0;
      await withRaw(
        (socket) => socket.on('close', () => (closed += 1)),
        async (upstream) => {
          const got = await run(upstream, post(call, { timeoutMs: 80 }));
          assert.deepEqual([got.failure?.kind, got.failure?.reached], ['timeout', true]);
          const again = await run(upstream, post(call, { timeoutMs: 80 }));
          assert.equal(again.failure?.kind, 'timeout', 'the only place was free again');
        },
        { callsMax: 1 },
      );
      await eventually(() => closed === 2);
    });

    it('gives up on an answer that stalls, but not on a stream', async () => {
      const head = (type: string): string =>
        `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n`;
      await withRaw(
        (socket, request) =>
          socket.write(head(request.startsWith('GET') ? 'text/event-stream' : 'application/json')),
        async (upstream) => {
          const stream = start(upstream, bare('GET', { timeoutMs: 500 }));
          const got = await run(upstream, post(call, { timeoutMs: 500 }));
          assert.equal(got.failure?.kind, 'timeout');
          assert.deepEqual(got.calls, ['head', 'data', 'failed']);
          assert.deepEqual(stream.got.calls, ['head', 'data']);
          stream.exchange.abort();
        },
      );
    });

    it('says nothing after an abort, and cuts the connection', async () => {
      let cut: () => void = () => {};
      const wasCut = new Promise<void>((resolve) => (cut = resolve));
      await withRaw(
        (socket) => {
          socket.on('close', () => cut());
          socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n');
        },
        async (upstream) => {
          const running = start(upstream, bare('GET'));
          await running.until((got) => got.body !== '');
          running.exchange.abort();
          running.exchange.abort();
          await wasCut;
          assert.deepEqual(running.got.calls, ['head', 'data']);
        },
      );
    });

    it('refuses what exceeds its bounds at once, streams apart from calls', async () => {
      const held: Socket[] = [];
      await withRaw(
        (socket) => {
          held.push(socket);
          socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n');
        },
        async (upstream) => {
          const first = start(upstream, bare('GET'));
          await first.until((got) => got.status === 200);
          const second = await run(upstream, bare('GET'));
          assert.deepEqual([second.failure?.kind, second.failure?.reached], ['overloaded', false]);
          const postStream = start(upstream, post(call));
          await postStream.until((got) => got.status === 200);
          const third = await run(upstream, post(call));
          assert.equal(third.failure?.kind, 'overloaded');
          first.exchange.abort();
          await new Promise((resolve) => setTimeout(resolve, 20));
          const fourth = start(upstream, bare('GET'));
          await fourth.until((got) => got.status === 200);
          fourth.exchange.abort();
          postStream.exchange.abort();
        },
        { callsMax: 1, streamsMax: 1 },
      );
    });

    it('holds a fast server back while its listener is paused', async () => {
      const chunk = Buffer.alloc(65_536, 0x61);
      let written = 0;
      const server = await serve((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const pump = (): void => {
          while (written < 64 * 1024 * 1024) {
            written += chunk.length;
            if (!response.write(chunk)) {
              response.once('drain', pump);
              return;
            }
          }
          response.end();
        };
        pump();
      });
      const upstream = open(optionsFor(server.url));
      const running = start(upstream, bare('GET'));
      await running.until((got) => got.calls.includes('data'));
      running.exchange.pause();
      await new Promise((resolve) => setTimeout(resolve, 150));
      const stalledAt = written;
      const heard = running.got.body.length;
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(written, stalledAt, 'the server is held back');
      assert.equal(running.got.body.length, heard, 'nothing is delivered while paused');
      assert.ok(stalledAt < 32 * 1024 * 1024, `only ${stalledAt} bytes left the server`);
      running.exchange.resume();
      const got = await running.finished;
      assert.equal(got.body.length, written);
      await upstream.close();
      await server.close();
    });

    it('fails what is open when it is closed', async () => {
      const server = await startRawServer(() => {});
      const upstream = open(optionsFor(server.url));
      const running = start(upstream, post(call));
      await new Promise((resolve) => setTimeout(resolve, 20));
      await upstream.close();
      const got = await running.finished;
      assert.equal(got.failure?.kind, 'broken');
      const after = await run(upstream, post(call));
      assert.equal(after.failure?.reached, false);
      await server.close();
    });
  });
}
