import { expression, expressions, orderBy } from './sql-expression.ts';
import {
  deeper,
  dottedName,
  listOf,
  name,
  nextIs,
  optional,
  parenthesised,
  peek,
  take,
  takeKind,
  takeOneOf,
} from './sql-reader.ts';
import type { Reader, SqlClass } from './sql-reader.ts';
import type { Token } from './sql-tokens.ts';

/**
 * The classes of the one statement that the tokens are, or null when they are not exactly one
 * statement of the grammar below: what PostgreSQL, MySQL, MariaDB and SQLite have in common, and a
 * little of each that none of them reads as anything else. A clause that is not in it (`into`,
 * `for update`, `or replace`, a function in `from`, …) ends the parse.
 */
export function classesOf(tokens: readonly Token[]): ReadonlySet<SqlClass> | null {
  const reader: Reader = { tokens, position: 0, depth: 0, classes: new Set(), query: statement };
  if (!topLevel(reader)) return null;
  take(reader, ';');
  return peek(reader).kind === 'end' ? reader.classes : null;
}

function topLevel(reader: Reader): boolean {
  if (take(reader, 'explain')) return explain(reader);
  if (take(reader, 'show')) return show(reader);
  return statement(reader);
}

/** Without `analyze` the statement is not run, so what it would do does not count. */
function explain(reader: Reader): boolean {
  reader.classes.add('explain');
  if (take(reader, 'analyze')) return statement(reader);
  take(reader, 'query', 'plan');
  const planned: Reader = { ...reader, classes: new Set() };
  if (!statement(planned)) return false;
  reader.position = planned.position;
  return true;
}

function show(reader: Reader): boolean {
  reader.classes.add('show');
  if (takeOneOf(reader, 'databases', 'all')) return true;
  if (take(reader, 'create', 'table')) return dottedName(reader);
  if (takeOneOf(reader, 'columns', 'fields', 'index', 'indexes', 'keys')) {
    return take(reader, 'from') && dottedName(reader);
  }
  return dottedName(reader);
}

/** A query, or an insert, update or delete, with its common table expressions. */
function statement(reader: Reader): boolean {
  return deeper(reader, statementBody);
}

function statementBody(reader: Reader): boolean {
  if (take(reader, 'with')) {
    take(reader, 'recursive');
    if (!listOf(reader, commonTable)) return false;
  }
  if (take(reader, 'insert', 'into')) return insert(reader);
  if (take(reader, 'update')) return update(reader);
  if (take(reader, 'delete', 'from')) return remove(reader);
  return query(reader);
}

function commonTable(reader: Reader): boolean {
  if (!name(reader) || !optionalNames(reader) || !take(reader, 'as')) return false;
  if (!take(reader, 'not', 'materialized')) take(reader, 'materialized');
  return parenthesised(reader, statement);
}

function query(reader: Reader): boolean {
  do {
    if (!queryTerm(reader)) return false;
  } while (setOperator(reader));
  return orderBy(reader) && slice(reader);
}

function setOperator(reader: Reader): boolean {
  if (!takeOneOf(reader, 'union', 'intersect', 'except')) return false;
  takeOneOf(reader, 'all', 'distinct');
  return true;
}

function queryTerm(reader: Reader): boolean {
  if (nextIs(reader, '(')) return parenthesised(reader, query);
  reader.classes.add('select');
  if (take(reader, 'values')) return listOf(reader, row);
  return take(reader, 'select') && selectBody(reader);
}

function selectBody(reader: Reader): boolean {
  if (take(reader, 'distinct', 'on')) {
    if (!parenthesised(reader, expressions)) return false;
  } else {
    takeOneOf(reader, 'distinct', 'all');
  }
  return (
    listOf(reader, selectItem) &&
    optional(reader, ['from'], tables) &&
    optional(reader, ['where'], expression) &&
    optional(reader, ['group', 'by'], expressions) &&
    optional(reader, ['having'], expression)
  );
}

function selectItem(reader: Reader): boolean {
  if (take(reader, '*')) return true;
  if (!expression(reader)) return false;
  if (take(reader, 'as')) return name(reader);
  name(reader);
  return true;
}

/** `limit`, `offset` and `fetch first`, in the orders that are in use. */
function slice(reader: Reader): boolean {
  if (!optional(reader, ['limit'], limit)) return false;
  if (take(reader, 'offset')) {
    if (!expression(reader)) return false;
    takeOneOf(reader, 'row', 'rows');
  }
  if (!take(reader, 'fetch')) return true;
  if (!takeOneOf(reader, 'first', 'next') || !takeKind(reader, 'number')) return false;
  return takeOneOf(reader, 'row', 'rows') && take(reader, 'only');
}

function limit(reader: Reader): boolean {
  return take(reader, 'all') || (expression(reader) && optional(reader, [','], expression));
}

function tables(reader: Reader): boolean {
  return listOf(reader, joined);
}

function joined(reader: Reader): boolean {
  if (!table(reader)) return false;
  while (nextIs(reader, 'natural', 'inner', 'left', 'right', 'full', 'cross', 'join')) {
    if (!join(reader)) return false;
  }
  return true;
}

function join(reader: Reader): boolean {
  take(reader, 'natural');
  if (takeOneOf(reader, 'left', 'right', 'full')) take(reader, 'outer');
  else takeOneOf(reader, 'inner', 'cross');
  if (!take(reader, 'join') || !table(reader)) return false;
  if (take(reader, 'using')) return parenthesised(reader, names);
  return optional(reader, ['on'], expression);
}

function table(reader: Reader): boolean {
  take(reader, 'lateral');
  if (nextIs(reader, '(')) {
    if (!parenthesised(reader, queryOrTables)) return false;
  } else if (!tableName(reader)) {
    return false;
  }
  const hasAlias = take(reader, 'as') ? name(reader) : name(reader) || 'none';
  return hasAlias === 'none' || (hasAlias && optionalNames(reader));
}

function queryOrTables(reader: Reader): boolean {
  return nextIs(reader, 'select', 'with', 'values') ? statement(reader) : tables(reader);
}

/** SQLite runs a pragma for `select … from pragma_x`. */
function tableName(reader: Reader): boolean {
  return !peek(reader).text.startsWith('pragma_') && dottedName(reader);
}

function insert(reader: Reader): boolean {
  reader.classes.add('insert');
  if (!tableName(reader)) return false;
  if (take(reader, 'as') && !name(reader)) return false;
  if (nextIs(reader, '(') && peek(reader, 1).text !== 'select' && !optionalNames(reader)) {
    return false;
  }
  return (
    insertSource(reader) &&
    optional(reader, ['on', 'conflict'], onConflict) &&
    optional(reader, ['on', 'duplicate', 'key', 'update'], conflictUpdate) &&
    returning(reader)
  );
}

function insertSource(reader: Reader): boolean {
  if (take(reader, 'default', 'values')) return true;
  // Rows of literals select nothing; anything else reads tables, and counts as a select too.
  if (take(reader, 'values')) return listOf(reader, row);
  return nextIs(reader, 'select', 'with', '(') && statement(reader);
}

function row(reader: Reader): boolean {
  return parenthesised(reader, expressions);
}

function onConflict(reader: Reader): boolean {
  if (!optionalNames(reader) || !take(reader, 'do')) return false;
  if (take(reader, 'nothing')) return true;
  return take(reader, 'update', 'set') && conflictUpdate(reader);
}

/** An insert that meets its like changes it: that is an update as well. */
function conflictUpdate(reader: Reader): boolean {
  reader.classes.add('update');
  return listOf(reader, assignment) && optional(reader, ['where'], expression);
}

function update(reader: Reader): boolean {
  reader.classes.add('update');
  return (
    target(reader) &&
    take(reader, 'set') &&
    listOf(reader, assignment) &&
    optional(reader, ['from'], tables) &&
    optional(reader, ['where'], expression) &&
    returning(reader)
  );
}

function remove(reader: Reader): boolean {
  reader.classes.add('delete');
  return (
    target(reader) &&
    optional(reader, ['using'], tables) &&
    optional(reader, ['where'], expression) &&
    returning(reader)
  );
}

function target(reader: Reader): boolean {
  if (!tableName(reader)) return false;
  if (take(reader, 'as')) return name(reader);
  name(reader);
  return true;
}

function assignment(reader: Reader): boolean {
  return dottedName(reader) && take(reader, '=') && expression(reader);
}

/** What `returning` hands out was selected: PostgreSQL asks for the same privilege. */
function returning(reader: Reader): boolean {
  if (!take(reader, 'returning')) return true;
  reader.classes.add('select');
  return listOf(reader, selectItem);
}

function names(reader: Reader): boolean {
  return listOf(reader, name);
}

function optionalNames(reader: Reader): boolean {
  return !nextIs(reader, '(') || parenthesised(reader, names);
}
