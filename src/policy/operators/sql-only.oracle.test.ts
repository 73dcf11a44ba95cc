import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { loadModule, parseSync } from 'libpg-query';
import { SQL_CLASSES } from './sql-reader.ts';
import { classesOf } from './sql-statement.ts';
import { tokenize } from './sql-tokens.ts';

/**
 * What the grammar reads, PostgreSQL's own parser and SQLite read in the same way or refuse. Texts
 * are made of fragments that are each plausible after the other, so that many are statements.
 */
const fragment = fc.constantFrom(
  'select',
  'select a',
  'select *',
  'from t',
  'from t as u',
  'where',
  'a = 1',
  'and',
  'or',
  '(',
  ')',
  ',',
  '1',
  "'x'",
  "'it''s'",
  'a',
  't.a',
  '*',
  '=',
  '-',
  '%',
  '||',
  'in',
  'not',
  'between',
  'is null',
  'like',
  'case when',
  'then',
  'end',
  'lower(a)',
  'count(*)',
  'over ()',
  'with x as (',
  'delete from t',
  'insert into t',
  'values (1)',
  'update t set a = 1',
  'returning *',
  'for update',
  'into z',
  'union',
  'union all',
  'order by',
  'limit 1',
  'offset 1',
  'group by a',
  'having',
  ';',
  'explain',
  'explain analyze',
  'show a',
  'as',
  'join u',
  'left join u',
  'on',
  'using (a)',
  '--',
  '-- c\n',
  '/* c */',
  '/*',
  '*/',
  '::',
  'text',
  'cast(a as int)',
  'exists',
  'any',
  'interval',
  'pg_sleep(1)',
  '.',
  "'",
  '$1',
  '$$',
  'distinct',
  'on conflict do nothing',
  'do',
  'set',
  'x',
  '\r',
  'default',
  'null',
  'drop table t',
  'limit 1, 2',
  'fetch first 1 row only',
  'lateral',
  '?',
);
const texts = fc
  .tuple(
    fc.constantFrom(
      'select a from t',
      'select',
      'with x as (',
      'delete from t',
      'insert into t',
      '',
    ),
    fc.array(fragment, { maxLength: 9 }),
  )
  .map(([start, rest]) => [start, ...rest].join(' '));

/** Node of PostgreSQL's tree -> our class. `SelectStmt` counts wherever it does not only hold values. */
const NODES: Readonly<Record<string, string>> = {
  InsertStmt: 'insert',
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
  ExplainStmt: 'explain',
  VariableShowStmt: 'show',
};

before(() => loadModule());

test('every text that is read has the same classes for the parser of PostgreSQL', () => {
  let agreed = 0;
  fc.assert(
    fc.property(texts, (text) => {
      const ours = classesOf(tokenize(text) ?? []);
      if (ours === null) return;
      const tree = parsePostgres(text);
      if (tree === null) return;
      agreed += 1;
      assert.equal(tree.stmts?.length, 1, text);
      const theirs = nodesIn(tree);
      assert.ok(![...theirs].some((node) => /^(?:IntoClause|LockingClause)$/.test(node)), text);
      // The plan of a statement is not its run.
      if (ours.has('explain') && !/analyze/.test(text)) return;
      for (const node of theirs) {
        if (/^[A-Z].*Stmt$/.test(node) && !/^(?:Select|Raw)Stmt$/.test(node)) {
          assert.ok(isClass(ours, NODES[node]), `${node}: ${text}`);
        }
      }
    }),
    { numRuns: 20_000 },
  );
  assert.ok(agreed > 500, `only ${agreed} texts were read by both`);
});

test('every text that is read as a select leaves SQLite unchanged', () => {
  const database = new DatabaseSync(':memory:');
  database.exec('create table t (a); create table u (a); insert into t values (1), (2)');
  let run = 0;
  fc.assert(
    fc.property(texts, (text) => {
      const ours = classesOf(tokenize(text) ?? []);
      if (ours === null || [...ours].some((name) => name !== 'select')) return;
      const before = fingerprint(database);
      if (runs(database, text)) run += 1;
      assert.equal(fingerprint(database), before, text);
    }),
    { numRuns: 10_000 },
  );
  database.close();
  // Some 250 of the random texts are: enough to say that the test looks at something.
  assert.ok(run > 100, `only ${run} texts were run`);
});

interface Tree {
  readonly stmts?: readonly unknown[];
}

function parsePostgres(text: string): Tree | null {
  try {
    return parseSync(text);
  } catch {
    return null;
  }
}

function runs(database: DatabaseSync, text: string): boolean {
  try {
    database.exec(text);
    return true;
  } catch {
    return false;
  }
}

function fingerprint(database: DatabaseSync): string {
  const state = [
    'select total_changes() as x',
    'select group_concat(name) as x from sqlite_schema',
  ];
  return JSON.stringify(state.map((query) => database.prepare(query).all()));
}

function isClass(ours: ReadonlySet<string>, name: string | undefined): boolean {
  return name !== undefined && SQL_CLASSES.some((known) => known === name) && ours.has(name);
}

/** The names of all nodes in a tree. */
function nodesIn(value: unknown, found: Set<string> = new Set()): Set<string> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, child] of Object.entries(value)) {
    found.add(key);
    if (key === 'intoClause') found.add('IntoClause');
    nodesIn(child, found);
  }
  return found;
}
