import type { Grant } from '../identity/grant.ts';
import type { PinnedTool } from '../policy/index.ts';
import type { Declared } from './declared.ts';
import { grantsByToken } from './grants.ts';
import type { Snapshot, SnapshotPolicy, SnapshotServer } from './snapshot.ts';
import { stopsOf, type Stop } from './stops.ts';

/** What a snapshot is made of. Replaced whole, never changed. */
export interface Parts {
  readonly declared: Declared;
  readonly storedGrants: readonly Grant[];
  readonly policies: ReadonlyMap<string, SnapshotPolicy>;
  readonly tools: ReadonlyMap<string, ReadonlyMap<string, PinnedTool> | null>;
}

export const nothing: Parts = {
  declared: { servers: new Map(), policies: new Map(), guardrails: [], grants: [] },
  storedGrants: [],
  policies: new Map(),
  tools: new Map(),
};

/** The snapshot that these parts make, under what is stopped. */
export function snapshotOf(parts: Parts, stopped: readonly Stop[], version: number): Snapshot {
  const { declared, storedGrants, policies, tools } = parts;
  const servers = new Map<string, SnapshotServer>();
  for (const [name, config] of declared.servers) {
    servers.set(name, { config, tools: tools.get(name) ?? null });
  }
  const { guardrails } = declared;
  const grants = grantsByToken(declared.grants, storedGrants);
  const snapshot = { version, servers, grantsByToken: grants, policies, guardrails };
  const stops = stopsOf(stopped);
  return Object.freeze(stops === undefined ? snapshot : { ...snapshot, stops });
}
