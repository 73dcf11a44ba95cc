import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';

import { startRawServer } from '../../../test/fixtures/upstream/raw-server.ts';
import { judgeAddress } from './address.ts';
import { checkTarget, EgressRefused, openConnection, type Target } from './egress.ts';

/** Address, allowed in general, allowed with `allowPrivate`. */
const addresses: readonly (readonly [string, boolean, boolean])[] = [
  ['93.184.216.34', true, true],
  ['2606:4700::6810:84e5', true, true],
  ['127.0.0.1', false, true],
  ['127.255.255.254', false, true],
  ['::1', false, true],
  ['10.1.2.3', false, true],
  ['172.16.0.1', false, true],
  ['172.32.0.1', true, true],
  ['192.168.1.1', false, true],
  ['100.64.0.1', false, true],
  ['169.254.1.1', false, true],
  ['fe80::1', false, true],
  ['fc00::1', false, true],
  ['fd12:3456::1', false, true],
  ['0.0.0.0', false, false],
  ['0.1.2.3', false, false],
  ['::', false, false],
  ['224.0.0.1', false, false],
  ['255.255.255.255', false, false],
  ['240.0.0.1', false, false],
  ['192.0.2.1', false, false],
  ['198.18.0.1', false, false],
  ['ff02::1', false, false],
  ['169.254.169.254', false, false],
  ['100.100.100.200', false, false],
  ['fd00:ec2::254', false, false],
  ['::ffff:127.0.0.1', false, true],
  ['::ffff:169.254.169.254', false, false],
  ['::ffff:93.184.216.34', true, true],
  ['::127.0.0.1', false, false],
  ['::7f00:1', false, false],
  ['64:ff9b::7f00:1', false, true],
  ['64:ff9b::a9fe:a9fe', false, false],
  ['64:ff9b:1::a00:1', false, true],
  ['64:ff9b::5db8:d822', false, true],
  ['2002:7f00:1::', false, false],
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2', false, false],
  ['2001:db8::1', false, false],
  ['fec0::1', false, false],
  ['100::1', false, false],
  ['localhost', false, false],
  ['', false, false],
];

describe('addresses', () => {
  for (const [address, open, withPrivate] of addresses) {
    it(`${address || '(nothing)'}: ${open} / ${withPrivate}`, () => {
      assert.equal(judgeAddress(address, false).allowed, open);
      assert.equal(judgeAddress(address, true).allowed, withPrivate);
    });
  }
});

/** URL, accepted in general, accepted with `allowPrivate`. */
const urls: readonly (readonly [string, boolean, boolean])[] = [
  ['https://example.com/mcp', true, true],
  ['http://example.com:8080/mcp?x=1', true, true],
  ['http://127.0.0.1:3000/', false, true],
  ['http://2130706433/', false, true],
  ['http://0x7f.1/', false, true],
  ['http://0177.0.0.1/', false, true],
  ['http://127.1/', false, true],
  ['http://[::1]:3000/', false, true],
  ['http://[::ffff:7f00:1]/', false, true],
  ['http://[64:ff9b::a9fe:a9fe]/', false, false],
  ['http://0.0.0.0/', false, false],
  ['http://169.254.169.254/latest/meta-data', false, false],
  ['http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/', false, true],
  ['ftp://example.com/', false, false],
  ['file:///etc/passwd', false, false],
  ['javascript:alert(1)', false, false],
  ['unix:/var/run/docker.sock', false, false],
  ['http+unix://socket/', false, false],
  ['https://user:secret@example.com/', false, false],
  ['https://example.com/#fragment', false, false],
  ['https://example.com:22/', false, false],
  ['https://example.com:25/', false, false],
  ['http://example.com:6379/', false, false],
  ['http://127.0.0.1:6379/', false, false],
  ['example.com', false, false],
  ['', false, false],
];

describe('URLs of servers', () => {
  for (const [url, open, withPrivate] of urls) {
    it(`${url || '(nothing)'}: ${open} / ${withPrivate}`, () => {
      assert.equal(checkTarget(url, false).ok, open);
      assert.equal(checkTarget(url, true).ok, withPrivate);
    });
  }

  it('keeps brackets in the host header and none in the name', () => {
    const target = checkTarget('http://[::1]:3000/a?b#', true);
    assert(target.ok);
    assert.deepEqual([target.value.hostname, target.value.host], ['::1', '[::1]:3000']);
    assert.equal(target.value.path, '/a?b');
  });
});

function targetOf(url: string, allowPrivate: boolean): Target {
  const target = checkTarget(url, allowPrivate);
  assert(target.ok, 'the case has a good URL');
  return target.value;
}

function connect(
  target: Target,
  answers: readonly (readonly LookupAddress[])[],
): Promise<{ error: Error | null; lookups: number; remote: string | null }> {
  let lookups = 0;
  return new Promise((resolve) => {
    openConnection(
      target,
      {
        connectTimeoutMs: 500,
        resolve: (_name, done) =>
          done(null, answers[Math.min(lookups++, answers.length - 1)] ?? []),
      },
      (error, socket: Socket | null) => {
        const remote = socket?.remoteAddress ?? null;
        socket?.destroy();
        resolve({ error, lookups, remote });
      },
    );
  });
}

const loopback: LookupAddress = { address: '127.0.0.1', family: 4 };
const publicly: LookupAddress = { address: '93.184.216.34', family: 4 };
const mapped: LookupAddress = { address: '::ffff:10.0.0.1', family: 6 };

describe('connections', () => {
  const refused: readonly (readonly [string, readonly LookupAddress[]])[] = [
    ['a private address', [loopback]],
    ['a public and a private address', [publicly, loopback]],
    ['a mapped private address among public ones', [publicly, mapped]],
  ];
  for (const [what, answer] of refused) {
    it(`refuses a name with ${what} before it connects`, async () => {
      const server = await startRawServer(() => {});
      const target = targetOf(`http://rebind.test:${server.port}/`, false);
      const { error } = await connect(target, [answer]);
      await server.close();
      assert.ok(error instanceof EgressRefused, String(error));
      assert.equal(server.received.length, 0);
    });
  }

  it('asks for the addresses once, and connects to what it checked', async () => {
    const server = await startRawServer(() => {});
    const target = targetOf(`http://rebind.test:${server.port}/`, true);
    const { error, lookups, remote } = await connect(target, [[loopback], [publicly]]);
    await server.close();
    assert.deepEqual([error, lookups, remote], [null, 1, '127.0.0.1']);
  });

  it('gives up on a handshake that does not come', async () => {
    const server = await startRawServer(() => {});
    const target = targetOf(`https://127.0.0.1:${server.port}/`, true);
    const { error } = await connect(target, []);
    await server.close();
    assert.match(error?.message ?? '', /timeout/u);
  });

  it('says so when a name has no address', async () => {
    const { error } = await connect(targetOf('http://empty.test/', true), [[]]);
    assert.match(error?.message ?? '', /no address/u);
  });
});
