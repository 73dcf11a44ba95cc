import type { Kysely } from 'kysely';
import type { GrantStore } from '../identity/grant-store.ts';
import { methodFamilies, type Grant } from '../identity/grant.ts';
import { stringListOf, stringRecordOf } from './json-column.ts';
import type { GrantTable, Tables } from './tables.ts';

/** The grants of an SQL store. */
export function grantStore(db: Kysely<Tables>): GrantStore {
  return {
    async list() {
      const rows = await db.selectFrom('grants').selectAll().orderBy('created_ms').execute();
      return rows.map(grantOf);
    },

    async insert(grant) {
      const inserted = await db
        .insertInto('grants')
        .values(rowOf(grant))
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      return inserted.numInsertedOrUpdatedRows === 1n ? 'inserted' : 'duplicate';
    },

    async revoke(id, atMs) {
      const updated = await db
        .updateTable('grants')
        .set({ revoked_ms: atMs })
        .where('id', '=', id)
        .where('revoked_ms', 'is', null)
        .executeTakeFirstOrThrow();
      return updated.numUpdatedRows === 1n;
    },

    async edit(id, { policies, mode, expiresMs }) {
      const updated = await db
        .updateTable('grants')
        .set({ policies: JSON.stringify(policies), mode, expires_ms: expiresMs })
        .where('id', '=', id)
        .where('revoked_ms', 'is', null)
        .executeTakeFirstOrThrow();
      return updated.numUpdatedRows === 1n;
    },

    async rotate(id, tokenSha256) {
      const updated = await db
        .updateTable('grants')
        .set({ token_sha256: tokenSha256 })
        .where('id', '=', id)
        .where('revoked_ms', 'is', null)
        .executeTakeFirstOrThrow();
      return updated.numUpdatedRows === 1n;
    },
  };
}

function rowOf(grant: Grant): GrantTable {
  return {
    id: grant.id,
    label: grant.label,
    principal_id: grant.principal.id,
    principal_kind: grant.principal.kind,
    servers: JSON.stringify(grant.servers),
    policies: JSON.stringify(grant.policies),
    mode: grant.mode,
    methods: JSON.stringify(grant.methods),
    expires_ms: grant.expiresMs,
    token_sha256: grant.tokenSha256,
    created_ms: grant.createdMs,
    revoked_ms: grant.revokedMs,
    labels_ms: grant.labelsMs ?? null,
  };
}

/** A row that something else wrote never grants more than it says: an unknown mode enforces. */
function grantOf(row: GrantTable): Grant {
  const methods = stringListOf(row.methods);
  return {
    id: row.id,
    label: row.label,
    principal: { id: row.principal_id, kind: row.principal_kind },
    servers: stringListOf(row.servers),
    policies: stringRecordOf(row.policies),
    mode: row.mode === 'observe' ? 'observe' : 'enforce',
    methods: methodFamilies.filter((family) => methods.includes(family)),
    expiresMs: row.expires_ms,
    tokenSha256: row.token_sha256,
    createdMs: row.created_ms,
    revokedMs: row.revoked_ms,
    source: 'store',
    ...(row.labels_ms === null ? {} : { labelsMs: row.labels_ms }),
  };
}
