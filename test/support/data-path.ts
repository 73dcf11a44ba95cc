import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Approvals } from '../../src/approvals/approvals.ts';
import { MemoryApprovalStore } from '../../src/approvals/samples.ts';
import type { AuditLog } from '../../src/audit/audit-log.ts';
import { createDigest } from '../../src/audit/redact.ts';
import type { RecordBody } from '../../src/audit/record.ts';
import { silentLog } from '../../src/base/log.ts';
import { ok } from '../../src/base/result.ts';
import { MemoryCounters } from '../../src/counters/memory-counters.ts';
import {
  defaultGatewayLimits,
  type Gateway,
  type GatewayLimits,
} from '../../src/gateway/gateway.ts';
import { loopbackHosts } from '../../src/gateway/listen/hosts.ts';
import { McpListener } from '../../src/gateway/listen/http.ts';
import { openPort } from '../../src/gateway/listen/server.ts';
import { LiveState } from '../../src/gateway/live.ts';
import { ToolReader } from '../../src/gateway/tool-reader.ts';
import { openUpstream } from '../../src/gateway/upstream/open.ts';
import type { Upstream } from '../../src/gateway/upstream/upstream.ts';
import { openApprovals } from '../../src/main/approvals.ts';
import { endStopped } from '../../src/main/parts.ts';
import { hashToken, newToken } from '../../src/identity/token.ts';
import type { Grant } from '../../src/identity/grant.ts';
import { compilePolicy, parsePolicy } from '../../src/policy/index.ts';
import { pinTools } from '../../src/registry/pin.ts';
import { pinnedTools } from '../../src/registry/pinned-tools.ts';
import type { PinRow } from '../../src/registry/registry-store.ts';
import type { ServerConfig } from '../../src/registry/server.ts';
import type { Snapshot, SnapshotPolicy, SnapshotServer } from '../../src/registry/snapshot.ts';

/** What a data path is started with: servers, policy documents, and one grant over all of them. */
export interface DataPathOptions {
  readonly servers: readonly ServerConfig[];
  /** Server name to policy document. */
  readonly policies: Readonly<Record<string, object>>;
  readonly guardrails?: Readonly<Record<string, object>>;
  readonly grant?: Partial<Grant>;
  /** People may be asked: where their page is (null for nowhere), and for how long calls wait. */
  readonly held?: { readonly page: string | null; readonly holdMs: number };
  readonly recording?: Gateway['recording'];
  /** A log of the test's own, instead of the one in memory. */
  readonly audit?: AuditLog;
  /** Milliseconds since the Unix epoch; the machine's clock when absent. */
  readonly nowMs?: () => number;
  /** Same calls that are no loop yet; absent: no bound. */
  readonly sameCallsMax?: number;
  /** Bounds other than the defaults. */
  readonly limits?: Partial<GatewayLimits>;
}

/** A data path that listens, with what it recorded. */
export interface DataPath {
  readonly url: string;
  readonly token: string;
  readonly gateway: Gateway;
  readonly records: RecordBody[];
  /** Makes every append fail from now on, or work again. */
  breakAudit(broken: boolean): void;
  publish(change: (snapshot: Snapshot) => Snapshot): void;
  /** Is told of each record before it is durable; of the log in memory alone. */
  onRecord(told: (record: RecordBody) => void): void;
  /** Forgets every unit that was taken. */
  resetCounters(): void;
  close(): Promise<void>;
}

/** The real data path on a free port: real servers, real counters; records are kept in memory. */
export async function startDataPath(options: DataPathOptions): Promise<DataPath> {
  const nowMs = options.nowMs ?? (() => Date.now());
  const clock = { nowMs, monotonicMs: () => performance.now() };
  let counters = new MemoryCounters({ clock });
  const { held } = options;
  const token = newToken();
  let snapshot = firstSnapshot(options, token);
  const records: RecordBody[] = [];
  let broken = false;
  let told: (record: RecordBody) => void = () => undefined;
  const audit: AuditLog = options.audit ?? {
    append(record) {
      if (broken) return Promise.resolve({ ok: false, error: { code: 'full' } });
      told(record);
      records.push(record);
      return Promise.resolve(ok({ seq: records.length }));
    },
    healthy: () => !broken,
    close: () => Promise.resolve(),
  };
  const upstreams = new Map<string, Upstream>();
  const { sessionsPerGrantMax } = { ...defaultGatewayLimits, ...options.limits };
  const stdioLimits = { sessionsPerGrantMax };
  const deps = { clock, log: silentLog, environment: process.env, stdioLimits };
  for (const config of options.servers) upstreams.set(config.name, openUpstream(config, deps));
  const rows = new Map<string, readonly PinRow[]>();
  const reader = new ToolReader({
    clock,
    log: silentLog,
    connect: (server) => {
      const config = snapshot.servers.get(server)?.config;
      return config === undefined ? null : openUpstream(config, deps);
    },
    pin: (server, discovery) => {
      const seen = discovery.tools.map((tool) => ({
        name: tool.name,
        definition: tool.text,
        digest: tool.digest,
        category: 'Unclassified' as const,
        risk: 'High' as const,
      }));
      const pinned = pinTools({
        server,
        previous: rows.get(server) ?? [],
        seen,
        nowMs: Date.now(),
      });
      if (pinned.ok) {
        rows.set(server, pinned.value.rows);
        snapshot = withTools(snapshot, server, pinnedTools(pinned.value.rows));
      }
      return Promise.resolve();
    },
  });
  const gateway: Gateway = {
    snapshot: () => snapshot,
    upstream: (server) => upstreams.get(server) ?? null,
    toolsReady: (server, need) => reader.ready(server, need),
    speaksModern: (server) => reader.speaksModern(server),
    toolsChanged: (server) => reader.changed(server),
    get counters() {
      return counters;
    },
    audit,
    clock,
    latestMs: () => clock.nowMs(),
    log: silentLog,
    digest: createDigest(Buffer.alloc(32, 9)),
    installationKey: Buffer.alloc(32, 7),
    limits: {
      ...defaultGatewayLimits,
      // Tests make one call again and again; those about loops say how often is too often.
      sameCallsMax: options.sameCallsMax ?? 0,
      ...(held === undefined ? {} : { holdMs: held.holdMs }),
      ...options.limits,
    },
    live: new LiveState(),
    recording: options.recording ?? null,
    approvals: await approvalsFor(held, () => snapshot, audit),
    approvalPage: (id) => (held?.page === undefined || held.page === null ? null : held.page + id),
  };
  const mcp = new McpListener(gateway);
  const hosts = { hosts: new Set(loopbackHosts), port: null, origins: new Set<string>() };
  const pages = (
    _request: unknown,
    response: { writeHead(status: number): { end(): void } },
  ): void => {
    response.writeHead(404).end();
  };
  const port = await openPort({ mcp, pages, hosts: () => hosts }, { host: '127.0.0.1', port: 0 });
  if (!port.ok) throw new Error(port.error.detail);
  return {
    url: `http://127.0.0.1:${port.value.port}`,
    token,
    gateway,
    records,
    breakAudit: (value) => (broken = value),
    onRecord: (listener) => (told = listener),
    publish: (change) => {
      snapshot = change(snapshot);
      const stillValid = (id: string): boolean =>
        [...snapshot.grantsByToken.values()].some((g) => g.id === id && g.revokedMs === null);
      gateway.live.cutStreams(stillValid);
      gateway.live.cutAnswers(stillValid);
      endStopped(gateway, snapshot);
    },
    resetCounters: () => (counters = new MemoryCounters({ clock })),
    close: async () => {
      gateway.approvals?.letGo();
      mcp.close();
      await port.value.close(1_000);
      await reader.close();
      await Promise.all([...upstreams.values()].map((upstream) => upstream.close()));
    },
  };
}

async function approvalsFor(
  held: DataPathOptions['held'],
  snapshot: () => Snapshot,
  audit: AuditLog,
): Promise<Approvals | null> {
  if (held === undefined) return null;
  const store = new MemoryApprovalStore();
  const opened = await openApprovals({ store, audit, snapshot, log: silentLog });
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

/** A free port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function firstSnapshot(options: DataPathOptions, token: string): Snapshot {
  const names = options.servers.map((server) => server.name);
  const grant: Grant = {
    id: 'grant_test',
    label: 'test',
    principal: { id: 'agent:test', kind: 'agent' },
    servers: names,
    policies: Object.fromEntries(Object.keys(options.policies).map((name) => [name, name])),
    mode: 'enforce',
    methods: ['resources', 'prompts', 'completion', 'tasks', 'sampling', 'elicitation', 'roots'],
    expiresMs: null,
    tokenSha256: hashToken(token),
    createdMs: 0,
    revokedMs: null,
    source: 'file',
    ...options.grant,
  };
  const servers = new Map<string, SnapshotServer>(
    options.servers.map((config) => [config.name, { config, tools: null }]),
  );
  const policies = new Map<string, SnapshotPolicy>(
    Object.entries(options.policies).map(([name, document]) => [
      name,
      { name, version: 1, hash: name, compiled: compiled(document) },
    ]),
  );
  const guardrails = Object.entries(options.guardrails ?? {}).map(([name, document]) => ({
    name,
    policy: compiled(document),
  }));
  return {
    version: 1,
    servers,
    policies,
    guardrails,
    grantsByToken: new Map([[grant.tokenSha256, grant]]),
  };
}

function compiled(document: object): SnapshotPolicy['compiled'] {
  const parsed = parsePolicy(JSON.stringify(document));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const made = compilePolicy(parsed.value);
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  return made.value;
}

function withTools(snapshot: Snapshot, server: string, tools: SnapshotServer['tools']): Snapshot {
  const old = snapshot.servers.get(server);
  if (old === undefined) return snapshot;
  const servers = new Map(snapshot.servers);
  servers.set(server, { ...old, tools });
  return { ...snapshot, version: snapshot.version + 1, servers };
}
