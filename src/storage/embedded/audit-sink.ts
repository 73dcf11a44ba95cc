import * as fs from 'node:fs';
import { join } from 'node:path';
import { ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { readLineHead } from '../../audit/chain.ts';
import { readCheckpointLines } from './audit-checkpoints.ts';
import { listSegments } from './audit-paths.ts';
import type { AuditPaths } from './audit-paths.ts';
import { LineReader, parseJson, parseRecord, readBufferBytes } from './audit-read.ts';

/** A second place for every record. */
export interface SinkTarget {
  /** What tells this place from another: its cursor starts anew where this changes. */
  readonly name: string;
  /** The last line that it holds, where it can tell; null where it cannot, or holds none. */
  lastLine(): string | null;
  /** Keeps a batch, whole, or says in a word for the log why not. A batch may come twice. */
  send(batch: SinkBatch): Promise<Result<null, string>>;
}

/** Records in a row, as they stand in the log. */
export interface SinkBatch {
  readonly first: number;
  readonly last: number;
  /** Lines of the log, each with its newline. */
  readonly text: string;
  /** The newest signed head, as a line of the checkpoints file; null while there is none. */
  readonly head: string | null;
}

/** Up to where the place has records, and up to where a batch is under way to it. */
interface Cursor {
  readonly name: string;
  readonly sent: number;
  readonly pendingTo: number | null;
}

const batchBytesMax = 1_048_576;
const batchRecordsMax = 1_000;

/**
 * Brings the log to a second place, batch by batch, at whatever pace that place has: the segments
 * themselves are the backlog. The batch under way is on the disk before it is sent, so that after a
 * crash the very same batch is sent again, and the place can tell that it has it.
 */
export class SinkFeeder {
  readonly #paths: AuditPaths;
  readonly #target: SinkTarget;
  readonly #file: string;
  readonly #buffer = Buffer.allocUnsafe(readBufferBytes);
  #cursor: Cursor;
  #at: { readonly first: number; readonly offset: number } | null = null;

  /** Throws what `node:fs` throws, and where the place holds records that this log does not. */
  constructor(paths: AuditPaths, target: SinkTarget) {
    this.#paths = paths;
    this.#target = target;
    this.#file = join(paths.data, sinkCursorFile);
    const name = `${target.name} of ${installationOf(paths)}`;
    const read = readCursor(this.#file);
    const known = read?.name === name ? read : { name, sent: 0, pendingTo: null };
    this.#cursor = this.#corrected(known);
  }

  /** The place may have kept a batch just before a crash: what it holds itself counts more. */
  #corrected(cursor: Cursor): Cursor {
    const line = this.#target.lastLine();
    const held = line === null ? 0 : (readLineHead(line)?.seq ?? 0);
    if (held <= cursor.sent) return cursor;
    let own = '';
    this.#read(held, (text, seq) => {
      if (seq === held) own = text;
      return false;
    });
    this.#at = null;
    if (own !== line) throw new Error('foreign');
    return { ...cursor, sent: held, pendingTo: null };
  }

  /** The number of the last record that the place has; 0 for none. */
  sent(): number {
    return this.#cursor.sent;
  }

  /** Sends the next batch of records up to `head`; false when there is none, or why it failed. */
  async step(head: number): Promise<Result<boolean, string>> {
    const { sent, pendingTo } = this.#cursor;
    if (sent >= head) return ok(false);
    const batch = this.#next(pendingTo ?? head);
    if (batch === null) return ok(false);
    if (pendingTo !== batch.last) this.#keep({ ...this.#cursor, pendingTo: batch.last }, true);
    const done = await this.#target.send(batch);
    if (!done.ok) {
      // The place is read again from its beginning: what was read ahead is forgotten.
      this.#at = null;
      return done;
    }
    this.#keep({ ...this.#cursor, sent: batch.last, pendingTo: null }, false);
    return ok(true);
  }

  #next(upTo: number): SinkBatch | null {
    const from = this.#cursor.sent + 1;
    const lines: string[] = [];
    let bytes = 0;
    let last = this.#cursor.sent;
    this.#read(from, (line, seq) => {
      if (seq !== last + 1) throw new Error(`record ${last + 1} is not in the log`);
      if (seq > upTo || bytes >= batchBytesMax || lines.length >= batchRecordsMax) return false;
      lines.push(line);
      bytes += line.length;
      last = seq;
      return true;
    });
    if (lines.length === 0) return null;
    const head = readCheckpointLines(this.#paths.checkpoints).at(-1) ?? null;
    return { first: from, last, text: lines.map((line) => `${line}\n`).join(''), head };
  }

  /** Gives the lines from a record on, until `each` has enough, and remembers where it was. */
  #read(from: number, each: (line: string, seq: number) => boolean): void {
    const segments = listSegments(this.#paths.segments);
    const begin = Math.max(
      0,
      segments.findLastIndex(({ first }) => first <= from),
    );
    for (const segment of segments.slice(begin)) {
      const known = this.#at?.first === segment.first ? this.#at.offset : 0;
      const reader = new LineReader(segment.path, known, this.#buffer);
      let more = true;
      try {
        const give = (line: string, offset: number): void => {
          const seq = readLineHead(line)?.seq ?? 0;
          if (!more || (seq < from && seq > 0)) return;
          more = each(line, seq);
          if (!more) this.#at = { first: segment.first, offset };
        };
        while (more && reader.readChunk(give)) {
          // Everything happens in the condition.
        }
        if (more) this.#at = { first: segment.first, offset: reader.end().offset };
      } finally {
        reader.close();
      }
      if (!more) return;
    }
  }

  #keep(cursor: Cursor, flush: boolean): void {
    const draft = `${this.#file}.new`;
    fs.writeFileSync(draft, `${JSON.stringify(cursor)}\n`, { mode: 0o600, flush });
    fs.renameSync(draft, this.#file);
    this.#cursor = cursor;
  }
}

/** In the data folder: how far the second place has come. */
export const sinkCursorFile = 'audit-sink.json';

/** How far the second place has come, as the disk says; 0 where nothing was sent to it yet. */
export function sinkSent(paths: AuditPaths): number {
  return readCursor(join(paths.data, sinkCursorFile))?.sent ?? 0;
}

/** Whose log it is: the first record of every segment says so. */
function installationOf(paths: AuditPaths): string {
  const last = listSegments(paths.segments).at(-1);
  if (last === undefined) return '';
  const reader = new LineReader(last.path);
  try {
    let line = '';
    reader.readChunk((text) => (line ||= text));
    const body = parseRecord(line)?.body;
    return body?.kind === 'system' ? String(body.detail['installation'] ?? '') : '';
  } finally {
    reader.close();
  }
}

function readCursor(file: string): Cursor | null {
  if (!fs.existsSync(file)) return null;
  const value = parseJson(fs.readFileSync(file, 'utf8'));
  if (typeof value !== 'object' || value === null) return null;
  if (!('name' in value) || !('sent' in value) || !('pendingTo' in value)) return null;
  const { name, sent, pendingTo } = value;
  if (typeof name !== 'string' || typeof sent !== 'number') return null;
  return { name, sent, pendingTo: typeof pendingTo === 'number' ? pendingTo : null };
}
