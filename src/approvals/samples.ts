import { silentLog } from '../base/log.ts';
import type { ApprovalObligation } from '../policy/index.ts';
import type { Approval, HeldCall } from './approval.ts';
import type { ApprovalStore } from './approval-store.ts';
import type { ExactArguments } from './answers.ts';
import { Approvals } from './approvals.ts';
import { bindingDigest, frameDigest } from './binding.ts';
import type { ApprovalsDeps } from './deps.ts';
import { exactValues } from './exact-json.ts';
import type { Transition } from './journal.ts';
import { defaultApprovalLimits } from './live-approvals.ts';
import type { Standing } from './standing.ts';

/** A question as a test wants it. */
export function sampleNeed(changes: Partial<ApprovalObligation> = {}): ApprovalObligation {
  const rule = '/tools/pay/action';
  return { rule, reason: null, timeoutMs: 600_000, approvers: [], quorum: 1, ...changes };
}

/** A held call with its arguments, as a test wants it. */
export function sampleCall(
  exact = '{"to":"anna"}',
  changes: Partial<HeldCall> = {},
): { readonly held: HeldCall; readonly arguments: ExactArguments } {
  const base = {
    decisionId: 'dec_1',
    grantId: 'grant_1',
    grantLabel: 'ci',
    principal: 'agent:ci',
    server: 'bank',
    tool: 'pay',
    pin: 'pin-1',
    policy: 'bank',
    policyVersion: 1,
    policyHash: 'hash-1',
    needs: [sampleNeed()],
    argumentNames: ['to'],
    argumentsDigest: null,
    ...changes,
  };
  const frame = frameDigest({ ...base, beside: '' });
  const held = { ...base, frame, binding: bindingDigest(frame, exact), ...changes };
  return { held, arguments: { exact, values: exactValues(exact) } };
}

/** A store in memory, whose contents a test may look at. */
export class MemoryApprovalStore implements ApprovalStore {
  readonly approvals: Map<string, Approval> = new Map();
  readonly exact: Map<string, string> = new Map();
  readonly standing: Map<string, Standing> = new Map();

  live(): Promise<readonly Approval[]> {
    const states = ['pending', 'allowed', 'denied'];
    const live = [...this.approvals.values()].filter((a) => states.includes(a.state));
    return Promise.resolve(live.toSorted((a, b) => a.askedMs - b.askedMs));
  }

  insert(approval: Approval, exactArguments: string): Promise<void> {
    if (this.approvals.has(approval.id)) return Promise.reject(new Error('it is there already'));
    this.approvals.set(approval.id, approval);
    this.exact.set(approval.id, exactArguments);
    return Promise.resolve();
  }

  save(approval: Approval, from: Approval['state']): Promise<boolean> {
    if (this.approvals.get(approval.id)?.state !== from) return Promise.resolve(false);
    this.approvals.set(approval.id, approval);
    const { grantId, server, tool, state } = approval;
    if (!['pending', 'allowed', 'used'].includes(state)) this.exact.delete(approval.id);
    if (state !== 'used') return Promise.resolve(true);
    for (const other of this.#usedBy(grantId, server, tool)) {
      if (other.id !== approval.id) this.#forget(other.id);
    }
    return Promise.resolve(true);
  }

  find(id: string): Promise<Approval | null> {
    return Promise.resolve(this.approvals.get(id) ?? null);
  }

  argumentsOf(id: string): Promise<string | null> {
    return Promise.resolve(this.exact.get(id) ?? null);
  }

  lastUsed(grantId: string, server: string, tool: string): Promise<Approval | null> {
    return Promise.resolve(this.#usedBy(grantId, server, tool).at(-1) ?? null);
  }

  recent(count: number): Promise<readonly Approval[]> {
    const ended = [...this.approvals.values()].filter((a) => a.endedMs !== null);
    const newest = ended.toSorted((a, b) => (b.endedMs ?? 0) - (a.endedMs ?? 0));
    return Promise.resolve(newest.slice(0, count));
  }

  standings(): Promise<readonly Standing[]> {
    const standing = [...this.standing.values()].filter((one) => one.revokedMs === null);
    return Promise.resolve(standing.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
  }

  insertStanding(standing: Standing): Promise<void> {
    this.standing.set(standing.id, standing);
    return Promise.resolve();
  }

  saveStanding(standing: Standing): Promise<void> {
    this.standing.set(standing.id, standing);
    return Promise.resolve();
  }

  prune(beforeMs: number): Promise<void> {
    for (const { id, state, endedMs } of this.approvals.values()) {
      if (state !== 'used' && endedMs !== null && endedMs < beforeMs) this.#forget(id);
    }
    for (const { id, expiresMs } of this.standing.values()) {
      if (expiresMs < beforeMs) this.standing.delete(id);
    }
    return Promise.resolve();
  }

  #usedBy(grantId: string, server: string, tool: string): readonly Approval[] {
    return [...this.approvals.values()].filter(
      (a) => a.state === 'used' && a.grantId === grantId && a.server === server && a.tool === tool,
    );
  }

  #forget(id: string): void {
    this.approvals.delete(id);
    this.exact.delete(id);
  }
}

/** Approvals in memory, under a clock and a world that a test moves. */
export interface ApprovalStand {
  readonly approvals: Approvals;
  readonly store: MemoryApprovalStore;
  /** What went on record, in order. */
  readonly journal: Transition[];
  /** Why everything has gone stale, or null. */
  stale: string | null;
  recording: boolean;
  nowMs: number;
}

export async function openSample(
  changes: Partial<ApprovalsDeps> = {},
  store: MemoryApprovalStore = new MemoryApprovalStore(),
): Promise<ApprovalStand> {
  const journal: Transition[] = [];
  const world = { stale: null as string | null, recording: true, nowMs: 1_790_000_000_000 };
  const approvals = await Approvals.open({
    store,
    journal: {
      record: (transition) => {
        if (world.recording) journal.push(transition);
        return Promise.resolve(world.recording);
      },
    },
    latestMs: () => world.nowMs,
    log: silentLog,
    limits: defaultApprovalLimits,
    staleness: () => world.stale,
    asked: () => undefined,
    ...changes,
  });
  return Object.assign(world, { approvals, store, journal });
}
