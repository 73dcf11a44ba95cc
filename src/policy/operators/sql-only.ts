import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type { JsonValue } from '../../base/strict-json.ts';
import type { Outcome } from './outcome.ts';
import { SQL_CLASSES } from './sql-reader.ts';
import type { SqlClass } from './sql-reader.ts';
import { classesOf } from './sql-statement.ts';
import { tokenize } from './sql-tokens.ts';

/** Longest text that is parsed, in UTF-16 units. */
const TEXT_MAX = 65_536;

const EXPECTED = `a list of statement classes, each one of ${SQL_CLASSES.join(', ')}`;

/**
 * `sql_only`: the text is exactly one SQL statement, and all it does is of the listed classes.
 *
 * Which database reads the text is not known, so a verdict needs a text that PostgreSQL, MySQL,
 * MariaDB and SQLite cut into the same tokens (see `tokenize`) and that is in the grammar they
 * share (see `classesOf`); functions must be known to be pure. The classes are those of the whole
 * tree: a `delete` in a common table expression counts, a subquery counts as `select`, and so does
 * `returning`; `values (1), (2)` is a `select`, as in the grammars of PostgreSQL and SQLite: it
 * reads nothing that the text does not hold; `on conflict do update` makes an insert an `update` too; `explain` without
 * `analyze` is `explain` alone, with it both.
 *
 * Holds when every class found is listed, does not hold when none is. One listed and another not is
 * `cannot-tell`, so that a `deny_if` on `delete` fires on a delete inside a select. So is all that
 * is not in the grammar: several statements, `select … into`, `for update`, `copy`, pragmas,
 * definitions of tables, functions that are not known, quoted names, vendor comments.
 *
 * Limits: what the database's owner defined (views, rules, triggers, defaults, operators, functions
 * of a row called as its column) can do more than the text says, and a query may run for ever. Give the server a database role that may not do what must not happen.
 */
export function compileSqlOnly(operand: JsonValue): Result<(value: JsonValue) => Outcome, string> {
  if (!Array.isArray(operand) || operand.length === 0) return err(EXPECTED);
  const listed = new Set<SqlClass>();
  for (const entry of operand) {
    const known = SQL_CLASSES.find((name) => name === entry);
    if (known === undefined) return err(`${EXPECTED}; not one: ${JSON.stringify(entry)}`);
    listed.add(known);
  }
  return ok((value) => judgeSql(value, listed));
}

function judgeSql(value: JsonValue, listed: ReadonlySet<SqlClass>): Outcome {
  if (typeof value !== 'string' || value.length > TEXT_MAX) return 'cannot-tell';
  const tokens = tokenize(value);
  const classes = tokens === null ? null : classesOf(tokens);
  if (classes === null) return 'cannot-tell';
  if (classes.isSubsetOf(listed)) return 'holds';
  return classes.isDisjointFrom(listed) ? 'does-not-hold' : 'cannot-tell';
}
