import { newId } from '../base/id.ts';
import type { Caller } from './caller.ts';

/** One client's session over several servers: a session of its own with each. */
export interface AggregateSession {
  readonly id: string;
  readonly grantId: string;
  readonly protocolVersion: string;
  /** By server name: the caller as that server's endpoint would see it. */
  readonly parts: ReadonlyMap<string, Caller>;
}

/** What a session is opened within. */
export interface AggregateBounds {
  readonly nowMs: number;
  /** Sessions of one grant. */
  readonly perGrantMax: number;
  /** Ends at its servers a session that is forgotten; never rejects. */
  readonly end: (session: AggregateSession) => Promise<void>;
}

const sessionsMax = 10_000;
const idleMs = 3_600_000;
/** Idle sessions that are being ended at their servers at once: each is a request to each of them. */
const endingMax = 8;

/** The aggregate sessions that are open: forgotten an hour after their last use, or when too many. */
export class AggregateSessions {
  readonly #sessions = new Map<string, { readonly session: AggregateSession; usedMs: number }>();
  #sweeping = false;

  /** A grant that opens more than it may have ends its own oldest, not another's. */
  open(session: Omit<AggregateSession, 'id'>, bounds: AggregateBounds): AggregateSession {
    this.#makeRoom(bounds);
    void this.#sweep(bounds);
    this.#evictOwn(session.grantId, bounds);
    const opened = { ...session, id: newId('agg_') };
    this.#sessions.set(opened.id, { session: opened, usedMs: bounds.nowMs });
    return opened;
  }

  /** Null when there is no such session of this grant. */
  find(id: string, grantId: string, nowMs: number): AggregateSession | null {
    const entry = this.#sessions.get(id);
    if (entry === undefined || entry.session.grantId !== grantId) return null;
    if (nowMs - entry.usedMs > idleMs) return null;
    entry.usedMs = nowMs;
    this.#sessions.delete(id);
    this.#sessions.set(id, entry);
    return entry.session;
  }

  end(id: string): void {
    this.#sessions.delete(id);
  }

  #evictOwn(grantId: string, { perGrantMax, end }: AggregateBounds): void {
    let oldest: AggregateSession | null = null;
    let held = 0;
    for (const { session } of this.#sessions.values()) {
      if (session.grantId !== grantId) continue;
      oldest ??= session;
      held += 1;
    }
    if (oldest === null || held < perGrantMax) return;
    this.#sessions.delete(oldest.id);
    void end(oldest);
  }

  /** The map is in order of use: the first is the one that was idle longest. */
  #makeRoom({ end }: AggregateBounds): void {
    const [oldest] = this.#sessions.values();
    if (oldest === undefined || this.#sessions.size < sessionsMax) return;
    this.#sessions.delete(oldest.session.id);
    void end(oldest.session);
  }

  /**
   * Ends what is idle, a few at a time: thousands may be, and neither the event loop nor their
   * servers are to meet them all at once. An idle one is not found in the meantime.
   */
  async #sweep({ nowMs, end }: AggregateBounds): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    for (let idle = this.#takeIdle(nowMs); idle.length > 0; idle = this.#takeIdle(nowMs)) {
      await Promise.all(idle.map(end));
      await new Promise((turn) => setImmediate(turn));
    }
    this.#sweeping = false;
  }

  #takeIdle(nowMs: number): readonly AggregateSession[] {
    const idle: AggregateSession[] = [];
    for (const { session, usedMs } of this.#sessions.values()) {
      if (nowMs - usedMs <= idleMs || idle.length === endingMax) break;
      this.#sessions.delete(session.id);
      idle.push(session);
    }
    return idle;
  }
}
