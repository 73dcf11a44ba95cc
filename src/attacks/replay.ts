import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { assert } from '../base/assert.ts';
import type { JsonObject, JsonValue } from '../base/strict-json.ts';
import type { TraceEntry } from './agent.ts';
import {
  nameOf,
  type Attack,
  type ControlOff,
  type NamedControl,
  type ScenarioServer,
} from './attack.ts';
import { isList, isObject } from './json.ts';
import { startAskingRelay } from './asking-relay.ts';
import { startRelay, startSharedRelay, type Relay } from './relay.ts';
import { agentsIn, allSigns, ledgerOf, runSteps, type Ledgers, type Ran } from './run.ts';
import { fixtures } from './servers/all.ts';
import type { Fixture } from './servers/fixture.ts';
import { listenHttp, type ListeningFixture } from './servers/http.ts';
import type { OpenStage, Stage, StageServer } from './stage.ts';

/**
 * The ways an entry is run. `direct`: no gateway. `open`: a gateway that allows everything, the
 * entry's named control switched off. `guarded`: the recommended policy. `twin`: the same, and
 * honest work. `removed`: the recommended policy without the named control.
 */
export type Way = 'direct' | 'open' | 'guarded' | 'twin' | 'removed';

/** What one run showed. */
export interface WayResult {
  readonly way: Way;
  readonly harmed: boolean;
  /** What remains under the recommended policy was there; true where nothing is said to remain. */
  readonly remains: boolean;
  /** The honest work was done. */
  readonly worked: boolean;
  readonly trace: readonly TraceEntry[];
}

/** What an entry's runs showed, and what of it is not as the entry claims. */
export interface Replay {
  readonly slug: string;
  readonly id: string;
  readonly runs: readonly WayResult[];
  /** Empty when the entry is proved. */
  readonly faults: readonly string[];
}

/** What replays need. */
export interface ReplayParts {
  readonly openStage: OpenStage;
  /** A folder that may be filled and emptied. */
  readonly folder: string;
}

type RelayKind = 'relay' | 'shared' | 'remembers';

const ways: readonly Way[] = ['direct', 'open', 'guarded', 'twin', 'removed'];
const allowAll: JsonObject = { version: '1', default: 'allow' };

/** Runs an entry every way, one after the other. */
export async function replay(attack: Attack, parts: ReplayParts): Promise<Replay> {
  const runs: WayResult[] = [];
  for (const way of ways) {
    if (way === 'removed' && !isRemovable(attack.scenario.control)) continue;
    runs.push(await runWay(attack, way, parts));
  }
  return { slug: attack.slug, id: attack.facts.id, runs, faults: faultsOf(attack, runs) };
}

/** Controls whose absence is a relay in the gateway's place. */
function inPlace(off: ControlOff): off is RelayKind {
  return off === 'relay' || off === 'shared' || off === 'remembers';
}

/** Without its control the recommended policy cannot stand where a relay takes the gateway's place. */
function isRemovable(control: NamedControl): boolean {
  return !('off' in control) || !inPlace(control.off);
}

function faultsOf(attack: Attack, runs: readonly WayResult[]): readonly string[] {
  const { facts, scenario } = attack;
  const faults: string[] = [];
  const run = (way: Way): WayResult | undefined => runs.find((one) => one.way === way);
  if (run('direct')?.harmed !== true) faults.push('direct: no harm was done, so nothing is proved');
  if (run('open')?.harmed !== true) faults.push('open: the harm did not come through the gateway');
  if (run('removed')?.harmed === false) faults.push('removed: no harm without the named control');
  const guarded = run('guarded');
  if (guarded?.harmed !== false) faults.push('guarded: the harm was done');
  if (guarded?.remains !== true) faults.push('guarded: what is said to remain did not');
  if (guarded !== undefined && !isAsClaimed(attack, guarded.trace)) {
    faults.push(`guarded: nothing ended as \`${facts.outcome}\` by ${nameOf(scenario.control)}`);
  }
  const twin = run('twin');
  if (twin?.worked !== true) faults.push('twin: the honest work was not done');
  if (twin?.harmed === true) faults.push('twin: the honest work did the harm');
  return faults;
}

/** A rule's attack must have met the rule itself, in the way that the entry claims. */
function isAsClaimed({ facts, scenario }: Attack, trace: readonly TraceEntry[]): boolean {
  const { control } = scenario;
  const wanted = { hold: ['held'], limit: ['limited'] }[facts.outcome as string];
  if (!('rule' in control)) {
    return wanted === undefined || trace.some(({ outcome }) => wanted.includes(outcome));
  }
  // What is left out of a list is met by nobody.
  if (control.rule === '/hide_denied') return true;
  const ids = ruleIds(control.rule);
  return trace.some(
    ({ outcome, rule }) =>
      ids.some((id) => rule !== null && rule.startsWith(id)) &&
      (wanted ?? ['refused', 'held', 'limited']).includes(outcome),
  );
}

/** What a decision that rests on a rule names. */
function ruleIds(pointer: string): readonly string[] {
  if (pointer === '/default') return ['(default deny)'];
  if (pointer.startsWith('/hide')) return ['(unknown)'];
  return [pointer.replace(/\/\d+$/, '')];
}

/** A policy without one rule of it. `/default` turns to `allow`: that is what leaving it out means. */
export function withoutRule(policy: JsonObject, pointer: string): JsonObject {
  if (pointer === '/default') return { ...policy, default: 'allow' };
  const left = cut(policy, pointer.slice(1).split('/').map(unescaped));
  assert(isObject(left), 'a policy without a rule is a policy');
  return left;
}

function unescaped(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

function cut(value: JsonValue, [key = '', ...rest]: readonly string[]): JsonValue {
  if (isList(value)) {
    const at = Number(key);
    assert(at < value.length, 'the named rule is in the policy');
    if (rest.length === 0) return value.filter((_, index) => index !== at);
    return value.map((one, index) => (index === at ? cut(one, rest) : one));
  }
  assert(isObject(value) && Object.hasOwn(value, key), 'the named rule is in the policy');
  const { [key]: found = null, ...others } = value;
  return rest.length === 0 ? others : { ...value, [key]: cut(found, rest) };
}

/** One run of an entry. */
export async function runWay(attack: Attack, way: Way, parts: ReplayParts): Promise<WayResult> {
  const { scenario } = attack;
  const { control } = scenario;
  const sandbox = join(parts.folder, `${attack.slug}-${way}`);
  await mkdir(sandbox, { recursive: true });
  const isOff = way === 'open' || way === 'removed' || way === 'direct';
  const set = await startServers(attack, { sandbox, loose: isOff });
  const off = 'off' in control && isOff ? control.off : null;
  const stage = await stageFor(attack, { way, parts, set, sandbox });
  if (off === 'pins') await stage.forget();
  const steps = way === 'twin' ? scenario.benign : scenario.attack;
  const ran = await runSteps(
    {
      stage,
      sandbox,
      serverBase: (server) => new URL(set.urls.get(server) ?? 'http://127.0.0.1:9').origin,
      later: () => set.fixtures.forEach((fixture) => fixture.later?.()),
      forgets: off === 'pins',
    },
    steps,
  );
  await stage.close();
  const where = { ledgers: await set.ledgers(), sandbox };
  await set.close();
  const result = {
    way,
    harmed: allSigns(scenario.harm, ran, where),
    remains: allSigns(scenario.remains, ran, where),
    worked: way === 'twin' && isDone(ran) && allSigns(scenario.works, ran, where),
    trace: ran.trace,
  };
  await rm(sandbox, { recursive: true, force: true, maxRetries: 3 });
  return result;
}

/** Everything ran; what waited for a person was done when the person had answered. */
function isDone(ran: Ran): boolean {
  return ran.trace.every(({ outcome }) => outcome === 'ran' || outcome === 'held');
}

interface RunParts {
  readonly way: Way;
  readonly parts: ReplayParts;
  readonly set: ServerSet;
  readonly sandbox: string;
}

async function stageFor(attack: Attack, run: RunParts): Promise<Stage> {
  const { scenario, policy } = attack;
  const { control } = scenario;
  const off = 'off' in control ? control.off : null;
  if (run.way === 'direct') {
    return scenario.direct === 'shared' ? relayStage(run.set, 'shared') : directStage(run.set);
  }
  const isOff = run.way === 'open' || run.way === 'removed';
  if (isOff && off !== null && inPlace(off)) return relayStage(run.set, off);
  const document = run.way === 'open' ? allowAll : policy;
  const removed = run.way === 'removed' && 'rule' in control;
  const opened = isOff && 'off' in control && off === 'methods' ? control.methods : undefined;
  const listed = Object.entries(scenario.servers).filter(
    ([, server]) => server.registered || (isOff && off === 'registered'),
  );
  return run.parts.openStage({
    servers: Object.fromEntries(listed.map(([name]) => [name, run.set.stageServer(name)])),
    policy: removed ? withoutRule(document, control.rule) : document,
    methods: opened ?? scenario.methods ?? null,
    agents: agentsIn([...scenario.attack, ...scenario.benign]),
    folder: join(run.sandbox, 'gateway'),
  });
}

/** The agents speak to the servers themselves, with whatever token they have. */
function directStage(set: ServerSet): Stage {
  return {
    endpoint: (server, agent) => {
      const url = set.urls.get(server);
      return url === undefined ? null : { url, token: `direct-token-of-${agent}` };
    },
    base: (server) => new URL(set.urls.get(server) ?? 'http://127.0.0.1:9').origin,
    operatorKey: null,
    approve: () => Promise.resolve(),
    forget: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** A relay before each server in the gateway's place. */
async function relayStage(set: ServerSet, kind: RelayKind): Promise<Stage> {
  const start = { relay: startRelay, shared: startSharedRelay, remembers: startAskingRelay }[kind];
  const relays = new Map<string, Relay>();
  for (const [name, url] of set.urls) relays.set(name, await start(url));
  const direct = directStage({ ...set, urls: new Map([...relays].map(([n, r]) => [n, r.url])) });
  const close = async (): Promise<void> => {
    await Promise.all([...relays.values()].map((relay) => relay.close()));
  };
  const approve = (): Promise<void> => {
    for (const relay of relays.values()) relay.approve?.();
    return Promise.resolve();
  };
  return { ...direct, approve, close };
}

/** The scenario's servers, running. */
interface ServerSet {
  /** Where those that speak HTTP listen; those over stdio listen too, for runs without a gateway. */
  readonly urls: ReadonlyMap<string, string>;
  readonly fixtures: readonly Fixture[];
  readonly stageServer: (name: string) => StageServer;
  readonly ledgers: () => Promise<Ledgers>;
  close(): Promise<void>;
}

async function startServers(
  attack: Attack,
  { sandbox, loose }: { readonly sandbox: string; readonly loose: boolean },
): Promise<ServerSet> {
  const urls = new Map<string, string>();
  const notes = new Map<string, JsonObject[]>();
  const running: { readonly fixture: Fixture; readonly listening: ListeningFixture }[] = [];
  for (const [name, server] of Object.entries(attack.scenario.servers)) {
    const ledger: JsonObject[] = [];
    notes.set(name, ledger);
    const make = fixtures[server.fixture];
    assert(make !== undefined, `there is a fixture \`${server.fixture}\``);
    const note = (did: string, facts: JsonObject = {}): void => void ledger.push({ did, ...facts });
    const options = optionsOf(server, loose);
    const fixture = await make({ options, note, sandbox });
    const listening = await listenHttp(fixture);
    running.push({ fixture, listening });
    urls.set(name, listening.url);
  }
  const stageServer = (name: string): StageServer => {
    const server = attack.scenario.servers[name];
    assert(server !== undefined, 'the scenario has the server');
    if (!server.stdio) return { url: urls.get(name) ?? '', headers: server.headers };
    const options = JSON.stringify(optionsOf(server, loose));
    const args = [startPath, server.fixture, sandbox, options];
    return { command: process.execPath, args };
  };
  return {
    urls,
    fixtures: running.map((one) => one.fixture),
    stageServer,
    ledgers: async () => {
      const children = await ledgerOf(sandbox);
      const stdio = Object.entries(attack.scenario.servers).filter(([, one]) => one.stdio);
      for (const [name] of stdio) notes.get(name)?.push(...children);
      return notes;
    },
    close: async () => {
      await Promise.all(running.map((one) => one.listening.close()));
    },
  };
}

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const startPath = fileURLToPath(new URL(`./servers/start${extension}`, import.meta.url));

function optionsOf(server: ScenarioServer, loose: boolean): JsonObject {
  return loose && server.loose !== null ? { ...server.options, ...server.loose } : server.options;
}
