import { writeFile } from 'node:fs/promises';

import type { Command } from 'commander';

import type { AuditFilesProblem } from '../../audit/audit-files.ts';
import { escapeUnprintable as printable } from '../../audit/encode-record.ts';
import { isoTime } from '../../audit/csv.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { compilePolicy, parsePolicy } from '../../policy/index.ts';
import { connectControl } from '../control-client.ts';
import {
  columns,
  exitCodes,
  jsonText,
  sayFailed,
  sayLines,
  sayUsage,
  timeOf,
  type Failure,
} from '../io.ts';
import { failureLines, loadPolicy } from '../policy/load.ts';
import type { PolicyCommandParts } from '../policy/parts.ts';
import { changes, replay, type ReplayedCall } from '../policy/simulate.ts';
import { suggestPolicy, type Suggestion } from '../policy/suggest.ts';
import { loadTools } from '../policy/tools.ts';
import { readTraffic, type Traffic } from '../policy/traffic.ts';

interface TrafficOptions {
  readonly data: string;
  readonly server?: string;
  readonly grant?: string;
  readonly json?: boolean;
}

interface SimulateOptions extends TrafficOptions {
  readonly since?: string;
  readonly until?: string;
  readonly tools?: string;
  readonly failOnChange?: boolean;
}

interface SuggestOptions extends TrafficOptions {
  readonly margin: string;
  readonly out?: string;
}

/** `portcullis policy simulate | suggest`: what was recorded, put to a policy or made into one. */
export function addTrafficCommands(policy: Command, parts: PolicyCommandParts): void {
  common(policy.command('simulate <file>').description('put recorded calls to a policy'))
    .option('--tools <file>', 'the tools of the server: a saved result of `tools/list`')
    .option('--since <time>', 'report calls from then on: ISO 8601, or an age such as 2h or 7d')
    .option('--until <time>', 'report calls before then')
    .option('--fail-on-change', 'exit with 1 when a call changes or cannot be told')
    .action((file: string, options: SimulateOptions) => simulate(parts, file, options));
  common(policy.command('suggest').description('the narrowest policy that admits recorded calls'))
    .option('--margin <number>', 'limits are the observed peak times this', '1.5')
    .option('--out <file>', 'write the policy there, and its reasons to <name>.report.json')
    .action((options: SuggestOptions) => suggest(parts, options));
}

function common(command: Command): Command {
  return command
    .option('--data <dir>', 'data folder', './data')
    .option('--server <name>', 'calls of this server; needed when the log holds several')
    .option('--grant <name>', 'calls of this grant: its id, or its label while the gateway runs')
    .option('--json', 'print JSON');
}

async function simulate(
  parts: PolicyCommandParts,
  file: string,
  options: SimulateOptions,
): Promise<void> {
  const { io } = parts;
  const now = parts.nowMs();
  const since = options.since === undefined ? 0 : timeOf(options.since, now);
  const until = options.until === undefined ? Number.POSITIVE_INFINITY : timeOf(options.until, now);
  const json = options.json === true;
  if (since === null || until === null) {
    const name = since === null ? '--since' : '--until';
    return sayUsage(io, `${name}: write a time like 2026-01-31T12:00Z, or 2h`, json);
  }
  const loaded = loadPolicy(file);
  if (!loaded.ok) {
    return sayLines(io, { code: 'policy', lines: failureLines(loaded.error) }, json);
  }
  const labels = await grantLabels(options.data);
  // Counters of wider scopes than a grant's need the other grants' calls too.
  const traffic = await trafficOf(parts, options, labels);
  if (!traffic.ok) return sayFailed(io, traffic.error, json);
  const { calls, grants, server, pruned } = traffic.value;
  const tools = await toolsFor(options, server);
  if (!tools.ok) return sayFailed(io, tools.error, json);
  const replayed = replay(calls, { policy: loaded.value.policy, tools: tools.value, labels });
  const reported = replayed.filter(
    ({ call: { record } }) =>
      record.time >= since && record.time < until && (grants === null || grants.has(record.grant)),
  );
  const report = reportOf(reported, { tools: tools.value !== null, pruned });
  const unsettled = report.changed.length + report.cannotTell.length;
  if (options.failOnChange === true && unsettled > 0) process.exitCode = exitCodes.no;
  if (json) io.out(jsonText(report));
  else for (const line of linesOf(report)) io.out(printable(line));
}

/** One call of a report. */
interface ReportedCall {
  readonly seq: number;
  readonly id: string;
  readonly time: string;
  readonly grant: string;
  readonly tool: string;
  readonly was: string;
  readonly wasRule: string;
  /** Null when the record does not tell. */
  readonly becomes: string | null;
  readonly rules: readonly string[];
  readonly plainOnly: boolean;
}

interface Report {
  readonly calls: number;
  readonly changed: readonly ReportedCall[];
  readonly cannotTell: readonly ReportedCall[];
  readonly unchanged: number;
  /** Answers, of all above, that hold only where no value was null, unsafe or oversized. */
  readonly plainOnly: number;
  readonly notes: readonly string[];
}

function reportOf(
  replayed: readonly ReplayedCall[],
  known: { readonly tools: boolean; readonly pruned: boolean },
): Report {
  const changed = replayed.filter((each) => changes(each) === true);
  const cannotTell = replayed.filter((each) => changes(each) === null);
  const notes = [
    'records hold the names of arguments and no values: what depends on a value cannot be told',
    'calls that were refused then are taken to reach the server when the policy allows them, and ' +
      'guardrails to permit what they have not refused',
  ];
  if (!known.tools) {
    notes.push('the tools were not known: what depends on a category or a schema cannot be told');
  }
  if (known.pruned) {
    notes.push('older records were removed: counters start empty at the first one that is left');
  }
  return {
    calls: replayed.length,
    changed: changed.map(reportedCall),
    cannotTell: cannotTell.map(reportedCall),
    unchanged: replayed.length - changed.length - cannotTell.length,
    plainOnly: replayed.filter((each) => each.plainOnly).length,
    notes,
  };
}

function reportedCall({
  call,
  was,
  wasRule,
  becomes,
  rules,
  plainOnly,
}: ReplayedCall): ReportedCall {
  const { seq, record } = call;
  const { id, grant, tool } = record;
  const time = isoTime(record.time);
  return { seq, id, time, grant, tool, was, wasRule, becomes, rules, plainOnly };
}

function linesOf({ calls, changed, cannotTell, plainOnly, notes }: Report): readonly string[] {
  const total = calls.toLocaleString('en-US');
  const lines = [`${changed.length.toLocaleString('en-US')} of ${total} calls change`];
  const row = (each: ReportedCall): readonly string[] => [
    `  ${each.seq}`,
    each.time,
    each.grant,
    each.tool,
    `${each.was} ${each.wasRule}`,
    '->',
    `${each.becomes ?? 'cannot tell'}${each.plainOnly ? '*' : ''} ${each.rules.join(' or ')}`,
    each.id,
  ];
  if (changed.length > 0) lines.push(...columns(changed.map(row)));
  if (cannotTell.length > 0) {
    lines.push(`${cannotTell.length.toLocaleString('en-US')} of ${total} cannot be told`);
    const groups = Map.groupBy(cannotTell, ({ tool, rules }) => `${tool}: ${rules.join(' or ')}`);
    for (const [what, group] of groups) lines.push(`  ${group.length} of ${what}`);
  }
  if (plainOnly > 0) {
    const count = plainOnly.toLocaleString('en-US');
    lines.push(`* ${count} answers hold unless a value was null, an unsafe number or oversized`);
  }
  return [...lines, ...notes.map((note) => `note: ${note}`)];
}

async function suggest(parts: PolicyCommandParts, options: SuggestOptions): Promise<void> {
  const { io } = parts;
  const json = options.json === true;
  const margin = Number(options.margin);
  if (!(margin >= 1 && margin <= 1_000)) {
    return sayUsage(io, '--margin: write a number from 1 to 1000', json);
  }
  const labels = await grantLabels(options.data);
  const traffic = await trafficOf(parts, options, labels);
  if (!traffic.ok) return sayFailed(io, traffic.error, json);
  const { grants, server } = traffic.value;
  const calls = traffic.value.calls.filter(
    ({ record }) => grants === null || grants.has(record.grant),
  );
  const suggestion = suggestPolicy(calls, { server: server ?? 'no server', margin });
  const text = `${JSON.stringify(suggestion.document, null, 2)}\n`;
  const unmet = provenOn(calls, text, labels);
  if (unmet === null) {
    const message = 'the suggestion does not load: a tool has an unusable name';
    return sayFailed(io, { code: 'suggestion', message }, json);
  }
  if (unmet > 0) io.err(`${unmet} calls of these records are not certain to pass`);
  if (options.out !== undefined) {
    const written = await writeBoth(options.out, text, suggestion);
    if (!written.ok) return sayFailed(io, { code: 'not-written', message: written.error }, json);
  }
  if (json) io.out(jsonText(suggestion));
  else if (options.out === undefined) io.out(text.trimEnd());
  if (suggestion.reasons.length === 0) return io.err(nothingAdmitted(calls.length));
  if (json) return;
  const rows = suggestion.reasons.map(({ pointer, says, count, firstSeq, lastSeq }) => [
    pointer,
    String(count),
    `${firstSeq}-${lastSeq}`,
    says,
  ]);
  for (const line of columns([['POLICY', 'RECORDS', 'SEQ', 'BECAUSE'], ...rows])) {
    io.err(printable(line));
  }
}

/** Why a suggestion admits nothing, and how to come to one that does. */
function nothingAdmitted(refused: number): string {
  const found =
    refused === 0
      ? 'there are no calls on record here'
      : `every call on record was refused (${refused})`;
  return (
    `${found}: this policy admits nothing. Give the grant mode \`observe\` for a while, so that ` +
    'calls are forwarded and recorded whatever the policy says, and suggest again'
  );
}

/** How many forwarded calls the suggestion does not certainly admit; null when it does not load. */
function provenOn(
  calls: Traffic['calls'],
  text: string,
  labels: ReadonlyMap<string, string> | null,
): number | null {
  const parsed = parsePolicy(text);
  const compiled = parsed.ok ? compilePolicy(parsed.value) : parsed;
  if (!compiled.ok) return null;
  const forwarded = calls.filter(({ record }) => record.kind === 'intent');
  const replayed = replay(forwarded, { policy: compiled.value, tools: null, labels });
  return replayed.filter(({ becomes }) => becomes !== 'allow').length;
}

async function writeBoth(
  path: string,
  text: string,
  { reasons }: Suggestion,
): Promise<Result<null, string>> {
  const report = `${path.replace(/\.json$/, '')}.report.json`;
  try {
    await writeFile(path, text, { flag: 'wx' });
    await writeFile(report, `${JSON.stringify({ policy: path, reasons }, null, 2)}\n`, {
      flag: 'wx',
    });
    return ok(null);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
    const advice: Readonly<Record<string, string>> = {
      ENOENT: 'make the folder first',
      EEXIST: 'name files that do not exist',
    };
    const next = advice[code] ?? 'name files that can be made';
    return err(`\`${path}\` or \`${report}\` cannot be written (${code}): ${next}`);
  }
}

interface WantedTraffic extends Omit<Traffic, 'servers' | 'grants'> {
  /** The one server whose calls these are; null when there are none. */
  readonly server: string | null;
  /** Grants whose calls are reported; null for all. */
  readonly grants: ReadonlySet<string> | null;
}

async function trafficOf(
  parts: PolicyCommandParts,
  options: TrafficOptions,
  labels: ReadonlyMap<string, string> | null,
): Promise<Result<WantedTraffic, Failure>> {
  const filter = { server: options.server ?? null, grants: null };
  const files = parts.open(options.data);
  const read = await readTraffic(files, filter);
  files.close();
  if (!read.ok) return err(explainFiles(read.error));
  const { servers, grants, calls, pruned } = read.value;
  if (options.server === undefined && servers.size > 1) {
    return noTraffic(
      `the log holds several servers; name one with --server: ${[...servers].join(', ')}`,
    );
  }
  if (options.server !== undefined && !servers.has(options.server)) {
    return noTraffic(
      `no call of \`${options.server}\` is on record; there are: ${[...servers].join(', ')}`,
    );
  }
  const server = options.server ?? [...servers][0] ?? null;
  const ids = options.grant === undefined ? null : idsOf(options.grant, grants, labels);
  if (ids !== null && ids.size === 0) {
    return noTraffic(
      `no call of a grant \`${options.grant}\` is on record; there are: ${[...grants].join(', ')}`,
    );
  }
  return ok({ calls, pruned, server, grants: ids });
}

function idsOf(
  name: string,
  recorded: ReadonlySet<string>,
  labels: ReadonlyMap<string, string> | null,
): ReadonlySet<string> {
  return new Set([...recorded].filter((id) => id === name || labels?.get(id) === name));
}

/** Grant id -> label, as the running gateway knows them; null when none runs. */
async function grantLabels(dataDir: string): Promise<ReadonlyMap<string, string> | null> {
  const control = await connectControl(dataDir);
  const answer = control.ok ? await control.value.get('/api/v1/grants') : control;
  if (!answer.ok) return null;
  // The API answers this route with grant views.
  const grants = answer.value as readonly { readonly id: string; readonly label: string }[];
  return new Map(grants.map(({ id, label }) => [id, label]));
}

/** The tools of the server: from the file, else from the gateway if it runs, else not known. */
async function toolsFor(
  options: SimulateOptions,
  server: string | null,
): ReturnType<typeof loadTools> {
  const { data, tools } = options;
  if (tools !== undefined) return loadTools({ data, tools });
  if (server === null) return ok(null);
  const pinned = await loadTools({ data, server });
  return pinned.ok ? pinned : ok(null);
}

function explainFiles({ code, path }: AuditFilesProblem): Failure {
  const message =
    code === 'no-log'
      ? `there is no audit log in \`${path}\`: name the data folder with --data`
      : `\`${path}\` cannot be read: check its owner and its rights`;
  return { code, message };
}

function noTraffic(message: string): Result<never, Failure> {
  return err({ code: 'no-traffic', message });
}
