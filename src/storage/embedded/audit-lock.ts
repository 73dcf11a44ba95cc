import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type { AuditPaths } from './audit-paths.ts';
import { parseJson } from './audit-read.ts';
import { openSqlite } from './audit-sqlite.ts';
import type { DatabaseSync } from './audit-sqlite.ts';

/** Somebody else writes to this data directory. */
export interface LockProblem {
  readonly code: 'locked';
  /** Who, as far as the note beside the lock says. */
  readonly pid: number | null;
}

/** The right to write a log, until `release`, or until the process ends in whatever way. */
export interface AuditLock {
  release(): void;
}

/** Whoever only asks whether the lock is held has it for less than this. */
const takeWaitMs = 1_000;

/**
 * Takes the writer's lock of a data directory. The lock is the operating system's, held through an
 * exclusive transaction on an empty database: it ends with the process, kill -9 included, so that
 * a stale one cannot exist, and neither a process id that was given out again nor two containers
 * that both run as process 1 can be taken for its holder. The note with the process id is for
 * people. Throws what a directory that cannot be written makes SQLite throw.
 */
export function takeLock(paths: AuditPaths): Result<AuditLock, LockProblem> {
  const database = exclusive(paths.lockDatabase, takeWaitMs);
  if (database === null) return err({ code: 'locked', pid: notedPid(paths.lockNote) });

  noteHolder(paths.lockNote);
  return ok({
    release() {
      rmSync(paths.lockNote, { force: true });
      database.close();
    },
  });
}

/** Whether some process writes to this data directory now. */
export function isLocked(paths: AuditPaths): boolean {
  try {
    const database = exclusive(paths.lockDatabase, 0);
    database?.close();
    return database === null;
  } catch {
    // Where the lock cannot even be tried nobody can be writing through it either.
    return false;
  }
}

/** Whether it is this process that writes to the data directory, as the note says. */
export function isOwnLock(paths: AuditPaths): boolean {
  return notedPid(paths.lockNote) === process.pid;
}

function exclusive(path: string, waitMs: number): DatabaseSync | null {
  const database = openSqlite(path, { waitMs });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    if (isBusy(error)) return null;
    throw error;
  }
}

/** SQLITE_BUSY is 5. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

function noteHolder(path: string): void {
  try {
    writeFileSync(path, `${JSON.stringify({ pid: process.pid })}\n`, { mode: 0o600 });
  } catch {
    // The note is for people; a full disk must not keep the log from being opened.
  }
}

function notedPid(path: string): number | null {
  try {
    const note = parseJson(readFileSync(path, 'latin1'));
    if (typeof note !== 'object' || note === null || !('pid' in note)) return null;
    return typeof note.pid === 'number' ? note.pid : null;
  } catch {
    return null;
  }
}
