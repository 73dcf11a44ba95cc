import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';

import { operate } from '../support/console-stand.ts';
import { startGateway, temporaryFolder } from '../support/gateway-process.ts';
import { modernCall, post } from '../support/mcp-requests.ts';
import { fileGrant, writeOperatorFile } from '../support/operator-file.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { startValkey, withoutValkey } from '../support/valkey-server.ts';

const rounds = Number(process.env['ROUNDS'] ?? 3);
const max = 30;

test(
  'B-140: a thousand parallel calls against two gateways on one store: thirty arrive',
  { skip: withoutValkey },
  async (context) => {
    const folder = await temporaryFolder(context);
    const [store, server] = [await startValkey(context), await startRecordingServer()];
    context.after(() => server.close());
    const grants = Array.from({ length: rounds }, (_, round) =>
      fileGrant(`g${round}`, ['s'], 'limited'),
    );
    const limit = { counter: 'reads', window: 'hour', max, scope: 'grant' };
    const path = await writeOperatorFile(folder, {
      servers: { s: { url: server.url, allowPrivate: true } },
      policies: {
        limited: { version: '1', default: 'deny', tools: { read: { limits: [limit] } } },
      },
      grants,
    });
    const gateways = await Promise.all(
      ['a', 'b'].map((name) =>
        startGateway(context, {
          dataDir: join(folder, name),
          args: ['--config', path],
          env: { VALKEY_URL: store.url },
        }),
      ),
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    context.after(async () => agent.destroy());

    for (const { label, token } of grants) {
      const call = async (n: number): Promise<string> => {
        const client = { url: `${gateways[n % 2]?.url}/s/s/mcp`, token, agent };
        // Where the machine is busy the store may answer too late: the call is refused, and made anew.
        for (;;) {
          const { text } = await post(client, modernCall('read', { nonce: `${n}` }));
          if (!/cannot be counted now/.test(text)) return text;
        }
      };
      server.calls.length = 0;
      const answers = await Promise.all(Array.from({ length: 1_000 }, (_, n) => call(n)));
      assert.equal(server.calls.filter((tool) => tool === 'read').length, max, label);
      assert.equal(
        answers.filter((text) => /the limit of 30/.test(text)).length,
        1_000 - max,
        label,
      );
    }

    // Either gateway tells of what both admitted.
    for (const [index, name] of ['a', 'b'].entries()) {
      const key = (await readFile(join(folder, name, 'operator.key'), 'utf8')).trim();
      const stands = await operate(gateways[index]?.url ?? '', key, {
        method: 'GET',
        path: '/limits',
      });
      assert.equal(stands.shared, true);
      assert.deepEqual(
        new Set(stands.limits.map(({ used, max: top, who }: Stand) => `${who} ${used}/${top}`)),
        new Set(grants.map(({ label }) => `${label} ${max}/${max}`)),
      );
    }
  },
);

interface Stand {
  readonly used: number;
  readonly max: number;
  readonly who: string;
}
