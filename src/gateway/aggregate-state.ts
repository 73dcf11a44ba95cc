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
  /** Hears of each session that makes room for it. */
  readonly ended: (session: AggregateSession) => void;
}

const sessionsMax = 10_000;
const idleMs = 3_600_000;

/** The aggregate sessions that are open: forgotten an hour after their last use, or when too many. */
export class AggregateSessions {
  readonly #sessions = new Map<string, { readonly session: AggregateSession; usedMs: number }>();

  /** A grant that opens more than it may have ends its own oldest, not another's. */
  open(session: Omit<AggregateSession, 'id'>, bounds: AggregateBounds): AggregateSession {
    this.#evict(bounds);
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

  #evictOwn(grantId: string, { perGrantMax, ended }: AggregateBounds): void {
    let oldest: AggregateSession | null = null;
    let held = 0;
    for (const { session } of this.#sessions.values()) {
      if (session.grantId !== grantId) continue;
      oldest ??= session;
      held += 1;
    }
    if (oldest === null || held < perGrantMax) return;
    this.#sessions.delete(oldest.id);
    ended(oldest);
  }

  /** The map is in order of use: the first is the one that was idle longest. */
  #evict({ nowMs, ended }: AggregateBounds): void {
    for (const [id, { session, usedMs }] of this.#sessions) {
      if (nowMs - usedMs <= idleMs && this.#sessions.size < sessionsMax) return;
      this.#sessions.delete(id);
      ended(session);
    }
  }
}
