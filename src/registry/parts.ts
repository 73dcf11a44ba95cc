import type { Log } from '../base/log.ts';
import type { Grant } from '../identity/grant.ts';
import type { PinnedTool } from '../policy/index.ts';
import type { Declared } from './declared.ts';
import { grantsByToken } from './grants.ts';
import type { StoredServer } from './server-store.ts';
import type { ServerConfig } from './server.ts';
import type { Snapshot, SnapshotPolicy, SnapshotServer } from './snapshot.ts';
import { stopsOf, type Stop } from './stops.ts';

/** What a snapshot is made of. Replaced whole, never changed. */
export interface Parts {
  readonly declared: Declared;
  readonly storedGrants: readonly Grant[];
  /** Every server, those of the file and those that were added. */
  readonly servers: ReadonlyMap<string, ServerConfig>;
  readonly policies: ReadonlyMap<string, SnapshotPolicy>;
  readonly tools: ReadonlyMap<string, ReadonlyMap<string, PinnedTool> | null>;
}

/** The parts of a registry that has read nothing yet. */
export const nothing: Parts = {
  declared: { servers: new Map(), policies: new Map(), guardrails: [], grants: [] },
  storedGrants: [],
  servers: new Map(),
  policies: new Map(),
  tools: new Map(),
};

/** The snapshot that these parts make, under what is stopped. */
export function snapshotOf(parts: Parts, stopped: readonly Stop[], version: number): Snapshot {
  const { declared, storedGrants, policies, tools } = parts;
  const servers = new Map<string, SnapshotServer>();
  for (const [name, config] of parts.servers) {
    servers.set(name, { config, tools: tools.get(name) ?? null });
  }
  const { guardrails } = declared;
  const grants = grantsByToken(declared.grants, storedGrants);
  const snapshot = { version, servers, grantsByToken: grants, policies, guardrails };
  const stops = stopsOf(stopped);
  return Object.freeze(stops === undefined ? snapshot : { ...snapshot, stops });
}

/** The file's servers and the added ones. A name that both have is the file's. */
export function allServers(
  declared: Declared,
  stored: readonly StoredServer[],
  log: Log,
): ReadonlyMap<string, ServerConfig> {
  const servers = new Map(declared.servers);
  for (const { name, url, headers, allowPrivate } of stored) {
    if (servers.has(name)) log.warn('server-shadowed-by-the-file', { server: name });
    // Without its credentials a server would be asked as somebody else: it is not asked at all.
    else if (headers === null) log.error('server-credentials-unreadable', { server: name });
    else servers.set(name, { name, transport: 'http', url, headers, allowPrivate });
  }
  return servers;
}
