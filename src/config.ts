import { dirname, resolve } from 'node:path';
import { err, ok, type Result } from './base/result.ts';
import { parseScanned, type JsonLimits } from './base/strict-json.ts';
import { readApprovals, type ApprovalsConfig } from './config/approvals.ts';
import {
  readAudit,
  readTelemetry,
  type AuditConfig,
  type TelemetryConfig,
} from './config/audit.ts';
import { readConsole, type ConsoleConfig } from './config/console.ts';
import type { OidcConfig } from './config/oidc.ts';
import type { Environment } from './config/expand.ts';
import { fileSchema, type ConfigFile } from './config/file-schema.ts';
import { readGrants } from './config/grants.ts';
import { faultsOf } from './config/issues.ts';
import { readPolicies } from './config/policies.ts';
import { placeFault, type ConfigProblem, type Fault } from './config/problem.ts';
import { readJsonFile, type ReadFile } from './config/read-file.ts';
import { readServers } from './config/servers.ts';
import { watchFiles, type FileWatch } from './config/watch.ts';
import type { Declared } from './registry/declared.ts';

export { explainConfigProblem } from './config/problem.ts';
export type {
  ApprovalsConfig,
  AuditConfig,
  ConfigProblem,
  ConsoleConfig,
  FileWatch,
  OidcConfig,
  TelemetryConfig,
};

/** The configuration of one gateway: what its file says, with defaults and variables filled in. */
export interface Config extends Declared {
  readonly listen: ListenConfig;
  /** The data folder, as an absolute path. */
  readonly dataDir: string;
  readonly audit: AuditConfig;
  readonly telemetry: TelemetryConfig;
  readonly pins: { readonly firstList: 'accept' | 'review' };
  readonly console: ConsoleConfig;
  readonly approvals: ApprovalsConfig;
  /** Only what the file names: the defaults are the data path's own. */
  readonly limits: ConfigLimits;
  /** Every file that was read, the configuration first, as absolute paths. */
  readonly files: readonly string[];
}

export interface ListenConfig {
  readonly host: string;
  readonly port: number;
  /** Host names beside localhost, in lower case, without port. */
  readonly hosts: readonly string[];
  /** Origins of pages that may call, as browsers send them. */
  readonly origins: readonly string[];
}

/** Bounds of the data path. Sizes in bytes, times in milliseconds. */
export interface ConfigLimits {
  readonly json: Partial<JsonLimits>;
  readonly answerBytesMax?: number;
  readonly answerTimeoutMs?: number;
  readonly streamsPerGrantMax?: number;
  readonly sessionsPerGrantMax?: number;
  readonly sameCallsMax?: number;
  readonly sameCallsMs?: number;
}

/**
 * Reads the operator's file and the policies that it names, and checks all of it. There is either a
 * whole configuration, frozen, or every problem that was found.
 */
export async function loadConfig(
  path: string,
  environment: Environment = process.env,
): Promise<Result<Config, readonly ConfigProblem[]>> {
  const file = resolve(path);
  const read = await readJsonFile(file);
  if (!read.ok) return err([read.error.problem]);

  const { text } = read.value;
  const value = parseScanned(text);
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    const faults = faultsOf(fileSchema, value, parsed.error.issues);
    return err(inOrder(faults.map((fault) => placeFault(file, text, fault))));
  }
  return build({ file, read: read.value, entry: parsed.data, environment });
}

/**
 * Watches the configuration and the files that it names. `onChange` loads them again, and keeps
 * the configuration in force when they do not load: a deleted or half-written file changes nothing.
 */
export function watchConfig(
  path: string,
  files: readonly string[],
  onChange: () => void,
): FileWatch {
  const all = [...new Set([path, ...files].map((file) => resolve(file)))];
  return watchFiles({ files: all, onChange, settleMs: 100, pollMs: 5_000 });
}

/** A file whose shape is right. */
interface Source {
  readonly file: string;
  readonly read: ReadFile;
  readonly entry: ConfigFile;
  readonly environment: Environment;
}

async function build(source: Source): Promise<Result<Config, readonly ConfigProblem[]>> {
  const { file, entry, environment } = source;
  const { text, changedMs } = source.read;
  const folder = dirname(file);
  const faults: Fault[] = [];
  const problems: ConfigProblem[] = [];
  const files = new Set([file]);

  const servers = readServers(entry.servers, { environment, folder, faults });
  const policyReading = { file, text, folder, problems, files };
  const policies = await readPolicies('policies', entry.policies ?? {}, policyReading);
  const guardrails = await readPolicies('guardrails', entry.guardrails ?? {}, policyReading);
  const grants = readGrants(entry.grants ?? {}, {
    environment,
    servers: Object.keys(entry.servers),
    policies: Object.keys(entry.policies ?? {}),
    changedMs,
    faults,
  });
  const listen = listenOf(entry, faults);
  const names = Object.keys(entry.servers);
  const consoleConfig = readConsole(entry.console, { listen, environment, faults });
  const audit = readAudit(entry.audit, { environment, folder, servers: names, faults });

  const grantTokens = new Set(grants.map((grant) => grant.tokenSha256));
  const approvals = readApprovals(entry.approvals, { environment, grantTokens, faults });

  problems.push(...faults.map((fault) => placeFault(file, text, fault)));
  if (problems.length > 0) return err(inOrder(problems));
  const named = [...guardrails.values()].map(({ name, compiled }) => ({ name, policy: compiled }));
  return ok(
    deepFreeze({
      listen,
      dataDir: resolve(folder, entry.data ?? './data'),
      audit,
      telemetry: readTelemetry(entry.telemetry),
      pins: { firstList: entry.pins?.firstList ?? 'accept' },
      console: consoleConfig,
      approvals,
      limits: limitsOf(entry),
      servers,
      policies,
      guardrails: named.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      grants,
      files: [...files],
    }),
  );
}

function listenOf(entry: ConfigFile, faults: Fault[]): ListenConfig {
  const { host = '127.0.0.1', port = 8420, hosts = [], origins = [] } = entry.listen ?? {};
  for (const [index, origin] of origins.entries()) {
    const url = URL.parse(origin);
    if (url?.origin === origin && url.protocol.startsWith('http')) continue;
    const path = ['listen', 'origins', index];
    const hint = 'write scheme, host and port only, as in `https://console.example.com`';
    faults.push({ path, message: 'expected the origin of a web page', hint });
  }
  return { host, port, hosts, origins };
}

function limitsOf(entry: ConfigFile): ConfigLimits {
  const limits = entry.limits ?? {};
  return {
    json: {
      ...(limits.bodyBytes === undefined ? {} : { bytesMax: limits.bodyBytes }),
      ...(limits.depth === undefined ? {} : { depthMax: limits.depth }),
      ...(limits.values === undefined ? {} : { valuesMax: limits.values }),
      ...(limits.stringLength === undefined ? {} : { stringMax: limits.stringLength }),
    },
    ...(limits.answerBytes === undefined ? {} : { answerBytesMax: limits.answerBytes }),
    ...(limits.answerSeconds === undefined
      ? {}
      : { answerTimeoutMs: limits.answerSeconds * 1_000 }),
    ...(limits.streamsPerGrant === undefined ? {} : { streamsPerGrantMax: limits.streamsPerGrant }),
    ...(limits.sessionsPerGrant === undefined
      ? {}
      : { sessionsPerGrantMax: limits.sessionsPerGrant }),
    ...(limits.sameCalls === undefined ? {} : { sameCallsMax: limits.sameCalls }),
    ...(limits.sameCallsSeconds === undefined
      ? {}
      : { sameCallsMs: limits.sameCallsSeconds * 1_000 }),
  };
}

/** Problems in the order of the text; those of other files after those of the first. */
function inOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const files = [...new Set(problems.map((problem) => problem.file))];
  return problems.toSorted(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}

/** Freezes plain objects and lists; maps are read-only by their type, compiled policies by theirs. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (!Array.isArray(value) && !isPlain(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
