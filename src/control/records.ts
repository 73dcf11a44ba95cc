import * as z from 'zod';

import { foundMax, type FoundRecord } from '../audit/audit-files.ts';
import { ok } from '../base/result.ts';
import { removeUndefined } from './deps.ts';
import { unread } from './log.ts';
import { follow, recordFilters, text } from './record-queries.ts';
import { everyone } from './roles.ts';
import { route, streamRoute, type Route } from './route.ts';

const record = z.object({
  seq: z.int(),
  prev: z.string(),
  /** What is known of an intent: `done`, `in-flight`, `unknown-outcome`; null for another kind. */
  state: z.enum(['done', 'in-flight', 'unknown-outcome']).nullable(),
  body: z.record(z.string(), z.json()),
});

/** Records as the log has them, for programs; `log` has the same in lines for people. */
export const recordRoutes: readonly Route[] = [
  route({
    id: 'tailRecords',
    method: 'get',
    path: '/api/v1/records',
    summary: 'The last records as the log has them, oldest first',
    may: everyone,
    query: z.strictObject({ count: z.coerce.number().int().min(1).max(10_000).default(20) }),
    output: z.object({ records: z.array(record) }),
    handle: async ({ files }, { query }) => {
      const found = await files.tail(query.count);
      return found.ok ? ok({ records: found.value.map(shown) }) : unread(found.error);
    },
  }),
  route({
    id: 'searchRecords',
    method: 'get',
    path: '/api/v1/records/search',
    summary: 'Records that match every member that is given, newest first',
    may: everyone,
    query: z.strictObject({
      ...recordFilters,
      argumentsDigest: text,
      value: text,
      limit: z.coerce.number().int().min(1).max(foundMax).default(100),
    }),
    output: z.object({ records: z.array(record), complete: z.boolean() }),
    handle: async ({ files }, { query }) => {
      const found = await files.search(removeUndefined(query));
      if (!found.ok) return unread(found.error);
      return ok({ records: found.value.records.map(shown), complete: found.value.complete });
    },
  }),
  streamRoute({
    id: 'followRecords',
    method: 'get',
    path: '/api/v1/records/stream',
    summary: 'Each record after a number, then each new one: events `record`, and `beat` between',
    may: everyone,
    query: z.strictObject({ after: z.coerce.number().int().min(0) }),
    output: record.omit({ state: true }),
    stream: (deps, { query, signal }, send) =>
      follow(deps, { after: query.after, signal, send }, (one) => send('record', one)),
  }),
  route({
    id: 'getRecords',
    method: 'get',
    path: '/api/v1/records/{id}',
    summary: 'Everything on record about one id, oldest first',
    may: everyone,
    output: z.object({ records: z.array(record) }),
    handle: async ({ files }, { params }) => {
      const found = await files.show(params['id'] ?? '');
      return found.ok ? ok({ records: found.value.records.map(shown) }) : unread(found.error);
    },
  }),
];

function shown({ seq, prev, state, body }: FoundRecord): z.output<typeof record> {
  // A record is read from JSON.
  return { seq, prev, state, body: body as unknown as z.output<typeof record>['body'] };
}
