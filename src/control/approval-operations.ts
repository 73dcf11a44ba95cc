import * as z from 'zod';

import type { Approver } from '../approvals/approval.ts';
import { commentMax } from '../approvals/answers.ts';
import { standingMsMax } from '../approvals/standing.ts';
import { ok } from '../base/result.ts';
import type { Answering } from './approvals.ts';
import { approvers, everyone, type Actor } from './roles.ts';
import { route, type Route } from './route.ts';

const states = ['pending', 'allowed', 'denied', 'used', 'expired', 'withdrawn', 'void'] as const;
const ways = ['cli', 'api', 'page', 'webhook'] as const;
const grantRef = z.object({ id: z.string(), label: z.string() });

const need = z.object({
  rule: z.string(),
  reason: z.string().nullable(),
  /** Roles and principals; empty for any approver. */
  approvers: z.array(z.string()),
  quorum: z.int(),
  given: z.int(),
});

const vote = z.object({
  by: z.string(),
  roles: z.array(z.string()),
  answer: z.enum(['allow', 'deny']),
  via: z.enum(ways),
  atMs: z.number(),
  comment: z.string().nullable(),
});

const view = z.object({
  id: z.string(),
  decisionId: z.string(),
  state: z.enum(states),
  reason: z.string().nullable(),
  grant: grantRef,
  principal: z.string(),
  server: z.string(),
  tool: z.string(),
  policy: z.string().nullable(),
  policyVersion: z.int().nullable(),
  pin: z.string(),
  argumentNames: z.array(z.string()),
  needs: z.array(need),
  votes: z.array(vote),
  askedMs: z.number(),
  expiresMs: z.number(),
  endedMs: z.number().nullable(),
  asks: z.int(),
  waiting: z.int(),
  group: z.string(),
});

const group = z.object({
  group: z.string(),
  grant: grantRef,
  server: z.string(),
  tool: z.string(),
  argumentNames: z.array(z.string()),
  count: z.int(),
  oldestMs: z.number(),
});

const argumentChange = z.object({
  name: z.string(),
  change: z.enum(['added', 'removed', 'changed']),
  before: z.string().nullable(),
  after: z.string().nullable(),
});

const detail = view.extend({
  /** The exact text that the approval is bound to; null once it is forgotten. */
  arguments: z.string().nullable(),
  /** The same JSON value, indented, with everything that cannot be seen written as an escape. */
  shown: z.string().nullable(),
  notes: z.array(z.string()),
  changes: z
    .object({
      sinceId: z.string(),
      sinceMs: z.number(),
      arguments: z.array(argumentChange).nullable(),
      definition: z.boolean(),
      policy: z.boolean(),
    })
    .nullable(),
});

const standing = z.object({
  id: z.string(),
  approvalId: z.string(),
  grantId: z.string(),
  grantLabel: z.string(),
  principal: z.string(),
  server: z.string(),
  tool: z.string(),
  pin: z.string(),
  policy: z.string().nullable(),
  policyVersion: z.int().nullable(),
  policyHash: z.string().nullable(),
  rule: z.string(),
  match: z.enum(['exact', 'named']),
  /** The exact arguments, or those that must stay the same. */
  shown: z.string(),
  givenBy: z.string(),
  comment: z.string().nullable(),
  givenMs: z.number(),
  expiresMs: z.number(),
  revokedMs: z.number().nullable(),
  revokedBy: z.string().nullable(),
  uses: z.int(),
});

const comment = z.string().max(commentMax).nullable().default(null);
/** Which way the answer came, as the caller says: for the record alone. */
const via = z.enum(['cli', 'api', 'page']).default('api');

const allowInput = z.strictObject({
  via,
  comment,
  /** Also every call of this shape, for a while: exactly these arguments, or only those named. */
  standing: z
    .strictObject({
      forMs: z.int().min(1_000).max(standingMsMax),
      same: z.array(z.string()).min(1).max(64).nullable().default(null),
    })
    .nullable()
    .default(null),
});

const denyInput = z.strictObject({ via, comment, group: z.boolean().default(false) });
const tokenInput = z.strictObject({
  token: z.string().max(256),
  answer: z.enum(['allow', 'deny']),
  comment,
});
const revokeInput = z.strictObject({ via });

const base = '/api/v1/approvals';
const one = `${base}/{id}`;

/** Operations on calls that wait for people. None of them answers by GET (B-159). */
export const approvalRoutes: readonly Route[] = [
  route({
    id: 'listApprovals',
    method: 'get',
    path: base,
    summary: 'Calls that wait for a person, oldest first, and the same by kind',
    may: everyone,
    output: z.object({ approvals: z.array(view), groups: z.array(group) }),
    handle: ({ approvals }) => ok(approvals.list()),
  }),
  route({
    id: 'recentApprovals',
    method: 'get',
    path: `${base}/recent`,
    summary: 'Approvals that ended, newest first',
    may: everyone,
    query: z.object({ count: z.coerce.number().int().min(1).max(500).default(50) }),
    output: z.array(view),
    handle: async ({ approvals }, { query }) => ok(await approvals.recent(query.count)),
  }),
  route({
    id: 'listStandingApprovals',
    method: 'get',
    path: `${base}/standing`,
    summary: 'Approvals that stand for a while',
    may: everyone,
    output: z.array(standing),
    handle: ({ approvals }) => ok(approvals.standings()),
  }),
  route({
    id: 'answerApproval',
    method: 'post',
    path: `${base}/answer`,
    summary: 'Answer with the signed token of an announcement',
    may: 'anyone',
    input: tokenInput,
    output: z.object({ id: z.string(), state: z.enum(states) }),
    handle: async ({ approvals }, { input: { token, ...wish } }) => {
      const answered = await approvals.answerByToken(token, wish);
      return answered.ok ? ok({ id: answered.value.id, state: answered.value.state }) : answered;
    },
  }),
  route({
    id: 'revokeStandingApproval',
    method: 'post',
    path: `${base}/standing/{id}/revoke`,
    summary: 'End a standing approval: the next call of its shape waits',
    may: approvers,
    input: revokeInput,
    output: standing,
    handle: ({ approvals }, { actor, params, input }) =>
      approvals.revokeStanding(answering(actor, input.via), params['id'] ?? ''),
  }),
  route({
    id: 'showApproval',
    method: 'get',
    path: one,
    summary: 'What will run, exactly and escaped, and what is different from the last time',
    may: approvers,
    output: detail,
    handle: ({ approvals }, { params }) => approvals.show(params['id'] ?? ''),
  }),
  route({
    id: 'allowApproval',
    method: 'post',
    path: `${one}/allow`,
    summary: 'Say yes: one call is let through, or every call of this shape for a while',
    may: approvers,
    input: allowInput,
    output: view,
    handle: ({ approvals }, { actor, params, input: { via: way, ...wish } }) =>
      approvals.allow(answering(actor, way), params['id'] ?? '', wish),
  }),
  route({
    id: 'denyApproval',
    method: 'post',
    path: `${one}/deny`,
    summary: 'Say no: to this call, or to everything that waits of its kind',
    may: approvers,
    input: denyInput,
    output: z.array(view),
    handle: ({ approvals }, { actor, params, input: { via: way, ...wish } }) =>
      approvals.deny(answering(actor, way), params['id'] ?? '', wish),
  }),
];

function answering(actor: Actor, way: Answering['via']): Answering {
  return { approver: approverOf(actor), via: way };
}

/** The operator's key stands for the role `operator` too, so that a policy may ask it by name. */
export function approverOf(actor: Actor): Approver {
  const own = actor.name === 'operator' ? ['operator'] : [];
  return { principal: actor.name, roles: [...own, actor.role, ...(actor.policyRoles ?? [])] };
}
