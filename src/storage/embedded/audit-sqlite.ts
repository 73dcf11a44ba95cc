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
  return new (loadSqlite().DatabaseSync)(path, {
    readOnly: options.readOnly ?? false,
    timeout: options.waitMs,
  });
}

/** Node 22 warns that the module is experimental each time it is loaded first: not our users' news. */
function loadSqlite(): typeof import('node:sqlite') {
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}
