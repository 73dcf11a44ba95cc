import type { SQLInputValue } from 'node:sqlite';
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import type { Sqlite } from './sqlite.ts';

/** Kysely over one open connection. Destroying the Kysely closes the connection. */
export function embeddedDialect(sqlite: Sqlite): Dialect {
  return {
    createDriver: () => embeddedDriver(sqlite),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

/** Kysely lends the connection to one user at a time: its adapter says that there is one only. */
function embeddedDriver(sqlite: Sqlite): Driver {
  const connection: DatabaseConnection = {
    executeQuery: async (query) => execute(sqlite, query),
    streamQuery: () => {
      throw new Error('the embedded store reads whole results');
    },
  };
  const run = async (sql: string): Promise<void> => {
    await connection.executeQuery(CompiledQuery.raw(sql));
  };
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    // A transaction that will write takes the lock first: one that asks for it later can only fail.
    beginTransaction: () => run('begin immediate'),
    commitTransaction: () => run('commit'),
    // SQLite has rolled back already what a full disk ended.
    rollbackTransaction: async () => {
      if (sqlite.isTransaction) await run('rollback');
    },
    releaseConnection: async () => {},
    destroy: async () => sqlite.close(),
  };
}

function execute<R>(sqlite: Sqlite, query: CompiledQuery): QueryResult<R> {
  const statement = sqlite.prepare(query.sql);
  // Stores bind text, numbers and null, which is what SQLite takes.
  const parameters = query.parameters as readonly SQLInputValue[];
  if (statement.columns().length > 0) {
    // The rows have the columns that the query names, and Kysely typed the query.
    return { rows: statement.all(...parameters) as R[] };
  }
  const { changes, lastInsertRowid } = statement.run(...parameters);
  return {
    rows: [],
    numAffectedRows: BigInt(changes),
    insertId: BigInt(lastInsertRowid),
  };
}
