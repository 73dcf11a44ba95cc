import assert from 'node:assert/strict';
import { test } from 'node:test';

import { defaultGatewayLimits } from '../../src/gateway/gateway.ts';
import { startDataPath } from '../support/data-path.ts';
import { modernCall, post } from '../support/mcp-requests.ts';
import { startRecordingServer } from '../support/recording-server.ts';

test('an agent that makes one call over and over is told so, and other calls go on', async (context) => {
  const server = await startRecordingServer();
  const config = { name: 'rec', transport: 'http', url: server.url, headers: {} } as const;
  const path = await startDataPath({
    servers: [{ ...config, allowPrivate: true }],
    policies: { rec: { version: '1', default: 'allow' } },
    sameCallsMax: defaultGatewayLimits.sameCallsMax,
  });
  context.after(async () => {
    await path.close();
    await server.close();
  });
  const client = { url: `${path.url}/s/rec/mcp`, token: path.token };
  const ask = async (args: object): Promise<string> =>
    (await post(client, modernCall('read', args))).text;

  await path.gateway.toolsReady('rec');
  server.calls.length = 0;
  let last = '';
  for (let n = 0; n < 500; n += 1) last = await ask({ nonce: 'same', amount: 1 });
  assert.equal(server.calls.length, 100);
  assert.match(
    last,
    /\[POLICY DENIED\] this same call, with the same arguments, was made so often/,
  );
  assert.match(last, /"retryAfterMs":\d+/);
  // The order of keys and the spelling of a number do not make another call.
  assert.match(await ask({ amount: 1.0, nonce: 'same' }), /POLICY DENIED/);
  assert.doesNotMatch(await ask({ nonce: 'other', amount: 1 }), /POLICY DENIED/);
  const refusal = path.records.findLast(({ kind }) => kind === 'refusal');
  assert.ok(refusal?.kind === 'refusal');
  assert.deepEqual([refusal.code, refusal.rule], ['loop', '(loop)']);
});
