import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Approval, Approver } from './approval.ts';
import { MemoryApprovalStore, openSample, sampleCall, sampleNeed } from './samples.ts';

const people: readonly Approver[] = [
  { principal: 'person:anna', roles: ['finance'] },
  { principal: 'person:bob', roles: [] },
  { principal: 'person:carol', roles: ['finance'] },
  // Who called, and what may never approve.
  { principal: 'person:self', roles: ['finance'] },
  { principal: 'agent:helper', roles: ['finance'] },
];
const mayApprove = new Set(['person:anna', 'person:bob', 'person:carol']);

/** Two calls that differ, of which the second needs two people. */
const calls = [
  sampleCall('{"to":"anna"}', { principal: 'person:self' }),
  sampleCall('{"to":"bob"}', { principal: 'person:self', needs: [sampleNeed({ quorum: 2 })] }),
] as const;

const which = fc.nat({ max: calls.length - 1 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask'), call: which }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('allow'),
      call: which,
      by: fc.nat({ max: people.length - 1 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('deny'),
      call: which,
      by: fc.nat({ max: people.length - 1 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('use'), call: which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel'), call: which }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.constantFrom(1, 599_999, 600_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('change'), stale: fc.boolean() }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What is known of each approval from the outside, in the order in which promises settled. */
interface Seen {
  readonly allowedBy: Set<string>;
  denied: boolean;
  withdrawn: boolean;
  used: number;
}

/**
 * Whatever the order in which people, clients, clocks and the store act: an approval lets at most
 * one call through, and none without the yes of enough people, in time, and not past a no.
 */
test('never two executions, never one without a live approval', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 }),
      async (scheduler, rounds) => {
        const store = new MemoryApprovalStore();
        const slow = <T>(value: T, what: string): Promise<T> =>
          scheduler.schedule(Promise.resolve(value), what);
        const save = store.save.bind(store);
        store.save = async (approval, from) => {
          await slow(null, 'save');
          return save(approval, from);
        };
        const recorded: string[] = [];
        const stand = await openSample(
          {
            journal: {
              record: async ({ event, about }) => {
                await slow(null, 'record');
                recorded.push(`${event} ${about.id}`);
                return true;
              },
            },
          },
          store,
        );
        const seen = new Map<string, Seen>();
        const run = async (one: Step): Promise<void> => {
          await slow(null, one.kind);
          await play(stand, one, seen);
        };
        for (const round of rounds) {
          const all = Promise.all(round.map(run));
          await scheduler.waitFor(all);
        }
        await scheduler.waitFor(stand.approvals.settled());
        for (const [id, one] of seen) {
          assert.ok(one.used <= 1, `${id} was used ${one.used} times`);
          assert.ok(!(one.used > 0 && one.denied), `${id} was used and denied`);
          const uses = recorded.filter((line) => line === `used ${id}`).length;
          assert.equal(uses, one.used, `${id}: each use is on record, and no other`);
        }
      },
    ),
    { numRuns: Number(process.env['APPROVALS_RUNS'] ?? 300) },
  );
});

async function play(
  stand: Awaited<ReturnType<typeof openSample>>,
  one: Step,
  seen: Map<string, Seen>,
): Promise<void> {
  const { approvals } = stand;
  if (one.kind === 'pass') stand.nowMs += one.ms;
  else if (one.kind === 'change') stand.stale = one.stale ? 'policy-changed' : null;
  else if (one.kind === 'sweep') await approvals.sweep();
  else {
    const call = calls[one.call];
    assert.ok(call !== undefined);
    if (one.kind === 'ask') {
      await approvals.ask(call.held, call.arguments);
      return;
    }
    const open = approvals.live().find((a) => a.binding === call.held.binding);
    if (open !== undefined) await act(stand, { ...one, open }, seen);
  }
}

type Act = Extract<Step, { call: number }> & { readonly open: Approval };

async function act(
  stand: Awaited<ReturnType<typeof openSample>>,
  one: Act,
  seen: Map<string, Seen>,
): Promise<void> {
  const { approvals } = stand;
  const { id, binding, needs, expiresMs } = one.open;
  const known = seen.get(id) ?? { allowedBy: new Set(), denied: false, withdrawn: false, used: 0 };
  seen.set(id, known);
  if (one.kind === 'cancel') {
    await approvals.withdraw(id, 'client-gone');
  } else if (one.kind === 'use') {
    const startedMs = stand.nowMs;
    const used = await approvals.use(id, binding, 'dec_x');
    if (!used.ok) return;
    known.used += 1;
    assert.ok(startedMs < expiresMs, 'in time');
    const yes = new Set(used.value.votes.filter((v) => v.answer === 'allow').map((v) => v.by));
    assert.ok(yes.size >= (needs[0]?.quorum ?? 1), 'enough people said yes');
    for (const by of yes) assert.ok(known.allowedBy.has(by) && mayApprove.has(by), by);
  } else if (one.kind === 'allow' || one.kind === 'deny') {
    const by = people[one.by];
    assert.ok(by !== undefined);
    if (one.kind === 'allow') known.allowedBy.add(by.principal);
    const answered = await approvals.answer(id, by, {
      answer: one.kind,
      via: 'api',
      comment: null,
      standing: null,
    });
    if (!answered.ok) return;
    assert.ok(mayApprove.has(by.principal), `${by.principal} may not answer`);
    if (one.kind === 'deny') known.denied = true;
  }
}
