import type { Kysely } from 'kysely';
import { categories, risks, type Category, type Risk } from '../policy/index.ts';
import type {
  PinOverride,
  PinRow,
  PolicyVersionRow,
  RegistryStore,
  ReviewedDefinition,
} from '../registry/registry-store.ts';
import type { Stop } from '../registry/stops.ts';
import type { PinTable, PolicyVersionTable, StopTable, Tables } from './tables.ts';

/** Rows of one statement: what every database takes as parameters at once. */
const rowsPerStatement = 200;

/** Pins and policy versions of an SQL store. */
export function registryStore(db: Kysely<Tables>): RegistryStore {
  return {
    async pins(server) {
      const query = db.selectFrom('pins').selectAll().where('server', '=', server);
      return (await query.orderBy('tool').execute()).map(pinOf);
    },

    savePins: (rows) => savePins(db, rows),

    async origin(server) {
      const query = db.selectFrom('server_origins').select('origin').where('server', '=', server);
      return (await query.executeTakeFirst())?.origin ?? null;
    },

    async saveOrigin(server, origin) {
      await db
        .insertInto('server_origins')
        .values({ server, origin })
        .onConflict((conflict) => conflict.column('server').doUpdateSet({ origin }))
        .execute();
    },

    async policies() {
      const newest = db
        .selectFrom('policy_versions')
        .select((select) => ['name', select.fn.max('version').as('version')])
        .groupBy('name')
        .as('newest');
      const rows = await db
        .selectFrom('policy_versions')
        .innerJoin(newest, (join) =>
          join
            .onRef('newest.name', '=', 'policy_versions.name')
            .onRef('newest.version', '=', 'policy_versions.version'),
        )
        .selectAll('policy_versions')
        .orderBy('policy_versions.name')
        .execute();
      return rows.map(versionOf);
    },

    async policyVersions(name) {
      const query = db.selectFrom('policy_versions').selectAll().where('name', '=', name);
      return (await query.orderBy('version').execute()).map(versionOf);
    },

    savePolicy: (row) => savePolicy(db, row),

    async stops() {
      const rows = await db.selectFrom('stops').selectAll().orderBy('since_ms').execute();
      return rows.map(stopOf);
    },

    async saveStop({ kind, name, label, reason, actor, sinceMs }) {
      const values = { kind, name, label, reason, actor, since_ms: sinceMs };
      await db
        .insertInto('stops')
        .values(values)
        .onConflict((conflict) => conflict.columns(['kind', 'name']).doUpdateSet(values))
        .execute();
    },

    async removeStop(kind, name) {
      await db.deleteFrom('stops').where('kind', '=', kind).where('name', '=', name).execute();
    },
  };
}

async function savePins(db: Kysely<Tables>, rows: readonly PinRow[]): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    for (let at = 0; at < rows.length; at += rowsPerStatement) {
      await transaction
        .insertInto('pins')
        .values(rows.slice(at, at + rowsPerStatement).map(tableRowOf))
        .onConflict((conflict) =>
          conflict.columns(['server', 'tool']).doUpdateSet((update) => ({
            digest: update.ref('excluded.digest'),
            definition: update.ref('excluded.definition'),
            category: update.ref('excluded.category'),
            risk: update.ref('excluded.risk'),
            state: update.ref('excluded.state'),
            reason: update.ref('excluded.reason'),
            seen_ms: update.ref('excluded.seen_ms'),
            reviewed_digest: update.ref('excluded.reviewed_digest'),
            reviewed_definition: update.ref('excluded.reviewed_definition'),
            reviewed_category: update.ref('excluded.reviewed_category'),
            reviewed_risk: update.ref('excluded.reviewed_risk'),
            override: update.ref('excluded.override'),
          })),
        )
        .execute();
    }
  });
}

/** The primary key settles a race for one version; the look before refuses a gap. */
function savePolicy(db: Kysely<Tables>, row: PolicyVersionRow): Promise<'saved' | 'conflict'> {
  return db.transaction().execute(async (transaction) => {
    const newest = await transaction
      .selectFrom('policy_versions')
      .select((select) => select.fn.max('version').as('version'))
      .where('name', '=', row.name)
      .executeTakeFirst();
    if (row.version !== (newest?.version ?? 0) + 1) return 'conflict';
    const { name, version, document, author, createdMs } = row;
    const inserted = await transaction
      .insertInto('policy_versions')
      .values({ name, version, document, author, created_ms: createdMs })
      .onConflict((conflict) => conflict.columns(['name', 'version']).doNothing())
      .executeTakeFirstOrThrow();
    return inserted.numInsertedOrUpdatedRows === 1n ? 'saved' : 'conflict';
  });
}

function tableRowOf(row: PinRow): PinTable {
  return {
    server: row.server,
    tool: row.tool,
    digest: row.digest,
    definition: row.definition,
    category: row.category,
    risk: row.risk,
    state: row.state,
    reason: row.reason,
    seen_ms: row.seenMs,
    reviewed_digest: row.reviewed?.digest ?? null,
    reviewed_definition: row.reviewed?.definition ?? null,
    reviewed_category: row.reviewed?.category ?? null,
    reviewed_risk: row.reviewed?.risk ?? null,
    override: row.override === undefined ? null : JSON.stringify(row.override),
  };
}

function pinOf(row: PinTable): PinRow {
  const override = overrideOf(row.override);
  return {
    server: row.server,
    tool: row.tool,
    digest: row.digest,
    definition: row.definition,
    category: categoryOf(row.category),
    risk: riskOf(row.risk),
    state: row.state === 'pinned' ? 'pinned' : 'quarantined',
    reason: row.reason,
    seenMs: row.seen_ms,
    reviewed: reviewedOf(row),
    ...(override === null ? {} : { override }),
  };
}

function reviewedOf(row: PinTable): ReviewedDefinition | null {
  const { reviewed_digest: digest, reviewed_definition: definition } = row;
  if (digest === null || definition === null) return null;
  const category = categoryOf(row.reviewed_category);
  return { digest, definition, category, risk: riskOf(row.reviewed_risk) };
}

/** A category that this program does not know is read as every unknown word: it widens nothing. */
function overrideOf(text: string | null): PinOverride | null {
  if (text === null) return null;
  // `savePins` alone writes this column.
  const kept = JSON.parse(text) as PinOverride;
  return { ...kept, category: categoryOf(kept.category), risk: riskOf(kept.risk) };
}

/** A word that this program does not know says nothing, so that no rule is widened by it. */
function categoryOf(text: string | null): Category {
  return categories.find((category) => category === text) ?? 'Unclassified';
}

function riskOf(text: string | null): Risk {
  return risks.find((risk) => risk === text) ?? 'Critical';
}

function versionOf(row: PolicyVersionTable): PolicyVersionRow {
  const { name, version, document, author, created_ms: createdMs } = row;
  return { name, version, document, author, createdMs };
}

/** A row that something else wrote never stops less than it says: an unknown kind stops all. */
function stopOf(row: StopTable): Stop {
  const kind = row.kind === 'grant' || row.kind === 'server' ? row.kind : 'all';
  const { name, label, reason, actor } = row;
  return { kind, name, label, reason, actor, sinceMs: row.since_ms };
}
