import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Hono } from 'hono';

import type { AuditFiles } from '../../src/audit/audit-files.ts';
import type { AuditLog } from '../../src/audit/audit-log.ts';
import type { RecordBody } from '../../src/audit/record.ts';
import type { Clock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { err, ok } from '../../src/base/result.ts';
import type { Approvals } from '../../src/approvals/approvals.ts';
import { createApi, type ApiDeps } from '../../src/control/api.ts';
import { createApprovalControl } from '../../src/control/approvals.ts';
import { MemoryCounters } from '../../src/counters/memory-counters.ts';
import { openApprovals } from '../../src/main/approvals.ts';
import { countersView } from '../../src/main/shared-counters.ts';
import { Sessions } from '../../src/control/session.ts';
import type { OidcProvider } from '../../src/control/oidc-provider.ts';
import { openSignIn } from '../../src/control/sign-in-parts.ts';
import { compileDocument, documentHash } from '../../src/registry/policy-versions.ts';
import { Registry } from '../../src/registry/registry.ts';
import { openStores } from '../../src/storage/open.ts';
import { suiteScope } from './scope.ts';

/** A control API over stores of its own. */
export interface ControlStand {
  readonly api: Hono;
  readonly deps: ApiDeps;
  readonly registry: Registry;
  readonly approvals: Approvals;
  readonly counters: MemoryCounters;
  /** What was put on record, in order. */
  readonly records: readonly RecordBody[];
  /** Moves the clock. */
  pass(ms: number): void;
  /** The operator's file names no OpenID provider from now on. */
  forgetProvider(): void;
  /** Makes every record fail from now on, or work again. */
  breakAudit(broken: boolean): void;
  /** The counters' store does not answer any more. */
  breakCounters(): void;
  /** Asks as the operator; the answer's status and JSON. */
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  // Whatever the API answered: each test looks at what it expects.
  readonly json: any; // oxlint-disable-line typescript/no-explicit-any
}

export const operatorKey = 'op_0123456789';

const denyAll = '{"version":"1","default":"deny"}';

/** Opens one for each test of a file, or of the `describe` that it is called in; all are closed. */
export function suiteStands(): () => Promise<ControlStand> {
  const scope = suiteScope();
  return async () => {
    const stand = await openControl();
    scope.after(() => stand.close());
    return stand;
  };
}

/**
 * Opens a control API with two servers, `files` and `memory`, and the file's policy `read`; with an
 * OpenID provider where one is given.
 */
export async function openControl(
  oidcOf: (clock: Clock) => OidcProvider | null = () => null,
): Promise<ControlStand> {
  const dataDir = await mkdtemp(join(tmpdir(), 'portcullis-control-'));
  const stores = await openStores({ dataDir });
  const compiled = compileDocument(denyAll);
  assert.ok(stores.ok && compiled.ok);
  const http = { transport: 'http', url: 'https://example.com', headers: {} } as const;
  const policy = { document: denyAll, compiled: compiled.value, hash: documentHash(denyAll) };
  let nowMs = 1_790_000_000_000;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const servers = ['files', 'memory'].map(
    (name) => [name, { ...http, name, allowPrivate: false }] as const,
  );
  const declared = {
    servers: new Map(servers),
    policies: new Map([['read', { ...policy, name: 'read' }]]),
    guardrails: [],
    grants: [],
  };
  const registry = await Registry.open({ stores: stores.value, declared, clock, log: silentLog });
  assert.ok(registry.ok);
  const records: RecordBody[] = [];
  let broken = false;
  const audit = auditOf(records, () => broken);
  const approvals = await openApprovals({
    store: stores.value.approvals,
    audit,
    snapshot: () => registry.value.current(),
    log: silentLog,
  });
  assert.ok(approvals.ok);
  const { users, passkeys } = stores.value;
  let parts = openSignIn({ audit, clock, passkeys, consoleUrl: null, oidc: oidcOf(clock) });
  const counters = new MemoryCounters({ clock });
  const view = countersView(counters, false);
  let away = false;
  const deps: ApiDeps = {
    registry: registry.value,
    audit,
    approvals: createApprovalControl({
      approvals: approvals.value,
      store: stores.value.approvals,
      webhook: null,
    }),
    clock,
    files: emptyLog,
    simulate: () => Promise.resolve(err('there is no log here')),
    users,
    sessions: new Sessions({
      users,
      clock,
      operatorKey,
      oidcIssuer: () => parts.oidc?.issuer ?? null,
    }),
    get signIn() {
      return parts;
    },
    setupToken: 'the-setup-token',
    upstream: {
      checkAddress: (url, allowPrivate) =>
        Promise.resolve(
          url.includes('10.0.0.1') && !allowPrivate ? 'the address is refused' : null,
        ),
      healthOf: () => ({ state: 'unknown', problem: null }),
      readTools: () => Promise.resolve(true),
    },
    counters: {
      ...view,
      used: (asked) => (away ? Promise.resolve(null) : view.used(asked)),
    },
    privateServers: false,
    consoleFiles: { read: () => Promise.resolve(null) },
    ready: () => !broken,
    version: '0',
    stopping: new AbortController().signal,
  };
  const api = createApi(deps);
  return {
    api,
    deps,
    registry: registry.value,
    approvals: approvals.value,
    counters,
    records,
    pass: (ms) => (nowMs += ms),
    breakAudit: (value) => (broken = value),
    forgetProvider: () => (parts = { ...parts, oidc: null }),
    breakCounters: () => (away = true),
    ask: async (method, path, body) => {
      const headers = {
        authorization: `Bearer ${operatorKey}`,
        'content-type': 'application/json',
      };
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await api.request(path, { method, headers, ...sent });
      const text = await answer.text();
      return { status: answer.status, json: text === '' ? null : JSON.parse(text) };
    },
    close: async () => {
      await stores.value.close();
      await rm(dataDir, { recursive: true });
    },
  };
}

function auditOf(records: RecordBody[], broken: () => boolean): AuditLog {
  return {
    append: (body) => {
      if (broken()) return Promise.resolve(err({ code: 'full' }));
      records.push(body);
      return Promise.resolve(ok({ seq: records.length }));
    },
    healthy: () => !broken(),
    close: () => Promise.resolve(),
  };
}

/** A log without a record. */
const emptyLog: AuditFiles = {
  tail: () => Promise.resolve(ok([])),
  follow: () => Promise.resolve(),
  search: () => Promise.resolve(ok({ records: [], complete: true })),
  show: () => Promise.resolve(ok({ records: [] })),
  everyRecord: () => Promise.resolve(ok(0)),
  verify: () => Promise.resolve(err({ code: 'no-log', path: '' })),
  close: () => undefined,
};
