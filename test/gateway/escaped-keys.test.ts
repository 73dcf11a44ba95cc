import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startDataPath, type DataPath } from '../support/data-path.ts';
import { modernCall, post } from '../support/mcp-requests.ts';
import { startRecordingServer, type RecordingServer } from '../support/recording-server.ts';

let server: RecordingServer;
let path: DataPath;

before(async () => {
  server = await startRecordingServer();
  const config = { transport: 'http', url: server.url, headers: {}, allowPrivate: true } as const;
  const forbidden = { conditions: [{ path: 'args.admin', op: 'exists', value: true }] };
  path = await startDataPath({
    servers: [{ name: 'rec', ...config }],
    policies: { rec: { version: '1', default: 'deny', tools: { read: { deny_if: [forbidden] } } } },
  });
  await path.gateway.toolsReady('rec');
});

after(async () => {
  await path.close();
  await server.close();
});

/** A call of `read` whose arguments are this text. */
function read(args: string): ReturnType<typeof post> {
  const { body, headers } = modernCall('read', { here: 0 });
  const client = { url: `${path.url}/s/rec/mcp`, token: path.token };
  return post(client, { body: body.replace('{"here":0}', args), headers });
}

describe('a member whose key is written with an escape', () => {
  const cases: readonly (readonly [before: string, args: string])[] = [
    ['{"b":1,"\\\\u006":1}', '{"b":1,"\\u0061dmin":1}'],
    ['{"b":1,"a\\\\u00":1}', '{"b":1,"a\\u0064min":1}'],
    ['{"\\\\u006":1}', '{"\\u0061dmin":1}'],
  ];
  for (const [prepared, args] of cases) {
    test(`is judged in ${args} behind ${prepared} (B-041)`, async () => {
      for (let times = 0; times < 3; times += 1) {
        assert.doesNotMatch((await read(prepared)).text, /POLICY DENIED/);
      }
      assert.match((await read(args)).text, /POLICY DENIED/);
    });
  }
});
