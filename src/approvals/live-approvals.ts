import { isOpen, isOver, type Approval } from './approval.ts';

/** Bounds of what may wait for people. */
export interface ApprovalLimits {
  /** Approvals that wait at once, in all and of one grant. */
  readonly pendingMax: number;
  readonly pendingPerGrantMax: number;
  /** Bytes of the arguments of one held call, and of all that wait of one grant. */
  readonly argumentsBytesMax: number;
  readonly argumentsBytesPerGrantMax: number;
}

export const defaultApprovalLimits: ApprovalLimits = {
  pendingMax: 10_000,
  pendingPerGrantMax: 100,
  argumentsBytesMax: 262_144,
  argumentsBytesPerGrantMax: 4_194_304,
};

/** Why one more cannot wait. */
export interface FullProblem {
  readonly code: 'approval-cap' | 'approval-size';
  readonly retryAfterMs: number | null;
}

/** The approvals that are open or known yet, in memory: by id, by what they are bound to, by grant. */
export class LiveApprovals {
  readonly #limits: ApprovalLimits;
  readonly #byId = new Map<string, Approval>();
  readonly #byBinding = new Map<string, string>();
  readonly #byGrant = new Map<string, Set<string>>();
  readonly #bytes = new Map<string, number>();

  constructor(limits: ApprovalLimits) {
    this.#limits = limits;
  }

  all(): readonly Approval[] {
    return [...this.#byId.values()];
  }

  find(id: string): Approval | null {
    return this.#byId.get(id) ?? null;
  }

  byBinding(binding: string): Approval | null {
    const id = this.#byBinding.get(binding);
    return id === undefined ? null : this.find(id);
  }

  /** Adds or replaces one; `bytes` of its arguments, or null where they are known. */
  put(approval: Approval, bytes: number | null): void {
    const { id, binding, grantId } = approval;
    this.#byId.set(id, approval);
    this.#byBinding.set(binding, id);
    if (bytes !== null) this.#bytes.set(id, bytes);
    const ofGrant = this.#byGrant.get(grantId) ?? new Set();
    ofGrant.add(id);
    this.#byGrant.set(grantId, ofGrant);
  }

  remove(id: string): void {
    const approval = this.#byId.get(id);
    if (approval === undefined) return;
    this.#byId.delete(id);
    this.#bytes.delete(id);
    if (this.#byBinding.get(approval.binding) === id) this.#byBinding.delete(approval.binding);
    const ofGrant = this.#byGrant.get(approval.grantId);
    ofGrant?.delete(id);
    if (ofGrant?.size === 0) this.#byGrant.delete(approval.grantId);
  }

  /** What stands against one more of a grant; the oldest makes room when its time is over. */
  fullFor(grantId: string, bytes: number, nowMs: number): FullProblem | null {
    const limits = this.#limits;
    if (bytes > limits.argumentsBytesMax) return { code: 'approval-size', retryAfterMs: null };
    const ofGrant = [...(this.#byGrant.get(grantId) ?? [])].filter((id) => this.#waits(id, nowMs));
    let held = bytes;
    for (const id of ofGrant) held += this.#bytes.get(id) ?? 0;
    const full =
      ofGrant.length >= limits.pendingPerGrantMax ||
      held > limits.argumentsBytesPerGrantMax ||
      this.#byId.size >= limits.pendingMax;
    if (!full) return null;
    const among = ofGrant.length > 0 ? ofGrant : this.#byId.keys();
    let soonest = Infinity;
    for (const id of among) soonest = Math.min(soonest, this.find(id)?.expiresMs ?? Infinity);
    const retryAfterMs = Number.isFinite(soonest) ? Math.max(1, Math.ceil(soonest - nowMs)) : null;
    return { code: 'approval-cap', retryAfterMs };
  }

  #waits(id: string, nowMs: number): boolean {
    const approval = this.find(id);
    return approval !== null && isOpen(approval) && !isOver(approval, nowMs);
  }
}
