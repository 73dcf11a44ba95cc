import { rmSync, statSync } from 'node:fs';
import { heldCallOf } from '../../audit/held.ts';
import type { RecordBody } from '../../audit/record.ts';
import { listSegments, sha256 } from './audit-paths.ts';
import type { AuditPaths, Segment } from './audit-paths.ts';
import { LineReader, readBufferBytes, parseRecord, readLineAt } from './audit-read.ts';
import { openSqlite } from './audit-sqlite.ts';
import type { DatabaseSync, SQLInputValue, StatementSync } from './audit-sqlite.ts';

/** Up to where the index knows the log: the last line it holds. */
export interface IndexPosition {
  readonly seq: number;
  readonly segment: number;
  /** The byte behind that line's newline. */
  readonly offset: number;
  readonly lineBytes: number;
  readonly hash: string;
}

const schemaVersion = 4;
const nothing: IndexPosition = { seq: 0, segment: 0, offset: 0, lineBytes: 0, hash: '' };

/** `word` is the decision, enforcement, status, action or event; the last columns are the place. */
const schema = `
  CREATE TABLE position (
    one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, segment INTEGER NOT NULL,
    offset INTEGER NOT NULL, lineBytes INTEGER NOT NULL, hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE records (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, time INTEGER NOT NULL,
    grantId TEXT, principal TEXT, server TEXT, tool TEXT, rule TEXT, word TEXT, digest TEXT,
    segment INTEGER NOT NULL, offset INTEGER NOT NULL, bytes INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE valueDigests (
    digest TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (digest, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE heldCalls (
    call TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (call, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX byId ON records (id, kind);
  CREATE INDEX byTime ON records (time);
  CREATE INDEX byWord ON records (word, time);
  CREATE INDEX byGrant ON records (grantId, time) WHERE grantId IS NOT NULL;
  CREATE INDEX byGrantAndTool ON records (grantId, tool, time) WHERE tool IS NOT NULL;
  CREATE INDEX byPrincipal ON records (principal, time) WHERE principal IS NOT NULL;
  CREATE INDEX byTool ON records (server, tool, time) WHERE server IS NOT NULL;
  CREATE INDEX byRule ON records (rule, time) WHERE rule IS NOT NULL;
  CREATE INDEX byDigest ON records (digest, time) WHERE digest IS NOT NULL;
  PRAGMA user_version = ${schemaVersion};
`;

/**
 * The searchable copy of a log. It holds no record, only the columns to search by and where each
 * record stands; it may be deleted at any time and is filled again.
 */
export class AuditIndex {
  /** One for all steps: a fresh mebibyte each time keeps the collector busy. */
  readonly #buffer = Buffer.allocUnsafe(readBufferBytes);
  readonly #paths: AuditPaths;
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #insertValue: StatementSync;
  readonly #insertHeld: StatementSync;
  readonly #move: StatementSync;

  /** Opens or makes the index; one that is damaged or of another log is made anew. */
  constructor(paths: AuditPaths) {
    this.#paths = paths;
    this.#database = openUsable(paths);
    this.#insert = this.#database.prepare(
      `INSERT OR REPLACE INTO records (seq, id, kind, time, grantId, principal, server, tool,
        rule, word, digest, segment, offset, bytes)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertValue = this.#database.prepare('INSERT OR REPLACE INTO valueDigests VALUES (?, ?)');
    this.#insertHeld = this.#database.prepare('INSERT OR REPLACE INTO heldCalls VALUES (?, ?)');
    this.#move = this.#database.prepare(
      'INSERT OR REPLACE INTO position VALUES (1, ?, ?, ?, ?, ?)',
    );
    this.#forgetPruned();
  }

  /** Takes in about a mebibyte of the log; false when there is nothing new. */
  step(): boolean {
    if (!this.#hasNew(readPosition(this.#database))) return false;
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const before = readPosition(this.#database);
      const after = this.#take(before);
      if (after !== before) {
        const { seq, segment, offset, lineBytes, hash } = after;
        this.#move.run(seq, segment, offset, lineBytes, hash);
      }
      this.#database.exec('COMMIT');
      return after !== before;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#database.close();
  }

  #hasNew({ segment, offset }: IndexPosition): boolean {
    const last = listSegments(this.#paths.segments).at(-1);
    if (last === undefined) return false;
    return last.first > segment || statSync(last.path).size > offset;
  }

  #take(before: IndexPosition): IndexPosition {
    const segments = listSegments(this.#paths.segments);
    const current = segments.find(({ first }) => first === before.segment);
    if (current !== undefined) {
      const after = this.#read(current, before, before.offset);
      if (after !== before) return after;
    }
    const next = segments.find(({ first }) => first > before.segment);
    if (next !== undefined) this.#forgetPruned();
    return next === undefined ? before : this.#read(next, before, 0);
  }

  #read(segment: Segment, before: IndexPosition, from: number): IndexPosition {
    const reader = new LineReader(segment.path, from, this.#buffer);
    let after = before;
    let lastLine = '';
    try {
      reader.readChunk((line, offset, bytes) => {
        lastLine = line;
        const seq = this.#add(line, [segment.first, offset, bytes]) ?? after.seq;
        const end = offset + bytes + 1;
        after = { seq, segment: segment.first, offset: end, lineBytes: bytes, hash: '' };
      });
    } finally {
      reader.close();
    }
    return after === before ? before : { ...after, hash: sha256(lastLine) };
  }

  /** A line that is no record is the verifier's business, not the index's. */
  #add(line: string, place: readonly [number, number, number]): number | null {
    const record = parseRecord(line);
    if (record === null) return null;
    const { seq, body } = record;
    this.#insert.run(seq, body.id, body.kind, Math.trunc(body.time), ...columnsOf(body), ...place);
    if ('valueDigests' in body && body.valueDigests !== undefined) {
      for (const digest of Object.values(body.valueDigests)) this.#insertValue.run(digest, seq);
    }
    const held = heldCallOf(body);
    if (held !== null) this.#insertHeld.run(held, seq);
    return seq;
  }

  #forgetPruned(): void {
    const first = listSegments(this.#paths.segments)[0]?.first ?? 0;
    this.#database.prepare('DELETE FROM records WHERE seq < ?').run(first);
    this.#database.prepare('DELETE FROM valueDigests WHERE seq < ?').run(first);
    this.#database.prepare('DELETE FROM heldCalls WHERE seq < ?').run(first);
  }
}

/** How far an index has come. */
export function readPosition(database: DatabaseSync): IndexPosition {
  const row = database.prepare('SELECT * FROM position').get();
  // The table is STRICT and its columns are the members of the type.
  return row === undefined ? nothing : (row as unknown as IndexPosition);
}

/** grantId, principal, server, tool, rule, word, digest. */
function columnsOf(body: RecordBody): readonly SQLInputValue[] {
  switch (body.kind) {
    case 'intent':
    case 'refusal': {
      const word = body.kind === 'intent' ? body.decision : body.enforcement;
      const { grant, principal, server, tool, rule, argumentsDigest } = body;
      return [grant, principal, server, tool, rule, word, argumentsDigest];
    }
    case 'outcome':
      return [null, null, null, null, null, body.status, null];
    case 'method': {
      const { grant, principal, server, decision } = body;
      return [grant, principal, server, null, null, decision, null];
    }
    case 'approval': {
      const { grant, principal, server, tool, rule, event, argumentsDigest } = body;
      return [grant, principal, server, tool, rule, event, argumentsDigest];
    }
    case 'admin':
      return [null, body.actor, null, null, null, body.action, null];
    case 'system':
      return [null, null, null, null, null, body.event, null];
  }
}

function openUsable(paths: AuditPaths): DatabaseSync {
  try {
    const database = openWritable(paths.index);
    if (isOfThisLog(database, paths)) return database;
    database.close();
  } catch (error) {
    if (!isDamaged(error)) throw error;
  }
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${paths.index}${suffix}`, { force: true });
  return openWritable(paths.index);
}

function openWritable(path: string): DatabaseSync {
  const database = openSqlite(path, { waitMs: 5_000 });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    database.exec('BEGIN IMMEDIATE');
    if (versionOf(database) === 0) database.exec(schema);
    database.exec('COMMIT');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The last line that the index holds must still stand in the log, byte for byte. */
function isOfThisLog(database: DatabaseSync, paths: AuditPaths): boolean {
  if (versionOf(database) !== schemaVersion) return false;
  const { seq, segment, offset, lineBytes, hash } = readPosition(database);
  if (seq === 0) return true;
  const segments = listSegments(paths.segments);
  const found = segments.find(({ first }) => first === segment);
  if (found === undefined) return false;
  const line = readLineAt(found.path, offset - lineBytes - 1, lineBytes);
  return line !== null && sha256(line) === hash;
}

function versionOf(database: DatabaseSync): number {
  const row = database.prepare('PRAGMA user_version').get();
  return Number(row?.['user_version']);
}

/** SQLITE_CORRUPT is 11, SQLITE_NOTADB is 26. */
function isDamaged(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  return error.errcode === 11 || error.errcode === 26;
}
