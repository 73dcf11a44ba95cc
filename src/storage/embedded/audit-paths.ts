import { hash } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Sha256 } from '../../audit/chain.ts';

/** Where the parts of one log live inside a data directory. */
export interface AuditPaths {
  readonly data: string;
  readonly segments: string;
  readonly torn: string;
  readonly checkpoints: string;
  /** PEM; beside the segments, so that a copy of that directory can be verified by itself. */
  readonly publicKey: string;
  readonly keys: string;
  readonly signingKey: string;
  readonly digestKey: string;
  /** Who holds the log, for people; the lock itself is `lockDatabase`. */
  readonly lockNote: string;
  readonly lockDatabase: string;
  readonly index: string;
}

/** A segment: its file, and the number of the first record in it. */
export interface Segment {
  readonly first: number;
  readonly path: string;
}

const segmentName = /^([0-9]{16})\.jsonl$/;

export function auditPaths(data: string): AuditPaths {
  const segments = join(data, 'audit');
  const keys = join(data, 'audit-keys');
  return {
    data,
    segments,
    torn: join(segments, 'torn'),
    checkpoints: join(segments, 'checkpoints.jsonl'),
    publicKey: join(segments, 'public-key.pem'),
    keys,
    signingKey: join(keys, 'signing-key.pem'),
    digestKey: join(keys, 'digest-key'),
    lockNote: join(data, 'audit.lock'),
    lockDatabase: join(data, 'audit-lock.db'),
    index: join(data, 'audit-index.db'),
  };
}

/** Makes the directories, readable by their owner alone. Throws what `node:fs` throws. */
export function makeAuditDirectories(paths: AuditPaths): void {
  for (const directory of [paths.data, paths.segments, paths.keys]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }
}

/** The file of the segment whose first record has the number `first`. */
export function segmentPath(directory: string, first: number): string {
  return join(directory, `${String(first).padStart(16, '0')}.jsonl`);
}

/** The segments of a directory, in order. Throws what `node:fs` throws. */
export function listSegments(directory: string): readonly Segment[] {
  const found: Segment[] = [];
  for (const name of readdirSync(directory)) {
    const digits = segmentName.exec(name)?.[1];
    if (digits !== undefined) found.push({ first: Number(digits), path: join(directory, name) });
  }
  return found.toSorted((a, b) => a.first - b.first);
}

/** The log's hash, one shot: about a microsecond a line. */
export const sha256: Sha256 = (text) => hash('sha256', text, 'base64url');
