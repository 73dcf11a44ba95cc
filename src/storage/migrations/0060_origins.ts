import type { SchemaModule } from 'kysely';

/** Which server the pins of a name were reviewed of. */
export async function origins(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('server_origins')
    .addColumn('server', 'text', (column) => column.primaryKey())
    .addColumn('origin', 'text', (column) => column.notNull())
    .execute();
}
