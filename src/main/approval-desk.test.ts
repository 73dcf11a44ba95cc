import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Approval } from '../approvals/approval.ts';
import { MemoryApprovalStore, sampleCall } from '../approvals/samples.ts';
import { silentLog } from '../base/log.ts';
import { ok } from '../base/result.ts';
import { until } from '../../test/support/until.ts';
import { openApprovalDesk } from './approval-desk.ts';

const dayMs = 86_400_000;

test('what ended a month ago is forgotten when the desk opens', async (context) => {
  const store = new MemoryApprovalStore();
  const ended = (id: string, days: number, state: Approval['state']): void => {
    const endedMs = Date.now() - days * dayMs;
    const times = { askedMs: endedMs - 1, expiresMs: endedMs, endedMs };
    const rest = { reason: null, votes: [], asks: 1, nonce: id };
    store.approvals.set(id, { ...sampleCall().held, id, state, ...times, ...rest });
  };
  ended('old', 31, 'denied');
  ended('recent', 29, 'expired');
  ended('compared-with', 31, 'used');
  const snapshot = {
    version: 1,
    servers: new Map(),
    grantsByToken: new Map(),
    policies: new Map(),
    guardrails: [],
  };
  const desk = await openApprovalDesk({
    config: {
      url: null,
      approvers: [],
      webhook: null,
      pendingMax: 9,
      pendingPerGrantMax: 9,
      holdMs: 9,
    },
    store,
    audit: {
      append: () => Promise.resolve(ok({ seq: 1 })),
      healthy: () => true,
      close: () => Promise.resolve(),
    },
    snapshot: () => snapshot,
    log: silentLog,
  });
  assert.ok(desk.ok);
  context.after(() => desk.value.close());
  await until('the old one is gone', () => !store.approvals.has('old'));
  assert.deepEqual([...store.approvals.keys()], ['recent', 'compared-with']);
});
