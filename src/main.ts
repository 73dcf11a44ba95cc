import type { AuditLog } from './audit/audit-log.ts';
import type { Digest } from './audit/redact.ts';
import type { Log } from './base/log.ts';
import { err, ok, type Result } from './base/result.ts';
import type { Config } from './config.ts';
import type { CountersView } from './control/limit-stands.ts';
import type { Counters } from './counters/counters.ts';
import { MemoryCounters } from './counters/memory-counters.ts';
import { loopbackHosts, type HostPolicy } from './gateway/listen/hosts.ts';
import type { Gateway } from './gateway/gateway.ts';
import { McpListener } from './gateway/listen/http.ts';
import { openPort } from './gateway/listen/server.ts';
import { ToolReader } from './gateway/tool-reader.ts';
import { openUpstream } from './gateway/upstream/open.ts';
import { openApprovalDesk, type ApprovalDesk } from './main/approval-desk.ts';
import { startCatalogue, type RunningCatalogue } from './main/catalogue.ts';
import { systemClock } from './main/clock.ts';
import { Connections } from './main/connections.ts';
import { keepRecords, type Keeping } from './main/keeping.ts';
import { openPages } from './main/pages.ts';
import {
  cutEnded,
  endStopped,
  explainAudit,
  explainListen,
  gatewayOf,
  limitsOf,
  liveGrants,
  urlHost,
} from './main/parts.ts';
import { recordingOf } from './main/recording.ts';
import { openCounters } from './main/shared-counters.ts';
import { reloadOnChange } from './main/reload.ts';
import { operatorKey, removeRunFile, writeRunFile } from './main/run-file.ts';
import { explainRegistryProblem } from './registry/problem.ts';
import { Registry } from './registry/registry.ts';
import { openAuditFiles } from './storage/embedded/audit-files.ts';
import { startAuditIndex, type IndexThread } from './storage/embedded/audit-index-thread.ts';
import { openAuditLog } from './storage/embedded/audit-open.ts';
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
  const { gateway, registry, reader, audit, keeping, desk } = parts.value;
  const mcp = new McpListener(gateway);
  const operator = await operatorKey(options.dataDir);
  const pages = await openPages({
    registry,
    reader,
    users: parts.value.stores.users,
    passkeys: parts.value.stores.passkeys,
    audit,
    desk,
    counters: parts.value.countersView,
    telemetry: keeping,
    files: openAuditFiles(options.dataDir),
    operator,
    consoleConfig: options.config.console,
    log: options.log,
    version: options.version,
    catalogue: parts.value.catalogue.store,
  });
  const hosts = hostPolicy(options.config);
  const opened = await openPort({ mcp, pages: pages.handle, hosts: () => hosts }, options);
  if (!opened.ok) {
    await closeParts(parts.value);
    return err(explainListen(opened.error, options));
  }
  const url = `http://${urlHost(options.host)}:${opened.value.port}`;
  desk.listensAt(url);
  await writeRunFile(options.dataDir, { url, pid: process.pid });
  const { config, configPath, log } = options;
  const unwatch =
    configPath === null
      ? () => undefined
      : reloadOnChange(configPath, config, { registry, audit, log, desk, telemetry: keeping });
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
      desk.approvals.letGo();
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
  readonly countersView: CountersView;
  readonly closeCounters: () => Promise<void>;
  readonly desk: ApprovalDesk;
  readonly catalogue: RunningCatalogue;
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
  const desk = await openApprovalDesk({
    config: config.approvals,
    store: stores.value.approvals,
    audit,
    snapshot: () => registry.value.current(),
    log,
  });
  if (!desk.ok) {
    await audit.close();
    await keeping.stop();
    await stores.value.close();
    return desk;
  }
  const index = startAuditIndex({ dir: dataDir, log });
  const counted = await openCounters(counters, options);
  const open = {
    stores: stores.value,
    counters: counted.counters,
    countersView: counted.view,
    closeCounters: counted.close,
    registry: registry.value,
    audit,
    digest,
    index,
    keeping,
    desk: desk.value,
  };
  return ok(assemble(options, open));
}

/** Joins what was opened: from here on a change of the registry reaches every part. */
function assemble(
  options: GatewayOptions,
  opened: Pick<
    Parts,
    | 'stores'
    | 'registry'
    | 'audit'
    | 'index'
    | 'keeping'
    | 'desk'
    | 'closeCounters'
    | 'countersView'
  > & {
    readonly counters: Counters;
    readonly digest: Digest;
  },
): Parts {
  const { config, environment, log } = options;
  const { registry, stores, audit, counters, digest, desk } = opened;
  const clock = systemClock;
  const catalogue = startCatalogue({ ...options, registry, rescan: (one) => reader.changed(one) });
  const limits = { ...limitsOf(config.limits), holdMs: config.approvals.holdMs };
  const { sessionsPerGrantMax } = limits;
  const deps = { clock, log, environment, stdioLimits: { sessionsPerGrantMax } };
  const open = catalogue.opens((entry) => openUpstream(entry, deps));
  const connections = new Connections(open);
  const reader = new ToolReader({
    clock,
    log,
    connect: (server) => connections.openAnew(registry.current().servers.get(server)),
    pin: (server, discovery) => catalogue.pin(server, discovery),
  });
  const gateway = gatewayOf({
    snapshot: () => registry.current(),
    connections,
    reader,
    counters,
    audit,
    digest,
    installationKey: stores.installationKey,
    limits,
    recording: recordingOf(config.audit),
    log,
    approvals: desk.approvals,
    approvalPage: (id) => desk.page(id),
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
    void desk.approvals.sweep();
  };
  registry.subscribe(follow);
  follow();
  return { ...opened, gateway, reader, connections, catalogue, cutEnded: cut };
}

async function closeParts(parts: Parts): Promise<void> {
  await parts.reader.close();
  await parts.connections.close();
  await parts.desk.close();
  await parts.catalogue.close();
  await parts.index.stop();
  await parts.audit.close();
  await parts.keeping.stop();
  await parts.closeCounters();
  await parts.stores.close();
}

function hostPolicy({ listen }: Config): HostPolicy {
  return {
    hosts: new Set([...loopbackHosts, ...listen.hosts]),
    port: null,
    origins: new Set(listen.origins),
  };
}
