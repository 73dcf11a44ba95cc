import { closeSync, openSync, readSync } from 'node:fs';
import { foundMax } from '../../audit/audit-files.ts';
import type { AuditQuery, CallState, FoundRecord } from '../../audit/audit-files.ts';
import { lineBytesMax } from '../../audit/chain.ts';
import type { StoredRecord } from '../../audit/chain.ts';
import type { RecordBody } from '../../audit/record.ts';
import { listSegments, segmentPath } from './audit-paths.ts';
import { parseRecord } from './audit-read.ts';
import type { DatabaseSync, SQLInputValue } from './audit-sqlite.ts';

interface Row {
  readonly seq: number;
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
}

/** A query whose value was made digests of, under the installation's key. */
export interface DigestedQuery extends AuditQuery {
  /** Any of these, of all arguments or of one. */
  readonly digests?: readonly string[];
}

const limitDefault = 100;

/** Calls that were held, whatever became of them. */
const heldSeqs = `SELECT records.seq FROM heldCalls JOIN records ON records.id = heldCalls.call
  WHERE records.kind IN ('intent', 'refusal')`;

/** How many records a query may answer with. */
export function limitOf(query: AuditQuery): number {
  return Math.max(0, Math.min(foundMax, Math.trunc(query.limit ?? limitDefault)));
}

/** The records that a query asks for, newest first, from an index and the segments it points to. */
export function searchIndex(
  database: DatabaseSync,
  directory: string,
  query: DigestedQuery,
): readonly StoredRecord[] {
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  const want = (condition: string, value: SQLInputValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  want('grantId = ?', query.grant);
  want('principal = ?', query.principal);
  want('server = ?', query.server);
  want('tool = ?', query.tool);
  want('rule = ?', query.rule);
  if (query.decision === 'held') conditions.push(`seq IN (${heldSeqs})`);
  else want(`word = ? AND kind IN ('intent', 'refusal', 'method')`, query.decision);
  want('digest = ?', query.argumentsDigest);
  if (query.digests !== undefined) {
    const marks = query.digests.map(() => '?').join(', ');
    const holds = `SELECT seq FROM valueDigests WHERE digest IN (${marks})`;
    conditions.push(`(digest IN (${marks}) OR seq IN (${holds}))`);
    values.push(...query.digests, ...query.digests);
  }
  want('time >= ?', query.sinceMs);
  want('time < ?', query.untilMs);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const sql = `SELECT seq, segment, offset, bytes FROM records ${where}
    ORDER BY time DESC, seq DESC LIMIT ${limitOf(query)}`;
  return readRows(database, directory, sql, values);
}

/** Every record of one id, oldest first. */
export function findById(
  database: DatabaseSync,
  directory: string,
  id: string,
): readonly StoredRecord[] {
  const sql = `SELECT seq, segment, offset, bytes FROM records WHERE id = ? ORDER BY seq LIMIT 100`;
  return readRows(database, directory, sql, [id]);
}

/** Says of each intent what became of it, by looking its outcome up. */
export function withStates(
  records: readonly StoredRecord[],
  facts: { readonly hasOutcome: (id: string) => boolean; readonly runningSince: number | null },
): readonly FoundRecord[] {
  return records.map((record) => ({ ...record, state: stateOf(record, facts) }));
}

/**
 * Whether a record is one that a query asks for: the same answer as the index, without one. Which
 * calls were held is told by other records: see `heldCallOf`.
 */
export function matches(
  { body }: StoredRecord,
  query: DigestedQuery,
  heldCalls: ReadonlySet<string>,
): boolean {
  // Records are flat: what a kind does not have is undefined.
  const fields = body as unknown as Readonly<Record<string, unknown>>;
  const principal = body.kind === 'admin' ? body.actor : fields['principal'];
  const word = body.kind === 'refusal' ? body.enforcement : fields['decision'];
  const isCall = body.kind === 'intent' || body.kind === 'refusal';
  const decided =
    query.decision === 'held' ? isCall && heldCalls.has(body.id) : equals(query.decision, word);
  return (
    equals(query.grant, fields['grant']) &&
    equals(query.principal, principal) &&
    equals(query.server, fields['server']) &&
    equals(query.tool, fields['tool']) &&
    equals(query.rule, fields['rule']) &&
    decided &&
    equals(query.argumentsDigest, fields['argumentsDigest']) &&
    (query.digests === undefined || query.digests.some((digest) => holdsDigest(body, digest))) &&
    body.time >= (query.sinceMs ?? -Infinity) &&
    body.time < (query.untilMs ?? Infinity)
  );
}

function equals(wanted: string | undefined, found: unknown): boolean {
  return wanted === undefined || wanted === found;
}

function holdsDigest(body: RecordBody, digest: string): boolean {
  if (body.kind !== 'intent' && body.kind !== 'refusal') return false;
  return body.argumentsDigest === digest || Object.values(body.valueDigests ?? {}).includes(digest);
}

function stateOf(
  record: StoredRecord,
  facts: { readonly hasOutcome: (id: string) => boolean; readonly runningSince: number | null },
): CallState | null {
  if (record.body.kind !== 'intent') return null;
  if (facts.hasOutcome(record.body.id)) return 'done';
  const { runningSince } = facts;
  return runningSince !== null && record.seq > runningSince ? 'in-flight' : 'unknown-outcome';
}

function readRows(
  database: DatabaseSync,
  directory: string,
  sql: string,
  values: readonly SQLInputValue[],
): readonly StoredRecord[] {
  // The statement names exactly these columns, and the table is STRICT.
  const rows = database.prepare(sql).all(...values) as unknown as readonly Row[];
  const records: StoredRecord[] = [];
  const kept = new Set(listSegments(directory).map(({ first }) => first));
  const lines = new LinePlaces(directory);
  try {
    for (const { seq, segment, offset, bytes } of rows) {
      if (!kept.has(segment)) continue;
      const record = lines.recordAt(segment, offset, bytes);
      // What was changed or pruned behind the index's back is not shown as if it were there.
      if (record?.seq === seq) records.push(record);
    }
  } finally {
    lines.close();
  }
  return records;
}

/** Reads records at known places, each segment opened once. */
class LinePlaces {
  readonly #directory: string;
  readonly #files = new Map<number, number>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  recordAt(segment: number, offset: number, bytes: number): StoredRecord | null {
    if (bytes > lineBytesMax || offset < 0) return null;
    let file = this.#files.get(segment);
    if (file === undefined) {
      file = openSync(segmentPath(this.#directory, segment), 'r');
      this.#files.set(segment, file);
    }
    const buffer = Buffer.alloc(bytes);
    if (readSync(file, buffer, 0, bytes, offset) !== bytes) return null;
    return parseRecord(buffer.toString('latin1'));
  }

  close(): void {
    for (const file of this.#files.values()) closeSync(file);
  }
}
