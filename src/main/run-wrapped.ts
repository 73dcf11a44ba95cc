import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';

import type { Log } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import { environment } from '../config/environment.ts';
import { MemoryCounters } from '../counters/memory-counters.ts';
import { defaultGatewayLimits } from '../gateway/gateway.ts';
import { serveStdio } from '../gateway/listen/stdio.ts';
import { ToolReader } from '../gateway/tool-reader.ts';
import { openUpstream } from '../gateway/upstream/open.ts';
import type { Upstream } from '../gateway/upstream/upstream.ts';
import { openAuditLog, type OpenedAuditLog } from '../storage/embedded/audit-open.ts';
import { systemClock } from './clock.ts';
import { Connections } from './connections.ts';
import { makeFolder } from './folder.ts';
import { jsonLog, quietLog } from './log.ts';
import { explainAudit, gatewayOf } from './parts.ts';
import { seenTools } from './pins.ts';
import { openWrapDesk } from './wrap-desk.ts';
import { pinWrapped, prepareWrap, wrappedCaller } from './wrap.ts';

/** What a wrapped server is run with. */
export interface WrapOptions {
  readonly policyPath: string;
  /** Null takes a folder of this policy and command, under the user's state folder. */
  readonly auditDir: string | null;
  /** Families of methods that the server may ask of the client. */
  readonly open: readonly string[];
  /** How long a call that waits for a person keeps the client, in milliseconds. */
  readonly holdMs: number;
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
  const { log: audit, digest, dir } = opened.value;
  const desk = await openWrapDesk({ dir, audit, snapshot: () => snapshot, log });
  if (!desk.ok) {
    await audit.close();
    return desk;
  }
  const gateway = gatewayOf({
    snapshot: () => snapshot,
    connections,
    reader,
    counters,
    audit,
    digest,
    installationKey: randomBytes(32),
    limits: { ...defaultGatewayLimits, holdMs: options.holdMs },
    log,
    approvals: desk.value.approvals,
    approvalPage: () => null,
  });
  const { settled } = await serveStdio(gateway, wrappedCaller(grant, config.name), options);
  await connections.close();
  await settled;
  await reader.close();
  await desk.value.close();
  await audit.close();
  return ok(null);
}

/** The log of the first folder that nobody else writes to. Limits count within one folder. */
async function openFirstFree(
  dirs: readonly string[],
  counters: MemoryCounters,
  log: Log,
): Promise<Result<OpenedAuditLog & { readonly dir: string }, string>> {
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
    if (opened.ok) return ok({ ...opened.value, dir });
    if (opened.error.code !== 'locked') return err(explainAudit(opened.error, dir));
  }
  const taken = dirs.length === 1 ? dirs[0] : `${dirs[0]} and each of those beside it`;
  return err(`another run writes to ${taken}; end it, or choose another folder with --audit`);
}
