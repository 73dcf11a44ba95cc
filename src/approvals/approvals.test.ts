import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Approver } from './approval.ts';
import type { Answer } from './answers.ts';
import { openSample, sampleCall, sampleNeed, type ApprovalStand } from './samples.ts';
import type { StandingWish } from './standing.ts';

const anna: Approver = { principal: 'person:anna', roles: ['finance'] };
const bob: Approver = { principal: 'person:bob', roles: [] };
const allow: Answer = { answer: 'allow', via: 'api', comment: null, standing: null };
const deny: Answer = { ...allow, answer: 'deny' };

async function asked(stand: ApprovalStand, call = sampleCall()): Promise<string> {
  const result = await stand.approvals.ask(call.held, call.arguments);
  assert.equal(result.kind, 'approval', JSON.stringify(result));
  return result.kind === 'approval' ? result.approval.id : '';
}

const { binding } = sampleCall().held;

test('an approval lets one call through, once, and the second is asked about anew (B-151)', async () => {
  const stand = await openSample();
  const id = await asked(stand);
  assert.deepEqual(await stand.approvals.use(id, binding, 'dec_1'), { ok: false, error: 'gone' });
  assert.ok((await stand.approvals.answer(id, anna, allow)).ok);
  assert.ok((await stand.approvals.use(id, binding, 'dec_1')).ok);
  assert.deepEqual(await stand.approvals.use(id, binding, 'dec_2'), { ok: false, error: 'gone' });
  assert.notEqual(await asked(stand), id);
  assert.deepEqual(
    stand.journal.map(({ event, actor }) => [event, actor]),
    [
      ['asked', null],
      ['allowed', 'person:anna'],
      ['used', null],
      ['asked', null],
    ],
  );
});

test('an approval is for its own call (B-150)', async () => {
  const stand = await openSample();
  const id = await asked(stand);
  await stand.approvals.answer(id, anna, allow);
  const other = sampleCall('{"to":"eve"}').held.binding;
  assert.deepEqual(await stand.approvals.use(id, other, 'dec_1'), { ok: false, error: 'gone' });
  const frames: readonly Parameters<typeof sampleCall>[1][] = [
    { grantId: 'grant_2' },
    { principal: 'agent:other' },
    { server: 'other' },
    { tool: 'refund' },
    { pin: 'pin-2' },
    { policy: 'other' },
    { policyVersion: 2 },
    { policyHash: 'hash-2' },
    { needs: [sampleNeed({ quorum: 2 })] },
    { needs: [sampleNeed({ approvers: ['finance'] })] },
  ];
  const bindings = frames.map((frame) => sampleCall(undefined, frame).held.binding);
  assert.equal(new Set([binding, ...bindings]).size, frames.length + 1);
});

const stale = ['policy-changed', 'definition-changed', 'grant-ended', 'stopped'];
for (const reason of stale) {
  test(`neither answered nor used once stale: ${reason} (B-152)`, async () => {
    const stand = await openSample();
    const [first, second] = [await asked(stand), await asked(stand, sampleCall('{"to":"bob"}'))];
    assert.ok((await stand.approvals.answer(second, anna, allow)).ok);
    stand.stale = reason;
    const answered = await stand.approvals.answer(first, anna, allow);
    assert.deepEqual(answered, { ok: false, error: { code: 'changed', reason } });
    const used = await stand.approvals.use(second, sampleCall('{"to":"bob"}').held.binding, 'd');
    assert.deepEqual(used, { ok: false, error: 'changed' });
    await stand.approvals.sweep();
    stand.stale = null;
    assert.deepEqual(stand.approvals.live(), []);
  });
}

test('neither answered nor used once its time is over (B-152)', async () => {
  const stand = await openSample();
  const first = await asked(stand);
  const second = await asked(stand, sampleCall('{"to":"bob"}'));
  await stand.approvals.answer(second, anna, allow);
  stand.nowMs += 600_000;
  const answered = await stand.approvals.answer(first, anna, allow);
  assert.deepEqual(answered.ok ? null : answered.error.code, 'ended');
  const used = await stand.approvals.use(second, sampleCall('{"to":"bob"}').held.binding, 'd');
  assert.deepEqual(used, { ok: false, error: 'gone' });
  await stand.approvals.sweep();
  const events = stand.journal.map(({ event }) => event);
  assert.deepEqual(events.slice(-2), ['expired', 'expired']);
});

const self = sampleCall(undefined, { principal: 'person:anna' });
const refusals: readonly [
  what: string,
  call: ReturnType<typeof sampleCall>,
  approver: Approver,
  code: string,
][] = [
  ['the caller itself', self, anna, 'self'],
  ['the caller under its name in the console', self, { ...anna, principal: 'user:anna' }, 'self'],
  ['an agent', sampleCall(), { principal: 'agent:helper', roles: ['admin'] }, 'agent'],
  [
    'somebody without the role',
    sampleCall(undefined, { needs: [sampleNeed({ approvers: ['finance'] })] }),
    bob,
    'not-approver',
  ],
  [
    'another principal than the one named',
    sampleCall(undefined, { needs: [sampleNeed({ approvers: ['person:anna'] })] }),
    { principal: 'person:anna2', roles: ['person:anna'] },
    'not-approver',
  ],
];
for (const [what, call, approver, code] of refusals) {
  test(`${what} may not answer (B-153)`, async () => {
    const stand = await openSample();
    const id = await asked(stand, call);
    for (const answer of [allow, deny]) {
      const answered = await stand.approvals.answer(id, approver, answer);
      assert.equal(answered.ok ? null : answered.error.code, code);
    }
    assert.equal(stand.approvals.find(id)?.state, 'pending');
    assert.deepEqual(
      stand.journal.slice(1).map(({ event, actor, reason }) => [event, actor, reason]),
      [
        ['refused', approver.principal, code],
        ['refused', approver.principal, code],
      ],
    );
  });
}

test('two answers at the same time: deny wins, in either order, once (B-154)', async () => {
  for (const order of [
    [allow, deny],
    [deny, allow],
  ]) {
    const stand = await openSample();
    const id = await asked(stand);
    const answers = order.map((answer, index) =>
      stand.approvals.answer(id, index === 0 ? anna : bob, answer),
    );
    const use = stand.approvals.use(id, binding, 'dec_1');
    await Promise.all(answers);
    assert.deepEqual(await use, { ok: false, error: 'denied' });
    assert.equal(stand.approvals.find(id)?.state, 'denied');
    const events = stand.journal.map(({ event }) => event);
    assert.equal(events.filter((event) => event === 'denied').length, 1);
    assert.ok(!events.includes('used'));
  }
});

test('a denial that arrives while a call is about to leave stops it (B-154)', async () => {
  const stand = await openSample();
  const id = await asked(stand);
  await stand.approvals.answer(id, anna, allow);
  const use = stand.approvals.use(id, binding, 'dec_1');
  const denied = stand.approvals.answer(id, bob, deny);
  assert.deepEqual(await use, { ok: false, error: 'denied' });
  assert.ok((await denied).ok);
});

test('the same call is not asked about again while its denial lasts', async () => {
  const stand = await openSample();
  const id = await asked(stand);
  await stand.approvals.answer(id, anna, { ...deny, comment: 'not today' });
  const again = await stand.approvals.ask(sampleCall().held, sampleCall().arguments);
  assert.ok(again.kind === 'approval' && again.approval.state === 'denied');
  stand.nowMs += 600_000;
  await stand.approvals.sweep();
  assert.notEqual(await asked(stand), id);
});

test('ten thousand calls of one agent: capped, grouped, and the oldest make room (B-156)', async () => {
  const stand = await openSample();
  let refused = 0;
  for (let n = 0; n < 10_000; n += 1) {
    const call = sampleCall(`{"to":"${n}"}`);
    const result = await stand.approvals.ask(call.held, call.arguments);
    if (result.kind !== 'refused') continue;
    refused += 1;
    assert.equal(result.code, 'approval-cap');
    assert.ok((result.retryAfterMs ?? 0) > 0);
  }
  assert.equal(refused, 9_900);
  assert.equal(stand.approvals.live().length, 100);
  const other = sampleCall(undefined, { grantId: 'grant_2' });
  await asked(stand, other);
  stand.nowMs += 600_000;
  await asked(stand, sampleCall('{"to":"later"}'));
});

test('identical calls share one approval, and each yes lets one of them through (B-156)', async () => {
  const stand = await openSample();
  const ids = new Set<string>();
  for (let n = 0; n < 10_000; n += 1) ids.add(await asked(stand));
  assert.equal(ids.size, 1);
  const [id = ''] = ids;
  assert.equal(stand.approvals.find(id)?.asks, 10_000);
  await stand.approvals.answer(id, anna, allow);
  const uses = await Promise.all(
    Array.from({ length: 50 }, (_, n) => stand.approvals.use(id, binding, `dec_${n}`)),
  );
  assert.equal(uses.filter((use) => use.ok).length, 1);
});

test('arguments that are too long for a person are not asked about', async () => {
  const stand = await openSample();
  const call = sampleCall(`{"to":"${'x'.repeat(300_000)}"}`);
  const result = await stand.approvals.ask(call.held, call.arguments);
  assert.deepEqual(result, { kind: 'refused', code: 'approval-size', retryAfterMs: null });
});

test('what is pending survives a restart and still binds (B-157)', async () => {
  const before = await openSample();
  const pending = await asked(before);
  const allowed = await asked(before, sampleCall('{"to":"bob"}'));
  await before.approvals.answer(allowed, anna, allow);
  const after = await openSample({}, before.store);
  assert.equal(await asked(after), pending);
  const other = sampleCall('{"to":"bob"}').held.binding;
  assert.deepEqual(await after.approvals.use(allowed, binding, 'd'), { ok: false, error: 'gone' });
  assert.ok((await after.approvals.use(allowed, other, 'd')).ok);
  assert.ok((await after.approvals.answer(pending, anna, allow)).ok);
  assert.ok((await after.approvals.use(pending, binding, 'd')).ok);
});

test('a clock that was put back between two starts ends what was asked later (B-143)', async () => {
  const before = await openSample();
  const id = await asked(before);
  const after = await openSample({ latestMs: () => before.nowMs - 3_600_000 }, before.store);
  assert.equal(after.approvals.find(id), null);
  assert.equal(before.store.approvals.get(id)?.state, 'expired');
});

test('what its client did not wait for cannot be allowed any more (B-158)', async () => {
  const stand = await openSample();
  const id = await asked(stand);
  await stand.approvals.withdraw(id, 'client-gone');
  const answered = await stand.approvals.answer(id, anna, allow);
  assert.deepEqual(answered, {
    ok: false,
    error: { code: 'ended', state: 'withdrawn', reason: 'client-gone' },
  });
  const other = await asked(stand);
  await stand.approvals.answer(other, anna, allow);
  await stand.approvals.withdraw(other, 'client-gone');
  assert.deepEqual(await stand.approvals.use(other, binding, 'd'), { ok: false, error: 'gone' });
});

test('one of two waiting calls goes: the other may still be allowed', async () => {
  const stand = await openSample();
  const id = await asked(stand);
  const forget = stand.approvals.watch(id, () => undefined);
  await stand.approvals.withdraw(id, 'client-gone');
  assert.equal(stand.approvals.find(id)?.state, 'pending');
  forget();
  await stand.approvals.withdraw(id, 'client-gone');
  assert.equal(stand.approvals.find(id), null);
});

test('several people are needed where a policy says so, each once', async () => {
  const stand = await openSample();
  const id = await asked(stand, sampleCall(undefined, { needs: [sampleNeed({ quorum: 2 })] }));
  const first = await stand.approvals.answer(id, anna, allow);
  assert.ok(first.ok && first.value.state === 'pending');
  const again = await stand.approvals.answer(id, anna, allow);
  assert.equal(again.ok ? null : again.error.code, 'answered-already');
  const second = await stand.approvals.answer(id, bob, allow);
  assert.ok(second.ok && second.value.state === 'allowed');
});

test('every document that asks must be satisfied', async () => {
  const needs = [sampleNeed({ approvers: ['finance'] }), sampleNeed({ approvers: ['person:bob'] })];
  const stand = await openSample();
  const id = await asked(stand, sampleCall(undefined, { needs }));
  const first = await stand.approvals.answer(id, anna, allow);
  assert.ok(first.ok && first.value.state === 'pending');
  const second = await stand.approvals.answer(id, bob, allow);
  assert.ok(second.ok && second.value.state === 'allowed');
});

test('what cannot be put on record is not in force', async () => {
  const stand = await openSample();
  const id = await asked(stand);
  stand.recording = false;
  const call = sampleCall('{"to":"bob"}');
  const unasked = await stand.approvals.ask(call.held, call.arguments);
  assert.deepEqual(unasked.kind === 'refused' ? unasked.code : null, 'approval-unavailable');
  const answered = await stand.approvals.answer(id, anna, allow);
  assert.equal(answered.ok ? null : answered.error.code, 'not-recorded');
  stand.recording = true;
  await stand.approvals.answer(id, anna, allow);
  stand.recording = false;
  const used = await stand.approvals.use(id, binding, 'd');
  assert.deepEqual(used, { ok: false, error: 'unavailable' });
  stand.recording = true;
  assert.ok((await stand.approvals.use(id, binding, 'd')).ok);
});

async function standing(stand: ApprovalStand, wish: StandingWish): Promise<string> {
  const call = sampleCall('{"amount":5,"to":"anna"}');
  const id = await asked(stand, call);
  const answered = await stand.approvals.answer(id, anna, { ...allow, standing: wish });
  assert.ok(answered.ok, JSON.stringify(answered));
  assert.ok((await stand.approvals.use(id, call.held.binding, 'd')).ok);
  return stand.approvals.standings()[0]?.id ?? '';
}

const shapes: readonly [wish: StandingWish['same'], exact: string, covered: boolean][] = [
  [null, '{"amount":5,"to":"anna"}', true],
  [null, '{"amount":5.0,"to":"anna"}', false],
  [null, '{"amount":5}', false],
  [['to'], '{"amount":99,"to":"anna"}', true],
  [['to'], '{"amount":99,"more":1,"to":"anna"}', true],
  [['to'], '{"amount":5,"to":"bob"}', false],
  [['to'], '{"amount":5}', false],
  [['amount', 'to'], '{"amount":5,"more":1,"to":"anna"}', true],
  [['to'], '{"To":"bob","to":"anna"}', false],
  [['to'], '{"to":"anna","to ":"bob"}', false],
  [['amount'], '{"amount":5,"\uff21mount":99}', false],
  [['to'], `{"a${'\u0301'.repeat(100)}":1,"to":"anna"}`, false],
];
for (const [same, exact, covered] of shapes) {
  test(`standing for ${same?.join(' and ') ?? 'exact arguments'}: ${exact} is ${covered ? '' : 'not '}covered`, async () => {
    const stand = await openSample();
    const id = await standing(stand, { forMs: 60_000, same });
    const call = sampleCall(exact);
    const result = await stand.approvals.ask(call.held, call.arguments);
    assert.equal(result.kind === 'standing', covered);
    if (covered) assert.ok(await stand.approvals.useStanding(id, 'dec_9'));
  });
}

test('a standing approval ends with its time, its policy, its revocation', async () => {
  const call = sampleCall('{"amount":5,"to":"anna"}');
  const isCovered = async (stand: ApprovalStand, changed = call): Promise<boolean> =>
    (await stand.approvals.ask(changed.held, changed.arguments)).kind === 'standing';
  const wish = { forMs: 60_000, same: null };
  const timed = await openSample();
  const id = await standing(timed, wish);
  assert.ok(await isCovered(timed));
  const newer = sampleCall('{"amount":5,"to":"anna"}', { policyVersion: 2 });
  assert.equal(await isCovered(timed, newer), false);
  timed.stale = 'policy-changed';
  assert.equal(await timed.approvals.useStanding(id, 'd'), false);
  timed.stale = null;
  timed.nowMs += 60_000;
  assert.equal(await isCovered(timed), false);
  assert.equal(await timed.approvals.useStanding(id, 'd'), false);

  const revoked = await openSample();
  const other = await standing(revoked, wish);
  assert.ok((await revoked.approvals.revokeStanding(other, 'person:bob')).ok);
  assert.equal(await isCovered(revoked), false);
  const again = await openSample({}, revoked.store);
  assert.deepEqual(again.approvals.standings(), []);
  const events = revoked.journal.map(({ event }) => event);
  assert.ok(events.includes('standing-given') && events.includes('standing-revoked'));
});

test('what needs several people, or names what is not there, cannot stand', async () => {
  const stand = await openSample();
  const many = await asked(stand, sampleCall(undefined, { needs: [sampleNeed({ quorum: 2 })] }));
  const wish = { forMs: 60_000, same: null };
  const first = await stand.approvals.answer(many, anna, { ...allow, standing: wish });
  assert.equal(first.ok ? null : first.error.code, 'standing-quorum');
  const one = await asked(stand);
  const named = { forMs: 60_000, same: ['from'] };
  const second = await stand.approvals.answer(one, anna, { ...allow, standing: named });
  assert.equal(second.ok ? null : second.error.code, 'standing-names');
  assert.equal(stand.approvals.find(one)?.state, 'pending');
});

test('one person is one voice of a quorum, whichever way they are named', async () => {
  const stand = await openSample();
  const id = await asked(stand, sampleCall(undefined, { needs: [sampleNeed({ quorum: 2 })] }));
  assert.ok((await stand.approvals.answer(id, anna, allow)).ok);
  const again = await stand.approvals.answer(id, { ...anna, principal: 'user:anna' }, allow);
  assert.equal(again.ok ? null : again.error.code, 'answered-already');
  assert.equal(stand.approvals.find(id)?.state, 'pending');
});
