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

const sessionsMax = 10_000;
/** A grant that opens one more ends its own oldest, not another's. */
const sessionsPerGrantMax = 1_000;
const idleMs = 3_600_000;

/** The aggregate sessions that are open: forgotten an hour after their last use, or when too many. */
export class AggregateSessions {
  readonly #sessions = new Map<string, { readonly session: AggregateSession; usedMs: number }>();

  open(session: Omit<AggregateSession, 'id'>, nowMs: number): AggregateSession {
    this.#evict(nowMs);
    this.#evictOwn(session.grantId);
    const opened = { ...session, id: newId('agg_') };
    this.#sessions.set(opened.id, { session: opened, usedMs: nowMs });
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

  #evictOwn(grantId: string): void {
    let oldest: string | null = null;
    let held = 0;
    for (const [id, { session }] of this.#sessions) {
      if (session.grantId !== grantId) continue;
      oldest ??= id;
      held += 1;
    }
    if (oldest !== null && held >= sessionsPerGrantMax) this.#sessions.delete(oldest);
  }

  /** The map is in order of use: the first is the one that was idle longest. */
  #evict(nowMs: number): void {
    for (const [id, entry] of this.#sessions) {
      if (nowMs - entry.usedMs <= idleMs && this.#sessions.size < sessionsMax) return;
      this.#sessions.delete(id);
    }
  }
}
