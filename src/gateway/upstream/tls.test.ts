import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { post, run } from '../../../test/fixtures/upstream/collect.ts';
import { openUndiciUpstream } from '../../../test/fixtures/upstream/undici-upstream.ts';
import { checkTarget } from './egress.ts';
import { httpUpstreamDefaults, openHttpUpstream } from './http.ts';

interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate that vouches for itself, or null where there is no openssl to make it with. */
function makeCertificate(name: string, days: string): Certificate | null {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const args = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days ${days}`;
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  try {
    execFileSync('openssl', [...args.split(' '), ...subject, '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const certificate = makeCertificate('server.test', '2');
const skip = certificate === null ? 'openssl is not installed' : false;

describe('servers over TLS', { skip }, () => {
  let server: Server;
  let port = 0;

  before(async () => {
    server = createServer(certificate ?? {}, (request, response) => {
      request.resume();
      response.end('{"ok":true}');
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an address with a port.
    port = (server.address() as AddressInfo).port;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const cases: readonly (readonly [string, string, boolean, boolean])[] = [
    ['a certificate of a known root, for this name', 'server.test', true, true],
    ['a certificate for another name', 'other.test', true, false],
    ['a certificate that only vouches for itself', 'server.test', false, false],
  ];
  for (const [adapter, open] of [
    ['undici', openUndiciUpstream],
    ['sockets', openHttpUpstream],
  ] as const) {
    for (const [what, name, trusted, works] of cases) {
      it(`${works ? 'accepts' : 'refuses'} ${what} (${adapter})`, async () => {
        const target = checkTarget(`https://${name}:${port}/`, true);
        assert(target.ok && certificate !== null);
        const upstream = open({
          ...httpUpstreamDefaults,
          target: target.value,
          headers: {},
          egress: {
            connectTimeoutMs: 60_000,
            resolve: (_name, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
            ...(trusted ? { extraCa: certificate.cert } : {}),
          },
        });
        const got = await run(upstream, post({ jsonrpc: '2.0', id: 1, method: 'x' }));
        await upstream.close();
        if (works) {
          assert.deepEqual([got.status, got.body], [200, '{"ok":true}']);
        } else {
          assert.deepEqual([got.failure?.kind, got.failure?.reached], ['unreachable', false]);
        }
      });
    }
  }
});
