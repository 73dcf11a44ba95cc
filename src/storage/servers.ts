import type { Kysely } from 'kysely';
import type { ServerStore, StoredServer } from '../registry/server-store.ts';
import { stringRecordOf } from './json-column.ts';
import type { Seal } from './seal.ts';
import type { ServerTable, Tables } from './tables.ts';

/** Servers that were added by their address. Their headers are kept sealed. */
export function serverStore(db: Kysely<Tables>, seal: Seal): ServerStore {
  return {
    async list() {
      const rows = await db.selectFrom('servers').selectAll().orderBy('name').execute();
      return rows.map((row) => storedOf(row, seal));
    },

    async insert({ name, url, headers, allowPrivate, author, createdMs }) {
      const inserted = await db
        .insertInto('servers')
        .values({
          name,
          url,
          headers: seal.close(JSON.stringify(headers), name),
          allow_private: allowPrivate ? 1 : 0,
          author,
          created_ms: createdMs,
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      return inserted.numInsertedOrUpdatedRows === 1n ? 'inserted' : 'duplicate';
    },

    async setHeaders(name, headers) {
      const sealed = seal.close(JSON.stringify(headers), name);
      const query = db.updateTable('servers').set({ headers: sealed }).where('name', '=', name);
      return (await query.executeTakeFirstOrThrow()).numUpdatedRows === 1n;
    },

    async remove(name) {
      const query = db.deleteFrom('servers').where('name', '=', name);
      return (await query.executeTakeFirstOrThrow()).numDeletedRows === 1n;
    },
  };
}

function storedOf(row: ServerTable, seal: Seal): StoredServer {
  const text = seal.open(row.headers, row.name);
  return {
    name: row.name,
    url: row.url,
    headers: text === null ? null : stringRecordOf(text),
    allowPrivate: row.allow_private === 1,
    author: row.author,
    createdMs: row.created_ms,
  };
}
