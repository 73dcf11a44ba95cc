import { sql, type SchemaModule } from 'kysely';

/** Grants, pinned tools and policy versions. */
export async function registry(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('grants')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('label', 'text', (column) => column.notNull())
    .addColumn('principal_id', 'text', (column) => column.notNull())
    .addColumn('principal_kind', 'text', (column) => column.notNull())
    .addColumn('servers', 'text', (column) => column.notNull())
    .addColumn('policies', 'text', (column) => column.notNull())
    .addColumn('mode', 'text', (column) => column.notNull())
    .addColumn('methods', 'text', (column) => column.notNull())
    .addColumn('expires_ms', 'bigint')
    .addColumn('token_sha256', 'text', (column) => column.notNull().unique())
    .addColumn('created_ms', 'bigint', (column) => column.notNull())
    .addColumn('revoked_ms', 'bigint')
    .execute();
  // Two live grants never share a label; a revoked one leaves its label to others.
  await schema
    .createIndex('grants_live_label')
    .on('grants')
    .column('label')
    .unique()
    .where(sql.ref('revoked_ms'), 'is', null)
    .execute();
  await schema
    .createTable('pins')
    .addColumn('server', 'text', (column) => column.notNull())
    .addColumn('tool', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('definition', 'text', (column) => column.notNull())
    .addColumn('category', 'text', (column) => column.notNull())
    .addColumn('risk', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('seen_ms', 'bigint', (column) => column.notNull())
    .addColumn('reviewed_digest', 'text')
    .addColumn('reviewed_definition', 'text')
    .addColumn('reviewed_category', 'text')
    .addColumn('reviewed_risk', 'text')
    .addPrimaryKeyConstraint('pins_key', ['server', 'tool'])
    .execute();
  await schema
    .createTable('policy_versions')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addColumn('author', 'text', (column) => column.notNull())
    .addColumn('created_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('policy_versions_key', ['name', 'version'])
    .execute();
}
