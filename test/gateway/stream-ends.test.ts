import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { AuditLog } from '../../src/audit/audit-log.ts';
import { ok } from '../../src/base/result.ts';
import { startDataPath, type DataPath } from '../support/data-path.ts';
import { modern } from '../support/mcp-requests.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';

let server: RecordingServer;
let path: DataPath;
let ending = false;

/** A log that takes so long that the grant ends meanwhile. */
const audit: AuditLog = {
  append() {
    if (ending) path.publish((snapshot) => ({ ...snapshot, grantsByToken: new Map() }));
    return Promise.resolve(ok({ seq: 1 }));
  },
  healthy: () => true,
  close: () => Promise.resolve(),
};

before(async () => {
  server = await startRecordingServer();
  const config = { transport: 'http', url: server.url, headers: {}, allowPrivate: true } as const;
  path = await startDataPath({ servers: [{ name: 'rec', ...config }], policies: {}, audit });
  await path.gateway.toolsReady('rec');
});

after(async () => {
  await path.close();
  await server.close();
});

const listen = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });
const accept = 'application/json, text/event-stream';
const posted = { ...listen.headers, accept, 'content-type': 'application/json' };

interface Asked extends RequestInit {
  readonly headers: Readonly<Record<string, string>>;
}

describe('a grant that ends while the stream it asked for goes on record', () => {
  const streams: readonly (readonly [string, string, Asked])[] = [
    ['of a server', '/s/rec/mcp', { headers: { accept } }],
    ['of HTTP+SSE', '/s/rec/sse', { headers: { accept } }],
    ['of a subscription', '/s/rec/mcp', { method: 'POST', body: listen.body, headers: posted }],
  ];
  for (const [which, target, init] of streams) {
    test(`is given no stream ${which}`, async () => {
      const whole = path.gateway.snapshot();
      const headers = { ...init.headers, authorization: `Bearer ${path.token}` };
      const abort = AbortSignal.timeout(5_000);
      ending = true;
      const asked = fetch(`${path.url}${target}`, { ...init, headers, signal: abort });
      await assert.rejects(asked, (error: Error) => error.name !== 'TimeoutError');
      assert.equal(path.gateway.live.streamCount(), 0);
      ending = false;
      path.publish(() => whole);
    });
  }
});
