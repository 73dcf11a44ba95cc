import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { getRequestListener } from '@hono/node-server';

import type { AuditFiles } from '../audit/audit-files.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Log } from '../base/log.ts';
import type { CatalogueStore } from '../catalogue/catalogue-store.ts';
import type { ConsoleConfig } from '../config.ts';
import { createApi } from '../control/api.ts';
import { endProviderSessions } from '../control/oidc-users.ts';
import type { CountersView } from '../control/limit-stands.ts';
import { Sessions } from '../control/session.ts';
import { openSignIn } from '../control/sign-in-parts.ts';
import type { ToolReader } from '../gateway/tool-reader.ts';
import { checkAddress } from '../gateway/upstream/egress.ts';
import type { PasskeyStore } from '../identity/passkey.ts';
import type { UserStore } from '../identity/user.ts';
import type { Registry } from '../registry/registry.ts';
import { openAttackDatabase } from './attack-database.ts';
import type { ApprovalDesk } from './approval-desk.ts';
import { systemClock } from './clock.ts';
import { openConsoleFiles } from './console-files.ts';
import type { Telemetry } from './keeping.ts';
import { openOidc } from './oidc.ts';
import { simulateOver } from './simulation.ts';

/** What the pages show and change. */
export interface PagesParts {
  readonly registry: Registry;
  readonly reader: ToolReader;
  readonly users: UserStore;
  readonly passkeys: PasskeyStore;
  readonly audit: AuditLog;
  readonly desk: ApprovalDesk;
  readonly counters: CountersView;
  readonly files: AuditFiles;
  readonly operator: { readonly key: string; readonly path: string };
  readonly consoleConfig: ConsoleConfig;
  readonly catalogue: CatalogueStore;
  readonly version: string;
  readonly telemetry: Telemetry;
  readonly log: Log;
}

/** The control API and its pages, open. */
export interface Pages {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** What the link of the first sign-in carries; null where somebody has an account already. */
  readonly setupToken: string | null;
  /** Ends the streams that pages hold open. */
  stop(): void;
}

/** Opens the control API and its pages: off the data path, behind the framework's own listener. */
export async function openPages(parts: PagesParts): Promise<Pages> {
  const { registry, reader, users, audit, files, operator, desk } = parts;
  const stopping = new AbortController();
  await endProviderSessions(users);
  const setupToken = (await users.list()).some((user) => user.oidc === null)
    ? null
    : randomBytes(24).toString('base64url');
  const attackDatabase = openAttackDatabase(dirname(operator.path));
  const { consoleConfig, log } = parts;
  const oidc =
    consoleConfig.oidc === null
      ? null
      : openOidc({ config: consoleConfig.oidc, clock: systemClock, log });
  const app = createApi({
    registry,
    audit,
    approvals: desk.control,
    files,
    users,
    setupToken,
    clock: systemClock,
    sessions: new Sessions({
      users,
      clock: systemClock,
      operatorKey: operator.key,
      oidcIssuer: () => oidc?.issuer ?? null,
      approverOf: (token) => desk.approverOf(token),
    }),
    signIn: openSignIn({ ...parts, consoleUrl: consoleConfig.url, oidc, clock: systemClock }),
    simulate: simulateOver(files),
    upstream: {
      checkAddress,
      healthOf: (server) => reader.healthOf(server),
      readTools: (server) => reader.read(server),
    },
    consoleFiles: openConsoleFiles(),
    counters: parts.counters,
    attackDatabase,
    catalogue: { store: parts.catalogue, attacks: () => attackDatabase.attacks() },
    privateServers: consoleConfig.privateServers,
    ready: () => audit.healthy(),
    telemetry: parts.telemetry,
    version: parts.version,
    stopping: stopping.signal,
  });
  const listener = getRequestListener(app.fetch);
  return {
    handle: (request, response) => void listener(request, response),
    setupToken,
    stop: () => stopping.abort(),
  };
}
