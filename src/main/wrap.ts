import { hash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { readJson } from '../base/json-value.ts';
import type { Log } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import { readText } from '../config/text-file.ts';
import type { Caller } from '../gateway/caller.ts';
import {
  defaultMethods,
  methodFamilies,
  type Grant,
  type MethodFamily,
} from '../identity/grant.ts';
import { compilePolicy, parsePolicy } from '../policy/index.ts';
import { pinTools, type SeenTool } from '../registry/pin.ts';
import { pinnedTools } from '../registry/pinned-tools.ts';
import type { PinRow } from '../registry/registry-store.ts';
import type { StdioServerConfig } from '../registry/server.ts';
import type { Snapshot, SnapshotPolicy } from '../registry/snapshot.ts';
import { attempt } from './attempt.ts';
import { systemClock } from './clock.ts';

/** What `portcullis run` asks for. */
export interface WrapRequest {
  readonly policyPath: string;
  readonly auditDir: string | null;
  readonly open: readonly string[];
  readonly command: string;
  readonly args: readonly string[];
}

/** One server, one policy, one grant: all that a wrapped server needs. */
export interface PreparedWrap {
  /** Where records may go: the first that is free. Pins lie in the first of all. */
  readonly dirs: readonly [string, ...string[]];
  readonly config: StdioServerConfig;
  readonly grant: Grant;
  readonly snapshot: Snapshot;
}

type Environment = Readonly<Record<string, string | undefined>>;

const serverName = 'server';
const pinsFile = 'pins.json';

/** Reads the policy and settles where records go; the client's environment is the server's. */
export async function prepareWrap(
  request: WrapRequest,
  environment: Environment,
): Promise<Result<PreparedWrap, string>> {
  const policy = readPolicy(request.policyPath);
  if (!policy.ok) return policy;
  const unknown = request.open.find((family) => !isFamily(family));
  if (unknown !== undefined) {
    return err(`--open: there is no \`${unknown}\`; there are: ${methodFamilies.join(', ')}`);
  }
  const dirs =
    request.auditDir === null
      ? stateDirs(request, environment)
      : ([resolve(request.auditDir)] as const);
  const config = configOf(request, environment);
  const grant = grantOf(request.open.filter(isFamily));
  const snapshot: Snapshot = {
    version: 1,
    servers: new Map([[serverName, { config, tools: null }]]),
    // No digest is empty: nobody authenticates by this.
    grantsByToken: new Map([[grant.tokenSha256, grant]]),
    policies: new Map([[serverName, policy.value]]),
    guardrails: [],
  };
  return ok({ dirs, config, grant, snapshot });
}

/** Who calls: the one client at the other end of stdin. */
export function wrappedCaller(grant: Grant, server: string): Caller {
  return {
    grant,
    server,
    session: null,
    sessionUnknown: false,
    aggregateId: null,
    isPart: false,
    protocolVersion: null,
    passedHeaders: {},
    clientDeclared: null,
  };
}

/**
 * Compares what the server lists with what it listed before, kept beside the records: a changed
 * tool is quarantined. Removing the file accepts what the server lists next.
 */
export async function pinWrapped(
  snapshot: Snapshot,
  {
    dir,
    config,
    seen,
    log,
  }: {
    readonly dir: string;
    readonly config: StdioServerConfig;
    readonly seen: readonly SeenTool[];
    readonly log: Log;
  },
): Promise<Snapshot> {
  const path = join(dir, pinsFile);
  const previous = await readPins(path);
  if (previous === null) {
    log.error('the pins cannot be read; remove the file to accept what the server lists', { path });
    return snapshot;
  }
  const { rows, isFirst } = previous;
  const nowMs = systemClock.nowMs();
  const pinned = pinTools({ server: serverName, previous: rows, seen, nowMs, isFirst });
  if (!pinned.ok) {
    log.error('the tools could not be pinned', { code: pinned.error.code });
    return snapshot;
  }
  for (const row of pinned.value.rows) {
    if (row.state === 'quarantined')
      log.warn('a tool is quarantined', { tool: row.tool, reason: row.reason });
  }
  const saved = await attempt(() => writeWhole(path, JSON.stringify(pinned.value.rows)));
  if (!saved.ok) log.warn('the pins could not be kept', { path, detail: saved.error });
  const tools = pinnedTools(pinned.value.rows);
  return {
    ...snapshot,
    version: snapshot.version + 1,
    servers: new Map([[serverName, { config, tools }]]),
  };
}

function readPolicy(path: string): Result<SnapshotPolicy, string> {
  // Standard input is the client's: `-` is a file like any other.
  const text = readText(path === '-' ? './-' : path);
  if (!text.ok) return err(`--policy: ${text.error}`);
  const parsed = parsePolicy(text.value);
  const compiled = parsed.ok ? compilePolicy(parsed.value) : parsed;
  if (!compiled.ok) {
    const lines = compiled.error.map(
      ({ line, column, pointer, message, hint }) =>
        `${path}:${line}:${column}: ${pointer || '/'}: ${message}${hint === null ? '' : ` (${hint})`}`,
    );
    return err(lines.join('\n'));
  }
  const digest = hash('sha256', text.value, 'hex');
  return ok({ name: path, version: 1, compiled: compiled.value, hash: digest });
}

/**
 * One folder for one policy around one command: limits then hold from one start to the next. A
 * second instance at the same time takes the next of nine.
 */
function stateDirs(request: WrapRequest, environment: Environment): readonly [string, ...string[]] {
  const state = environment['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state');
  const identity = JSON.stringify([resolve(request.policyPath), request.command, ...request.args]);
  const first = join(state, 'portcullis', 'run', hash('sha256', identity, 'hex').slice(0, 16));
  return [first, ...[2, 3, 4, 5, 6, 7, 8, 9].map((number) => `${first}-${number}`)];
}

function configOf(request: WrapRequest, environment: Environment): StdioServerConfig {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined) env[name] = value;
  const { command, args } = request;
  return { name: serverName, transport: 'stdio', command, args, env, cwd: null };
}

function grantOf(opened: readonly MethodFamily[]): Grant {
  return {
    id: 'grant_run',
    label: 'run',
    principal: { id: 'agent:local', kind: 'agent' },
    servers: [serverName],
    policies: { [serverName]: serverName },
    mode: 'enforce',
    methods: [...defaultMethods, ...opened],
    expiresMs: null,
    tokenSha256: '',
    createdMs: 0,
    revokedMs: null,
    source: 'file',
  };
}

function isFamily(text: string): text is MethodFamily {
  return methodFamilies.some((family) => family === text);
}

/** No file is the first list; a file that cannot be read is null, and pins nothing. */
async function readPins(
  path: string,
): Promise<{ readonly rows: readonly PinRow[]; readonly isFirst: boolean } | null> {
  try {
    const rows: unknown = readJson(await readFile(path, 'utf8'));
    // The file is written by this program alone, as rows. None are a list that was empty.
    return Array.isArray(rows) ? { rows: rows as readonly PinRow[], isFirst: false } : null;
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isMissing ? { rows: [], isFirst: true } : null;
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text, { mode: 0o600 });
  await rename(`${path}.tmp`, path);
}
