import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type {
  AuditFiles,
  AuditFilesProblem,
  AuditQuery,
  FoundRecord,
  SearchAnswer,
  ShownCall,
  VerifyAnswer,
  VerifyOptions,
} from '../../audit/audit-files.ts';
import { readLineHead } from '../../audit/chain.ts';
import type { StoredRecord } from '../../audit/chain.ts';
import { readCheckpoints } from '../../audit/checkpoint.ts';
import { heldCallOf } from '../../audit/held.ts';
import { createVerifier } from '../../audit/verify.ts';
import { readCheckpointLines } from './audit-checkpoints.ts';
import { AuditIndex, readPosition } from './audit-index.ts';
import { checkSignature, readPublicKey } from './audit-keys.ts';
import { isLocked, isOwnLock } from './audit-lock.ts';
import { auditPaths, listSegments, sha256 } from './audit-paths.ts';
import type { AuditPaths, Segment } from './audit-paths.ts';
import { LineReader, parseJson, parseRecord, readLastLines } from './audit-read.ts';
import { findById, limitOf, matches, searchIndex, withStates } from './audit-search.ts';
import type { DigestedQuery } from './audit-search.ts';
import { openSqlite } from './audit-sqlite.ts';
import type { DatabaseSync } from './audit-sqlite.ts';
import { digestsOfValue } from './audit-value.ts';

type Answer<T> = Promise<Result<T, AuditFilesProblem>>;

const pollMs = 20;
const followMs = 250;

/**
 * Opens the log of a data directory for reading; nothing has to run. While a gateway writes, its
 * own thread fills the index and this waits for it; otherwise this fills it. Where that does not
 * work (a directory that cannot be written) the segments themselves are read. A search waits
 * `catchUpMs` for an index that is behind.
 */
export function openAuditFiles(dir: string, catchUpMs = 2_000): AuditFiles {
  return new EmbeddedAuditFiles(auditPaths(dir), catchUpMs);
}

class EmbeddedAuditFiles implements AuditFiles {
  readonly #paths: AuditPaths;

  readonly #catchUpMs: number;

  constructor(paths: AuditPaths, catchUpMs: number) {
    this.#paths = paths;
    this.#catchUpMs = catchUpMs;
  }

  tail(count: number): Answer<readonly FoundRecord[]> {
    return this.#guard(this.#paths.segments, async () => {
      const lines: string[] = [];
      for (const segment of this.#segments().toReversed()) {
        lines.unshift(...readLastLines(segment.path, count - lines.length));
        if (lines.length >= count) break;
      }
      const records = lines.flatMap((line) => parseRecord(line) ?? []);
      // An outcome comes after its intent, so the end of the log holds it if there is one.
      return withStates(records, factsOf(records, isLocked(this.#paths)));
    });
  }

  async follow(
    afterSeq: number,
    each: (record: StoredRecord) => void | Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    let seq = afterSeq;
    let at = { first: 0, offset: 0 };
    const give = async (record: StoredRecord): Promise<boolean> => {
      seq = record.seq;
      await each(record);
      return !signal.aborted;
    };
    while (!signal.aborted) {
      const answer = await this.#guard(this.#paths.segments, async () => {
        at = await readOn(this.#segments(), at, seq, give);
      });
      if (!answer.ok && answer.error.code !== 'no-log') return;
      await sleep(followMs, undefined, { signal }).catch(() => {});
    }
  }

  async search(asked: AuditQuery): Answer<SearchAnswer> {
    const query = this.#digested(asked);
    if (query === null) return err({ code: 'no-digest-key', path: this.#paths.digestKey });
    return this.#guard(this.#paths.segments, async () => {
      const opened = await this.#index();
      if (opened === null) return this.#scan(query);
      const { database, complete } = opened;
      try {
        const found = searchIndex(database, this.#paths.segments, query);
        return { records: this.#withIndexedStates(database, found), complete };
      } finally {
        database.close();
      }
    });
  }

  show(id: string): Answer<ShownCall> {
    return this.#guard(this.#paths.segments, async () => {
      const opened = await this.#index();
      if (opened === null) {
        const { all, facts } = await this.#everything(({ body }) => body.id === id);
        return { records: withStates(all, facts) };
      }
      try {
        const found = findById(opened.database, this.#paths.segments, id);
        return { records: this.#withIndexedStates(opened.database, found) };
      } finally {
        opened.database.close();
      }
    });
  }

  everyRecord(each: (record: StoredRecord) => void): Answer<number> {
    return this.#guard(this.#paths.segments, async () => {
      let count = 0;
      await eachLine(this.#segments(), (line) => {
        const record = parseRecord(line);
        if (record === null) return;
        count += 1;
        each(record);
      });
      return count;
    });
  }

  async verify(options: VerifyOptions): Answer<VerifyAnswer> {
    const directory = options.directory ?? this.#paths.segments;
    // A file that somebody names and that is not there must never make a log look sound.
    const { keyFile: namedKey, checkpointFile: namedHeads } = options;
    for (const path of [namedKey, namedHeads]) {
      if (path === undefined) continue;
      const found = statSync(path, { throwIfNoEntry: false });
      if (found === undefined) return err({ code: 'missing', path });
      if (found.isDirectory()) return err({ code: 'folder', path });
    }
    const besideKey = join(directory, basename(this.#paths.publicKey));
    const keyFile = options.keyFile ?? (existsSync(besideKey) ? besideKey : null);
    const key = keyFile === null ? null : readPublicKey(keyFile);
    if (keyFile !== null && key === null) return err({ code: 'bad-key', path: keyFile });

    const kept = keptHeads(namedHeads);
    if (!kept.ok) return kept;

    return this.#guard(directory, async () => {
      // Heads first: whatever is written meanwhile, the log has at least what they sign.
      const own = join(directory, basename(this.#paths.checkpoints));
      const lines = [...readCheckpointLines(own), ...kept.value];
      const { checkpoints, problem } = readCheckpoints(lines, key, checkSignature);
      const input = { sha256, parse: parseJson, checkpoints, checkpointProblem: problem };
      const verifier = createVerifier(input);
      const segments = listSegments(directory);
      for (const segment of segments) {
        verifier.segment(segment.first);
        verifier.torn(await eachLine([segment], (line) => verifier.line(line)));
      }
      return { ...verifier.report(), key };
    });
  }

  close(): void {
    // Every question opens and closes what it needs.
  }

  #segments(): readonly Segment[] {
    return listSegments(this.#paths.segments);
  }

  #withIndexedStates(
    database: DatabaseSync,
    records: readonly StoredRecord[],
  ): readonly FoundRecord[] {
    const outcome = database.prepare(`SELECT 1 FROM records WHERE id = ? AND kind = 'outcome'`);
    const started = database.prepare(
      `SELECT max(seq) AS seq FROM records WHERE word = 'start' AND kind = 'system'`,
    );
    const since = isLocked(this.#paths) ? Number(started.get()?.['seq'] ?? 0) : null;
    const hasOutcome = (id: string): boolean => outcome.get(id) !== undefined;
    return withStates(records, { hasOutcome, runningSince: since });
  }

  /** An index that has caught up, or that did not in time; null when there can be none. */
  async #index(): Promise<{ database: DatabaseSync; complete: boolean } | null> {
    const head = lastSeq(this.#segments());
    if (!isLocked(this.#paths) && !(await this.#fill())) return null;
    if (!existsSync(this.#paths.index)) return null;
    const database = openSqlite(this.#paths.index, { waitMs: 1_000, readOnly: true });
    for (let waitedMs = 0; ; waitedMs += pollMs) {
      const seq = indexedSeq(database);
      if (seq >= head && seq > 0) return { database, complete: true };
      if (waitedMs >= this.#catchUpMs) return this.#fillBehind(database, head);
      await sleep(pollMs);
    }
  }

  /**
   * Nobody filled the index in time. Another process may do it at the same time as its thread; the
   * gateway's own main thread has calls to answer and leaves it to the thread.
   */
  async #fillBehind(
    database: DatabaseSync,
    head: number,
  ): Promise<{ database: DatabaseSync; complete: boolean } | null> {
    if (!isOwnLock(this.#paths)) await this.#fill();
    const seq = indexedSeq(database);
    if (seq > 0) return { database, complete: seq >= head };
    database.close();
    return null;
  }

  async #fill(): Promise<boolean> {
    try {
      const index = new AuditIndex(this.#paths);
      try {
        while (index.step()) await nextTurn();
      } finally {
        index.close();
      }
      return true;
    } catch {
      // The segments hold everything: reading them is slower and as good.
      return false;
    }
  }

  /** Null where a value is asked for and the installation's key cannot be read. */
  #digested(query: AuditQuery): DigestedQuery | null {
    if (query.value === undefined) return query;
    try {
      return { ...query, digests: digestsOfValue(this.#paths, query.value) };
    } catch {
      return null;
    }
  }

  async #scan(query: DigestedQuery): Promise<SearchAnswer> {
    const held = new Set<string>();
    if (query.decision === 'held') {
      await eachLine(this.#segments(), (line) => {
        const record = parseRecord(line);
        const call = record === null ? null : heldCallOf(record.body);
        if (call !== null) held.add(call);
      });
    }
    const { all, facts } = await this.#everything((record) => matches(record, query, held));
    const newest = all.toSorted((a, b) => b.body.time - a.body.time || b.seq - a.seq);
    return { records: withStates(newest.slice(0, limitOf(query)), facts), complete: true };
  }

  async #everything(wanted: (record: StoredRecord) => boolean): Promise<{
    readonly all: readonly StoredRecord[];
    readonly facts: Facts;
  }> {
    const all: StoredRecord[] = [];
    const outcomes = new Set<string>();
    let started = 0;
    await eachLine(this.#segments(), (line) => {
      const record = parseRecord(line);
      if (record === null) return;
      if (wanted(record)) all.push(record);
      if (record.body.kind === 'outcome') outcomes.add(record.body.id);
      if (record.body.kind === 'system' && record.body.event === 'start') started = record.seq;
    });
    const runningSince = isLocked(this.#paths) ? started : null;
    return { all, facts: { hasOutcome: (id) => outcomes.has(id), runningSince } };
  }

  /** Reading a directory fails in two ways that people can do something about. */
  async #guard<T>(path: string, read: () => Promise<T>): Answer<T> {
    if (!existsSync(path)) return err({ code: 'no-log', path });
    try {
      if (listSegments(path).length === 0) return err({ code: 'no-log', path });
      return ok(await read());
    } catch {
      return err({ code: 'unreadable', path });
    }
  }
}

/** The heads that were kept elsewhere: none when no file is named, at least one when one is. */
function keptHeads(path: string | undefined): Result<readonly string[], AuditFilesProblem> {
  if (path === undefined) return ok([]);
  try {
    const lines = readCheckpointLines(path);
    return lines.length > 0 ? ok(lines) : err({ code: 'no-heads', path });
  } catch {
    return err({ code: 'unreadable', path });
  }
}

interface Facts {
  readonly hasOutcome: (id: string) => boolean;
  readonly runningSince: number | null;
}

function factsOf(records: readonly StoredRecord[], running: boolean): Facts {
  const outcomes = new Set<string>();
  let started = 0;
  for (const { seq, body } of records) {
    if (body.kind === 'outcome') outcomes.add(body.id);
    if (body.kind === 'system' && body.event === 'start') started = seq;
  }
  return { hasOutcome: (id) => outcomes.has(id), runningSince: running ? started : null };
}

/** Lets others run between two mebibytes. Answers the bytes behind the last newline. */
async function eachLine(
  segments: readonly Segment[],
  each: (line: string) => void,
): Promise<number> {
  let tornBytes = 0;
  for (const segment of segments) {
    const reader = new LineReader(segment.path);
    try {
      while (reader.readChunk(each)) await nextTurn();
      tornBytes = reader.end().tornBytes;
    } finally {
      reader.close();
    }
  }
  return tornBytes;
}

interface Place {
  /** The number that the segment begins with. */
  readonly first: number;
  readonly offset: number;
}

/**
 * Gives the records behind a place until one is the last that is wanted, and answers the new place.
 * Lets others run between two mebibytes.
 */
async function readOn(
  segments: readonly Segment[],
  from: Place,
  afterSeq: number,
  give: (record: StoredRecord) => Promise<boolean>,
): Promise<Place> {
  let at = from;
  const begin = segments.findLastIndex(({ first }) => first <= Math.max(1, afterSeq + 1));
  for (const segment of segments.slice(Math.max(0, begin - 1))) {
    if (segment.first < at.first) continue;
    const reader = new LineReader(segment.path, segment.first === at.first ? at.offset : 0);
    try {
      const found: string[] = [];
      const keep = (line: string): void => {
        if ((readLineHead(line)?.seq ?? 0) > afterSeq) found.push(line);
      };
      while (reader.readChunk(keep)) {
        for (const line of found.splice(0)) {
          const record = parseRecord(line);
          if (record !== null && !(await give(record))) return at;
        }
        await nextTurn();
      }
      at = { first: segment.first, offset: reader.end().offset };
    } finally {
      reader.close();
    }
  }
  return at;
}

/** 0 while whoever makes the index has not made its tables yet. */
function indexedSeq(database: DatabaseSync): number {
  try {
    return readPosition(database).seq;
  } catch {
    return 0;
  }
}

function lastSeq(segments: readonly Segment[]): number {
  for (const segment of segments.toReversed()) {
    const line = readLastLines(segment.path, 1)[0];
    const record = line === undefined ? null : parseRecord(line);
    if (record !== null) return record.seq;
  }
  return 0;
}
