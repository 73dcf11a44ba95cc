function wordSet(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/**
 * Words that are never a name here: reserved in PostgreSQL, MySQL, MariaDB or SQLite, or the start
 * of a clause or statement in one of them. A column with such a name has to be quoted in at least
 * one dialect, and quoted text is not judged.
 */
export const RESERVED: ReadonlySet<string> = wordSet(`
  accessible all alter analyse analyze and any array as asc asymmetric attach authorization before
  begin between bigint binary both by call cascade case cast change check checkpoint close cluster
  collate collation column comment commit concurrently condition connection constraint continue
  convert copy create cross cube current cursor database databases deallocate declare default
  deferrable delayed delete desc describe detach deterministic discard distinct distinctrow div do
  drop dual dumpfile each else elseif enclosed end escape escaped except exec execute exists exit
  explain fetch filter for force foreign freeze from fulltext function generated get glob grant
  group groups handler having high_priority if ignore ilike immediate import in index indexed
  infile initially inner inout insert instead intersect interval into is isnull iterate join
  keyring kill lateral leading leave left like limit linear lines listen load lock locked loop
  low_priority match materialized merge minus modifies natural next nextval no not nothing notify
  notnull nowait null of offset on only open optimize or order out outer outfile over overlaps
  override overriding partition placing pragma prepare prior privileges procedure purge qualify
  raise recursive refresh references regexp reindex release rename repeat replace require reset
  resignal restrict return returning revoke right rlike rollback rollup row rows savepoint schema
  select separator session set share show signal similar skip some spatial sql start starting
  straight_join symmetric table tablesample terminated then to top trailing transaction trigger
  truncate undo union unique unlisten unlock unpivot update usage use user using vacuum values
  variadic verbose view waitfor when where while window with within without work write xor
`);

/**
 * Functions that are built in, read nothing but their arguments, the clock and the catalogue, change
 * nothing, do not wait, and cannot be told the size of the text that they make. A name that is missing is not known to
 * be dangerous; it is not known to be harmless.
 */
export const PURE_FUNCTIONS: ReadonlySet<string> = wordSet(`
  abs acos age any_value array_agg array_length ascii asin atan atan2 avg bit_length bool_and
  bool_or btrim cardinality ceil ceiling char_length character_length coalesce concat concat_ws
  cos count cume_dist curdate current_date current_time current_timestamp curtime date date_add
  date_bin date_diff date_format date_part date_sub date_trunc datediff datetime day dayname
  dayofmonth dayofweek dayofyear degrees dense_rank div every exp extract find_in_set first_value
  floor format_type from_unixtime greatest grouping group_concat hex hour ifnull iif initcap instr
  isnull json_agg json_array_length json_extract json_group_array json_length json_type json_unquote
  json_valid jsonb_agg jsonb_array_length jsonb_typeof julianday lag last_day last_value lcase lead
  least left length ln localtime localtimestamp locate log log10 log2 lower ltrim make_date
  make_interval make_time make_timestamp max median microsecond min minute mod month monthname now
  nth_value ntile nullif octet_length parse_ident percent_rank percentile_cont percentile_disc pi
  position pow power quarter radians rank replace reverse right round row_number rtrim second sign
  sin split_part sqrt stddev stddev_pop stddev_samp str_to_date strftime string_agg strpos substr
  substring substring_index sum tan time timestampdiff to_char to_date to_number to_timestamp total
  trim trunc truncate typeof ucase unicode unix_timestamp unixepoch upper var_pop var_samp variance
  week weekday width_bucket year yearweek
`);

/** Reserved words that are functions all the same when a parenthesis follows. */
export const RESERVED_FUNCTIONS: ReadonlySet<string> = wordSet(
  'replace left right div truncate isnull',
);

/** Types that stand before a literal: `date '2026-01-31'`. */
export const LITERAL_TYPES: ReadonlySet<string> = wordSet('date time timestamp timestamptz');

/** Words of types after `cast(… as` and `::`. A name outside may be a domain with a check function. */
export const TYPE_WORDS: ReadonlySet<string> = wordSet(`
  bigint bool boolean bytea char character cidr date datetime decimal double float float4 float8
  inet int int2 int4 int8 integer interval json jsonb numeric precision real signed smallint text
  time timestamp timestamptz tinyint unsigned uuid varchar varying
`);
