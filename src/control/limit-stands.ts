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

/**
 * Every limit of the grants given, for each grant, principal, server and session that it counts.
 * `complete` is false where there are more than are looked at.
 */
export function limitPlaces(
  snapshot: Snapshot,
  grants: readonly Grant[],
  sessions: () => Iterable<SessionCounter>,
): { readonly places: readonly LimitPlace[]; readonly complete: boolean } {
  const places = new Places();
  const known = new Map<string, readonly PolicyLimit[]>();
  const limits = (name: string, policy: CompiledPolicy, server: SnapshotServer): typeof found => {
    const key = JSON.stringify([name, server.config.name]);
    const found = known.get(key) ?? limitsOf(policy, server.tools);
    known.set(key, found);
    return found;
  };
  for (const grant of grants) {
    for (const serverName of grant.servers) {
      const server = snapshot.servers.get(serverName);
      if (server === undefined) continue;
      const name = Object.hasOwn(grant.policies, serverName) ? grant.policies[serverName] : null;
      const policy = snapshot.policies.get(name ?? '');
      for (const one of policy === undefined ? [] : limits(policy.name, policy.compiled, server)) {
        places.add(grant, serverName, { ...one, policy: policy?.name ?? null, guardrail: null });
      }
      for (const guardrail of snapshot.guardrails) {
        for (const one of limits(`guardrail ${guardrail.name}`, guardrail.policy, server)) {
          places.add(grant, serverName, { ...one, policy: null, guardrail: guardrail.name });
        }
      }
    }
  }
  places.addSessions(sessions);
  return places.found();
}

interface OwnedLimit extends PolicyLimit {
  readonly policy: string | null;
  readonly guardrail: string | null;
}

/** Gathers them, each once: several grants may count in one. */
class Places {
  readonly #places = new Map<string, LimitPlace & { readonly grants: string[] }>();
  /** Those of session scope, by what a session's counter tells of itself. */
  readonly #bySession = new Map<string, LimitPlace[]>();
  #complete = true;

  add(grant: Grant, server: string, { limit, tools, policy, guardrail }: OwnedLimit): void {
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
    if (scope !== 'session') return;
    const key = sessionKey({ ...asked, isGuardrail: guardrail !== null }, grant.id);
    const same = this.#bySession.get(key) ?? [];
    this.#bySession.set(key, [...same, { ...place, grants: [grant.label] }]);
  }

  /** Sessions are asked for only where a limit counts them. */
  addSessions(sessions: () => Iterable<SessionCounter>): void {
    if (this.#bySession.size === 0) return;
    for (const session of sessions()) {
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
