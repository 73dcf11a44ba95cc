import { readJson } from '../base/json-value.ts';
import type { Kysely } from 'kysely';
import type { Approval, ApprovalState } from '../approvals/approval.ts';
import type { ApprovalStore } from '../approvals/approval-store.ts';
import type { Standing } from '../approvals/standing.ts';
import type { ApprovalTable, StandingTable, Tables } from './tables.ts';

/**
 * The approvals of an SQL store. What is searched by has a column; everything else is one JSON
 * body, which nothing but this program writes.
 */
export function approvalStore(db: Kysely<Tables>): ApprovalStore {
  return {
    async live() {
      const rows = await db
        .selectFrom('approvals')
        .select('body')
        .where('state', 'in', ['pending', 'allowed', 'denied'])
        .orderBy('asked_ms')
        .execute();
      return rows.map(approvalOf);
    },

    async insert(approval, exactArguments) {
      const row = { ...rowOf(approval), arguments: exactArguments };
      await db.insertInto('approvals').values(row).execute();
    },

    save: (approval, from) => save(db, approval, from),

    async find(id) {
      const query = db.selectFrom('approvals').select('body').where('id', '=', id);
      const row = await query.executeTakeFirst();
      return row === undefined ? null : approvalOf(row);
    },

    async argumentsOf(id) {
      const query = db.selectFrom('approvals').select('arguments').where('id', '=', id);
      return (await query.executeTakeFirst())?.arguments ?? null;
    },

    async lastUsed(grantId, server, tool) {
      const row = await db
        .selectFrom('approvals')
        .select('body')
        .where('grant_id', '=', grantId)
        .where('server', '=', server)
        .where('tool', '=', tool)
        .where('state', '=', 'used')
        .orderBy('ended_ms', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? null : approvalOf(row);
    },

    async recent(count) {
      const rows = await db
        .selectFrom('approvals')
        .select('body')
        .where('ended_ms', 'is not', null)
        .orderBy('ended_ms', 'desc')
        .limit(count)
        .execute();
      return rows.map(approvalOf);
    },

    ...standingStore(db),

    async prune(beforeMs) {
      await db
        .deleteFrom('approvals')
        .where('ended_ms', '<', beforeMs)
        .where('state', '!=', 'used')
        .execute();
      await db.deleteFrom('standing_approvals').where('expires_ms', '<', beforeMs).execute();
    },
  };
}

type StandingStore = Pick<ApprovalStore, 'standings' | 'insertStanding' | 'saveStanding'>;

function standingStore(db: Kysely<Tables>): StandingStore {
  return {
    async standings() {
      const query = db.selectFrom('standing_approvals').select('body');
      const rows = await query.where('revoked_ms', 'is', null).orderBy('id').execute();
      // The body is written by `standingRowOf` alone.
      return rows.map((row) => readJson(row.body) as Standing);
    },

    async insertStanding(standing) {
      await db.insertInto('standing_approvals').values(standingRowOf(standing)).execute();
    },

    async saveStanding(standing) {
      const { id, ...rest } = standingRowOf(standing);
      await db.updateTable('standing_approvals').set(rest).where('id', '=', id).execute();
    },
  };
}

/** The state settles a race: of two changes from one state, one finds it. */
function save(db: Kysely<Tables>, approval: Approval, from: ApprovalState): Promise<boolean> {
  const { id, grant_id, server, tool, ...rest } = rowOf(approval);
  const keepsArguments = ['pending', 'allowed', 'used'].includes(approval.state);
  const change = keepsArguments ? rest : { ...rest, arguments: null };
  return db.transaction().execute(async (transaction) => {
    const updated = await transaction
      .updateTable('approvals')
      .set(change)
      .where('id', '=', id)
      .where('state', '=', from)
      .executeTakeFirstOrThrow();
    if (updated.numUpdatedRows !== 1n) return false;
    if (approval.state !== 'used') return true;
    // Only the newest that was used is compared with: those before it are forgotten.
    await transaction
      .deleteFrom('approvals')
      .where('grant_id', '=', grant_id)
      .where('server', '=', server)
      .where('tool', '=', tool)
      .where('state', '=', 'used')
      .where('id', '!=', id)
      .execute();
    return true;
  });
}

function rowOf(approval: Approval): Omit<ApprovalTable, 'arguments'> {
  return {
    id: approval.id,
    grant_id: approval.grantId,
    server: approval.server,
    tool: approval.tool,
    state: approval.state,
    asked_ms: Math.trunc(approval.askedMs),
    expires_ms: Math.trunc(approval.expiresMs),
    ended_ms: approval.endedMs === null ? null : Math.trunc(approval.endedMs),
    body: JSON.stringify(approval),
  };
}

function approvalOf(row: { readonly body: string }): Approval {
  // The body is written by `rowOf` alone.
  return readJson(row.body) as Approval;
}

function standingRowOf(standing: Standing): StandingTable {
  return {
    id: standing.id,
    expires_ms: Math.trunc(standing.expiresMs),
    revoked_ms: standing.revokedMs === null ? null : Math.trunc(standing.revokedMs),
    body: JSON.stringify(standing),
  };
}
