import type {
  AdminRecord,
  ApprovalRecord,
  IntentRecord,
  MethodRecord,
  OutcomeRecord,
  RecordBody,
  RefusalRecord,
  SystemRecord,
} from './record.ts';

/** An intent as a test wants it. */
export function sampleIntent(id: string, changes: Partial<IntentRecord> = {}): IntentRecord {
  return {
    kind: 'intent',
    id,
    time: 1_790_000_000_000,
    grant: 'grt_1',
    principal: 'agent:ci',
    server: 'stripe',
    tool: 'create_charge',
    pin: 'p'.repeat(43),
    policy: 'billing',
    policyVersion: 3,
    rule: '/tools/create_charge',
    mode: 'enforce',
    era: 'modern',
    clientDeclared: 'claude 1.0',
    session: null,
    argumentKeys: ['amount', 'reason'],
    argumentsDigest: 'd'.repeat(64),
    decision: 'allow',
    units: [{ key: 'stripe rate', units: 1, windowMs: 60_000 }],
    wouldRefuse: null,
    ...changes,
  };
}

/** An outcome as a test wants it. */
export function sampleOutcome(id: string, changes: Partial<OutcomeRecord> = {}): OutcomeRecord {
  return {
    kind: 'outcome',
    id,
    time: 1_790_000_000_100,
    status: 'ok',
    code: null,
    answerBytes: 512,
    decideUs: 12,
    recordUs: 80,
    upstreamUs: 9_000,
    givenBack: false,
    ...changes,
  };
}

/** A refusal as a test wants it. */
export function sampleRefusal(id: string, changes: Partial<RefusalRecord> = {}): RefusalRecord {
  const { decision: _, units: __, wouldRefuse: ___, ...call } = sampleIntent(id);
  return {
    ...call,
    kind: 'refusal',
    enforcement: 'refused',
    code: 'limit',
    message: 'the budget is spent',
    retryAfterMs: 30_000,
    limit: { key: '1:s', asked: 1, windowMs: 60_000, before: 30, max: 30 },
    ...changes,
  };
}

/** A change by a person, as a test wants it. */
export function sampleAdmin(id: string, changes: Partial<AdminRecord> = {}): AdminRecord {
  return {
    kind: 'admin',
    id,
    time: 1_790_000_000_200,
    actor: 'person:ada',
    action: 'grant.revoke',
    subject: 'grt_1',
    detail: { reason: 'left the company', count: 2, forced: false, before: null },
    ...changes,
  };
}

/** What happened to a held call, as a test wants it. */
export function sampleApproval(id: string, changes: Partial<ApprovalRecord> = {}): ApprovalRecord {
  return {
    kind: 'approval',
    id,
    time: 1_790_000_000_250,
    event: 'allowed',
    call: 'dec_4',
    grant: 'grt_1',
    principal: 'agent:ci',
    server: 'stripe',
    tool: 'create_charge',
    pin: 'p'.repeat(43),
    policy: 'billing',
    policyVersion: 3,
    rule: '/tools/create_charge/action',
    argumentsDigest: 'd'.repeat(64),
    actor: 'person:ada',
    via: 'cli',
    comment: 'agreed with the customer',
    reason: null,
    expiresMs: 1_790_000_600_000,
    ...changes,
  };
}

/** Some other request, as a test wants it. */
export function sampleMethod(id: string, changes: Partial<MethodRecord> = {}): MethodRecord {
  return {
    kind: 'method',
    id,
    time: 1_790_000_000_300,
    grant: 'grt_1',
    principal: 'agent:ci',
    server: 'stripe',
    method: 'resources/read',
    direction: 'to-server',
    decision: 'deny',
    code: 'closed-family',
    ...changes,
  };
}

const counters: SystemRecord = {
  kind: 'system',
  id: 'sys_2',
  time: 1_790_000_000_400,
  event: 'counters',
  detail: { part: 1, parts: 1 },
  counters: [{ key: 'stripe rate', windowMs: 60_000, time: 1_790_000_000_000, units: 4 }],
};

/** At least one record of every kind. */
export const sampleRecords: readonly RecordBody[] = [
  sampleIntent('dec_1'),
  sampleIntent('dec_2', { pin: null, policy: null, policyVersion: null, session: 'ses_1' }),
  sampleIntent('dec_7', {
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    valueDigests: { amount: 'e'.repeat(64) },
    arguments: { amount: 7, reason: '[redacted]', lines: [{ sku: 'a', count: 1 }] },
    units: [{ key: 'stripe rate', units: 1, windowMs: 60_000, before: 2, max: 30 }],
  }),
  sampleOutcome('dec_1'),
  sampleOutcome('dec_2', { status: 'not-sent', code: -32_000, givenBack: true }),
  sampleRefusal('dec_3'),
  sampleRefusal('dec_4', { enforcement: 'held', retryAfterMs: null, argumentsDigest: null }),
  sampleMethod('dec_5'),
  sampleMethod('dec_6', { grant: null, principal: null, server: null, code: null }),
  sampleMethod('dec_8', { grant: null, source: '192.0.2.7', count: 9_000, sinceMs: 1_790_000_000 }),
  sampleApproval('apr_1'),
  sampleApproval('apr_2', {
    event: 'withdrawn',
    actor: null,
    via: null,
    comment: null,
    reason: 'gone',
  }),
  sampleAdmin('adm_1'),
  { kind: 'system', id: 'sys_1', time: 1_790_000_000_400, event: 'start', detail: {} },
  counters,
];
