import { err, ok, type Result } from '../base/result.ts';
import type { Approval } from './approval.ts';
import type { ApprovalsDeps } from './deps.ts';
import type { Transition } from './journal.ts';
import { covers, standingOf, type ShapedCall, type Standing } from './standing.ts';

type StandingsDeps = Pick<ApprovalsDeps, 'store' | 'journal' | 'latestMs' | 'log' | 'staleness'>;

/** Standing approvals in force, and their transitions. Called in turn: one at a time. */
export class Standings {
  readonly #deps: StandingsDeps;
  readonly #all = new Map<string, Standing>();

  constructor(deps: StandingsDeps) {
    this.#deps = deps;
  }

  put(standing: Standing): void {
    this.#all.set(standing.id, standing);
  }

  /** Those that stand, newest last. */
  all(): readonly Standing[] {
    const nowMs = this.#deps.latestMs();
    return [...this.#all.values()].filter((one) => one.revokedMs === null && nowMs < one.expiresMs);
  }

  covering(call: ShapedCall): Standing | null {
    const nowMs = this.#deps.latestMs();
    for (const standing of this.#all.values()) if (covers(standing, call, nowMs)) return standing;
    return null;
  }

  async give(approval: Approval, given: Parameters<typeof standingOf>[1]): Promise<boolean> {
    const standing = standingOf(approval, given);
    const by = { actor: given.by, comment: given.comment, call: approval.decisionId };
    if (!(await this.#record('standing-given', standing, by))) return false;
    if (!(await this.#kept(() => this.#deps.store.insertStanding(standing)))) return false;
    this.put(standing);
    return true;
  }

  async use(id: string, call: string): Promise<boolean> {
    const standing = this.all().find((one) => one.id === id);
    if (standing === undefined || this.#deps.staleness(standing) !== null) return false;
    if (!(await this.#record('standing-used', standing, { call }))) return false;
    const used = { ...standing, uses: standing.uses + 1 };
    if (!(await this.#kept(() => this.#deps.store.saveStanding(used)))) return false;
    this.put(used);
    return true;
  }

  async revoke(id: string, by: string): Promise<Result<Standing, 'unknown' | 'not-recorded'>> {
    const standing = this.all().find((one) => one.id === id);
    if (standing === undefined) return err('unknown');
    if (!(await this.#record('standing-revoked', standing, { actor: by }))) {
      return err('not-recorded');
    }
    const revoked = { ...standing, revokedMs: this.#deps.latestMs(), revokedBy: by };
    if (!(await this.#kept(() => this.#deps.store.saveStanding(revoked)))) {
      return err('not-recorded');
    }
    this.#all.delete(id);
    return ok(revoked);
  }

  /** Forgets what does not stand any more. */
  sweep(nowMs: number): void {
    for (const [id, standing] of this.#all) {
      if (!(nowMs < standing.expiresMs)) this.#all.delete(id);
    }
  }

  #record(
    event: Transition['event'],
    about: Standing,
    more: Partial<Transition>,
  ): Promise<boolean> {
    const nobody = { call: null, actor: null, via: null, comment: null, reason: null } as const;
    const atMs = this.#deps.latestMs();
    return this.#deps.journal.record({ ...nobody, event, about, atMs, ...more });
  }

  #kept(work: () => Promise<void>): Promise<boolean> {
    return work().then(
      () => true,
      (reason: unknown) => {
        this.#deps.log.error('a standing approval could not be kept', { detail: String(reason) });
        return false;
      },
    );
  }
}
