import type { SchemaModule } from 'kysely';

/** Calls that wait for people, what became of them, and standing approvals. */
export async function approvals(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('approvals')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('grant_id', 'text', (column) => column.notNull())
    .addColumn('server', 'text', (column) => column.notNull())
    .addColumn('tool', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('asked_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_ms', 'bigint', (column) => column.notNull())
    .addColumn('ended_ms', 'bigint')
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('arguments', 'text')
    .execute();
  await schema
    .createIndex('approvals_by_state')
    .on('approvals')
    .columns(['state', 'expires_ms'])
    .execute();
  await schema
    .createIndex('approvals_by_tool')
    .on('approvals')
    .columns(['grant_id', 'server', 'tool', 'state', 'ended_ms'])
    .execute();
  await schema
    .createTable('standing_approvals')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('expires_ms', 'bigint', (column) => column.notNull())
    .addColumn('revoked_ms', 'bigint')
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();
}
