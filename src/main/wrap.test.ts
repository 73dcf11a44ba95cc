import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { silentLog } from '../base/log.ts';
import type { SeenTool } from '../registry/pin.ts';
import { pinWrapped, prepareWrap } from './wrap.ts';

const tool: SeenTool = {
  name: 'pay',
  definition: '{"name":"pay","inputSchema":{"type":"object"}}',
  digest: 'd',
  category: 'Financial',
  risk: 'High',
};

/** Lists, one after the other, and the state that the tool then has. */
const cases: readonly (readonly [what: string, lists: readonly SeenTool[][], state: string])[] = [
  ['is trusted in the first list', [[tool]], 'pinned'],
  ['is quarantined behind a first list that was empty', [[], [tool]], 'quarantined'],
  ['is quarantined behind two of them', [[], [], [tool]], 'quarantined'],
  ['stays trusted', [[tool], [], [tool]], 'pinned'],
];

for (const [what, lists, state] of cases) {
  test(`a tool of a wrapped server ${what}`, async (context) => {
    const dir = await mkdtemp(join(tmpdir(), 'portcullis-wrap-'));
    context.after(() => rm(dir, { recursive: true }));
    const policyPath = join(dir, 'policy.json');
    await writeFile(policyPath, '{"version":"1","default":"allow"}');
    const request = { policyPath, auditDir: dir, open: [], command: 'server', args: [] };
    const prepared = await prepareWrap(request, {});
    assert.ok(prepared.ok);
    const { snapshot, config } = prepared.value;
    let last = snapshot;
    for (const seen of lists) {
      last = await pinWrapped(snapshot, { dir, config, seen, log: silentLog });
    }
    assert.equal(last.servers.get(config.name)?.tools?.get('pay')?.state, state);
  });
}
