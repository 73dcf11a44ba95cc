import type { Kysely } from 'kysely';
import type { Session, User, UserRole, UserStore } from '../identity/user.ts';
import type { SessionTable, Tables, UserTable } from './tables.ts';

/** Users of the console and their sessions, in an SQL store. */
export function userStore(db: Kysely<Tables>): UserStore {
  return { ...users(db), ...sessions(db) };
}

type SessionMethods =
  | 'findSession'
  | 'insertSession'
  | 'touchSession'
  | 'removeSession'
  | 'removeSessionsOf'
  | 'removeOldSessions';

function users(db: Kysely<Tables>): Omit<UserStore, SessionMethods> {
  return {
    async list() {
      return (await db.selectFrom('users').selectAll().orderBy('name').execute()).map(userOf);
    },

    async find(name) {
      const query = db.selectFrom('users').selectAll().where('name', '=', name);
      const row = await query.executeTakeFirst();
      return row === undefined ? null : userOf(row);
    },

    async findOidc({ issuer, subject }) {
      const query = db.selectFrom('users').selectAll().where('oidc_issuer', '=', issuer);
      const row = await query.where('oidc_subject', '=', subject).executeTakeFirst();
      return row === undefined ? null : userOf(row);
    },

    insert: (user) =>
      db.transaction().execute(async (transaction) => insertUser(transaction, user)),

    insertFirst: (user) =>
      db.transaction().execute(async (transaction) => {
        const known = transaction.selectFrom('users').where('oidc_issuer', 'is', null);
        const any = await known.select('name').executeTakeFirst();
        return any === undefined ? insertUser(transaction, user) : 'duplicate';
      }),

    setRole: (name, role) => changeUser(db, name, { role }),

    async setPassword(was, password) {
      const none = { invitation_sha256: null, invitation_expires_ms: null };
      const query = db
        .updateTable('users')
        .set({ password, ...none })
        .where('name', '=', was.name)
        .where('password', was.password === null ? 'is' : '=', was.password)
        .where(
          'invitation_sha256',
          was.invitationSha256 === null ? 'is' : '=',
          was.invitationSha256,
        );
      return (await query.executeTakeFirstOrThrow()).numUpdatedRows === 1n;
    },

    invite: (name, sha256, expiresMs) =>
      db.transaction().execute(async (transaction) => {
        await removeWaysIn(transaction, name);
        return changeUser(transaction, name, {
          password: null,
          invitation_sha256: sha256,
          invitation_expires_ms: expiresMs,
        });
      }),

    remove: (name) =>
      db.transaction().execute(async (transaction) => {
        await removeWaysIn(transaction, name);
        const query = transaction.deleteFrom('users').where('name', '=', name);
        return (await query.executeTakeFirstOrThrow()).numDeletedRows === 1n;
      }),
  };
}

function sessions(db: Kysely<Tables>): Pick<UserStore, SessionMethods> {
  return {
    async findSession(tokenSha256) {
      const query = db.selectFrom('sessions').selectAll().where('token_sha256', '=', tokenSha256);
      const row = await query.executeTakeFirst();
      return row === undefined ? null : sessionOf(row);
    },

    async insertSession({ tokenSha256, userName, createdMs, seenMs }) {
      await db
        .insertInto('sessions')
        .values({
          token_sha256: tokenSha256,
          user_name: userName,
          created_ms: createdMs,
          seen_ms: seenMs,
        })
        .execute();
    },

    async touchSession(tokenSha256, seenMs) {
      const query = db.updateTable('sessions').set({ seen_ms: seenMs });
      await query.where('token_sha256', '=', tokenSha256).execute();
    },

    async removeSession(tokenSha256) {
      await db.deleteFrom('sessions').where('token_sha256', '=', tokenSha256).execute();
    },

    async removeSessionsOf(userName, except) {
      const query = db.deleteFrom('sessions').where('user_name', '=', userName);
      const kept = except === null ? query : query.where('token_sha256', '!=', except);
      await kept.execute();
    },

    async removeOldSessions(createdBeforeMs, seenBeforeMs) {
      await db
        .deleteFrom('sessions')
        .where((where) =>
          where.or([
            where('created_ms', '<', createdBeforeMs),
            where('seen_ms', '<', seenBeforeMs),
          ]),
        )
        .execute();
    },
  };
}

async function insertUser(db: Kysely<Tables>, user: User): Promise<'inserted' | 'duplicate'> {
  const inserted = await db
    .insertInto('users')
    .values({
      name: user.name,
      role: user.role,
      password: user.password,
      invitation_sha256: user.invitationSha256,
      invitation_expires_ms: user.invitationExpiresMs,
      created_ms: user.createdMs,
      oidc_issuer: user.oidc?.issuer ?? null,
      oidc_subject: user.oidc?.subject ?? null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  if (inserted.numInsertedOrUpdatedRows !== 1n) return 'duplicate';
  // A sign-in may have ended after whoever had the name before was removed.
  await removeWaysIn(db, user.name);
  return 'inserted';
}

async function changeUser(
  db: Kysely<Tables>,
  name: string,
  change: Partial<UserTable>,
): Promise<boolean> {
  const query = db.updateTable('users').set(change).where('name', '=', name);
  return (await query.executeTakeFirstOrThrow()).numUpdatedRows === 1n;
}

/** Ends every session of a user, and removes their passkeys. */
async function removeWaysIn(db: Kysely<Tables>, name: string): Promise<void> {
  await db.deleteFrom('sessions').where('user_name', '=', name).execute();
  await db.deleteFrom('passkeys').where('user_name', '=', name).execute();
}

const roles: readonly UserRole[] = ['viewer', 'approver', 'policy-manager', 'admin'];

/** A role that this program does not know may look and no more. */
function userOf(row: UserTable): User {
  return {
    name: row.name,
    role: roles.find((role) => role === row.role) ?? 'viewer',
    password: row.password,
    invitationSha256: row.invitation_sha256,
    invitationExpiresMs: row.invitation_expires_ms,
    createdMs: row.created_ms,
    oidc:
      row.oidc_issuer === null || row.oidc_subject === null
        ? null
        : { issuer: row.oidc_issuer, subject: row.oidc_subject },
  };
}

function sessionOf(row: SessionTable): Session {
  return {
    tokenSha256: row.token_sha256,
    userName: row.user_name,
    createdMs: row.created_ms,
    seenMs: row.seen_ms,
  };
}
