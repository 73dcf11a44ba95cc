import type { SchemaModule } from 'kysely';

/** What a person says that a tool is. */
export async function overrides(schema: SchemaModule): Promise<void> {
  await schema.alterTable('pins').addColumn('override', 'text').execute();
}
