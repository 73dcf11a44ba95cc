import type { AuditLog } from '../audit/audit-log.ts';
import type { Clock } from '../base/clock.ts';
import { record } from './change.ts';
import { nobody, type Actor } from './roles.ts';

/** By what somebody signs in. */
export type Way = 'password' | 'key' | 'passkey' | 'oidc';

export interface RefusedSignIn {
  /** The user whose account it was about; null where there is none of that name. */
  readonly name: string | null;
  readonly by: Way;
  /** A word. */
  readonly reason: string;
}

interface Recording {
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/** Refusals of names nobody has, each on record of its own, within a window. */
const strangersMax = 20;
const windowMs = 60_000;

/**
 * Puts sign-ins on record. Tries at an account are slowed down, so each has a record; of those at
 * names that nobody has, which cost a stranger nothing, only the first of a minute have one, and
 * the next record says how many there were besides.
 */
export class SignInRecords {
  readonly #deps: Recording;
  #sinceMs = Number.NEGATIVE_INFINITY;
  #passed = 0;
  #counted = 0;

  constructor(deps: Recording) {
    this.#deps = deps;
  }

  /** False when it could not be put on record: nobody may be let in then. */
  opened(actor: Actor, by: Way): Promise<boolean> {
    const subject = actor.name.replace('person:', '');
    return this.#record(actor, 'session.open', subject, { by });
  }

  async refused({ name, by, reason }: RefusedSignIn): Promise<void> {
    if (name === null && this.#isFlood()) {
      this.#counted += 1;
      return;
    }
    await this.#record(nobody, 'session.refused', name ?? 'unknown', { by, reason });
  }

  async #record(
    actor: Actor,
    action: string,
    subject: string,
    detail: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    const uncounted = this.#counted;
    this.#counted = 0;
    const more = uncounted === 0 ? {} : { refusedBefore: uncounted };
    const change = { action, subject, detail: { ...detail, ...more } };
    const recorded = await record(this.#deps, actor, change);
    if (!recorded) this.#counted += uncounted;
    return recorded;
  }

  #isFlood(): boolean {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#sinceMs >= windowMs) {
      this.#sinceMs = nowMs;
      this.#passed = 0;
    }
    this.#passed += 1;
    return this.#passed > strangersMax;
  }
}

/** The actor that a user of the console is. */
export function personOf(name: string): Actor {
  return { name: `person:${name}`, role: 'viewer', session: null };
}
