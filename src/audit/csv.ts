import type { StoredRecord } from './chain.ts';

/** The columns of an export: every member that some kind of record has, one list for all kinds. */
export const csvColumns: readonly string[] = [
  'seq',
  'prev',
  'kind',
  'id',
  'time',
  'grant',
  'principal',
  'server',
  'tool',
  'pin',
  'policy',
  'policyVersion',
  'rule',
  'mode',
  'era',
  'clientDeclared',
  'session',
  'argumentKeys',
  'argumentsDigest',
  'traceparent',
  'valueDigests',
  'arguments',
  'decision',
  'units',
  'wouldRefuse',
  'enforcement',
  'code',
  'message',
  'retryAfterMs',
  'limit',
  'status',
  'answerBytes',
  'decideUs',
  'recordUs',
  'upstreamUs',
  'givenBack',
  'method',
  'direction',
  'source',
  'count',
  'sinceMs',
  'actor',
  'action',
  'subject',
  'event',
  'call',
  'via',
  'comment',
  'reason',
  'expiresMs',
  'detail',
  'counters',
];

/** The header line (RFC 4180), without its line break. */
export function csvHeader(): string {
  return csvColumns.join(',');
}

/** One record as a line (RFC 4180); lists and objects are JSON; time is ISO 8601 in UTC. */
export function csvLine({ seq, prev, body }: StoredRecord): string {
  // Records are flat: what a kind does not have is undefined.
  const fields = { ...body, seq, prev } as Readonly<Record<string, unknown>>;
  return csvColumns
    .map((name) => csvCell(name === 'time' ? isoTime(body.time) : fields[name]))
    .join(',');
}

/** Milliseconds since the epoch as ISO 8601 in UTC; the number itself where no calendar reaches. */
export function isoTime(timeMs: number): string {
  return Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : String(timeMs);
}

/**
 * A text that a spreadsheet would take for a formula gets an apostrophe in front, also behind
 * leading white space; control characters become spaces, so that a record is one line.
 */
function csvCell(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const line = text.replace(/\p{Cc}|\p{Cf}|[\u2028\u2029]/gu, ' ');
  const formula = /^\s*[=+\-@|%\uff1d\uff0b\uff0d\uff20]/.test(line) || line !== text;
  const safe = formula ? `'${line}` : line;
  return /[",'\s;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
