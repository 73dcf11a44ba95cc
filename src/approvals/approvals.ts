import { newId } from '../base/id.ts';
import { err, ok, type Result } from '../base/result.ts';
import {
  answerProblem,
  ended,
  isOpen,
  isOver,
  withVote,
  type AnswerProblem,
  type Approval,
  type Approver,
  type HeldCall,
  type Vote,
} from './approval.ts';
import type { ApprovalsDeps } from './deps.ts';
import { exactValues } from './exact-json.ts';
import type { Transition } from './journal.ts';
import { LiveApprovals } from './live-approvals.ts';
import { Standings } from './standings.ts';
import { missingName, type Standing, type StandingWish } from './standing.ts';
import {
  commentMax,
  type Answer,
  type Asked,
  type ExactArguments,
  type UseProblem,
  type Watcher,
} from './answers.ts';

/**
 * The calls that wait for people. Every transition is on record before it is in force, and all of
 * them go through one queue: no two of them can both win.
 */
export class Approvals {
  readonly #deps: ApprovalsDeps;
  readonly #live: LiveApprovals;
  readonly #standings: Standings;
  readonly #watchers = new Map<string, Set<Watcher>>();
  /** Denials that have arrived and wait in the queue: an approval is not used past them. */
  readonly #denying = new Map<string, number>();
  #last: Promise<unknown> = Promise.resolve();

  private constructor(deps: ApprovalsDeps) {
    this.#deps = deps;
    this.#live = new LiveApprovals(deps.limits);
    this.#standings = new Standings(deps);
  }

  /** Takes up what is open in the store. Throws what the store throws. */
  static async open(deps: ApprovalsDeps): Promise<Approvals> {
    const approvals = new Approvals(deps);
    for (const approval of await deps.store.live()) approvals.#live.put(approval, 0);
    for (const standing of await deps.store.standings()) approvals.#standings.put(standing);
    const nowMs = deps.latestMs();
    // A clock that was put back before it was asked would make it last longer than was said.
    for (const approval of approvals.#live.all()) {
      if (approval.askedMs > nowMs) await approvals.#end(approval, 'expired', 'clock');
    }
    return approvals;
  }

  /** Every approval that is open, or denied and known yet. */
  live(): readonly Approval[] {
    return this.#live.all();
  }

  find(id: string): Approval | null {
    return this.#live.find(id);
  }

  standings(): readonly Standing[] {
    return this.#standings.all();
  }

  /** How many calls wait for an approval on an open connection. */
  waiting(id: string): number {
    return this.#watchers.get(id)?.size ?? 0;
  }

  /** Finds what already answers this call, or puts it before people. Identical calls share one. */
  ask(call: HeldCall, args: ExactArguments): Promise<Asked> {
    return this.#inTurn(async () => {
      const shape = { frame: call.frame, binding: call.binding, arguments: args.values };
      const standing = this.#standings.covering(shape);
      if (standing !== null) return { kind: 'standing', standing };
      const known = this.#live.byBinding(call.binding);
      if (known !== null && !isOver(known, this.#deps.latestMs())) {
        const asked = { ...known, asks: known.asks + 1 };
        this.#live.put(asked, null);
        return { kind: 'approval', approval: asked };
      }
      if (known !== null) await this.#end(known, 'expired', 'time');
      return this.#askAnew(call, args);
    });
  }

  /** Tells when an approval changes; what it gives ends that. */
  watch(id: string, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers);
    watchers.add(watcher);
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(id) === watchers) this.#watchers.delete(id);
    };
  }

  /** Lets one call through, once: the approval is spent before the call leaves. */
  use(id: string, binding: string, callId: string): Promise<Result<Approval, UseProblem>> {
    return this.#inTurn(async () => {
      const approval = this.#live.find(id);
      if (approval === null || approval.binding !== binding) return err('gone');
      if (approval.state === 'denied' || this.#denying.has(id)) return err('denied');
      if (approval.state !== 'allowed') return err('gone');
      if (isOver(approval, this.#deps.latestMs())) return err('gone');
      if (this.#deps.staleness(approval) !== null) return err('changed');
      const used = await this.#end(approval, 'used', 'used', callId);
      return used === null ? err('unavailable') : ok(used);
    });
  }

  /** Lets one call through by a standing approval; false when it does not stand any more. */
  useStanding(id: string, callId: string): Promise<boolean> {
    return this.#inTurn(() => this.#standings.use(id, callId));
  }

  /** The client is gone or wants no answer: unless another call waits for it, nobody can allow it. */
  withdraw(id: string, reason: string): Promise<void> {
    return this.#inTurn(async () => {
      const approval = this.#live.find(id);
      if (approval === null || !isOpen(approval) || this.waiting(id) > 0) return;
      await this.#end(approval, 'withdrawn', reason);
    });
  }

  /** Counts a person's answer. A denial counts until the call has left, and wins over any yes. */
  async answer(
    id: string,
    approver: Approver,
    answer: Answer,
  ): Promise<Result<Approval, AnswerProblem>> {
    const denies = answer.answer === 'deny' && this.#problem(id, approver, answer) === null;
    if (denies) this.#denying.set(id, (this.#denying.get(id) ?? 0) + 1);
    const result = await this.#inTurn(() => this.#answer(id, approver, answer));
    if (denies) this.#denied(id);
    return result;
  }

  revokeStanding(id: string, by: string): Promise<Result<Standing, 'unknown' | 'not-recorded'>> {
    return this.#inTurn(() => this.#standings.revoke(id, by));
  }

  /** Ends what is open and matches, at once: `reason` is a word for the record. */
  voidWhere(matches: (approval: Approval) => boolean, reason: string): Promise<number> {
    return this.#inTurn(async () => {
      const found = this.#live.all().filter((approval) => isOpen(approval) && matches(approval));
      for (const approval of found) await this.#end(approval, 'void', reason);
      return found.length;
    });
  }

  /** Ends what its time, a policy, a tool or a grant has ended: called every second. */
  sweep(): Promise<void> {
    return this.#inTurn(async () => {
      const nowMs = this.#deps.latestMs();
      for (const approval of this.#live.all()) {
        if (isOver(approval, nowMs)) {
          if (isOpen(approval)) await this.#end(approval, 'expired', 'time');
          else this.#live.remove(approval.id);
          continue;
        }
        const stale = isOpen(approval) ? this.#deps.staleness(approval) : null;
        if (stale !== null) await this.#end(approval, 'void', stale);
      }
      this.#standings.sweep(nowMs);
    });
  }

  /** Tells every waiting call that it will get no answer here: the gateway stops. */
  letGo(): void {
    const all = [...this.#watchers.values()].flatMap((watchers) => [...watchers]);
    for (const watcher of all) watcher('stopping');
  }

  /** Resolves when everything that was begun is done. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #askAnew(call: HeldCall, args: ExactArguments): Promise<Asked> {
    const nowMs = this.#deps.latestMs();
    const bytes = Buffer.byteLength(args.exact);
    const full = this.#live.fullFor(call.grantId, bytes, nowMs);
    if (full !== null) return { kind: 'refused', ...full };
    const timeoutMs = Math.min(...call.needs.map((need) => need.timeoutMs));
    const approval: Approval = {
      ...call,
      id: newId('apr_'),
      nonce: newId(''),
      state: 'pending',
      askedMs: nowMs,
      expiresMs: nowMs + timeoutMs,
      endedMs: null,
      reason: null,
      votes: [],
      asks: 1,
    };
    const unavailable = {
      kind: 'refused',
      code: 'approval-unavailable',
      retryAfterMs: null,
    } as const;
    if (!(await this.#record({ event: 'asked', about: approval, call: call.decisionId }))) {
      return unavailable;
    }
    const kept = await this.#kept(() => this.#deps.store.insert(approval, args.exact));
    if (kept === null) return unavailable;
    this.#live.put(approval, bytes);
    this.#deps.asked(approval);
    return { kind: 'approval', approval };
  }

  #problem(id: string, approver: Approver, { answer }: Answer): AnswerProblem | null {
    const approval = this.#live.find(id);
    if (approval === null) return { code: 'unknown' };
    return answerProblem(approval, approver, { answer, nowMs: this.#deps.latestMs() });
  }

  async #answer(
    id: string,
    approver: Approver,
    answer: Answer,
  ): Promise<Result<Approval, AnswerProblem>> {
    const approval = this.#live.find(id);
    if (approval === null) return err(await this.#endedProblem(id));
    const problem =
      this.#problem(id, approver, answer) ?? (await this.#hindrance(approval, approver, answer));
    if (problem !== null) {
      await this.#note(approval, 'refused', { approver, answer, reason: problem.code });
      return err(problem);
    }
    const nowMs = this.#deps.latestMs();
    const vote: Vote = {
      by: approver.principal,
      roles: approver.roles,
      answer: answer.answer,
      via: answer.via,
      atMs: nowMs,
      comment: answer.comment?.slice(0, commentMax) ?? null,
    };
    const after = withVote(approval, vote);
    const event = answer.answer === 'allow' ? 'allowed' : 'denied';
    const reason = after.state === 'pending' ? 'more-needed' : null;
    if (!(await this.#note(after, event, { approver, answer, reason }))) {
      return err({ code: 'not-recorded' });
    }
    const kept = await this.#kept(() => this.#deps.store.save(after, approval.state));
    if (kept !== true) return err({ code: 'not-recorded' });
    this.#live.put(after, null);
    if (answer.standing !== null && after.state === 'allowed') {
      await this.#stand(after, vote, answer.standing);
    }
    this.#changed(after);
    return ok(after);
  }

  /** What the state of the world, or of a wish for more than this one call, says against a yes. */
  async #hindrance(
    approval: Approval,
    approver: Approver,
    { answer, standing }: Answer,
  ): Promise<AnswerProblem | null> {
    if (answer === 'deny') return null;
    const stale = this.#deps.staleness(approval);
    if (stale !== null) {
      await this.#end(approval, 'void', stale);
      return { code: 'changed', reason: stale };
    }
    if (standing === null) return null;
    if (approval.needs.some((need) => need.quorum > 1)) return { code: 'standing-quorum' };
    const after = withVote(approval, { ...yes, by: approver.principal, roles: approver.roles });
    if (after.state !== 'allowed') return { code: 'standing-quorum' };
    const args = await this.#argumentsOf(approval.id);
    const name = missingName(standing, args.values);
    return name === null ? null : { code: 'standing-names', name };
  }

  async #stand(approval: Approval, vote: Vote, wish: StandingWish): Promise<void> {
    const args = await this.#argumentsOf(approval.id);
    await this.#standings.give(approval, {
      id: newId('std_'),
      wish,
      exact: args.exact,
      arguments: args.values,
      by: vote.by,
      comment: vote.comment,
      atMs: vote.atMs,
    });
  }

  async #argumentsOf(id: string): Promise<ExactArguments> {
    const exact = (await this.#kept(() => this.#deps.store.argumentsOf(id))) ?? '';
    return { exact, values: exactValues(exact) };
  }

  async #endedProblem(id: string): Promise<AnswerProblem> {
    const found = await this.#kept(() => this.#deps.store.find(id));
    if (found === null) return { code: 'unknown' };
    return { code: 'ended', state: found.state, reason: found.reason };
  }

  /** Ends an approval, on record first; null when it could not be ended, which leaves it as it is. */
  async #end(
    approval: Approval,
    state: 'used' | 'expired' | 'withdrawn' | 'void',
    reason: string,
    call: string = approval.decisionId,
  ): Promise<Approval | null> {
    const over = ended(approval, { state, reason, atMs: this.#deps.latestMs() });
    if (!(await this.#record({ event: state, about: over, call, reason }))) return null;
    const kept = await this.#kept(() => this.#deps.store.save(over, approval.state));
    if (kept !== true) return null;
    this.#live.remove(approval.id);
    this.#changed(over);
    return over;
  }

  #note(
    about: Approval,
    event: Transition['event'],
    by: { readonly approver: Approver; readonly answer: Answer; readonly reason: string | null },
  ): Promise<boolean> {
    return this.#record({
      event,
      about,
      call: about.decisionId,
      actor: by.approver.principal,
      via: by.answer.via,
      comment: by.answer.comment?.slice(0, commentMax) ?? null,
      reason: by.reason,
    });
  }

  #record(transition: Pick<Transition, 'event' | 'about'> & Partial<Transition>): Promise<boolean> {
    const atMs = this.#deps.latestMs();
    return this.#deps.journal.record({ ...nobody, atMs, ...transition });
  }

  /** Null when the store failed: whatever depended on it is not done. */
  #kept<T>(work: () => Promise<T>): Promise<T | null> {
    return work().then(
      (value) => value,
      (reason: unknown) => {
        this.#deps.log.error('an approval could not be kept', { detail: String(reason) });
        return null;
      },
    );
  }

  #denied(id: string): void {
    const left = (this.#denying.get(id) ?? 1) - 1;
    if (left === 0) this.#denying.delete(id);
    else this.#denying.set(id, left);
  }

  #changed(after: Approval): void {
    const watchers = this.#watchers.get(after.id);
    if (watchers !== undefined) for (const watcher of Array.from(watchers)) watcher(after);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

const nobody = { call: null, actor: null, via: null, comment: null, reason: null } as const;
const yes = { answer: 'allow', via: 'api', atMs: 0, comment: null } as const;
