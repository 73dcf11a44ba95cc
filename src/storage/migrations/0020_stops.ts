import type { SchemaModule } from 'kysely';

/** What an operator has stopped; and how long labels last that calls of a grant set. */
export async function stops(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('stops')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('label', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('since_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('stops_key', ['kind', 'name'])
    .execute();
  await schema.alterTable('grants').addColumn('labels_ms', 'bigint').execute();
}
