import { AssertionError, assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { GrantChange, GrantStore } from '../identity/grant-store.ts';
import type { Grant } from '../identity/grant.ts';
import { parsePrincipal } from '../identity/principal.ts';
import { hashToken, newToken } from '../identity/token.ts';
import type { PinnedTool } from '../policy/index.ts';
import type { Declared } from './declared.ts';
import {
  draftProblemOf,
  grantOf,
  namePattern,
  newGrantProblem,
  policyProblemOf,
  type GrantDraft,
  type IssuedGrant,
  type PolicyDraft,
} from './drafts.ts';
import { grantClashes } from './grants.ts';
import { allServers, nothing, snapshotOf, type Parts } from './parts.ts';
import { acceptedPins, acceptPin, type Pinning, type PinProblem, type SeenTool } from './pin.ts';
import { pinnedTools } from './pinned-tools.ts';
import { compareSeen, reviewedTools } from './reviewed-tools.ts';
import { fileAuthor, loadVersion, policiesInForce } from './policy-versions.ts';
import type { RegistryProblem } from './problem.ts';
import type { PinRow, PolicyVersionRow, RegistryStore } from './registry-store.ts';
import type { NewServer, ServerStore, StoredServer } from './server-store.ts';
import type { Snapshot, SnapshotPolicy } from './snapshot.ts';
import { without, type Stop } from './stops.ts';

/** The stores that the registry writes. */
export interface RegistryStores {
  readonly grants: GrantStore;
  readonly registry: RegistryStore;
  readonly servers: ServerStore;
}

export interface RegistryOptions {
  readonly stores: RegistryStores;
  readonly declared: Declared;
  readonly clock: Clock;
  readonly log: Log;
}

type Outcome<T> = Promise<Result<T, RegistryProblem>>;

/**
 * Holds the snapshot that calls are decided on, and publishes the next one. Changes run one after
 * the other; each is durable before it is published, and readers see all of it or nothing.
 */
export class Registry {
  readonly #stores: RegistryStores;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #listeners = new Set<(snapshot: Snapshot) => void>();
  #parts: Parts = nothing;
  #stops: readonly Stop[] = [];
  #snapshot: Snapshot;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: RegistryOptions) {
    this.#stores = options.stores;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#snapshot = snapshotOf(nothing, [], 0);
  }

  /** Reads the stores and publishes the first snapshot, or says why the file cannot be in force. */
  static async open(
    options: RegistryOptions,
  ): Promise<Result<Registry, readonly RegistryProblem[]>> {
    const registry = new Registry(options);
    const stops = await registry.#exclusively('stops', async () => {
      registry.#stops = await options.stores.registry.stops();
      return ok(null);
    });
    if (!stops.ok) return err([stops.error]);
    const applied = await registry.applyConfig(options.declared);
    return applied.ok ? ok(registry) : applied;
  }

  /** The state to decide on. A call takes it once and keeps it to its end. */
  current(): Snapshot {
    return this.#snapshot;
  }

  /** Every row that is kept of a server's tools, quarantined ones with their reason. */
  pins(server: string): Promise<readonly PinRow[]> {
    return this.#stores.registry.pins(server);
  }

  /** Calls `listener` after each publication, in the same turn. Returns the way to stop it. */
  subscribe(listener: (snapshot: Snapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Puts another file in force, or, with any problem, leaves everything as it is. */
  async applyConfig(declared: Declared): Promise<Result<Snapshot, readonly RegistryProblem[]>> {
    const applied = await this.#exclusively('the configuration', async () => {
      const read = await this.#read(declared);
      return ok(read.ok ? ok(this.#publish(read.value)) : read);
    });
    return applied.ok ? applied.value : err([applied.error]);
  }

  /** Why a grant could not be made of this draft now; null when it could. */
  draftProblem(draft: GrantDraft): RegistryProblem | null {
    return newGrantProblem(this.#parts, draft);
  }

  /** Makes a grant in the store. Its token is in the answer and nowhere else. */
  createGrant(draft: GrantDraft): Outcome<IssuedGrant> {
    return this.#exclusively(draft.label, async () => {
      const principal = parsePrincipal(draft.principal);
      if (!principal.ok) return err({ code: 'principal-invalid', subject: draft.principal });
      const problem = draftProblemOf(this.#parts, draft);
      if (problem !== null) return err(problem);

      const token = newToken();
      const createdMs = this.#clock.nowMs();
      const tokenSha256 = hashToken(token);
      const grant = grantOf(draft, { principal: principal.value, tokenSha256, createdMs });
      const inserted = await this.#stores.grants.insert(grant);
      if (inserted === 'duplicate') return err({ code: 'label-taken', subject: draft.label });
      await this.#publishGrants();
      return ok({ grant, token });
    });
  }

  /** Ends a grant of the store: its next call is refused. */
  revokeGrant(id: string): Outcome<null> {
    return this.#exclusively(id, async () => {
      if (this.#isDeclared(id)) return err({ code: 'declared-in-file', subject: id });
      const revoked = await this.#stores.grants.revoke(id, this.#clock.nowMs());
      await this.#publishGrants();
      return revoked ? ok(null) : err({ code: 'grant-unknown', subject: id });
    });
  }

  /** Changes what a grant of the store may do: the next call is judged by it. */
  editGrant(id: string, change: GrantChange): Outcome<Grant> {
    return this.#exclusively(id, async () => {
      if (this.#isDeclared(id)) return err({ code: 'declared-in-file', subject: id });
      const policy = Object.values(change.policies).find((one) => !this.#parts.policies.has(one));
      if (policy !== undefined) return err({ code: 'policy-unknown', subject: policy });
      const edited = await this.#stores.grants.edit(id, change);
      await this.#publishGrants();
      const grant = this.#parts.storedGrants.find((one) => one.id === id);
      return edited && grant !== undefined
        ? ok(grant)
        : err({ code: 'grant-unknown', subject: id });
    });
  }

  /** The servers that were added by their address, as they are kept. */
  storedServers(): Promise<readonly StoredServer[]> {
    return this.#stores.servers.list();
  }

  /** Whether the operator's file declares the server, so that it is changed there. */
  isDeclaredServer(name: string): boolean {
    return this.#parts.declared.servers.has(name);
  }

  /** Why no server can be added under this name now; null when one can. */
  serverProblem(name: string): RegistryProblem | null {
    if (!namePattern.test(name)) return { code: 'name-invalid', subject: name };
    return this.#parts.servers.has(name) ? { code: 'server-taken', subject: name } : null;
  }

  /** Adds a server by its address. */
  addServer(server: NewServer): Outcome<null> {
    return this.#exclusively(server.name, async () => {
      const problem = this.serverProblem(server.name);
      if (problem !== null) return err(problem);
      const inserted = await this.#stores.servers.insert(server);
      if (inserted === 'duplicate') return err({ code: 'server-taken', subject: server.name });
      return this.#publishServers();
    });
  }

  /** Replaces the headers that an added server is asked with. */
  setServerHeaders(name: string, headers: Readonly<Record<string, string>>): Outcome<null> {
    return this.#changeServer(name, () => this.#stores.servers.setHeaders(name, headers));
  }

  /** Removes an added server. What was reviewed of its tools stays, for when it comes back. */
  removeServer(name: string): Outcome<null> {
    return this.#changeServer(name, () => this.#stores.servers.remove(name));
  }

  /** Gives a grant of the store another token: the old one opens nothing any more. */
  rotateGrant(id: string): Outcome<IssuedGrant> {
    return this.#exclusively(id, async () => {
      if (this.#isDeclared(id)) return err({ code: 'declared-in-file', subject: id });
      const token = newToken();
      const rotated = await this.#stores.grants.rotate(id, hashToken(token));
      await this.#publishGrants();
      const grant = this.#parts.storedGrants.find((one) => one.id === id);
      if (!rotated || grant === undefined) return err({ code: 'grant-unknown', subject: id });
      return ok({ grant, token });
    });
  }

  /** Saves rows of a server's tools. From then on its list is known, even when it is empty. */
  setPins(server: string, rows: readonly PinRow[]): Outcome<Snapshot> {
    assert(
      rows.every((row) => row.server === server),
      'pins are of one server',
    );
    return this.#withServer(server, async () => ok(await this.#savePins(server, rows)));
  }

  /** Compares a list that was just read with what was reviewed, and puts the outcome in force. */
  async pinSeen(
    server: string,
    seen: readonly SeenTool[],
  ): Promise<Result<Pinning, RegistryProblem | PinProblem>> {
    const pinned = await this.#withServer(server, async () => {
      const list = { server, seen, nowMs: this.#clock.nowMs(), parts: this.#parts };
      const { pinning, settle } = await compareSeen(this.#stores.registry, list);
      if (pinning.ok) await this.#savePins(server, pinning.value.changed);
      if (pinning.ok) await settle();
      return ok(pinning);
    });
    return pinned.ok ? pinned.value : pinned;
  }

  /** Accepts definitions by their digests: what changed since a person saw it is left as it is. */
  acceptPins(server: string, digests: ReadonlyMap<string, string>): Outcome<readonly PinRow[]> {
    return this.changePins(server, (rows) => acceptedPins(rows, digests));
  }

  /** Saves those rows of a server's tools that `change` gives, of those that there are. */
  changePins(
    server: string,
    change: (rows: readonly PinRow[]) => readonly PinRow[],
  ): Outcome<readonly PinRow[]> {
    return this.#withServer(server, async () => {
      const changed = change(await this.#stores.registry.pins(server));
      await this.#savePins(server, changed);
      return ok(changed);
    });
  }

  /** Every version of a policy, oldest first, those that were never in force here included. */
  policyVersions(name: string): Promise<readonly PolicyVersionRow[]> {
    return this.#stores.registry.policyVersions(name);
  }

  /** Whether the operator's file declares the policy, so that it is changed there. */
  isDeclaredPolicy(name: string): boolean {
    return this.#parts.declared.policies.has(name);
  }

  /** Why a version could not be saved now, whoever else saves; null when it could. */
  policyProblem(draft: PolicyDraft): RegistryProblem | null {
    return policyProblemOf(this.#parts, draft);
  }

  /** Saves a version of a policy and puts it in force. A document that does not load is not saved. */
  savePolicy(draft: PolicyDraft): Outcome<SnapshotPolicy> {
    const { name, author } = draft;
    assert(author !== fileAuthor, 'the file is no author of the console');
    return this.#exclusively(name, async () => {
      const problem = this.policyProblem(draft);
      if (problem !== null) return err(problem);
      const row = { ...draft, createdMs: this.#clock.nowMs() };
      const loaded = loadVersion(row);
      if (!loaded.ok) return err({ code: 'policy-invalid', subject: name, problems: loaded.error });
      const saved = await this.#stores.registry.savePolicy(row);
      if (saved === 'conflict') return err({ code: 'policy-conflict', subject: name });
      const policies = new Map([...this.#parts.policies, [name, loaded.value]]);
      this.#publish({ ...this.#parts, policies });
      return ok(loaded.value);
    });
  }

  /** What an operator has stopped, oldest first. */
  stops(): readonly Stop[] {
    return this.#stops;
  }

  /** Stops at once, whatever else is being changed, then keeps it for the next start. */
  stop(stop: Stop): Outcome<null> {
    const { kind, name } = stop;
    this.#stops = [...without(this.#stops, stop), stop];
    this.#publish(this.#parts);
    return this.#exclusively(`${kind} ${name}`, async () => {
      await this.#stores.registry.saveStop(stop);
      return ok(null);
    });
  }

  /** Takes a stop back once the store has forgotten it. */
  release(stop: Pick<Stop, 'kind' | 'name'>): Outcome<null> {
    const { kind, name } = stop;
    return this.#exclusively(`${kind} ${name}`, async () => {
      await this.#stores.registry.removeStop(kind, name);
      this.#stops = without(this.#stops, stop);
      this.#publish(this.#parts);
      return ok(null);
    });
  }

  #withServer<T>(server: string, change: () => Outcome<T>): Outcome<T> {
    return this.#exclusively(server, async () => {
      const known = this.#parts.servers.has(server);
      return known ? change() : err({ code: 'server-unknown', subject: server });
    });
  }

  async #savePins(server: string, rows: readonly PinRow[]): Promise<Snapshot> {
    // A row that is called pinned was reviewed: what changes later is compared with it.
    await this.#stores.registry.savePins(
      rows.map((row) => (row.state === 'pinned' ? acceptPin(row, row.category, row.risk) : row)),
    );
    const pins = await this.#stores.registry.pins(server);
    const tools = new Map([...this.#parts.tools, [server, pinnedTools(pins)]]);
    return this.#publish({ ...this.#parts, tools });
  }

  async #read(declared: Declared): Promise<Result<Parts, readonly RegistryProblem[]>> {
    const storedGrants = await this.#stores.grants.list();
    const clashes = grantClashes(declared.grants, storedGrants);
    if (clashes.length > 0) return err(clashes);

    const policies = await policiesInForce(this.#stores.registry, declared.policies, {
      nowMs: this.#clock.nowMs(),
      log: this.#log,
    });
    if (!policies.ok) return err([policies.error]);
    const tools = new Map<string, ReadonlyMap<string, PinnedTool> | null>();
    const servers = allServers(declared, await this.#stores.servers.list(), this.#log);
    for (const [name, config] of servers) {
      const isKnown = (this.#parts.tools.get(name) ?? null) !== null;
      tools.set(name, await reviewedTools(this.#stores.registry, config, isKnown));
    }
    return ok({ declared, storedGrants, servers, policies: policies.value, tools });
  }

  #isDeclared(id: string): boolean {
    return this.#parts.declared.grants.some((grant) => grant.id === id);
  }

  async #publishGrants(): Promise<void> {
    this.#publish({ ...this.#parts, storedGrants: await this.#stores.grants.list() });
  }

  #changeServer(name: string, change: () => Promise<boolean>): Outcome<null> {
    return this.#exclusively(name, async () => {
      if (this.#parts.declared.servers.has(name)) {
        return err({ code: 'declared-in-file', subject: name });
      }
      const done = await change();
      return done ? this.#publishServers() : err({ code: 'server-unknown', subject: name });
    });
  }

  async #publishServers(): Outcome<null> {
    const { declared, tools: before } = this.#parts;
    const servers = allServers(declared, await this.#stores.servers.list(), this.#log);
    const tools = new Map<string, ReadonlyMap<string, PinnedTool> | null>();
    for (const [name, config] of servers) {
      const { registry } = this.#stores;
      tools.set(name, before.get(name) ?? (await reviewedTools(registry, config, false)));
    }
    this.#publish({ ...this.#parts, servers, tools });
    return ok(null);
  }

  /** INVARIANT: one assignment puts the whole of a change in force. */
  #publish(parts: Parts): Snapshot {
    this.#parts = parts;
    this.#snapshot = snapshotOf(parts, this.#stops, this.#snapshot.version + 1);
    for (const listener of this.#listeners) listener(this.#snapshot);
    return this.#snapshot;
  }

  /** Runs changes one after the other. A store that fails is a problem; a bug stays a bug. */
  #exclusively<T>(subject: string, change: () => Outcome<T>): Outcome<T> {
    const done = this.#last.then(change).catch((error: unknown): Result<T, RegistryProblem> => {
      if (error instanceof AssertionError) throw error;
      this.#log.error('registry-store-failed', { subject, error: String(error) });
      return err({ code: 'store-failed', subject });
    });
    this.#last = done.catch(() => null);
    return done;
  }
}
