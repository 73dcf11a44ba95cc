import { concerns } from './act.ts';
import type { Act } from './act.ts';
import type { Context } from './context.ts';
import { databaseWords, inertNouns, readableWords } from './nouns.ts';
import { rule, setOf } from './sense-rule.ts';
import type { SenseRule } from './sense-rule.ts';

const runners = setOf(
  `run execute exec eval evaluate query perform submit send invoke make issue process`,
);
const languages = setOf('sql database cypher');
const searchLanguageFirst = /^[^.]*\b(?:JQL|CQL|PromQL|LogQL|LogsQL|TraceQL|XPath|JSONPath)\b/i;
// Questions about what happened: they name no table to change.
const analyses = setOf(`funnel funnels retention segmentation cohort insight insights trend trends
  frequency range instant rag semantic analytics metric metrics report search log logs telemetry trace traces`);
const queries = setOf('query queries');
// Languages in which only questions can be asked.
const searchLanguages =
  setOf(`jql cql promql logql logsql traceql odata lucene kql wiql xpath jsonpath
  jmespath regex whois`);
const statements = setOf('sql statement cypher soql command');
const sqlText =
  /\b(?:sql|cypher|soql|database|postgres\w*|mysql|sqlite|mongodb|bigquery|snowflake)\b|\bselect (?:sql|quer|statement)/i;
const readOnlyText =
  /\bread[- ]?only\b|\bSELECT (?:quer|statement|sql|only)|\bonly SELECT\b|\b(?:read|find|search|count) (?:\w+ )?quer/i;
const destroysRows =
  /\bDELETE\b|\bDROP\b|\bTRUNCATE\b|\bCRUD\b|\b(?:update|insert)\W+(?:and |or )?delete\b/;
const whether = /^test(?:s|ing)? (?:if|whether|that)\b/i;
const scanTargets = setOf(
  `nmap nikto sqlmap subnet masscan gobuster dirb hydra metasploit port network`,
);

// "Execute a read-only SQL query. INSERT and DELETE are rejected."
const sqlFirst = /^[^.]*\bsql\b/i;
const readOnlyFirst = /^[^.!?]*\bread[- ]?only\b/i;

function isDatabaseQuery(act: Act, context: Context): boolean {
  if (act.verb === 'query' && concerns(act, readableWords)) return false;
  if (act.verb === 'query' && act.field === 'name' && sqlFirst.test(context.description)) {
    return true;
  }
  if (!concerns(act, databaseWords)) return context.database && act.verb === 'query';
  if (act.verb === 'query' || act.objects.has('sql')) return true;
  return sqlText.test(context.description) || concerns({ objects: context.own }, languages);
}

function asksInSearchLanguage(act: Act, context: Context): boolean {
  if (concerns(act, searchLanguages)) return true;
  return concerns(act, queries) && searchLanguageFirst.test(context.description);
}

// "Query a database with filters and sorting" names no language that could change a row.
function filtersRows(act: Act, context: Context): boolean {
  return (
    act.verb === 'query' &&
    !concerns({ objects: context.own }, statements) &&
    /\b(?:filter|sort)/i.test(context.description)
  );
}

/** Rules for what is asked, searched, scanned or tested. */
export const queryRules: readonly SenseRule[] = [
  rule('query-search-language', ['Read', 0.95], {
    verbs: runners,
    when: (act, context) => !act.objects.has('script') && asksInSearchLanguage(act, context),
  }),
  rule('mutation-destroys', ['Destructive', 1], {
    verbs: runners,
    objects: 'mutation mutations',
    when: (_, context) => destroysRows.test(context.description),
  }),
  rule('query-destroys', ['Destructive', 1], {
    verbs: runners,
    when: (act, context) =>
      isDatabaseQuery(act, context) &&
      destroysRows.test(context.description) &&
      !readOnlyFirst.test(context.description),
  }),
  rule('query-read-only', ['Read', 1], {
    verbs: runners,
    when: (act, context) =>
      isDatabaseQuery(act, context) &&
      (readOnlyText.test(context.description) || filtersRows(act, context)),
  }),
  rule('query-selects', ['Read', 0.9], {
    verbs: 'run execute query',
    objects: queries,
    when: (act) => act.objects.has('select'),
  }),
  rule('query-analytics', ['Read', 0.95], {
    verbs: runners,
    objects: analyses,
    when: (act) => concerns(act, queries),
  }),
  rule('query-unspecified', ['Execute', 1], { verbs: runners, when: isDatabaseQuery }),
  rule('query-graph', ['Read', 0.7], {
    verbs: runners,
    when: (act) => act.objects.has('graphql') && act.objects.has('query'),
  }),
  // A scan of somebody's ports is done to them; a scan of one's own files only looks.
  rule('active-scan', ['Execute', 0.9], {
    verbs: 'scan run perform execute enumerate probe discover analyze',
    when: (act, context) =>
      context.offensive || (concerns(act, scanTargets) && concerns(act, scans(act))),
  }),
  rule('runs-tests', ['Execute', 1], {
    verbs: 'run execute test',
    objects: 'test tests suite suites unittest jest pytest vitest playwright e2e',
    when: (act) => !inertNouns.has(act.head),
  }),
  rule('load-tests', ['Execute', 0.95], {
    verbs: 'perform conduct run execute',
    objects: 'fuzz fuzzing stress penetration pentest',
  }),
  rule('answer-only', ['Read', 0.95], {
    verbs: 'run execute perform do make conduct apply provide carry',
    objects: inertNouns,
  }),
  rule('selects-data', ['Read', 0.8], {
    verbs: 'select',
    objects: 'xml json row rows column columns record records data query queries node nodes',
    when: (_, context) => !context.browser,
  }),
  rule('requests-data', ['Read', 0.8], {
    verbs: 'request',
    objects: 'data information info details statistics metrics',
    when: (act) => act.head !== 'deletion' && act.head !== 'change',
  }),
  rule('greets', ['Read', 0.9], { verbs: 'say', objects: 'hello hi greeting goodbye' }),
  rule('shuffles-values', ['Read', 0.9], {
    verbs: 'shuffle',
    objects: 'random list array deck card cards item items number numbers string',
  }),
  rule('calls-read-only', ['Read', 0.95], {
    verbs: 'call invoke',
    objects: 'read-only readonly view pure',
  }),
  rule('tests-whether', ['Read', 0.9], {
    verbs: 'test',
    when: (act, context) => whether.test(context.description.slice(act.start, act.start + 40)),
  }),
  rule('tests-connection', ['Read', 0.9], {
    verbs: 'test',
    objects: 'connection connectivity url endpoint regex auth authentication credentials',
  }),
  rule('opens-to-read', ['Read', 0.6], {
    verbs: 'open',
    objects: 'node nodes article record entry dataset email note result results',
  }),
  rule('takes-picture', ['Read', 0.95], {
    verbs: 'take save',
    objects: 'screenshot snapshot',
    when: (act, context) => act.verb === 'take' || !context.own.has('memory'),
  }),
  rule('side-of-trade', ['Read', 0.9], {
    verbs: 'buy sell',
    objects: 'volume volumes pressure signal signals side sides ratio wall walls recommendation',
  }),
  rule('arithmetic', ['Read', 1], {
    verbs: 'add subtract multiply divide increment combine raise scale transpose invert',
    objects: `number numbers integer integers matrix matrices fraction polynomial tensor tensors
      vector vectors`,
  }),
  rule('scales-data', ['Read', 0.95], {
    verbs: 'scale',
    objects: 'data values features dataset',
  }),
  rule('removes-from-text', ['Read', 0.8], {
    verbs: 'remove',
    objects: 'whitespace html duplicates stopwords punctuation noise formatting accents diacritics',
  }),
  rule('reworks-text', ['Read', 0.8], {
    verbs: 'clean strip trim truncate merge join split combine replace format fix concat',
    objects: `text html whitespace markdown string strings duplicates stopwords formatting csv
      dataset datasets column columns array arrays json xml lines noise punctuation`,
  }),
];

const scanWords = setOf('scan scanning scanner sweep');

// The verb "scan" needs no noun beside it.
function scans(act: Act): ReadonlySet<string> {
  return act.verb === 'scan' ? act.objects : scanWords;
}
