import type { StoredRecord } from './chain.ts';
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

/** The version of the Open Cybersecurity Schema Framework that events follow. */
export const ocsfVersion = '1.3.0';

type Fields = Readonly<Record<string, unknown>>;

/** Numbers of classes of the schema: https://schema.ocsf.io/1.3.0 */
const classes = {
  entityManagement: 3_004,
  applicationLifecycle: 6_002,
  apiActivity: 6_003,
} as const;

const other = 99;
const informational = 1;
const medium = 3;
const allowed = { action_id: 1, action: 'Allowed', disposition_id: 1, disposition: 'Allowed' };
const denied = { action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked' };
const success = { status_id: 1, status: 'Success' };
const failure = { status_id: 2, status: 'Failure' };

/**
 * A record as one event. Calls and other requests are API Activity, an intent and its outcome
 * joined by `metadata.correlation_uid`; changes are Entity Management, the log's own events
 * Application Lifecycle. What the schema has no member for stands under `unmapped`.
 */
export function ocsfEvent({ seq, prev, body }: StoredRecord): Fields {
  const { classUid, activity, fields, severity } = eventOf(body);
  return {
    class_uid: classUid,
    category_uid: Math.floor(classUid / 1_000),
    activity_id: activity.id,
    activity_name: activity.name,
    type_uid: classUid * 100 + activity.id,
    severity_id: severity,
    time: Math.trunc(body.time),
    metadata: {
      version: ocsfVersion,
      product: { name: 'Portcullis', vendor_name: 'Portcullis' },
      log_name: 'audit',
      uid: String(seq),
      sequence: seq,
      correlation_uid: body.id,
      ...('action_id' in fields ? { profiles: ['security_control'] } : {}),
    },
    ...fields,
    unmapped: { prev, record: body },
  };
}

interface Event {
  readonly classUid: number;
  readonly activity: { readonly id: number; readonly name: string };
  readonly severity: number;
  readonly fields: Fields;
}

function eventOf(body: RecordBody): Event {
  switch (body.kind) {
    case 'intent':
    case 'refusal':
      return callEvent(body);
    case 'outcome':
      return outcomeEvent(body);
    case 'method':
      return methodEvent(body);
    case 'approval':
      return approvalEvent(body);
    case 'admin':
      return adminEvent(body);
    case 'system':
      return systemEvent(body);
  }
}

function callEvent(body: IntentRecord | RefusalRecord): Event {
  const isRefused = body.kind === 'refusal';
  const { principal, grant, server, tool, rule, clientDeclared, session } = body;
  const fields = {
    actor: actor(principal, grant, session),
    api: { operation: 'tools/call', service: { name: server }, request: { uid: body.id } },
    src_endpoint: { name: clientDeclared ?? 'unknown' },
    dst_endpoint: { name: server },
    resources: [{ name: tool, type: 'MCP tool' }],
    policy: { name: body.policy ?? '', version: String(body.policyVersion ?? ''), uid: rule },
    ...(isRefused ? { ...denied, ...failure } : { ...allowed, ...success }),
    ...(isRefused ? { status_code: body.code, status_detail: body.message } : {}),
  };
  return api('tools/call', fields, isRefused ? medium : informational);
}

function outcomeEvent(body: OutcomeRecord): Event {
  const worked = body.status === 'ok' || body.status === 'input-required';
  const fields = {
    actor: { app_name: 'Portcullis' },
    api: { operation: 'tools/call', request: { uid: body.id }, response: response(body) },
    src_endpoint: { name: 'unknown' },
    duration: Math.round((body.decideUs + body.recordUs + body.upstreamUs) / 1_000),
    ...(worked ? success : failure),
    status_code: body.status,
  };
  return api('tools/call outcome', fields, informational);
}

function response({ status, code }: OutcomeRecord): Fields {
  return { message: status, ...(code === null ? {} : { code }) };
}

function methodEvent(body: MethodRecord): Event {
  const { principal, grant, server, method, source, count, sinceMs } = body;
  const isDenied = body.decision === 'deny';
  const fields = {
    actor: principal === null ? { app_name: 'unknown' } : actor(principal, grant ?? '', null),
    api: { operation: method, request: { uid: body.id } },
    src_endpoint: source === undefined || source === '' ? { name: 'unknown' } : { ip: source },
    ...(server === null ? {} : { dst_endpoint: { name: server } }),
    ...(isDenied ? { ...denied, ...failure } : { ...allowed, ...success }),
    ...(body.code === null ? {} : { status_code: body.code }),
    ...(count === undefined ? {} : { count, start_time: Math.trunc(sinceMs ?? body.time) }),
  };
  return api(method, fields, isDenied ? medium : informational);
}

function api(name: string, fields: Fields, severity: number): Event {
  return { classUid: classes.apiActivity, activity: { id: other, name }, severity, fields };
}

function approvalEvent(body: ApprovalRecord): Event {
  const { principal, grant, server, tool, event } = body;
  const fields = {
    actor: actor(principal, grant, null),
    api: { operation: `approval ${event}`, service: { name: server }, request: { uid: body.id } },
    src_endpoint: { name: 'unknown' },
    dst_endpoint: { name: server },
    resources: [{ name: tool, type: 'MCP tool' }],
    status_code: event,
    status_id: other,
    status: 'Other',
  };
  return api(`approval ${event}`, fields, informational);
}

/** Create, Update and Delete of the class, by the last word of the action. */
const changes: Readonly<Record<string, number>> = { create: 1, revoke: 4, delete: 4, remove: 4 };

function adminEvent(body: AdminRecord): Event {
  const [type = '', verb = ''] = body.action.split('.');
  const fields = {
    actor: { user: { name: body.actor } },
    entity: { name: body.subject, type, data: body.detail },
    ...success,
  };
  const activity = { id: changes[verb] ?? 3, name: body.action };
  return { classUid: classes.entityManagement, activity, severity: informational, fields };
}

const lifecycle: Readonly<Record<string, number>> = { start: 3, stop: 4 };

function systemEvent(body: SystemRecord): Event {
  const activity = { id: lifecycle[body.event] ?? other, name: body.event };
  const fields = { app: { name: 'Portcullis', vendor_name: 'Portcullis' } };
  return { classUid: classes.applicationLifecycle, activity, severity: informational, fields };
}

function actor(principal: string, grant: string, session: string | null): Fields {
  return {
    user: { name: principal, uid: grant },
    ...(session === null ? {} : { session: { uid: session } }),
  };
}
