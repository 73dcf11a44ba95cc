import type { Approvals } from '../approvals/approvals.ts';
import type { ApprovalStore } from '../approvals/approval-store.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { SystemRecord } from '../audit/record.ts';
import { newId } from '../base/id.ts';
import type { Log } from '../base/log.ts';
import { ok, type Result } from '../base/result.ts';
import type { ApprovalsConfig } from '../config.ts';
import { createApprovalControl, type ApprovalControl } from '../control/approvals.ts';
import type { Actor } from '../control/roles.ts';
import { hashToken } from '../identity/token.ts';
import type { Snapshot } from '../registry/snapshot.ts';
import { openApprovals } from './approvals.ts';
import { attempt } from './attempt.ts';
import { systemClock } from './clock.ts';
import { Webhook } from './webhook.ts';

/** Held calls with everything around them: who may answer, where, and who is told. */
export interface ApprovalDesk {
  readonly approvals: Approvals;
  readonly control: ApprovalControl;
  /** Where a person answers; null before the port is open. */
  page(approvalId: string): string | null;
  /** The approver whose token this is, or null. */
  approverOf(token: string): Actor | null;
  /** Where the pages are, unless the operator's file says it. */
  listensAt(url: string): void;
  /** Puts the approvers of an edited file in force. */
  configure(config: ApprovalsConfig): void;
  /** Waits for what is under way; the store may be closed then. */
  close(): Promise<void>;
}

/** What a desk is opened with. */
export interface DeskParts {
  readonly config: ApprovalsConfig;
  readonly store: ApprovalStore;
  readonly audit: AuditLog;
  readonly snapshot: () => Snapshot;
  readonly log: Log;
}

/** Opens the desk of one gateway; the problem is one line. */
export async function openApprovalDesk(parts: DeskParts): Promise<Result<ApprovalDesk, string>> {
  const { store, config, log, audit } = parts;
  let inForce = config;
  let listening: string | null = null;
  const baseUrl = (): string | null => inForce.url ?? listening;
  const webhook =
    config.webhook === null
      ? null
      : new Webhook({
          config: config.webhook,
          store,
          log,
          baseUrl: () => baseUrl() ?? '',
          gaveUp: async (approval, reason) => {
            await audit.append(notAnnounced(approval, reason));
          },
        });
  const opened = await openApprovals({
    ...parts,
    limits: {
      pendingMax: config.pendingMax,
      pendingPerGrantMax: config.pendingPerGrantMax,
    },
    asked: (approval) => webhook?.announce(approval),
  });
  if (!opened.ok) return opened;
  const approvals = opened.value;
  const stopForgetting = forgetOnSchedule(store, log);
  return ok({
    approvals,
    control: createApprovalControl({ approvals, store, webhook: config.webhook }),
    page: (id) => {
      const base = baseUrl();
      return base === null ? null : `${base}/approvals/${id}`;
    },
    approverOf: (token) => {
      const hash = hashToken(token);
      const found = inForce.approvers.find((one) => one.tokenSha256 === hash);
      if (found === undefined) return null;
      const { principal, roles } = found;
      return { name: principal, role: 'approver', session: null, policyRoles: roles };
    },
    listensAt: (url) => {
      listening = url;
    },
    configure: (edited) => {
      inForce = { ...inForce, url: edited.url, approvers: edited.approvers };
    },
    close: async () => {
      await stopForgetting();
      await webhook?.close();
      await approvals.settled();
    },
  });
}

/** How long what has ended can be looked at beside the log, and how often it is looked through. */
const endedKeptMs = 30 * 86_400_000;
const forgetEveryMs = 3_600_000;

/** What ended long ago goes: the log has all of it. */
function forgetOnSchedule(store: ApprovalStore, log: Log): () => Promise<void> {
  const forget = async (): Promise<void> => {
    const gone = await attempt(() => store.prune(systemClock.nowMs() - endedKeptMs));
    if (!gone.ok) log.warn('ended approvals could not be forgotten', { detail: gone.error });
  };
  let last = forget();
  const timer = setInterval(() => {
    last = forget();
  }, forgetEveryMs).unref();
  return () => {
    clearInterval(timer);
    return last;
  };
}

function notAnnounced(approval: string, reason: string): SystemRecord {
  const detail = { approval, reason: reason.slice(0, 200) };
  return { kind: 'system', id: newId('sys_'), time: systemClock.nowMs(), event: 'webhook', detail };
}
