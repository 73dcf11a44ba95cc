import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../../base/strict-json.ts';
import type { Outcome } from './outcome.ts';
import { compileSqlOnly } from './sql-only.ts';

const YES = 'holds';
const NO = 'does-not-hold';
const UNSURE = 'cannot-tell';

/** Text, the outcome for `["select"]`. */
const selects: readonly (readonly [JsonValue, Outcome])[] = [
  ['select 1', YES],
  ['SELECT 1;', YES],
  ['select a, b from t where id = 1', YES],
  ['select * from a.b.c as x', YES],
  ['select a.b.c from t', YES],
  ['select a.b.c.d from t', UNSURE],
  ['select a. from t', UNSURE],
  ['select t.* from t', YES],
  ['select distinct a from t order by a desc nulls last limit 10 offset 5', YES],
  ['select a from t limit 5, 10', YES],
  ['select a from t offset 5 rows fetch next 10 rows only', YES],
  ['select distinct on (a) a, b from t', YES],
  ['select distinct on (a, b) c.d from t', YES],
  ['select a.x, count(*) from a left join b on a.id = b.id group by a.x having count(*) > 1', YES],
  ['select * from a natural join b cross join c inner join d using (id)', YES],
  ['select * from (a join b on a.x = b.x), lateral (select 1) q', YES],
  ['select * from (select 1 as x) y', YES],
  ['with a as (select 1), b (x) as (select 2) select * from a, b', YES],
  ['with recursive a as (select 1 union all select 2) select * from a', YES],
  ['select 1 union all select 2 intersect select 3', YES],
  ['(select 1) union (select 2) order by 1', YES],
  ['values (1, 2), (3, 4)', YES],
  ['with x as materialized (select 1) select * from x', YES],
  ['with x as not materialized (select 1) select * from x', YES],
  ['select sum(a) over (order by b) from t', YES],
  ['select sum(distinct) from t', UNSURE],
  ['select case when', UNSURE],
  ['select 1 limit', UNSURE],
  ["select 'it''s; drop table x --'", YES],
  ["select '/* not a comment'", YES],
  ["select 'zażółć 日本語 ’'", YES],
  ['select case when a > 1 then 1 else 2 end from t', YES],
  ['select case a when 1 then 2 end from t', YES],
  ['select cast(a as decimal(10, 2)), b::text, c::timestamp with time zone from t', YES],
  ["select * from t where a ilike '%x%' and b not between 1 and 2 and c is not null", YES],
  ["select * from t where d > now() - interval '1 day' or d > now() - interval 1 day", YES],
  ['select * from t where a in (1, 2) and b not in (select b from u)', YES],
  ['select a in', UNSURE],
  ['select a not in', UNSURE],
  ['select a in b', UNSURE],
  ['select a in (1', UNSURE],
  ['select * from t (a, b)', UNSURE],
  ['select * from t as u (a, b)', YES],
  ['select * from t u (a)', YES],
  ['select * from (select 1) as u (a)', YES],
  ['select * from (select 1) (a)', UNSURE],
  ['select unknown_of(a)', UNSURE],
  ['select interval from t', UNSURE],
  ['select a from t fetch', UNSURE],
  ['select a::', UNSURE],
  ['select a::from', UNSURE],
  ['select a collate', UNSURE],
  ['select a collate 5', UNSURE],
  ['select * from a.b.c.d', UNSURE],
  ['select * from a.', UNSURE],
  ['select * from a.5', UNSURE],
  ['select a from t fetch first', UNSURE],
  ['select a::decimal(', UNSURE],
  ['select a::decimal(b)', UNSURE],
  ["select cast(a as varchar('x')) from t", UNSURE],
  ['select interval 1 from t', UNSURE],
  ['select * from t where exists (select 1 from u) and a = any (select 1)', YES],
  ['select * from t where (a, b) in ((1, 2), (3, 4)) and a is distinct from b', YES],
  [
    'select row_number() over (partition by a order by b rows between 1 preceding and current row) from t',
    YES,
  ],
  ['select count(distinct a) filter (where a > 1), sum(b) over w from t', YES],
  ["select string_agg(a, ',' order by a), group_concat(a separator ';') from t", YES],
  ["select extract(year from d), date '2026-01-31', d at time zone 'utc' from t", YES],
  ["select data->'a'->>'b' from t", YES],
  ['select a || b, -a, +1, a=-1, a % 2, a <> b, a != b from t', YES],
  ['select * from t where id = $1 or id = ?', YES],
  ['select 1 -- the end', YES],
  ['-- first\nselect /* here */ 1', YES],
  ['select 1.5e3, 0.1', YES],
  ['\t select\r\n1 ; \n', YES],
  // Certainly something else.
  ['show tables', NO],
  ['explain select 1', NO],
  ['explain delete from t', NO],
  ['insert into t values (1)', NO],
  ["update t set a = 'x' where b = 2", NO],
  ['delete from t', NO],
  ['delete from t as x where a = 1;', NO],
  // Both.
  ['explain analyze select 1', UNSURE],
  ['with x as (delete from t returning *) select * from x', UNSURE],
  ['with x as (insert into t values (1)) select 1', UNSURE],
  ['with x as (update t set a = 1) select 1', UNSURE],
  ['select * from (with x as (delete from t) select 1) y', UNSURE],
  ['insert into t select * from u', UNSURE],
  ['delete from t where a in (select a from u)', UNSURE],
  ['delete from t returning *', UNSURE],
  // More than one, or none.
  ['select 1; select 2', UNSURE],
  ['select 1; drop table t', UNSURE],
  ['select 1;;', UNSURE],
  [';select 1', UNSURE],
  ['select 1 select 2', UNSURE],
  ['', UNSURE],
  [' ', UNSURE],
  ['-- select 1', UNSURE],
  ['hello', UNSURE],
  ['select', UNSURE],
  ['select 1 from', UNSURE],
  ['select (1', UNSURE],
  // Clauses that write, lock or wait.
  ['select * into x from t', UNSURE],
  ['select a into @x from t', UNSURE],
  ["select * from t into outfile '/tmp/x'", UNSURE],
  ["select * into dumpfile '/tmp/x' from t", UNSURE],
  ['select * from t for update', UNSURE],
  ['select * from t for share', UNSURE],
  ['select * from t lock in share mode', UNSURE],
  ['select * from t procedure analyse()', UNSURE],
  ['select next value for s', UNSURE],
  ['select s.nextval from dual', UNSURE],
  ['select @a := 1', UNSURE],
  // Functions that are not known to be pure, however they are written.
  ['select pg_sleep(10)', UNSURE],
  ['select PG_SLEEP (10)', UNSURE],
  ['select pg_sleep/**/(10)', UNSURE],
  ['select "pg_sleep"(10)', UNSURE],
  ['select pg_catalog.pg_sleep(10)', UNSURE],
  ['select pg_catalog.lower(1)', UNSURE],
  ['select sleep(10)', UNSURE],
  ['select benchmark(1000000, 1)', UNSURE],
  ["select nextval('s')", UNSURE],
  ["select setval('s', 1)", UNSURE],
  ["select lo_import('/etc/passwd')", UNSURE],
  ["select pg_read_file('/etc/passwd')", UNSURE],
  ["select load_file('/etc/passwd')", UNSURE],
  ["select load_extension('x')", UNSURE],
  ["select writefile('x', 'y')", UNSURE],
  ["select set_config('a', 'b', true)", UNSURE],
  ["select dblink_exec('drop table t')", UNSURE],
  ["select query_to_xml('delete from t', true, true, '')", UNSURE],
  ['select pg_terminate_backend(1)', UNSURE],
  ['select my_function()', UNSURE],
  ['select * from pg_sleep(1)', UNSURE],
  ['select * from f(1) as x', UNSURE],
  ['select * from generate_series(1, 10)', UNSURE],
  ["select * from pragma_table_info('t')", UNSURE],
  ['select * from pragma_journal_mode', UNSURE],
  ['select * from t order by pg_sleep(1)', UNSURE],
  ['select case when pg_sleep(1) is null then 1 end', UNSURE],
  ['select 1 limit pg_sleep(1)', UNSURE],
  ['select count(*) over (order by pg_sleep(1)) from t', UNSURE],
  ['select count(*) filter (where pg_sleep(1) is null) from t', UNSURE],
  // Other statements.
  ["copy t to '/tmp/x'", UNSURE],
  ["copy t from program 'id'", UNSURE],
  ['drop table t', UNSURE],
  ['truncate t', UNSURE],
  ['create table t (a int)', UNSURE],
  ['create table x as select 1', UNSURE],
  ['alter table t add a int', UNSURE],
  ['grant all on t to u', UNSURE],
  ['replace into t values (1)', UNSURE],
  ['insert or replace into t values (1)', UNSURE],
  ['merge into t using u on 1 = 1 when matched then delete', UNSURE],
  ['call f()', UNSURE],
  ['do $$ begin delete from t; end $$', UNSURE],
  ['set role postgres', UNSURE],
  ['pragma writable_schema = 1', UNSURE],
  ["attach database 'x' as y", UNSURE],
  ['vacuum', UNSURE],
  ['begin', UNSURE],
  ["load data infile 'x' into table t", UNSURE],
  ['table t', UNSURE],
  ['explain (analyze) delete from t', UNSURE],
  ['explain analyze verbose delete from t', UNSURE],
  ['explain explain select 1', UNSURE],
  ['prepare x as delete from t', UNSURE],
  ['execute x', UNSURE],
  ['declare c cursor for select 1', UNSURE],
  // What dialects cut differently.
  ["select 'a\\'; drop table t; --'", UNSURE],
  ["select '\\'' or 1", UNSURE],
  ['select 1 # comment', UNSURE],
  ['select 1 --1', UNSURE],
  ['select 1--', YES],
  ['select 1 --\r; drop table t', UNSURE],
  ['select 1 -- a\rdelete from t', UNSURE],
  ['select 1 -- a\r\n', YES],
  ['select /*! sleep(1), */ 1', UNSURE],
  ['select /*!50000 1 */', UNSURE],
  ['select /*M! 1 */', UNSURE],
  ['select /*+ hint */ 1', UNSURE],
  ['select /* a /* b */ 1', UNSURE],
  ['select /* a /* b */ c */ 1', UNSURE],
  ['select 1 /* a', UNSURE],
  ['select 1 */', UNSURE],
  ['select `a` from t', UNSURE],
  ['select "a" from t', UNSURE],
  ['select [a] from t', UNSURE],
  ['select $$a$$', UNSURE],
  ['select $a$b$a$', UNSURE],
  ['select $1$', UNSURE],
  ["select E'a'", UNSURE],
  ["select U&'a'", UNSURE],
  ["select x'41'", UNSURE],
  ["select _utf8'a'", UNSURE],
  ["select n'a'", UNSURE],
  ["select 'a''", UNSURE],
  ["select 'a'b", UNSURE],
  ["select ''a''", UNSURE],
  ['select \u2018a\u2019', UNSURE],
  ["select '\u02bc; drop table t'", UNSURE],
  ["select '\uff07; drop table t'", UNSURE],
  ['select \uff11', UNSURE],
  ['select\u00a01', UNSURE],
  ['select é from t', UNSURE],
  ['\uff53elect 1', UNSURE],
  ['select 1\0; drop table t', UNSURE],
  ["select 'a\0'", UNSURE],
  ["select 'a\u202e'", UNSURE],
  ["select '\ud800'", UNSURE],
  ['select 0x1f', UNSURE],
  ['select 1a', UNSURE],
  ['select 1.e', UNSURE],
  ['select 5%-3', UNSURE],
  ['select a ~ b', UNSURE],
  ['select a @> b', UNSURE],
  ['select :name', UNSURE],
  ['select @@version', UNSURE],
  ['select {fn now()}', UNSURE],
  ['select a ? b from t', UNSURE],
  ['\\! id', UNSURE],
  ['.shell id', UNSURE],
  ['select 1 =+ 1', UNSURE],
  // Reserved words where a name is needed.
  ['select delete from t', UNSURE],
  ['select a into', UNSURE],
  ['select * from select', UNSURE],
  // Not a text, or past the bounds.
  [null, UNSURE],
  [1, UNSURE],
  [['select 1'], UNSURE],
  [`select '${'a'.repeat(65_536)}'`, UNSURE],
  [`select ${'('.repeat(200)}1${')'.repeat(200)}`, UNSURE],
  [`select 1${' + 1'.repeat(10_000)}`, UNSURE],
];

/** Classes, text, outcome. */
const others: readonly (readonly [readonly string[], string, Outcome])[] = [
  [['insert'], 'insert into t (a, b) values (1, default), (2, 3)', YES],
  [['insert'], 'insert into t default values', YES],
  [['insert'], 'insert into t as values (1)', UNSURE],
  [['insert'], 'insert into t as u values (1)', YES],
  [['insert'], 'insert into values (1)', UNSURE],
  [['update'], 'update set a = 1', UNSURE],
  [['delete'], 'delete from', UNSURE],
  [['delete'], 'delete from where a = 1', UNSURE],
  [['insert'], 'insert into t (a) values (1) on conflict do nothing', YES],
  [['insert'], 'insert into t values (1) returning id', UNSURE],
  [['insert', 'select'], 'insert into t values (1) returning id', YES],
  [['insert', 'select'], 'insert into t (a) select a from u', YES],
  [['insert', 'select'], 'insert into t (select a from u)', YES],
  [['insert', 'select'], 'with x as (select 1) insert into t select * from x', YES],
  [['insert'], 'insert into t (a) values (1) on conflict (a) do update set a = 2', UNSURE],
  [['insert', 'update'], 'insert into t (a) values (1) on conflict (a) do update set a = 2', YES],
  [['insert', 'update'], 'insert into t values (1) on duplicate key update a = values(a)', YES],
  [['update'], 'update t set a = 1, b = lower(b) where c = 2', YES],
  [['update'], 'update a.t as x set a = y.b from y where x.id = y.id', YES],
  [['update'], 'update t set a = (select 1)', UNSURE],
  [['update'], 'update t set a = pg_sleep(1)', UNSURE],
  [['delete'], 'delete from t using u where t.id = u.id', YES],
  [['delete'], 'delete from t where pg_sleep(1) is null', UNSURE],
  [['delete'], 'select 1', NO],
  [['delete'], 'with x as (delete from t returning *) select * from x', UNSURE],
  [['delete'], 'explain analyze delete from t', UNSURE],
  [['delete', 'explain'], 'explain analyze delete from t', YES],
  [['explain'], 'explain delete from t', YES],
  [['explain'], 'explain query plan select 1', YES],
  [['explain'], 'explain drop table t', UNSURE],
  [['explain'], 'explain select pg_sleep(1)', UNSURE],
  [['show'], 'show tables', YES],
  [['show'], 'show search_path', YES],
  [['show'], 'show all', YES],
  [['show'], 'show create table a.b', YES],
  [['show'], 'show columns from t', YES],
  [['show'], 'show tables; drop table t', UNSURE],
  [['select', 'insert', 'update', 'delete', 'explain', 'show'], 'drop table t', UNSURE],
];

test('sql_only', async (context) => {
  const rows = [
    ...selects.map(([text, outcome]) => [['select'], text, outcome] as const),
    ...others,
  ];
  for (const [classes, text, expected] of rows) {
    await context.test(`${classes.join()}: ${JSON.stringify(text).slice(0, 90)}`, () => {
      assert.equal(compiled(classes)(text), expected);
    });
  }
});

test('nothing in parentheses is no expression, however deep', () => {
  const select = compiled(['select']);
  for (let depth = 1; depth < 80; depth += 1) {
    assert.equal(select(`select ${'('.repeat(depth)}${')'.repeat(depth)}`), UNSURE, String(depth));
  }
});

test('sql_only refuses unknown classes with the list of those there are', () => {
  for (const operand of [null, 'select', {}, [], [1], ['SELECT'], ['drop'], ['select', 'ddl']]) {
    const result = compileSqlOnly(operand);
    assert.ok(!result.ok, JSON.stringify(operand));
    assert.match(result.error, /select, insert, update, delete, explain, show/);
  }
});

test('sql_only: what holds carries no word that could do more', () => {
  const judge = compiled(['select']);
  const word = fc.constantFrom(
    'select',
    'a',
    '*',
    'from',
    't',
    '(',
    ')',
    ',',
    '1',
    "'x'",
    'with',
    'as',
    'where',
    '=',
    ';',
    'delete',
    'insert',
    'into',
    'update',
    'set',
    'drop',
    'table',
    'for',
    'pg_sleep',
    'lower',
    'union',
    '--',
    '/*',
    '*/',
    '\n',
    'returning',
    'values',
    'case',
    'when',
    'then',
    'end',
    "'",
  );
  const texts = fc.array(word, { maxLength: 14 }).map((words) => `select ${words.join(' ')}`);
  fc.assert(
    fc.property(texts, (text) => {
      if (judge(text) !== YES) return;
      const bare = text.replaceAll(/'[^']*'|--[^\n]*|\/\*[^]*?\*\//g, ' ');
      assert.doesNotMatch(
        bare,
        /\b(?:delete|insert|into|update|drop|for|returning)\b|\bpg_sleep\s*\(/,
      );
      assert.doesNotMatch(bare, /;\s*\S/);
    }),
    { numRuns: 6000 },
  );
});

test('sql_only never throws, and takes any text up to its bound', () => {
  const judge = compiled(['select']);
  const outcomes = new Set<string>([YES, NO, UNSURE]);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()), (value) => {
      // What fast-check calls a JSON value is one.
      assert.ok(outcomes.has(judge(value as JsonValue)));
    }),
  );
  for (const unit of [
    '(',
    "'",
    "''",
    '--',
    '-- \n',
    '/*',
    '/* */',
    'a ',
    'a.',
    ' ',
    '1,',
    'not ',
  ]) {
    judge(`select ${unit.repeat(65_000 / unit.length)}`);
  }
});

function compiled(classes: readonly string[]): (value: JsonValue) => Outcome {
  const result = compileSqlOnly(classes);
  assert.ok(result.ok);
  return result.value;
}
