import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Approval, ApprovalState } from '../../src/approvals/approval.ts';
import type { ApprovalStore } from '../../src/approvals/approval-store.ts';
import { sampleCall } from '../../src/approvals/samples.ts';
import type { Standing } from '../../src/approvals/standing.ts';

/** A store that nothing else uses, and how to close and clear it away. */
export interface ApprovalPlace {
  readonly store: ApprovalStore;
  readonly dispose: () => Promise<void>;
}

/** What every store of approvals promises. Each case gets a fresh one. */
export function approvalContract(adapter: string, place: () => Promise<ApprovalPlace>): void {
  for (const [name, run] of cases) {
    test(`${adapter}: ${name}`, async (context) => {
      const { store, dispose } = await place();
      context.after(dispose);
      await run(store);
    });
  }
}

const exact = '{"to":"anna","a":1.0}';
let ids = 0;

function approval(changes: Partial<Approval> = {}): Approval {
  ids += 1;
  return {
    ...sampleCall(exact).held,
    id: `apr_${ids}`,
    nonce: `n${ids}`,
    state: 'pending',
    askedMs: 1_000 + ids,
    expiresMs: 5_000,
    endedMs: null,
    reason: null,
    votes: [],
    asks: 1,
    ...changes,
  };
}

function standing(changes: Partial<Standing> = {}): Standing {
  ids += 1;
  const { held } = sampleCall(exact);
  return {
    id: `std_${ids}`,
    approvalId: 'apr_1',
    grantId: held.grantId,
    grantLabel: held.grantLabel,
    principal: held.principal,
    server: held.server,
    tool: held.tool,
    pin: held.pin,
    policy: held.policy,
    policyVersion: held.policyVersion,
    policyHash: held.policyHash,
    rule: '/tools/pay/action',
    frame: held.frame,
    binding: null,
    fixed: { to: 'digest' },
    shown: '{"to":"anna"}',
    givenBy: 'person:anna',
    comment: null,
    givenMs: 1_000,
    expiresMs: 5_000,
    revokedMs: null,
    revokedBy: null,
    uses: 0,
    ...changes,
  };
}

function over(before: Approval, state: ApprovalState, endedMs: number): Approval {
  return { ...before, state, endedMs, reason: 'r' };
}

/** One that was kept, and has ended. */
async function keptOver(
  store: ApprovalStore,
  state: ApprovalState,
  endedMs: number,
  changes: Partial<Approval> = {},
): Promise<Approval> {
  const one = approval(changes);
  await store.insert(one, exact);
  const ended = over(one, state, endedMs);
  assert.equal(await store.save(ended, one.state), true);
  return ended;
}

type Case = readonly [string, (store: ApprovalStore) => Promise<void>];

const cases: readonly Case[] = [
  [
    'an approval is found again as it was, with the exact text of its arguments',
    async (store) => {
      const [one, two] = [approval(), approval()];
      await store.insert(two, exact);
      await store.insert(one, exact);
      assert.deepEqual(await store.find(one.id), one);
      assert.equal(await store.argumentsOf(one.id), exact);
      assert.deepEqual(await store.live(), [one, two]);
      assert.equal(await store.find('apr_none'), null);
      assert.equal(await store.argumentsOf('apr_none'), null);
    },
  ],
  [
    'an id stands for one approval',
    async (store) => {
      const one = approval();
      await store.insert(one, exact);
      await assert.rejects(store.insert({ ...one, tool: 'other' }, exact));
      assert.deepEqual(await store.find(one.id), one);
    },
  ],
  [
    'of two changes from one state, one wins',
    async (store) => {
      const one = approval();
      await store.insert(one, exact);
      const allowed = { ...one, state: 'allowed' as const };
      const saves = [store.save(allowed, 'pending'), store.save(over(one, 'void', 2), 'pending')];
      const won = await Promise.all(saves);
      assert.deepEqual(won.filter(Boolean), [true]);
      assert.equal((await store.find(one.id))?.state, won[0] === true ? 'allowed' : 'void');
      assert.equal(await store.save(approval(), 'pending'), false);
    },
  ],
  [
    'what is open or denied is live, and nothing else',
    async (store) => {
      const pending = approval();
      await store.insert(pending, exact);
      const allowed = approval();
      await store.insert(allowed, exact);
      await store.save({ ...allowed, state: 'allowed' }, 'pending');
      const denied = await keptOver(store, 'denied', 2_000);
      for (const state of ['used', 'expired', 'withdrawn', 'void'] as const) {
        await keptOver(store, state, 2_000);
      }
      const live = await store.live();
      assert.deepEqual(
        live.map(({ id }) => id),
        [pending.id, allowed.id, denied.id],
      );
    },
  ],
  [
    'arguments of what ended unused are forgotten',
    async (store) => {
      for (const state of ['denied', 'expired', 'withdrawn', 'void', 'used'] as const) {
        const { id } = await keptOver(store, state, 2_000);
        assert.equal(await store.argumentsOf(id), state === 'used' ? exact : null, state);
      }
    },
  ],
  [
    'the newest that was used stays, of each grant, server and tool',
    async (store) => {
      const first = await keptOver(store, 'used', 2_000);
      const others = [
        await keptOver(store, 'used', 2_001, { grantId: 'grant_2' }),
        await keptOver(store, 'used', 2_002, { server: 's' }),
        await keptOver(store, 'used', 2_003, { tool: 't' }),
      ];
      const second = await keptOver(store, 'used', 2_004);
      const { grantId, server, tool } = second;
      assert.deepEqual(await store.lastUsed(grantId, server, tool), second);
      assert.equal(await store.find(first.id), null);
      for (const other of others) {
        assert.deepEqual(await store.lastUsed(other.grantId, other.server, other.tool), other);
      }
      assert.equal(await store.lastUsed('grant_3', server, tool), null);
    },
  ],
  [
    'the newest that ended come first, and no more than are wanted',
    async (store) => {
      await store.insert(approval(), exact);
      const late = await keptOver(store, 'void', 4_000);
      await keptOver(store, 'expired', 2_000);
      const middle = await keptOver(store, 'denied', 3_000);
      assert.deepEqual(await store.recent(2), [late, middle]);
    },
  ],
  [
    'standing approvals stand until they are revoked, and keep their uses',
    async (store) => {
      const [one, two] = [standing(), standing()];
      await store.insertStanding(one);
      await store.insertStanding(two);
      const used = { ...one, uses: 3 };
      await store.saveStanding(used);
      assert.deepEqual(await store.standings(), [used, two]);
      await store.saveStanding({ ...two, revokedMs: 2_000, revokedBy: 'person:ben' });
      assert.deepEqual(await store.standings(), [used]);
    },
  ],
  [
    'what ended before a time is forgotten, but for what was used and what is open',
    async (store) => {
      const open = approval();
      await store.insert(open, exact);
      const gone = [
        await keptOver(store, 'denied', 1_999),
        await keptOver(store, 'expired', 1_000),
        await keptOver(store, 'void', 5),
      ];
      const kept = [
        await keptOver(store, 'denied', 2_000),
        await keptOver(store, 'withdrawn', 3_000),
        await keptOver(store, 'used', 5),
      ];
      const [over_, stands] = [standing({ expiresMs: 1_999 }), standing({ expiresMs: 2_000 })];
      await store.insertStanding(over_);
      await store.insertStanding(stands);
      await store.prune(2_000);
      for (const { id } of gone) assert.equal(await store.find(id), null, id);
      for (const one of [open, ...kept]) assert.deepEqual(await store.find(one.id), one);
      assert.deepEqual(await store.standings(), [stands]);
    },
  ],
];
