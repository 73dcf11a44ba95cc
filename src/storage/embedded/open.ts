import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Kysely } from 'kysely';
import { err, ok, type Result } from '../../base/result.ts';
import { migrate } from '../migrations/migrate.ts';
import { storeProblem, type StoreProblem } from '../problem.ts';
import type { Tables } from '../tables.ts';
import { embeddedDialect } from './dialect.ts';
import { openSqlite, type Sqlite } from './sqlite.ts';

/** The file of grants, pins and policies in the data folder. */
export const registryFile = 'registry.sqlite';

/** Opens the embedded database of a data folder, sound and with the newest schema, or says why not. */
export async function openEmbedded(dataDir: string): Promise<Result<Kysely<Tables>, StoreProblem>> {
  const path = join(dataDir, registryFile);
  let sqlite: Sqlite | null = null;
  try {
    // SQLite gives its log files the rights of this one.
    await (await open(path, 'a', 0o600)).close();
    sqlite = openSqlite(path);
    const fault = faultOf(sqlite);
    if (fault !== null) throw Object.assign(new Error(fault), { errcode: 11 });

    const db = new Kysely<Tables>({ dialect: embeddedDialect(sqlite) });
    const migrated = await migrate(db);
    if (migrated.ok) return ok(db);
    sqlite.close();
    const { found, known } = migrated.error;
    const message = `\`${path}\` has schema ${found}, this version knows ${known}: run a newer one`;
    return err({ code: 'newer-version', path, message });
  } catch (error) {
    if (sqlite?.isOpen === true) sqlite.close();
    return err(storeProblem(path, error));
  }
}

/** The first thing that is wrong with the file's structure, or null. */
function faultOf(sqlite: Sqlite): string | null {
  const row = sqlite.prepare('PRAGMA quick_check(1)').get();
  const answer = row === undefined ? null : Object.values(row)[0];
  return answer === 'ok' ? null : String(answer);
}
