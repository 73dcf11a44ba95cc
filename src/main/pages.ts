import type { IncomingMessage, ServerResponse } from 'node:http';

import { getRequestListener } from '@hono/node-server';

import type { ApprovalStore } from '../approvals/approval-store.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { AuditFiles } from '../audit/audit-files.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { createApi } from '../control/api.ts';
import { createApprovalControl } from '../control/approvals.ts';
import type { Registry } from '../registry/registry.ts';
import { systemClock } from './clock.ts';
import { simulateOver } from './simulation.ts';

export type Pages = (request: IncomingMessage, response: ServerResponse) => void;

/** What the pages show and change. */
export interface PagesParts {
  readonly registry: Registry;
  readonly audit: AuditLog;
  readonly approvals: Approvals;
  readonly approvalStore: ApprovalStore;
  readonly files: AuditFiles;
  readonly operator: { readonly key: string; readonly path: string };
  readonly version: string;
}

/** The control API and its pages: off the data path, behind the framework's own listener. */
export function openPages(parts: PagesParts): Pages {
  const { registry, audit, files, operator, version, approvals, approvalStore } = parts;
  const app = createApi({
    registry,
    audit,
    approvals: createApprovalControl({ approvals, store: approvalStore }),
    files,
    clock: systemClock,
    simulate: simulateOver(files),
    operatorKey: operator.key,
    keyPlace: operator.path,
    ready: () => audit.healthy(),
    version,
  });
  const listener = getRequestListener(app.fetch);
  return (request, response) => void listener(request, response);
}
