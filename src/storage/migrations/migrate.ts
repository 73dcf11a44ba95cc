import type { Kysely, SchemaModule, Transaction } from 'kysely';
import { err, ok, type Result } from '../../base/result.ts';
import type { Tables } from '../tables.ts';
import { registry } from './0001_registry.ts';
import { approvals } from './0010_approvals.ts';
import { stops } from './0020_stops.ts';
import { consoleTables } from './0030_console.ts';
import { origins } from './0060_origins.ts';
import { passkeys } from './0070_passkeys.ts';
import { overrides } from './0090_overrides.ts';
import { oidc } from './0100_oidc.ts';

/** One step of the schema. A step that was released is never edited: the next one changes it. */
export type Migration = (schema: SchemaModule) => Promise<void>;

/** In order; the database's version is how many of them it has seen. */
export const migrations: readonly Migration[] = [
  registry,
  approvals,
  stops,
  consoleTables,
  origins,
  passkeys,
  overrides,
  oidc,
];

/** The database was written by a newer program: `found` migrations, of which `known` are ours. */
export interface NewerSchema {
  readonly found: number;
  readonly known: number;
}

/** Brings a database to the newest schema, wholly or not at all. Throws what the database throws. */
export function migrate(
  db: Kysely<Tables>,
  steps: readonly Migration[] = migrations,
): Promise<Result<number, NewerSchema>> {
  return db.transaction().execute(async (transaction) => {
    const found = await versionOf(transaction);
    if (found > steps.length) return err({ found, known: steps.length });
    for (const step of steps.slice(found)) await step(transaction.schema);
    await transaction.updateTable('portcullis_schema').set({ version: steps.length }).execute();
    return ok(steps.length);
  });
}

async function versionOf(transaction: Transaction<Tables>): Promise<number> {
  await transaction.schema
    .createTable('portcullis_schema')
    .ifNotExists()
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('version', 'integer', (column) => column.notNull())
    .execute();
  await transaction
    .insertInto('portcullis_schema')
    .values({ id: 1, version: 0 })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const row = await transaction
    .selectFrom('portcullis_schema')
    .select('version')
    .executeTakeFirstOrThrow();
  return row.version;
}
