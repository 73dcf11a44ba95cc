import { closeSync, openSync } from 'node:fs';
import type * as Sqlite from 'node:sqlite';
import type { DatabaseSync } from 'node:sqlite';

export type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

export interface SqliteOptions {
  /** How long a statement waits for somebody else's lock. */
  readonly waitMs: number;
  readonly readOnly?: boolean;
}

/**
 * Opens a SQLite database with the engine that is built into Node. Throws what it throws: a file
 * that is locked, damaged or cannot be made.
 */
export function openSqlite(path: string, options: SqliteOptions): DatabaseSync {
  // SQLite gives the files beside this one the same rights.
  if (options.readOnly !== true) makePrivate(path);
  return new (loadSqlite().DatabaseSync)(path, {
    readOnly: options.readOnly ?? false,
    timeout: options.waitMs,
  });
}

/**
 * Makes the file where there is none. INVARIANT: one that is there is never opened beside SQLite:
 * POSIX takes every lock of a process from a file when the process closes any descriptor of it, and
 * the lock of the log's writer would be gone.
 */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!isThere) throw error;
  }
}

/** Node 22 warns at the first use that the module is experimental: no news to our users. */
function loadSqlite(): typeof Sqlite {
  const own = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  Object.defineProperty(process, 'emitWarning', { value: () => {}, configurable: true });
  const sqlite = process.getBuiltinModule('node:sqlite');
  Reflect.deleteProperty(process, 'emitWarning');
  if (own !== undefined) Object.defineProperty(process, 'emitWarning', own);
  return sqlite;
}
