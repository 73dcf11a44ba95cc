import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import type { AuditLog } from '../audit/audit-log.ts';
import type { RecordBody } from '../audit/record.ts';
import { silentLog } from '../base/log.ts';
import { ok } from '../base/result.ts';
import { compileDocument, documentHash } from '../registry/policy-versions.ts';
import { Registry } from '../registry/registry.ts';
import { openStores } from '../storage/open.ts';
import { createControl, type Control } from './operations.ts';

const root = await mkdtemp(join(tmpdir(), 'portcullis-control-'));
after(() => rm(root, { recursive: true }));

const denyAll = '{"version":"1","default":"deny"}';
const good = {
  label: 'ci',
  principal: 'agent:ci',
  servers: ['files'],
  policies: { files: 'read' },
};

/** A control plane over a store of its own, and what it put on record. */
async function open(): Promise<{ control: Control; recorded: () => readonly string[] }> {
  const stores = await openStores({ dataDir: await mkdtemp(join(root, 'data-')) });
  const compiled = compileDocument(denyAll);
  assert.ok(stores.ok && compiled.ok);
  const http = { transport: 'http', url: 'https://example.com', headers: {} } as const;
  const policy = { document: denyAll, compiled: compiled.value, hash: documentHash(denyAll) };
  const clock = { nowMs: () => 1_790_000_000_000, monotonicMs: () => 0 };
  const servers = ['files', 'memory'].map(
    (name) => [name, { ...http, name, allowPrivate: false }] as const,
  );
  const registry = await Registry.open({
    stores: stores.value,
    declared: {
      servers: new Map(servers),
      policies: new Map([['read', { ...policy, name: 'read' }]]),
      guardrails: [],
      grants: [],
    },
    clock,
    log: silentLog,
  });
  assert.ok(registry.ok);
  const records: RecordBody[] = [];
  const audit: AuditLog = {
    append: async (body) => {
      records.push(body);
      return ok({ seq: records.length });
    },
    healthy: () => true,
    close: async () => undefined,
  };
  return {
    control: createControl({ registry: registry.value, audit, clock }),
    recorded: () => records.map((body) => (body.kind === 'admin' ? body.action : body.kind)),
  };
}

test('a change that cannot be made is refused, and is not on record as made', async () => {
  const { control, recorded } = await open();
  assert.equal((await control.createGrant('operator', good)).ok, true);
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ label: 'ci' }, /`ci` already/],
    [{ label: 'No Label' }, /is no label/],
    [{ principal: 'ci' }, /is no principal/],
    [{ servers: ['none'], policies: { none: 'read' } }, /there is no server `none`/],
    [{ policies: { files: 'none' } }, /there is no policy `none`/],
    [{ policies: {} }, /`files` has no policy in this grant/],
    [{ policies: { files: 'read', memory: 'read' } }, /`memory`, which this grant does not open/],
    [{ mode: 'watch' }, /\/mode: /],
    [{ servers: [] }, /\/servers: /],
  ];
  for (const [change, message] of cases) {
    const made = await control.createGrant('operator', { ...good, label: 'other', ...change });
    assert.ok(!made.ok, JSON.stringify(change));
    assert.match(made.error.message, message);
  }
  for (const name of ['none', 'grant_none']) {
    assert.equal((await control.revokeGrant('operator', name)).ok, false);
    assert.equal((await control.rotateGrant('operator', name)).ok, false);
  }
  assert.deepEqual(recorded(), ['grant.create']);
  assert.equal((await control.rotateGrant('operator', 'ci')).ok, true);
  assert.equal((await control.revokeGrant('operator', 'ci')).ok, true);
  assert.deepEqual(recorded(), ['grant.create', 'grant.rotate', 'grant.revoke']);
});

test('of two grants with one label that are asked for at once, the second is on record as failed', async () => {
  const { control, recorded } = await open();
  const both = await Promise.all([
    control.createGrant('operator', good),
    control.createGrant('operator', good),
  ]);
  assert.equal(both.filter((made) => made.ok).length, 1);
  assert.deepEqual(recorded(), ['grant.create', 'grant.create', 'grant.create.failed']);
});
