import type { DatabaseSync } from 'node:sqlite';

/** One connection to a SQLite file. */
export type Sqlite = DatabaseSync;

/** Milliseconds that a statement waits for another process's lock; the whole process waits. */
const busyTimeoutMs = 1_000;

/**
 * Opens a file, and makes it when there is none. What is committed survives a power cut: the
 * write-ahead log is synced at each commit. Throws what SQLite throws.
 */
export function openSqlite(path: string): Sqlite {
  const { DatabaseSync: Database } = quietly(() => process.getBuiltinModule('node:sqlite'));
  const sqlite = new Database(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
  return sqlite;
}

/** Node 22 announces at first use that SQLite is experimental: no news to whoever runs a gateway. */
function quietly<T>(load: () => T): T {
  const own = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  Object.defineProperty(process, 'emitWarning', { value: () => {}, configurable: true });
  const loaded = load();
  Reflect.deleteProperty(process, 'emitWarning');
  if (own !== undefined) Object.defineProperty(process, 'emitWarning', own);
  return loaded;
}
