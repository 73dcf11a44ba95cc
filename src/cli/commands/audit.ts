import { resolve } from 'node:path';

import { Option, type Command } from 'commander';
import { foundMax } from '../../audit/audit-files.ts';
import type {
  AuditFiles,
  AuditFilesProblem,
  AuditQuery,
  FoundRecord,
  VerifyAnswer,
} from '../../audit/audit-files.ts';
import { escapeUnprintable as printable } from '../../audit/encode-record.ts';
import type { StoredRecord } from '../../audit/chain.ts';
import { csvHeader, csvLine, isoTime } from '../../audit/csv.ts';
import { cefLine } from '../../audit/cef.ts';
import { ocsfEvent } from '../../audit/ocsf.ts';
import type { RecordBody } from '../../audit/record.ts';
import type { Finding, TamperKind } from '../../audit/tamper.ts';
import type { Result } from '../../base/result.ts';
import { openRunningLog } from '../audit/running.ts';
import { searchWhole } from '../audit/search-whole.ts';
import { columns, exitCodes, sayFailed, sayNo, sayUsage, timeOf, type Io } from '../io.ts';

/** Opens the log of a data directory: `openAuditFiles` of the embedded store. */
export type OpenAuditFiles = (dir: string) => AuditFiles;

interface CommonOptions {
  readonly data: string;
  readonly json?: boolean;
  readonly offline?: boolean;
}

interface TailOptions extends CommonOptions {
  readonly follow?: boolean;
  readonly lines: string;
}

interface SearchOptions extends CommonOptions {
  readonly grant?: string;
  readonly principal?: string;
  readonly server?: string;
  readonly tool?: string;
  readonly rule?: string;
  readonly decision?: string;
  readonly digest?: string;
  readonly value?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: string;
}

interface VerifyCommandOptions extends CommonOptions {
  readonly key?: string;
  readonly dir?: string;
  readonly checkpoints?: string;
}

interface ExportOptions extends CommonOptions {
  readonly format: string;
}

/** What the commands are given: how a log is opened, where they write, what time it is. */
export interface AuditCommandParts {
  readonly open: OpenAuditFiles;
  readonly io: Io;
  /** Milliseconds since the Unix epoch, for `--since 2h`. */
  readonly nowMs: () => number;
  /** Ends `audit tail --follow`. */
  readonly signal: AbortSignal;
}

const decisions = ['allow', 'deny', 'refused', 'held'];

const header = ['SEQ', 'TIME', 'KIND', 'WHO', 'WHAT', 'DECISION', 'RULE OR CODE', 'ID'];

/**
 * `portcullis audit tail | search | show | verify | export`. The first three ask the gateway that
 * runs on the data folder, if one does; without it, and with `--offline`, they need the folder alone.
 */
export function addAuditCommands(program: Command, parts: AuditCommandParts): void {
  const audit = program.command('audit').description('the record of every call and every change');
  asked(audit.command('tail').description('the last records'))
    .option('-n, --lines <count>', 'how many', '20')
    .option('-f, --follow', 'go on with new ones until interrupted')
    .action((options: TailOptions) => tail(parts, options));
  asked(audit.command('search').description('records, newest first'))
    .option('--grant <id>', 'id of the grant, from `grant list`')
    .option('--principal <kind:name>', 'who acted, such as agent:ci')
    .option('--server <name>', 'name of the server')
    .option('--tool <name>', 'the tool as its server calls it')
    .option('--rule <pointer>', 'the rule that decided, as the record names it')
    .addOption(
      new Option('--decision <word>', 'what was decided; `held`: people were asked').choices(
        decisions,
      ),
    )
    .option('--digest <hex>', 'digest of the arguments: calls with exactly these')
    .option('--value <text>', 'a value of an argument, as text or JSON; found by its digest')
    .option('--since <time>', 'ISO 8601, or an age such as 2h or 7d')
    .option('--until <time>', 'ISO 8601, or an age such as 2h or 7d')
    .option('--limit <count>', `records at most, up to ${foundMax}`, '100')
    .action((options: SearchOptions) => search(parts, options));
  asked(
    audit.command('show <id>').description('everything on record about one decision id'),
  ).action((id: string, options: CommonOptions) => show(parts, id, options));
  common(audit.command('verify').description('check that no record was changed, removed or added'))
    .option('--key <file>', 'public key (PEM) that you kept elsewhere')
    .option('--dir <dir>', 'a copy of the segments, instead of those in the data folder')
    .option('--checkpoints <file>', 'signed heads that you kept elsewhere')
    .action((options: VerifyCommandOptions) => verify(parts, options));
  common(audit.command('export').description('every record, oldest first'))
    .requiredOption('--format <format>', 'jsonl, csv, ocsf or cef')
    .action((options: ExportOptions) => exportAll(parts, options));
}

function common(command: Command): Command {
  return command.option('--data <dir>', 'data folder', './data').option('--json', 'print JSON');
}

/** What is asked of a gateway that runs on the folder, unless the files alone are wanted. */
function asked(command: Command): Command {
  return common(command).option(
    '--offline',
    'read the files of the folder, whether a gateway runs',
  );
}

function opened(parts: AuditCommandParts, options: CommonOptions): AuditFiles {
  const files = parts.open(options.data);
  return options.offline === true ? files : openRunningLog(options.data, files);
}

async function tail(parts: AuditCommandParts, options: TailOptions): Promise<void> {
  const { io } = parts;
  const count = positiveInteger(options.lines);
  if (count === null) return usage(io, options, '--lines: name a whole number above 0');
  const files = opened(parts, options);
  const answer = await files.tail(count);
  if (answer.ok) print(io, answer.value, options.json === true);
  else if (options.follow !== true || answer.error.code !== 'no-log')
    return failed(io, options, answer.error);
  if (options.follow !== true) return;

  const last = answer.ok ? (answer.value.at(-1)?.seq ?? 0) : 0;
  const line = (record: StoredRecord): string =>
    options.json === true
      ? printable(JSON.stringify(record))
      : cells({ ...record, state: null }).join('  ');
  await files.follow(last, (record) => io.out(line(record)), parts.signal);
}

async function search(parts: AuditCommandParts, options: SearchOptions): Promise<void> {
  const { io } = parts;
  const now = parts.nowMs();
  const sinceMs = options.since === undefined ? undefined : timeOf(options.since, now);
  const untilMs = options.until === undefined ? undefined : timeOf(options.until, now);
  const limit = positiveInteger(options.limit);
  const aTime = 'write a time like 2026-01-31T12:00Z, or 2h';
  if (sinceMs === null) return usage(io, options, `--since: ${aTime}`);
  if (untilMs === null) return usage(io, options, `--until: ${aTime}`);
  if (limit === null) return usage(io, options, '--limit: name a whole number above 0');
  if (limit > foundMax) {
    const way = 'ask for one time after the other with --since and --until, or use `audit export`';
    return usage(io, options, `--limit: a search answers with ${foundMax} records at most; ${way}`);
  }

  const { grant, principal, server, tool, rule, decision, digest, value } = options;
  const wanted = { grant, principal, server, tool, rule, decision, argumentsDigest: digest, value };
  const all = { ...wanted, sinceMs, untilMs, limit };
  // Members that are undefined were dropped, and the others have the types of the query.
  const query = Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined),
  ) as AuditQuery;
  const answer = await searchWhole(opened(parts, options), query);
  if (!answer.ok) return failed(io, options, answer.error);
  print(io, answer.value.records, options.json === true);
  if (!answer.value.complete)
    io.err('the index is still behind: newer records may be missing, ask again');
  if (answer.value.records.length > 0) return;
  // No id looks like a label.
  const isLabel = grant !== undefined && /^[a-z0-9-]+$/.test(grant);
  const hint = isLabel ? '; --grant takes the id of a grant, from `grant list`' : '';
  io.err(`no record matches${hint}`);
  process.exitCode = exitCodes.no;
}

async function show(parts: AuditCommandParts, id: string, options: CommonOptions): Promise<void> {
  const { io } = parts;
  const answer = await opened(parts, options).show(id);
  if (!answer.ok) return failed(io, options, answer.error);
  const { records } = answer.value;
  if (records.length === 0) {
    const message = `no record has the id \`${id}\`: search for it with \`audit search\``;
    return sayNo(io, { code: 'not-found', message }, options.json === true);
  }
  if (options.json === true) {
    for (const record of records) io.out(printable(JSON.stringify(record)));
    return;
  }
  for (const [index, record] of records.entries()) {
    if (index > 0) io.out('');
    columns(fieldRows(record)).forEach((line) => io.out(line));
  }
}

async function verify(parts: AuditCommandParts, options: VerifyCommandOptions): Promise<void> {
  const { io } = parts;
  const { dir, key, checkpoints } = options;
  const answer = await parts.open(options.data).verify({
    ...(dir === undefined ? {} : { directory: dir }),
    ...(key === undefined ? {} : { keyFile: key }),
    ...(checkpoints === undefined ? {} : { checkpointFile: checkpoints }),
  });
  if (!answer.ok) return failed(io, options, answer.error);
  if (options.json === true) io.out(JSON.stringify(answer.value));
  else verifyLines(answer.value, key !== undefined).forEach((line) => io.out(line));
  if (answer.value.finding !== null) process.exitCode = exitCodes.no;
}

async function exportAll(parts: AuditCommandParts, options: ExportOptions): Promise<void> {
  const { io } = parts;
  const format = formats.get(options.format);
  if (format === undefined) {
    return usage(io, options, `--format: name one of ${[...formats.keys()].join(', ')}`);
  }
  let header = format.header;
  const answer: Result<number, AuditFilesProblem> = await parts
    .open(options.data)
    .everyRecord((record) => {
      if (header !== null) io.out(header);
      header = null;
      io.out(format.line(record));
    });
  if (!answer.ok) failed(io, options, answer.error);
}

interface ExportFormat {
  readonly header: string | null;
  readonly line: (record: StoredRecord) => string;
}

/** Each record is one line, whatever the format. */
const formats: ReadonlyMap<string, ExportFormat> = new Map([
  ['jsonl', { header: null, line: exportLine }],
  ['csv', { header: csvHeader(), line: csvLine }],
  ['ocsf', { header: null, line: (record) => printable(JSON.stringify(ocsfEvent(record))) }],
  ['cef', { header: null, line: cefLine }],
]);

/** The record as the log has it: `v`, `seq` and `prev` first. */
function exportLine({ seq, prev, body }: StoredRecord): string {
  return printable(JSON.stringify({ v: 1, seq, prev, ...body }));
}

function print(io: Io, records: readonly FoundRecord[], json: boolean): void {
  if (json) {
    for (const record of records) io.out(printable(JSON.stringify(record)));
    return;
  }
  if (records.length > 0) columns([header, ...records.map(cells)]).forEach((line) => io.out(line));
}

function cells(record: FoundRecord): readonly string[] {
  const { seq, body } = record;
  const [who, what, decision, rule] = summary(body);
  const state = record.state === null || record.state === 'done' ? '' : ` (${record.state})`;
  const row = [
    String(seq),
    isoTime(body.time),
    body.kind,
    who,
    what,
    `${decision}${state}`,
    rule,
    body.id,
  ];
  return row.map((cell) => printable(cell) || '-');
}

/** Who, what, decision, rule or code. */
function summary(body: RecordBody): readonly [string, string, string, string] {
  switch (body.kind) {
    case 'intent':
      return [body.principal, `${body.server}/${body.tool}`, body.decision, body.rule];
    case 'refusal':
      return [body.principal, `${body.server}/${body.tool}`, body.enforcement, body.rule];
    case 'outcome':
      return [
        '',
        `${body.answerBytes} bytes`,
        body.status,
        body.code === null ? '' : String(body.code),
      ];
    case 'method':
      return [
        body.principal ?? '',
        `${body.server ?? ''}/${body.method}`,
        body.decision,
        body.code ?? '',
      ];
    case 'approval':
      return [
        body.actor ?? body.principal,
        `${body.server}/${body.tool}`,
        `approval ${body.event}`,
        body.reason ?? body.comment ?? '',
      ];
    case 'admin':
      return [body.actor, `${body.action} ${body.subject}`, '', ''];
    case 'system':
      return ['', body.event, '', ''];
  }
}

function fieldRows({ seq, prev, state, body }: FoundRecord): readonly (readonly string[])[] {
  const rows: string[][] = [
    ['seq', String(seq)],
    ['prev', prev],
  ];
  if (state !== null) rows.push(['state', state]);
  for (const [name, value] of Object.entries(body)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    rows.push([name, printable(name === 'time' ? isoTime(body.time) : text)]);
  }
  return rows;
}

/** Every sentence of `audit verify`, one for each kind, so that a new kind needs one. */
const findings: Readonly<Record<TamperKind, (finding: Finding) => string>> = {
  malformed: ({ seq }) => `record ${seq} is not a record as this program writes them`,
  changed: ({ seq }) => `record ${seq} was changed`,
  removed: ({ seq }) => `record ${seq} was removed`,
  inserted: ({ seq }) => `a record with the number ${seq} was inserted`,
  repeated: ({ seq }) => `record ${seq} stands there once more`,
  reordered: ({ seq }) => `record ${seq} is not at its place: records were reordered`,
  truncated: ({ seq }) =>
    `record ${seq} and those after it were cut off, though a signed head covers it`,
  rewritten: ({ seq }) =>
    `the chain up to record ${seq} was computed anew: its signed head is another`,
  foreign: ({ seq }) => `record ${seq} begins a segment of another installation`,
  'segment-removed': ({ seq }) => `the segment that begins with record ${seq} is missing`,
  'segment-inserted': ({ seq }) => `the segment ${seq} overlaps the one before it`,
  'segment-swapped': ({ seq }) => `the segment ${seq} holds the records of a later one`,
  'segment-replayed': ({ seq }) => `the segment ${seq} holds the records of an earlier one`,
  'checkpoint-forged': ({ line }) =>
    `the signed head in line ${line} does not carry a valid signature`,
  'checkpoint-foreign': ({ line }) => `the signed head in line ${line} is signed with another key`,
  'checkpoint-missing': ({ seq }) => `no signed head exists, though the log has ${seq} records`,
};

function verifyLines(answer: VerifyAnswer, keyKept: boolean): readonly string[] {
  const { finding, records, segments, signedTo, tornBytes, key } = answer;
  const lines: string[] = [];
  if (finding !== null) {
    const file = finding.segment === null ? 'checkpoints.jsonl' : `segment ${finding.segment}`;
    const before = Math.min(records, finding.seq - 1);
    lines.push(`FAILED: ${findings[finding.kind](finding)}`);
    lines.push(`  kind ${finding.kind}, record ${finding.seq}, ${file}, line ${finding.line}`);
    return [...lines, `  ${before} records before it are as they were written`];
  }
  lines.push(
    `ok: ${records} records in ${counted(segments, 'segment')}, the last one is ${answer.head?.seq ?? 0}`,
  );
  lines.push(`  signed up to record ${signedTo}${key === null ? '' : ` with the key ${key}`}`);
  if (!keyKept) {
    lines.push('  the key was read beside the log: keep a copy elsewhere and pass it with --key');
  }
  if (tornBytes > 0)
    lines.push(`  ${tornBytes} bytes of an unfinished write follow the last record`);
  return lines;
}

function failed(io: Io, options: CommonOptions, problem: AuditFilesProblem): void {
  const path = printable(resolve(problem.path));
  const where =
    'dir' in options ? 'a copy of the segments with --dir' : 'the data folder with --data';
  const sentences: Readonly<Record<AuditFilesProblem['code'], string>> = {
    'no-log': `there is no audit log in \`${path}\`: name ${where}`,
    unreadable: `\`${path}\` cannot be read: check its owner and its rights`,
    'bad-key': `\`${path}\` is no Ed25519 public key in PEM: pass the gateway's public-key.pem`,
    folder: `\`${path}\` is a folder: name a file in it`,
    missing: `there is no file \`${path}\`: check the name, and the folder it is relative to`,
    'no-digest-key': `\`${path}\` cannot be read: search for a value where the gateway's keys are`,
    'no-heads': `\`${path}\` holds no signed head: pass a copy of checkpoints.jsonl`,
  };
  const { code } = problem;
  sayFailed(io, { code, message: sentences[code] }, options.json === true);
}

function usage(io: Io, options: CommonOptions, message: string): void {
  sayUsage(io, message, options.json === true);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function positiveInteger(text: string): number | null {
  return /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : null;
}
