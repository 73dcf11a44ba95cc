import type { Grant } from '../identity/grant.ts';
import { limitsOf, type CompiledPolicy, type PolicyLimit, type Scope } from '../policy/index.ts';
import type { Snapshot, SnapshotServer } from '../registry/snapshot.ts';

/** What pages may ask of the counters, which are not the control plane's own. */
export interface CountersView {
  /** Every gateway at the same store counts in it, so that sessions of others cannot be listed. */
  readonly shared: boolean;
  /** Counters of sessions that calls through this very gateway have counted in. */
  sessions(): Iterable<SessionCounter>;
  /** The units that count now in each, in order; null where the store does not answer. */
  used(counters: readonly AskedCounter[]): Promise<readonly number[] | null>;
}

/** A counter by what its key is made of, and the window that it is looked at through. */
export interface AskedCounter {
  readonly server: string;
  readonly scope: Scope;
  readonly who: string;
  readonly counter: string;
  /** The guardrail's name; null for a policy. */
  readonly guardrail: string | null;
  readonly observe: boolean;
  readonly windowMs: number | null;
  readonly align: PolicyLimit['limit']['align'];
}

/** A counter of one session; `who` is the grant's id, a space and the session's own name. */
export interface SessionCounter {
  readonly server: string;
  readonly who: string;
  readonly counter: string;
  readonly isGuardrail: boolean;
  readonly observe: boolean;
}

/** A limit in force, for one of those whom it counts. */
export interface LimitPlace {
  readonly asked: AskedCounter;
  readonly max: number;
  readonly rule: string;
  readonly tools: readonly string[];
  readonly policy: string | null;
  /** Null where the counter spans servers. */
  readonly server: string | null;
  /** Labels of the grants whose calls count in it. */
  readonly grants: readonly string[];
}

/** Counters that are looked at for one answer: more would hold the gateway up. */
const placesMax = 10_000;
/** Limits of grants, and sessions, that are gone through for it: many may count in one counter. */
const stepsMax = 50_000;

/**
 * Every limit of the grants given, for each grant, principal, server and session that it counts.
 * `complete` is false where there are more than are looked at.
 */
export function limitPlaces(
  snapshot: Snapshot,
  grants: Iterable<Grant>,
  sessions: () => Iterable<SessionCounter>,
): { readonly places: readonly LimitPlace[]; readonly complete: boolean } {
  const places = new Places();
  for (const limit of ownedLimits(snapshot, grants)) if (!places.add(limit)) break;
  places.addSessions(sessions);
  return places.found();
}

/** The limits of grants, one for each server that a grant has. */
function* ownedLimits(snapshot: Snapshot, grants: Iterable<Grant>): Iterable<OwnedLimit> {
  const known = new Map<string, readonly PolicyLimit[]>();
  const limits = (name: string, policy: CompiledPolicy, of: SnapshotServer): typeof found => {
    const key = JSON.stringify([name, of.config.name]);
    const found = known.get(key) ?? limitsOf(policy, of.tools);
    known.set(key, found);
    return found;
  };
  for (const grant of grants) {
    for (const server of grant.servers) {
      const entry = snapshot.servers.get(server);
      if (entry === undefined) continue;
      const name = Object.hasOwn(grant.policies, server) ? grant.policies[server] : null;
      const policy = snapshot.policies.get(name ?? '');
      for (const one of policy === undefined ? [] : limits(policy.name, policy.compiled, entry)) {
        yield { ...one, grant, server, policy: policy?.name ?? null, guardrail: null };
      }
      for (const guardrail of snapshot.guardrails) {
        for (const one of limits(`guardrail ${guardrail.name}`, guardrail.policy, entry)) {
          yield { ...one, grant, server, policy: null, guardrail: guardrail.name };
        }
      }
    }
  }
}

interface OwnedLimit extends PolicyLimit {
  readonly grant: Grant;
  readonly server: string;
  readonly policy: string | null;
  readonly guardrail: string | null;
}

/** Gathers them, each once: several grants may count in one. */
class Places {
  readonly #places = new Map<string, LimitPlace & { readonly grants: string[] }>();
  /** Those of session scope, by what a session's counter tells of itself. */
  readonly #bySession = new Map<string, LimitPlace[]>();
  #complete = true;
  #steps = 0;

  /** False when no more are taken. */
  add({ grant, server, limit, tools, policy, guardrail }: OwnedLimit): boolean {
    if (!this.#goesOn()) return false;
    const { scope, counter, windowMs, align, max, rule } = limit;
    const spans = guardrail !== null && scope !== 'server';
    const asked: AskedCounter = {
      server: guardrail === null ? server : '',
      scope,
      who: whoOf(grant, server, scope),
      counter,
      guardrail,
      // Guardrails refuse whatever the grant's mode is.
      observe: guardrail === null && grant.mode === 'observe',
      windowMs,
      align,
    };
    const place = { asked, max, rule, tools, policy, server: spans ? null : server };
    this.#put({ ...place, grants: [grant.label] });
    if (scope !== 'session') return true;
    const key = sessionKey({ ...asked, isGuardrail: guardrail !== null }, grant.id);
    const same = this.#bySession.get(key) ?? [];
    this.#bySession.set(key, [...same, { ...place, grants: [grant.label] }]);
    return true;
  }

  /** Sessions are asked for only where a limit counts them. */
  addSessions(sessions: () => Iterable<SessionCounter>): void {
    if (this.#bySession.size === 0) return;
    for (const session of sessions()) {
      if (!this.#goesOn()) return;
      const [grantId = ''] = session.who.split(' ', 1);
      const { who } = session;
      for (const place of this.#bySession.get(sessionKey(session, grantId)) ?? []) {
        this.#put({ ...place, asked: { ...place.asked, who }, grants: [...place.grants] });
      }
    }
  }

  found(): { readonly places: readonly LimitPlace[]; readonly complete: boolean } {
    return { places: [...this.#places.values()], complete: this.#complete };
  }

  #goesOn(): boolean {
    this.#steps += 1;
    if (this.#steps > stepsMax) this.#complete = false;
    return this.#complete;
  }

  #put(place: LimitPlace & { readonly grants: string[] }): void {
    const key = JSON.stringify([place.asked, place.max, place.policy, place.rule]);
    const before = this.#places.get(key);
    if (before === undefined && this.#places.size >= placesMax) this.#complete = false;
    else if (before === undefined) this.#places.set(key, place);
    else if (!before.grants.includes(place.grants[0] ?? '')) before.grants.push(...place.grants);
  }
}

function sessionKey(
  { server, counter, isGuardrail, observe }: Omit<SessionCounter, 'who'>,
  grantId: string,
): string {
  return JSON.stringify([server, counter, isGuardrail, observe, grantId]);
}

/** As calls are counted; a call without a session counts for its grant. */
function whoOf(grant: Grant, server: string, scope: Scope): string {
  if (scope === 'principal') return grant.principal.id;
  if (scope === 'server') return server;
  return scope === 'everyone' ? '' : grant.id;
}
