import { defaultGatewayLimits, type Gateway, type GatewayLimits } from '../gateway/gateway.ts';
import { LiveState } from '../gateway/live.ts';
import type { ListenProblem } from '../gateway/listen/server.ts';
import type { ToolReader } from '../gateway/tool-reader.ts';
import type { ConfigLimits } from '../config.ts';
import { steadyClock } from '../counters/steady-clock.ts';
import { isExpired } from '../identity/authenticate.ts';
import type { Grant } from '../identity/grant.ts';
import type { AuditOpenProblem } from '../storage/embedded/audit-open.ts';
import type { Snapshot } from '../registry/snapshot.ts';
import { stopFor } from '../registry/stops.ts';
import { systemClock } from './clock.ts';
import type { Connections } from './connections.ts';

/** The data path's view of what was opened. */
export function gatewayOf(
  parts: Pick<
    Gateway,
    | 'snapshot'
    | 'counters'
    | 'audit'
    | 'digest'
    | 'installationKey'
    | 'limits'
    | 'log'
    | 'recording'
    | 'approvals'
    | 'approvalPage'
  > & {
    readonly connections: Connections;
    readonly reader: ToolReader;
  },
): Gateway {
  const { connections, reader, ...rest } = parts;
  const steady = steadyClock(systemClock);
  return {
    ...rest,
    upstream: (server) => connections.find(server),
    toolsReady: (server, need) => reader.ready(server, need),
    speaksModern: (server) => reader.speaksModern(server),
    toolsChanged: (server) => reader.changed(server),
    clock: systemClock,
    latestMs: () => Math.max(systemClock.nowMs(), steady.nowMs()),
    live: new LiveState(),
  };
}

/** The grants that are in force, by id. */
export function liveGrants(snapshot: Snapshot, nowMs: number): ReadonlyMap<string, Grant> {
  const live = new Map<string, Grant>();
  for (const grant of snapshot.grantsByToken.values()) {
    if (grant.revokedMs === null && !isExpired(grant, nowMs)) live.set(grant.id, grant);
  }
  return live;
}

/**
 * Ends the streams and answers of grants that are in force no more, only by another token, or
 * with a server or a family of methods less than `before`: what is open was vetted by those.
 */
export function cutEnded(
  { live: open }: Pick<Gateway, 'live'>,
  live: ReadonlyMap<string, Grant>,
  before: ReadonlyMap<string, Grant>,
): void {
  const stillValid = (id: string): boolean => {
    const now = live.get(id);
    return now !== undefined && opensAsMuch(now, before.get(id) ?? now);
  };
  open.cutStreams(stillValid);
  open.cutAnswers(stillValid);
}

/** Ends what is under way of everything that an operator has stopped. */
export function endStopped({ live }: Pick<Gateway, 'live'>, snapshot: Snapshot): void {
  if (snapshot.stops === undefined) return;
  live.stopExchanges(({ grant, server }) => stopFor(snapshot, grant.id, server) !== null);
}

function opensAsMuch(now: Grant, before: Grant): boolean {
  return (
    now.tokenSha256 === before.tokenSha256 &&
    before.servers.every((server) => now.servers.includes(server)) &&
    before.methods.every((family) => now.methods.includes(family))
  );
}

/** The data path's bounds: its defaults, and what the operator's file says. */
export function limitsOf(limits: ConfigLimits): GatewayLimits {
  const json = { ...defaultGatewayLimits.json, ...limits.json };
  return { ...defaultGatewayLimits, ...limits, json };
}

/** Why the port could not be opened, and what to do. */
export function explainListen(
  problem: ListenProblem,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  const at = `${urlHost(host)}:${port}`;
  switch (problem.code) {
    case 'in-use':
      return `${at} is taken; stop what listens there, or choose another with --port`;
    case 'forbidden':
      return `this user may not listen on ${at}; choose a port above 1023 with --port`;
    case 'failed':
      return `${at} cannot be opened; choose another with --host or --port (${problem.detail})`;
  }
}

/** Why a data folder cannot be had, and what to do. */
export function explainServed(dataDir: string): string {
  return `another gateway writes to ${dataDir}; stop it, or choose another folder with --data`;
}

/** A host as it stands in a URL. */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Why the audit log of a folder cannot be opened, and what to do. */
export function explainAudit(problem: AuditOpenProblem, dataDir: string): string {
  switch (problem.code) {
    case 'locked':
      return explainServed(dataDir);
    case 'keys-missing':
      return `the keys of the audit log in ${dataDir} are missing; put \`audit-keys\` back from a backup`;
    case 'full':
      return `no space is left for the audit log in ${dataDir}; make some, then start again`;
    case 'failed':
      return `the audit log in ${dataDir} cannot be opened: ${problem.error}`;
    default:
      return `the audit log in ${dataDir} does not verify; see \`portcullis audit verify --data ${dataDir}\``;
  }
}
