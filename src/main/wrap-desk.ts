import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { getRequestListener } from '@hono/node-server';

import type { Approvals } from '../approvals/approvals.ts';
import type { ApprovalStore } from '../approvals/approval-store.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Log } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import { createApprovalApi } from '../control/approval-api.ts';
import { createApprovalControl } from '../control/approvals.ts';
import { loopbackHosts } from '../gateway/listen/hosts.ts';
import { openPort, type OpenPort } from '../gateway/listen/server.ts';
import type { Snapshot } from '../registry/snapshot.ts';
import { registryFile } from '../storage/embedded/open.ts';
import { openStores, type Stores } from '../storage/open.ts';
import { openApprovals } from './approvals.ts';
import { operatorKey, removeRunFile, writeRunFile } from './run-file.ts';

/** Held calls around one wrapped server. */
export interface WrapDesk {
  readonly approvals: Approvals;
  close(): Promise<void>;
}

/** What it is opened with. */
export interface WrapDeskParts {
  /** The folder of the records: commands find the desk by it. */
  readonly dir: string;
  readonly audit: AuditLog;
  readonly snapshot: () => Snapshot;
  readonly log: Log;
}

const sweepMs = 1_000;

/**
 * Opens nothing before a call is held: most wrapped servers never need a store or a port. From then
 * on `portcullis approve --data DIR` reaches it, over the loopback interface, with the key that lies
 * in the folder.
 */
export async function openWrapDesk(parts: WrapDeskParts): Promise<Result<WrapDesk, string>> {
  const { dir, audit, snapshot, log } = parts;
  const store = lazyStore(dir);
  let port: Promise<OpenPort | null> | null = null;
  const opened = await openApprovals({
    store: store.approvals,
    audit,
    snapshot,
    log,
    asked: (approval) => {
      port ??= openDesk(dir, opened.ok ? opened.value : null, store.approvals, log);
      const answer = `portcullis approve allow ${approval.id} --data ${dir}`;
      log.warn('a call waits for a person', { tool: approval.tool, answer });
    },
  });
  if (!opened.ok) return err(opened.error);
  const approvals = opened.value;
  const sweep = setInterval(() => void approvals.sweep(), sweepMs);
  sweep.unref();
  return ok({
    approvals,
    close: async () => {
      clearInterval(sweep);
      await approvals.settled();
      const open = await port;
      if (open !== null) {
        await removeRunFile(dir);
        await open.close(0);
      }
      await store.close();
    },
  });
}

async function openDesk(
  dir: string,
  approvals: Approvals | null,
  store: ApprovalStore,
  log: Log,
): Promise<OpenPort | null> {
  if (approvals === null) return null;
  const { key } = await operatorKey(dir);
  const control = createApprovalControl({ approvals, store, webhook: null });
  const api = createApprovalApi({ approvals: control, operatorKey: key });
  const listener = getRequestListener(api.fetch);
  const hosts = { hosts: new Set(loopbackHosts), port: null, origins: new Set<string>() };
  const port = await openPort(
    {
      // The wrapped server is spoken to over stdio alone.
      mcp: null,
      pages: (request, response) => void listener(request, response),
      hosts: () => hosts,
    },
    { host: '127.0.0.1', port: 0 },
  );
  if (!port.ok) {
    log.error('held calls cannot be answered', { detail: port.error.detail });
    return null;
  }
  await writeRunFile(dir, { url: `http://127.0.0.1:${port.value.port}`, pid: process.pid });
  return port.value;
}

/** The store of a folder, opened by whoever first needs what is in it, or writes to it. */
function lazyStore(dir: string): {
  readonly approvals: ApprovalStore;
  close(): Promise<void>;
} {
  let stores: Promise<Stores> | null = null;
  const open = async (): Promise<ApprovalStore> => {
    stores ??= openStores({ dataDir: dir }).then((opened) => {
      if (opened.ok) return opened.value;
      throw new Error(opened.error.message);
    });
    return (await stores).approvals;
  };
  const isThere = (): boolean => stores !== null || existsSync(join(dir, registryFile));
  return {
    approvals: {
      live: async () => (isThere() ? (await open()).live() : []),
      standings: async () => (isThere() ? (await open()).standings() : []),
      insert: async (approval, exact) => (await open()).insert(approval, exact),
      save: async (approval, from) => (await open()).save(approval, from),
      find: async (id) => (await open()).find(id),
      argumentsOf: async (id) => (await open()).argumentsOf(id),
      lastUsed: async (grant, server, tool) => (await open()).lastUsed(grant, server, tool),
      recent: async (count) => (await open()).recent(count),
      insertStanding: async (standing) => (await open()).insertStanding(standing),
      saveStanding: async (standing) => (await open()).saveStanding(standing),
      prune: async (beforeMs) => (await open()).prune(beforeMs),
    },
    close: async () => {
      if (stores !== null) await (await stores).close();
    },
  };
}
