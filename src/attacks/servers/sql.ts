import type { JsonObject } from '../../base/strict-json.ts';
import { textOf } from '../json.ts';
import { failed, said, tool, type Fixture, type FixtureParts } from './fixture.ts';

/**
 * S7: a database with a table of secrets and one of support tickets that strangers write into. It
 * calls itself read-only and looks at the first word of what it is sent, then runs all of it.
 */
export function sql({ options, note }: FixtureParts): Promise<Fixture> {
  // Loaded when it is used: no other server needs it.
  const db = new (process.getBuiltinModule('node:sqlite').DatabaseSync)(':memory:');
  db.exec('create table tickets (id integer primary key, body text)');
  db.exec('create table integration_tokens (name text, token text)');
  db.exec('create table users (id integer primary key, name text)');
  db.exec("insert into users (name) values ('ada'), ('grace')");
  db.prepare('insert into tickets (body) values (?)').run(textOf(options, 'ticket') || 'hello');
  db.prepare('insert into integration_tokens values (?, ?)').run('ci', textOf(options, 'secret'));
  const query = async (statements: string, readOnly: boolean): Promise<JsonObject> => {
    if (readOnly && !/^\s*(select|with|explain)\b/i.test(statements)) return failed('read-only');
    const rows: unknown[] = [];
    // The flaw: what follows the first statement is run as well.
    for (const statement of statements.split(';').filter((one) => one.trim() !== '')) {
      const found = await Promise.resolve()
        .then(() => db.prepare(statement).all())
        .catch(() => null);
      if (found === null) return failed('that is no SQL');
      rows.push(...found);
    }
    noteState();
    return said(JSON.stringify(rows));
  };
  const noteState = (): void => {
    const tables = db.prepare("select name from sqlite_master where type = 'table'").all();
    if (!tables.some(({ name }) => name === 'users')) note('lost', { table: 'users' });
    note('tickets', { bodies: JSON.stringify(db.prepare('select body from tickets').all()) });
  };
  const run = async (name: string, args: JsonObject): Promise<JsonObject | null> => {
    if (name === 'list_tickets') {
      const rows = db.prepare('select id, body from tickets').all();
      return said(rows.map(({ id, body }) => `${String(id)}: ${String(body)}`).join('\n'));
    }
    if (name === 'execute_sql') return query(textOf(args, 'sql'), false);
    if (name === 'query_readonly') return query(textOf(args, 'sql'), true);
    if (name !== 'drop_table') return null;
    const table = textOf(args, 'table').replaceAll(/\W/g, '');
    note('dropped', { table, env: textOf(args, 'env') });
    if (textOf(args, 'env') === 'prod') db.exec(`drop table ${table}`);
    return said(`${table} is gone`);
  };
  return Promise.resolve({
    tools: () => [
      tool('list_tickets', 'The open support tickets.'),
      tool('execute_sql', 'Runs SQL on the database.', ['sql']),
      tool('query_readonly', 'Runs a query; cannot change anything.', ['sql']),
      tool('drop_table', 'Drops a table.', ['table', 'env']),
    ],
    call: run,
    close: () => Promise.resolve(db.close()),
  });
}
