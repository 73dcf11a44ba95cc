import type { Kysely } from 'kysely';

import { passkeysMax, type Passkey, type PasskeyStore } from '../identity/passkey.ts';
import { stringListOf } from './json-column.ts';
import type { PasskeyTable, Tables } from './tables.ts';

/** Passkeys of the console's users, in an SQL store. */
export function passkeyStore(db: Kysely<Tables>): PasskeyStore {
  return {
    async listOf(userName) {
      const query = db.selectFrom('passkeys').selectAll().where('user_name', '=', userName);
      return (await query.orderBy('created_ms').orderBy('id').execute()).map(passkeyOf);
    },

    async find(id) {
      const query = db.selectFrom('passkeys').selectAll().where('id', '=', id);
      const row = await query.executeTakeFirst();
      return row === undefined ? null : passkeyOf(row);
    },

    insert: (passkey) =>
      db.transaction().execute(async (transaction) => {
        const user = transaction.selectFrom('users').where('name', '=', passkey.userName);
        const found = await user
          .where('password', 'is not', null)
          .select('name')
          .executeTakeFirst();
        if (found === undefined) return 'no-user';
        const mine = transaction.selectFrom('passkeys').where('user_name', '=', passkey.userName);
        const known = await mine.select('id').execute();
        if (known.length >= passkeysMax) return 'too-many';
        const inserted = await transaction
          .insertInto('passkeys')
          .values(rowOf(passkey))
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        return inserted.numInsertedOrUpdatedRows === 1n ? 'inserted' : 'duplicate';
      }),

    async use(id, counter, usedMs) {
      // Authenticators that do not count say 0 for ever.
      const grew = db
        .updateTable('passkeys')
        .set({ counter, used_ms: usedMs })
        .where('id', '=', id)
        .where('counter', counter === 0 ? '=' : '<', counter);
      return (await grew.executeTakeFirstOrThrow()).numUpdatedRows === 1n;
    },

    async remove(userName, id) {
      const query = db.deleteFrom('passkeys').where('id', '=', id);
      const mine = await query.where('user_name', '=', userName).executeTakeFirstOrThrow();
      return mine.numDeletedRows === 1n;
    },
  };
}

function rowOf(passkey: Passkey): PasskeyTable {
  return {
    id: passkey.id,
    user_name: passkey.userName,
    label: passkey.label,
    rp_id: passkey.rpId,
    public_key: passkey.publicKey,
    counter: passkey.counter,
    transports: JSON.stringify(passkey.transports),
    created_ms: passkey.createdMs,
    used_ms: passkey.usedMs,
  };
}

function passkeyOf(row: PasskeyTable): Passkey {
  return {
    id: row.id,
    userName: row.user_name,
    label: row.label,
    rpId: row.rp_id,
    publicKey: row.public_key,
    counter: row.counter,
    transports: stringListOf(row.transports),
    createdMs: row.created_ms,
    usedMs: row.used_ms,
  };
}
