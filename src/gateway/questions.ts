import { askedBackMax } from './inquire.ts';

/** What one session is asked by its server. */
interface Asked {
  /** By id, the methods of the questions that wait for the client's answer. */
  readonly waiting: Map<string, string>;
  /** When the minute that is counted began, in monotonic milliseconds. */
  sinceMs: number;
  count: number;
}

const waitingMax = 256;
/** As many as a server may put back while it answers one request of the gateway's own. */
const perMinuteMax = askedBackMax;
const minuteMs = 60_000;
const sessionsMax = 20_000;

/**
 * Questions that servers put to clients. Each costs a record, and either a place here until it is
 * answered or an answer of the gateway's own: both have a bound, for each session.
 */
export class Questions {
  readonly #sessions = new Map<string, Asked>();

  /** Counts one more, passed on or not; false when the session's minute is used up. */
  count(session: string, nowMs: number): boolean {
    const asked = this.#of(session, nowMs);
    if (nowMs - asked.sinceMs >= minuteMs) {
      asked.sinceMs = nowMs;
      asked.count = 0;
    }
    asked.count += 1;
    return asked.count <= perMinuteMax;
  }

  /** Remembers a question that goes to the client; false when too many wait in its session. */
  ask(session: string, id: string, method: string, nowMs: number): boolean {
    const { waiting } = this.#of(session, nowMs);
    if (waiting.size >= waitingMax) return false;
    waiting.set(id, method);
    return true;
  }

  /** The method that was asked under this id, once; null when nothing was. */
  answered(session: string, id: string): string | null {
    const waiting = this.#sessions.get(session)?.waiting;
    const method = waiting?.get(id) ?? null;
    waiting?.delete(id);
    return method;
  }

  forget(session: string): void {
    this.#sessions.delete(session);
  }

  /** Where too many sessions are asked something, the one that was asked first is forgotten. */
  #of(session: string, nowMs: number): Asked {
    const known = this.#sessions.get(session);
    if (known !== undefined) return known;
    const oldest = this.#sessions.keys().next().value;
    if (this.#sessions.size >= sessionsMax && oldest !== undefined) this.#sessions.delete(oldest);
    const asked = { waiting: new Map<string, string>(), sinceMs: nowMs, count: 0 };
    this.#sessions.set(session, asked);
    return asked;
  }
}
