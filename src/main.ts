import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';

import type { Approvals } from './approvals/approvals.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { Digest } from './audit/redact.ts';
import type { Log } from './base/log.ts';
import { err, ok, type Result } from './base/result.ts';
import type { Config } from './config.ts';
import { environment } from './config/environment.ts';
import { MemoryCounters } from './counters/memory-counters.ts';
import { defaultGatewayLimits, type Gateway } from './gateway/gateway.ts';
import { loopbackHosts, type HostPolicy } from './gateway/listen/hosts.ts';
import { McpListener } from './gateway/listen/http.ts';
import { openPort } from './gateway/listen/server.ts';
import { serveStdio } from './gateway/listen/stdio.ts';
import { ToolReader } from './gateway/tool-reader.ts';
import { openUpstream } from './gateway/upstream/open.ts';
import type { Upstream } from './gateway/upstream/upstream.ts';
import { openApprovals } from './main/approvals.ts';
import { systemClock } from './main/clock.ts';
import { Connections } from './main/connections.ts';
import { makeFolder } from './main/folder.ts';
import { keepRecords, type Keeping } from './main/keeping.ts';
import { jsonLog, quietLog } from './main/log.ts';
import { openPages } from './main/pages.ts';
import {
  cutEnded,
  endStopped,
  explainListen,
  explainServed,
  gatewayOf,
  limitsOf,
  liveGrants,
  urlHost,
} from './main/parts.ts';
import { pinDiscovered, seenTools } from './main/pins.ts';
import { recordingOf } from './main/recording.ts';
import { reloadOnChange } from './main/reload.ts';
import { operatorKey, removeRunFile, writeRunFile } from './main/run-file.ts';
import { pinWrapped, prepareWrap, wrappedCaller } from './main/wrap.ts';
import { explainRegistryProblem } from './registry/problem.ts';
import { Registry } from './registry/registry.ts';
import type { ServerConfig } from './registry/server.ts';
import { openAuditFiles } from './storage/embedded/audit-files.ts';
import { startAuditIndex, type IndexThread } from './storage/embedded/audit-index-thread.ts';
import {
  openAuditLog,
  type AuditOpenProblem,
  type OpenedAuditLog,
} from './storage/embedded/audit-open.ts';
import { openStores, type Stores } from './storage/open.ts';

/** What a gateway is started with. */
export interface GatewayOptions {
  readonly config: Config;
  /** The file that is watched for changes; null for none. */
  readonly configPath: string | null;
  readonly dataDir: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly log: Log;
}

/** A gateway that serves. */
export interface RunningGateway {
  readonly url: string;
  /** Names of the registered servers. */
  readonly servers: readonly string[];
  readonly keyPath: string;
  /** The one-time link that makes the first account; null where somebody has one. */
  readonly welcomeUrl: string | null;
  /** Resolves when every server's tools were read, or could not be. */
  readonly toolsRead: Promise<void>;
  /** Lets the calls under way end, then closes everything. */
  stop(): Promise<void>;
  /** Breaks the calls under way off, for a `stop` that must not take long. */
  cut(): void;
}

const drainMs = 30_000;
const expirySweepMs = 1_000;

/** Starts a gateway; what cannot be started says why in one line. */
export async function startGateway(
  options: GatewayOptions,
): Promise<Result<RunningGateway, string>> {
  const parts = await openParts(options);
  if (!parts.ok) return parts;
  const { gateway, registry, reader, audit, keeping, approvals, stores } = parts.value;
  const mcp = new McpListener(gateway);
  const operator = await operatorKey(options.dataDir);
  const pages = await openPages({
    registry,
    reader,
    users: parts.value.stores.users,
    audit,
    approvals,
    approvalStore: stores.approvals,
    telemetry: keeping,
    files: openAuditFiles(options.dataDir),
    operator,
    privateServers: options.config.privateServers,
    version: options.version,
  });
  const hosts = hostPolicy(options.config);
  const opened = await openPort({ mcp, pages: pages.handle, hosts: () => hosts }, options);
  if (!opened.ok) {
    await closeParts(parts.value);
    return err(explainListen(opened.error, options));
  }
  const url = `http://${urlHost(options.host)}:${opened.value.port}`;
  await writeRunFile(options.dataDir, { url, pid: process.pid });
  const { config, configPath, log } = options;
  const unwatch =
    configPath === null
      ? () => undefined
      : reloadOnChange(configPath, config, { registry, audit, log, telemetry: keeping });
  const sweep = setInterval(parts.value.cutEnded, expirySweepMs);
  sweep.unref();
  const servers = [...registry.current().servers.keys()];
  return ok({
    url,
    servers,
    keyPath: operator.path,
    welcomeUrl: pages.setupToken === null ? null : `${url}/console/welcome#${pages.setupToken}`,
    toolsRead: Promise.all(servers.map((server) => reader.ready(server))).then(() => undefined),
    cut: () => opened.value.cut(),
    stop: async () => {
      unwatch();
      clearInterval(sweep);
      approvals.letGo();
      // First of all, and at once: whoever was told that the gateway stops is not served any more.
      const drained = opened.value.close(drainMs);
      pages.stop();
      gateway.live.cutStreams(() => false);
      await removeRunFile(options.dataDir);
      await drained;
      mcp.close();
      await closeParts(parts.value);
    },
  });
}

/** What a gateway is made of, open. */
interface Parts {
  readonly gateway: Gateway;
  readonly registry: Registry;
  readonly reader: ToolReader;
  readonly connections: Connections;
  readonly audit: AuditLog;
  /** Fills the index of the audit log, behind it. */
  readonly index: IndexThread;
  readonly keeping: Keeping;
  readonly stores: Stores;
  readonly approvals: Approvals;
  /** Ends the open streams of grants that have ended since it was last called. */
  readonly cutEnded: () => void;
}

async function openParts(options: GatewayOptions): Promise<Result<Parts, string>> {
  const { config, dataDir, log } = options;
  const clock = systemClock;
  const stores = await openStores({ dataDir });
  if (!stores.ok) return err(stores.error.message);
  const counters = new MemoryCounters({ clock });
  const { durability } = config.audit;
  const countersSnapshot = () => counters.snapshot();
  const opened = await openAuditLog({ dir: dataDir, durability, clock, log, countersSnapshot });
  if (!opened.ok) {
    await stores.value.close();
    return err(explainAudit(opened.error, dataDir));
  }
  counters.restore(opened.value.tail.counters);
  const registry = await Registry.open({ stores: stores.value, declared: config, clock, log });
  if (!registry.ok) {
    await opened.value.log.close();
    await stores.value.close();
    return err(registry.error.map(explainRegistryProblem).join('; '));
  }
  const { digest } = opened.value;
  const keeping = await keepRecords({
    ...options,
    opened: opened.value,
    registry: registry.value,
    counterKeys: () => counters.size,
  });
  const { audit } = keeping;
  const approvals = await openApprovals({
    store: stores.value.approvals,
    audit,
    snapshot: () => registry.value.current(),
    log,
  });
  if (!approvals.ok) {
    await audit.close();
    await keeping.stop();
    await stores.value.close();
    return approvals;
  }
  const index = startAuditIndex({ dir: dataDir, log });
  const open = {
    stores: stores.value,
    counters,
    registry: registry.value,
    audit,
    digest,
    index,
    keeping,
    approvals: approvals.value,
  };
  return ok(assemble(options, open));
}

/** Joins what was opened: from here on a change of the registry reaches every part. */
function assemble(
  { config, environment, log }: GatewayOptions,
  opened: Pick<Parts, 'stores' | 'registry' | 'audit' | 'index' | 'keeping' | 'approvals'> & {
    readonly counters: MemoryCounters;
    readonly digest: Digest;
  },
): Parts {
  const { registry, stores, audit, counters, digest, approvals } = opened;
  const clock = systemClock;
  const open = (config: ServerConfig): Upstream =>
    openUpstream(config, { clock, log, environment });
  const connections = new Connections(open);
  const reader = new ToolReader({
    clock,
    log,
    connect: (server) => {
      const config = registry.current().servers.get(server)?.config;
      return config === undefined ? null : open(config);
    },
    pin: (server, discovery) => pinDiscovered(registry, server, discovery, log),
  });
  const gateway = gatewayOf({
    snapshot: () => registry.current(),
    connections,
    reader,
    counters,
    audit,
    digest,
    installationKey: stores.installationKey,
    limits: limitsOf(config.limits),
    recording: recordingOf(config.audit),
    log,
    approvals,
    approvalPage: () => null,
  });
  const follow = (): void => {
    const configs = [...registry.current().servers.values()].map((server) => server.config);
    for (const server of connections.apply(configs)) {
      reader.forget(server);
      if (registry.current().servers.has(server)) void reader.ready(server);
    }
    cut();
    endStopped(gateway, registry.current());
  };
  let before = liveGrants(registry.current(), gateway.latestMs());
  const cut = (): void => {
    const live = liveGrants(registry.current(), gateway.latestMs());
    cutEnded(gateway, live, before);
    before = live;
    void approvals.sweep();
  };
  registry.subscribe(follow);
  follow();
  return { ...opened, gateway, reader, connections, cutEnded: cut };
}

/** What a wrapped server is run with. */
export interface WrapOptions {
  readonly policyPath: string;
  /** Null takes a folder of this policy and command, under the user's state folder. */
  readonly auditDir: string | null;
  /** Families of methods that the server may ask of the client. */
  readonly open: readonly string[];
  readonly command: string;
  readonly args: readonly string[];
  readonly input: Readable;
  readonly output: Writable;
  /** Aborted when the answers under way are not to be waited for. */
  readonly signal: AbortSignal;
}

/** Serves one client over stdio in front of one server; resolves when the client is gone. */
export async function runWrapped(options: WrapOptions): Promise<Result<null, string>> {
  const log = quietLog(jsonLog((line) => process.stderr.write(line)));
  const prepared = await prepareWrap(options, environment());
  if (!prepared.ok) return prepared;
  const { dirs, config, grant } = prepared.value;
  const counters = new MemoryCounters({ clock: systemClock });
  const opened = await openFirstFree(dirs, counters, log);
  if (!opened.ok) return opened;
  counters.restore(opened.value.tail.counters);
  let snapshot = prepared.value.snapshot;
  const open = (): Upstream =>
    openUpstream(config, { clock: systemClock, log, environment: environment() });
  const connections = new Connections(open);
  connections.apply([config]);
  const reader = new ToolReader({
    clock: systemClock,
    log,
    connect: open,
    pin: async (_server, discovery) => {
      snapshot = await pinWrapped(snapshot, {
        // One set of pins for all instances: what one of them saw changed is changed for all.
        dir: dirs[0],
        config,
        seen: seenTools(config.name, discovery),
        log,
      });
    },
  });
  const { log: audit, digest } = opened.value;
  const gateway = gatewayOf({
    snapshot: () => snapshot,
    connections,
    reader,
    counters,
    audit,
    digest,
    installationKey: randomBytes(32),
    limits: defaultGatewayLimits,
    log,
    approvals: null,
    approvalPage: () => null,
  });
  const { settled } = await serveStdio(gateway, wrappedCaller(grant, config.name), options);
  await connections.close();
  await settled;
  await reader.close();
  await audit.close();
  return ok(null);
}

/** The log of the first folder that nobody else writes to. Limits count within one folder. */
async function openFirstFree(
  dirs: readonly string[],
  counters: MemoryCounters,
  log: Log,
): Promise<Result<OpenedAuditLog, string>> {
  for (const dir of dirs) {
    const made = await makeFolder(dir, '--audit');
    if (!made.ok) return made;
    const opened = await openAuditLog({
      dir,
      durability: 'process',
      clock: systemClock,
      log,
      countersSnapshot: () => counters.snapshot(),
    });
    if (opened.ok) return opened;
    if (opened.error.code !== 'locked') return err(explainAudit(opened.error, dir));
  }
  const taken = dirs.length === 1 ? dirs[0] : `${dirs[0]} and each of those beside it`;
  return err(`another run writes to ${taken}; end it, or choose another folder with --audit`);
}

async function closeParts(parts: Parts): Promise<void> {
  await parts.reader.close();
  await parts.connections.close();
  await parts.approvals.settled();
  await parts.index.stop();
  await parts.audit.close();
  await parts.keeping.stop();
  await parts.stores.close();
}

function hostPolicy({ listen }: Config): HostPolicy {
  return {
    hosts: new Set([...loopbackHosts, ...listen.hosts]),
    port: null,
    origins: new Set(listen.origins),
  };
}

function explainAudit(problem: AuditOpenProblem, dataDir: string): string {
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

export { openAuditFiles, systemClock };
