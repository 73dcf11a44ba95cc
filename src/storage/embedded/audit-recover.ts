import * as fs from 'node:fs';
import { basename, join } from 'node:path';
import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { readLineHead } from '../../audit/chain.ts';
import type { ChainHead, StoredRecord } from '../../audit/chain.ts';
import { parseCheckpoint } from '../../audit/checkpoint.ts';
import { readCheckpointLines } from './audit-checkpoints.ts';
import { listSegments, sha256 } from './audit-paths.ts';
import type { AuditPaths, Segment } from './audit-paths.ts';
import { parseRecord, readLines } from './audit-read.ts';
import { MemoryReader } from './audit-units.ts';
import type { LogMemory } from './audit-units.ts';

/** The log is not what was written: it is left as it is, and no record is added to it. */
export interface BrokenChain {
  readonly code: 'broken-chain' | 'truncated';
  /** The first record that is bad or missing. */
  readonly seq: number;
  /** The segment's file name. */
  readonly segment: string;
}

/** The end of a log that a writer can go on from. */
export interface LogTail {
  readonly head: ChainHead;
  readonly installation: string;
  readonly segment: Segment;
  /** Length of that segment, which ends with a newline. */
  readonly bytes: number;
  /** The last record says that the gateway stopped in order. */
  readonly cleanStop: boolean;
  /** Bytes of an unfinished write that were moved to the `torn` directory. */
  readonly tornBytes: number;
  /** What this segment alone remembers; null when older ones must be read as well. */
  readonly memory: LogMemory | null;
}

interface Walk {
  readonly memory: MemoryReader;
  /** Of the records whose hash was signed. */
  readonly hashes: Map<number, string>;
  head: ChainHead | null;
  first: StoredRecord | null;
  last: StoredRecord | null;
  /** The first line that did not fit, if it is the last one too: a crash may leave such a line. */
  bad: { readonly offset: number; readonly seq: number; readonly parsed: boolean } | null;
  linesAfterBad: number;
}

/**
 * Reads the last segment, checks that it is a chain which the signed heads agree with, and moves
 * an unfinished last line out of it. The value is null when there is no log yet. Throws what
 * `node:fs` throws.
 */
export function recoverTail(paths: AuditPaths): Result<LogTail | null, BrokenChain> {
  let tornBytes = 0;
  const signed = signedNumbers(paths);
  const segments = listSegments(paths.segments).toReversed();
  for (const [index, segment] of segments.entries()) {
    const walk = walkSegment(segment, signed);
    const problem = problemOf(walk, segment);
    if (problem !== null) return err(problem);

    const goodBytes = walk.bad?.offset ?? fs.statSync(segment.path).size;
    if (walk.head === null) {
      // Not one whole record: the crash came while the segment was begun.
      tornBytes += setSegmentAside(paths, segment);
      continue;
    }
    const disagreed = disagreement(paths, walk, segment);
    if (disagreed !== null) return err(disagreed);
    tornBytes += setTornAside(paths, segment, goodBytes);
    return tailOf(walk, walk.head, segment, {
      bytes: goodBytes,
      tornBytes,
      older: segments[index + 1],
    });
  }
  return hasSignedHeads(paths)
    ? err({ code: 'truncated', seq: 1, segment: basename(paths.segments) })
    : ok(null);
}

function tailOf(
  walk: Walk,
  head: ChainHead,
  segment: Segment,
  {
    bytes,
    tornBytes,
    older,
  }: {
    readonly bytes: number;
    readonly tornBytes: number;
    readonly older: Segment | undefined;
  },
): Result<LogTail, BrokenChain> {
  const first = walk.first?.body;
  const installation = first?.kind === 'system' ? first.detail['installation'] : null;
  if (typeof installation !== 'string') {
    const name = basename(segment.path);
    return err({ code: 'broken-chain', seq: segment.first, segment: name });
  }
  const last = walk.last?.body;
  const cleanStop = last?.kind === 'system' && last.event === 'stop';
  const memory = memoryOf(walk, segment, { cleanStop, older });
  return ok({ head, installation, segment, bytes, cleanStop, tornBytes, memory });
}

function memoryOf(
  { memory }: Walk,
  segment: Segment,
  { cleanStop, older }: { readonly cleanStop: boolean; readonly older: Segment | undefined },
): LogMemory | null {
  if (segment.first === 1) return memory.memory();
  if (!memory.hasSnapshot()) return null;
  // After a crash the segment before may hold unfinished calls too.
  if (!cleanStop && older !== undefined) {
    const before = new MemoryReader({ units: false });
    readLines(older.path, (line) => before.addLine(line));
    memory.addOlder(before);
  }
  return memory.memory();
}

/** A line that fits behind the one before it; whether it is whole shows with the next one. */
interface Pending {
  readonly line: string;
  readonly offset: number;
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
}

/**
 * Follows the links of a segment. A line that the next one is linked to is the one that was written:
 * what it says is looked into only where counters and unfinished calls need it.
 */
function walkSegment(segment: Segment, signed: ReadonlySet<number>): Walk {
  const walk: Walk = {
    memory: new MemoryReader(),
    hashes: new Map(),
    head: null,
    first: null,
    last: null,
    bad: null,
    linesAfterBad: 0,
  };
  let pending: Pending | null = null;
  const keep = ({ line, seq, prev, hash }: Pending): void => {
    if (walk.head === null) walk.first = parseRecord(line);
    walk.memory.addLine(line);
    if (signed.has(seq - 1)) walk.hashes.set(seq - 1, prev);
    if (signed.has(seq)) walk.hashes.set(seq, hash);
    walk.head = { seq, hash };
  };
  const end = readLines(segment.path, (line, offset) => {
    if (walk.bad !== null) {
      walk.linesAfterBad += 1;
      return;
    }
    const head = readLineHead(line);
    const before = pending;
    const expected = before === null ? segment.first : before.seq + 1;
    const linked = before === null || head?.prev === before.hash;
    if (head !== null && head.seq === expected && linked) {
      if (before !== null) keep(before);
      pending = { line, offset, ...head, hash: sha256(line) };
      return;
    }
    pending = null;
    if (before !== null && parseRecord(before.line) === null) {
      walk.bad = { offset: before.offset, seq: before.seq, parsed: false };
      walk.linesAfterBad = 1;
      return;
    }
    if (before !== null) keep(before);
    walk.bad = { offset, seq: expected, parsed: parseRecord(line) !== null };
  });
  endWalk(walk, pending, keep);
  if (walk.bad === null && end.tornBytes > 0) {
    walk.bad = {
      offset: end.offset,
      seq: (walk.head?.seq ?? segment.first - 1) + 1,
      parsed: false,
    };
  }
  return walk;
}

/** Nothing is linked to the last line: it must show by itself that it is whole. */
function endWalk(walk: Walk, last: Pending | null, keep: (pending: Pending) => void): void {
  if (last !== null) {
    walk.last = parseRecord(last.line);
    if (walk.last === null) walk.bad = { offset: last.offset, seq: last.seq, parsed: false };
    else keep(last);
  }
}

/** A bad line that others follow, or that is a whole record elsewhere, is no crash's doing. */
function problemOf(walk: Walk, segment: Segment): BrokenChain | null {
  if (walk.bad === null || (!walk.bad.parsed && walk.linesAfterBad === 0)) return null;
  return { code: 'broken-chain', seq: walk.bad.seq, segment: basename(segment.path) };
}

/** Signed heads that lie in this segment must be its records', and none may lie behind it. */
function disagreement(paths: AuditPaths, walk: Walk, segment: Segment): BrokenChain | null {
  const name = basename(segment.path);
  const end = walk.head?.seq ?? 0;
  for (const line of readCheckpointLines(paths.checkpoints)) {
    const head = parseCheckpoint(line)?.checkpoint;
    if (head === undefined) return { code: 'broken-chain', seq: end, segment: 'checkpoints.jsonl' };
    if (head.seq > end) return { code: 'truncated', seq: end + 1, segment: name };
    const own = walk.hashes.get(head.seq);
    if (own !== undefined && own !== head.hash) {
      return { code: 'broken-chain', seq: head.seq, segment: name };
    }
  }
  return null;
}

function signedNumbers(paths: AuditPaths): ReadonlySet<number> {
  const heads = readCheckpointLines(paths.checkpoints).map((line) => parseCheckpoint(line));
  return new Set(heads.flatMap((head) => (head === null ? [] : [head.checkpoint.seq])));
}

function hasSignedHeads(paths: AuditPaths): boolean {
  return readCheckpointLines(paths.checkpoints).length > 0;
}

function setTornAside(paths: AuditPaths, segment: Segment, goodBytes: number): number {
  const bytes = fs.statSync(segment.path).size - goodBytes;
  if (bytes === 0) return 0;
  const content = Buffer.alloc(bytes);
  const file = fs.openSync(segment.path, 'r+');
  try {
    fs.readSync(file, content, 0, bytes, goodBytes);
    fs.mkdirSync(paths.torn, { recursive: true, mode: 0o700 });
    const name = `${basename(segment.path)}.${goodBytes}`;
    fs.writeFileSync(join(paths.torn, name), content, { mode: 0o600 });
    fs.ftruncateSync(file, goodBytes);
  } finally {
    fs.closeSync(file);
  }
  return bytes;
}

function setSegmentAside(paths: AuditPaths, segment: Segment): number {
  const { size } = fs.statSync(segment.path);
  fs.mkdirSync(paths.torn, { recursive: true, mode: 0o700 });
  fs.renameSync(segment.path, join(paths.torn, `${basename(segment.path)}.0`));
  return size;
}
