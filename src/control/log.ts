import * as z from 'zod';

import type { AuditFilesProblem, AuditQuery, FoundRecord } from '../audit/audit-files.ts';
import type { OutcomeRecord, RecordBody } from '../audit/record.ts';
import { err, ok, type Result } from '../base/result.ts';
import { removeUndefined, type ControlDeps } from './deps.ts';
import { grantsOf } from './grants.ts';
import { chartsOf, labelsOf, lineOf, type LogLine } from './log-views.ts';
import { missing, type ControlProblem } from './problem.ts';
import { follow, number, recordFilters, text } from './record-queries.ts';
import { everyone } from './roles.ts';
import { route, streamRoute, type Route } from './route.ts';

const logLine = z.object({
  seq: z.int(),
  id: z.string(),
  time: z.int(),
  kind: z.enum(['intent', 'refusal', 'outcome', 'method', 'admin', 'approval', 'system']),
  grant: z.string().nullable(),
  principal: z.string().nullable(),
  server: z.string().nullable(),
  what: z.string(),
  done: z.string(),
  rule: z.string().nullable(),
  detail: z.string().nullable(),
  outcome: z.string().nullable(),
  ms: z.number().nullable(),
});

const logQuery = z.strictObject({
  /** `grant`: its id or label. */
  ...recordFilters,
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

const counted = z.array(z.object({ name: z.string(), count: z.int() }));

const story = z.object({
  line: logLine,
  records: z.array(z.object({ seq: z.int(), body: z.record(z.string(), z.json()) })),
  /** The policy as it was when it decided, to show the rule in; null where there was none. */
  policy: z.object({ name: z.string(), version: z.int(), document: z.string() }).nullable(),
});

/** Records that charts count at once. */
const chartRecordsMax = 10_000;

export const logRoutes: readonly Route[] = [
  route({
    id: 'searchLog',
    method: 'get',
    path: '/api/v1/log',
    summary: 'Calls and changes on record, newest first',
    may: everyone,
    query: logQuery,
    output: z.object({ lines: z.array(logLine), complete: z.boolean() }),
    handle: (deps, { query }) => search(deps, query),
  }),
  streamRoute({
    id: 'followLog',
    method: 'get',
    path: '/api/v1/log/stream',
    summary: 'Each record as it is made: events `line`, and `beat` while nothing happens',
    may: everyone,
    query: z.strictObject({ after: number }),
    output: logLine,
    stream: async (deps, { query, signal }, send) => {
      const tail = query.after === undefined ? await deps.files.tail(1) : null;
      const last = tail?.ok === true ? tail.value.at(-1)?.seq : undefined;
      await send('beat', null);
      await follow(deps, { after: query.after ?? last ?? 0, signal, send }, (record) =>
        send('line', lineOf(record, labelsOf(grantsOf(deps)), null)),
      );
    },
  }),
  route({
    id: 'getCharts',
    method: 'get',
    path: '/api/v1/log/charts',
    summary: 'Calls, refusals and times of the last hours, in equal steps',
    may: everyone,
    query: z.strictObject({
      hours: z.coerce.number().positive().max(8_784).default(24),
      steps: z.coerce.number().int().min(1).max(500).default(96),
      server: text,
    }),
    output: z.object({
      sinceMs: z.number(),
      stepMs: z.number(),
      forwarded: z.array(z.int()),
      refused: z.array(z.int()),
      held: z.array(z.int()),
      medianMs: z.array(z.number().nullable()),
      p95Ms: z.array(z.number().nullable()),
      topTools: counted,
      topRules: counted,
      complete: z.boolean(),
    }),
    handle: async (deps, { query: { hours, steps, server } }) => {
      const stepMs = (hours * 3_600_000) / steps;
      const sinceMs = deps.clock.nowMs() - hours * 3_600_000;
      const narrowed = server === undefined ? {} : { server };
      const wanted = { ...narrowed, sinceMs: Math.floor(sinceMs), limit: chartRecordsMax };
      const found = await deps.files.search(wanted);
      if (!found.ok) return unread(found.error);
      const { records, complete } = found.value;
      const bodies = records.map(({ body }) => body);
      const charts = chartsOf(bodies, { sinceMs, stepMs, steps });
      return ok({ ...charts, complete: complete && records.length < chartRecordsMax });
    },
  }),
  route({
    id: 'getStory',
    method: 'get',
    path: '/api/v1/log/{id}',
    summary: 'Everything on record of one call, and the policy that decided on it',
    may: everyone,
    output: story,
    handle: (deps, { params }) => storyOf(deps, params['id'] ?? ''),
  }),
];

async function search(
  deps: ControlDeps,
  { grant, ...rest }: z.output<typeof logQuery>,
): Promise<
  Result<{ readonly lines: readonly LogLine[]; readonly complete: boolean }, ControlProblem>
> {
  const grants = grantsOf(deps);
  const id = grants.find((one) => one.id === grant || one.label === grant)?.id ?? grant;
  const query: AuditQuery = removeUndefined({ ...rest, grant: id });
  // Outcomes stand in lines of their intents, so that about twice as many records are read.
  const found = await deps.files.search({ ...query, limit: rest.limit * 3 });
  if (!found.ok) return unread(found.error);
  const lines = linesOf(found.value.records, labelsOf(grants)).slice(0, rest.limit);
  return ok({ lines, complete: found.value.complete });
}

function linesOf(
  records: readonly FoundRecord[],
  labels: ReadonlyMap<string, string>,
): readonly LogLine[] {
  const outcomes = new Map<string, OutcomeRecord>();
  for (const { body } of records) if (body.kind === 'outcome') outcomes.set(body.id, body);
  return records
    .filter(({ body }) => body.kind !== 'outcome')
    .map((record) => lineOf(record, labels, outcomes.get(record.body.id) ?? null));
}

async function storyOf(
  deps: ControlDeps,
  id: string,
): Promise<Result<z.output<typeof story>, ControlProblem>> {
  const found = await deps.files.show(id);
  if (!found.ok) return unread(found.error);
  const { records } = found.value;
  const first = records[0];
  if (first === undefined) return missing('record', id);
  const outcome = records.map(({ body }) => body).find((body) => body.kind === 'outcome') ?? null;
  const line = lineOf(first, labelsOf(grantsOf(deps)), outcome);
  const policy = await policyOf(deps, first.body);
  // A record is read from JSON.
  const shown = records.map(({ seq, body }) => ({ seq, body: body as unknown as JsonBody }));
  return ok({ line, records: shown, policy });
}

type JsonBody = z.output<typeof story>['records'][number]['body'];

async function policyOf(
  { registry }: ControlDeps,
  body: RecordBody,
): Promise<z.output<typeof story>['policy']> {
  if (body.kind !== 'intent' && body.kind !== 'refusal') return null;
  const { policy, policyVersion } = body;
  if (policy === null) return null;
  const versions = await registry.policyVersions(policy);
  const row = versions.find(({ version }) => version === policyVersion);
  return row === undefined
    ? null
    : { name: row.name, version: row.version, document: row.document };
}

/** Why the log could not be read, for whoever asked. */
export function unread({ code }: AuditFilesProblem): Result<never, ControlProblem> {
  if (code === 'no-log') return err({ code: 'not-found', message: 'there is no record yet' });
  return err({ code: 'not-recorded', message: `the log cannot be read (${code}): see its files` });
}
