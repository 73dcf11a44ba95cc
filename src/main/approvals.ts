import type { Approval } from '../approvals/approval.ts';
import type { ApprovalStore } from '../approvals/approval-store.ts';
import { Approvals } from '../approvals/approvals.ts';
import type { Journal, Transition } from '../approvals/journal.ts';
import { defaultApprovalLimits, type ApprovalLimits } from '../approvals/live-approvals.ts';
import type { Standing } from '../approvals/standing.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Log } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import { steadyClock } from '../counters/steady-clock.ts';
import { isExpired } from '../identity/authenticate.ts';
import type { Grant } from '../identity/grant.ts';
import type { Snapshot } from '../registry/snapshot.ts';
import { stopFor } from '../registry/stops.ts';
import { attempt } from './attempt.ts';
import { systemClock } from './clock.ts';

/** What approvals are joined from. */
export interface ApprovalParts {
  readonly store: ApprovalStore;
  readonly audit: AuditLog;
  readonly snapshot: () => Snapshot;
  readonly log: Log;
  readonly limits?: Partial<ApprovalLimits>;
  readonly asked?: (approval: Approval) => void;
}

/** Takes up what waits in the store; the problem is one line. */
export async function openApprovals(parts: ApprovalParts): Promise<Result<Approvals, string>> {
  const { store, audit, snapshot, log } = parts;
  const steady = steadyClock(systemClock);
  const latestMs = (): number => Math.floor(Math.max(systemClock.nowMs(), steady.nowMs()));
  const opened = await attempt(() =>
    Approvals.open({
      store,
      journal: journalOn(audit),
      latestMs,
      log,
      limits: { ...defaultApprovalLimits, ...parts.limits },
      staleness: stalenessIn(snapshot, latestMs),
      asked: parts.asked ?? (() => undefined),
    }),
  );
  return opened.ok ? ok(opened.value) : err(`the approvals cannot be read: ${opened.error}`);
}

/** Every transition is a record of the audit log before it is in force. */
export function journalOn(audit: AuditLog): Journal {
  return {
    record: async (transition) => (await audit.append(recordOf(transition))).ok,
  };
}

function recordOf(transition: Transition): Parameters<AuditLog['append']>[0] {
  const { event, about, call, actor, via, comment, reason, atMs } = transition;
  return {
    kind: 'approval',
    id: about.id,
    time: atMs,
    event,
    call,
    grant: about.grantId,
    principal: about.principal,
    server: about.server,
    tool: about.tool,
    pin: about.pin,
    policy: about.policy,
    policyVersion: about.policyVersion,
    rule: 'rule' in about ? about.rule : (about.needs[0]?.rule ?? ''),
    argumentsDigest: 'argumentsDigest' in about ? about.argumentsDigest : null,
    actor,
    via,
    comment,
    reason,
    expiresMs: about.expiresMs,
  };
}

/** What was asked under one grant, policy version and definition is good for no other. */
export function stalenessIn(
  snapshot: () => Snapshot,
  latestMs: () => number,
): (about: Approval | Standing) => string | null {
  let of: Snapshot | null = null;
  let grants: ReadonlyMap<string, Grant> = new Map();
  return (about) => {
    const now = snapshot();
    if (now !== of) {
      of = now;
      grants = new Map([...now.grantsByToken.values()].map((grant) => [grant.id, grant]));
    }
    const grant = grants.get(about.grantId);
    const ended = grant === undefined || grant.revokedMs !== null || isExpired(grant, latestMs());
    if (ended || !grant.servers.includes(about.server)) return 'grant-ended';
    if (stopFor(now, about.grantId, about.server) !== null) return 'stopped';
    return policyStale(now, grant, about) ?? toolStale(now, about);
  };
}

function policyStale(now: Snapshot, grant: Grant, about: Approval | Standing): string | null {
  const { server } = about;
  const name = Object.hasOwn(grant.policies, server) ? grant.policies[server] : undefined;
  const policy = name === undefined ? undefined : now.policies.get(name);
  const same =
    policy !== undefined &&
    policy.name === about.policy &&
    policy.version === about.policyVersion &&
    policy.hash === about.policyHash;
  return same ? null : 'policy-changed';
}

/** A list that is not known yet says nothing: the call itself is judged on one that is. */
function toolStale(now: Snapshot, about: Approval | Standing): string | null {
  const server = now.servers.get(about.server);
  if (server === undefined) return 'grant-ended';
  if (server.tools === null) return null;
  const tool = server.tools.get(about.tool);
  const same = tool !== undefined && tool.state === 'pinned' && tool.digest === about.pin;
  return same ? null : 'definition-changed';
}
