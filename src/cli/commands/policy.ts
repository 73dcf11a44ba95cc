import { existsSync, watch } from 'node:fs';
import { dirname } from 'node:path';

import { Option, type Command } from 'commander';

import { escapeUnprintable as printable } from '../../audit/encode-record.ts';
import {
  diffPolicies,
  explain,
  lintPolicy,
  type ChangeKind,
  type LimitObligation,
  type PinnedTool,
  type PolicyChange,
  type PolicyProblem,
} from '../../policy/index.ts';
import { readText } from '../../config/text-file.ts';
import { exitCodes, jsonText, sayFailed, sayLines, sayUsage, type Io } from '../io.ts';
import { answerCall, readCall, requestOf } from '../policy/cases.ts';
import { importYaml } from '../policy/import-yaml.ts';
import { failureLines, loadPolicy, problemLine, type LoadedPolicy } from '../policy/load.ts';
import type { PolicyCommandParts } from '../policy/parts.ts';
import { reportLines, testPolicy, type TestReport } from '../policy/run-cases.ts';
import { standIns } from '../policy/stand-ins.ts';
import { unknownCounter } from '../policy/counters.ts';
import { loadTools, type ToolSource } from '../policy/tools.ts';
import { addTrafficCommands } from './policy-traffic.ts';

interface CommonOptions extends ToolSource {
  readonly json?: boolean;
}

/** `portcullis policy …`: what makes a policy worth trusting before it is in force. */
export function addPolicyCommands(program: Command, parts: PolicyCommandParts): void {
  const { io } = parts;
  const policy = program
    .command('policy')
    .description('check, test, explain, compare, replay, suggest and import policies');
  withTools(policy.command('check <file...>').description('problems, and advice')).action(
    (files: readonly string[], options: CommonOptions) => check(io, files, options),
  );
  withTools(
    policy.command('test <file...>').description('run <name>.cases.json beside each policy'),
  )
    .option('--watch', 'again whenever a file is saved, until interrupted')
    .action((files: readonly string[], options: TestOptions) => test(parts, files, options));
  withTools(policy.command('explain <file>').description('step by step, why a call is answered so'))
    .requiredOption('--call <file>', 'the call as JSON, as in a case; `-` is standard input')
    .addOption(
      new Option('--used <counter=units>', 'what a counter already holds')
        .argParser(usedOption)
        .default({}, 'nothing'),
    )
    .action((file: string, options: ExplainOptions) => explainCall(io, file, options));
  withTools(
    policy.command('diff <before> <after>').description('what a change newly allows and refuses'),
  )
    .option('--fail-on-change', 'exit with 1 when anything changes')
    .action((before: string, after: string, options: DiffOptions) =>
      diff(io, { before, after }, options),
    );
  addTrafficCommands(policy, parts);
  policy
    .command('import <file>')
    .description('read a policy of the older YAML format; what does not translate is refused')
    .option('--json', 'print policy and notes as one JSON value')
    .action((file: string, options: { readonly json?: boolean }) => importFile(io, file, options));
}

function withTools(command: Command): Command {
  return command
    .option('--tools <file>', 'the tools of the server: a saved result of `tools/list`')
    .option('--server <name>', 'the tools that the running gateway has pinned for this server')
    .option('--data <dir>', 'data folder of the running gateway', './data')
    .option('--json', 'print JSON');
}

const noTools = 'no tools were named (--tools or --server): what needs them was not checked';

async function check(io: Io, files: readonly string[], options: CommonOptions): Promise<void> {
  const tools = await loadTools(options);
  if (!tools.ok) return sayFailed(io, tools.error, options.json === true);
  const found = files.map((path) => checkFile(path, tools.value));
  if (found.some(({ unreadable }) => unreadable)) process.exitCode = exitCodes.failed;
  else if (found.some(({ errors }) => errors.length > 0)) process.exitCode = exitCodes.no;
  if (options.json === true) {
    const unread = found.filter(({ unreadable }) => unreadable);
    const message = unread.flatMap(({ errors }) => errors.map((one) => one.message)).join('; ');
    const error = unread.length === 0 ? {} : { error: { code: 'policy', message } };
    io.out(jsonText({ files: found, toolsKnown: tools.value !== null, ...error }));
    return;
  }
  for (const { path, unreadable, errors, warnings } of found) {
    for (const problem of errors) {
      io.out(printable(unreadable ? problem.message : problemLine(path, 'error', problem)));
    }
    for (const problem of warnings) io.out(printable(problemLine(path, 'warning', problem)));
    if (errors.length === 0) io.out(`${path}: loads, ${counted(warnings.length)}`);
  }
  if (tools.value === null) io.err(noTools);
}

interface CheckedFile {
  readonly path: string;
  readonly unreadable: boolean;
  readonly errors: readonly PolicyProblem[];
  readonly warnings: readonly PolicyProblem[];
}

function checkFile(path: string, tools: readonly PinnedTool[] | null): CheckedFile {
  const loaded = loadPolicy(path);
  if (loaded.ok) {
    const { document, text } = loaded.value;
    const warnings = lintPolicy(document, tools ?? [], text);
    return { path, unreadable: false, errors: [], warnings };
  }
  const failure = loaded.error;
  if (failure.kind === 'invalid') {
    return { path, unreadable: false, errors: failure.problems, warnings: [] };
  }
  const problem = { pointer: '', line: 1, column: 1, message: failure.message, hint: null };
  return { path, unreadable: true, errors: [problem], warnings: [] };
}

function counted(warnings: number): string {
  return warnings === 0 ? 'no warnings' : warnings === 1 ? '1 warning' : `${warnings} warnings`;
}

interface TestOptions extends CommonOptions {
  readonly watch?: boolean;
}

async function test(
  parts: PolicyCommandParts,
  files: readonly string[],
  options: TestOptions,
): Promise<void> {
  const tools = await loadTools(options);
  if (!tools.ok) return sayFailed(parts.io, tools.error, options.json === true);
  runTests(parts.io, files, { tools: tools.value, json: options.json === true });
  if (options.watch === true) {
    await onSave(files, parts.signal, () => {
      parts.io.out('');
      runTests(parts.io, files, { tools: tools.value, json: options.json === true });
    });
  }
}

function runTests(
  io: Io,
  files: readonly string[],
  { tools, json }: { readonly tools: readonly PinnedTool[] | null; readonly json: boolean },
): void {
  const reports: TestReport[] = [];
  const failures: string[] = [];
  for (const path of files) {
    const report = testPolicy(path, tools);
    if (report.ok) reports.push(report.value);
    else failures.push(...report.error);
  }
  const failed = failures.length > 0;
  const broken = reports.some(({ cases }) => cases.some((each) => each.wrong.length > 0));
  process.exitCode = failed ? exitCodes.failed : broken ? exitCodes.no : exitCodes.done;
  const error = failed ? { error: { code: 'policy', message: failures.join('; ') } } : {};
  if (!json) for (const line of failures) io.err(printable(line));
  if (json) io.out(jsonText({ ...error, reports, toolsKnown: tools !== null }));
  else for (const report of reports) reportLines(report).forEach((line) => io.out(printable(line)));
  if (tools === null && !json) io.err(noTools);
}

const settleMs = 100;

/** Runs `again` after each change in the folders of the files, once a change has settled. */
function onSave(files: readonly string[], signal: AbortSignal, again: () => void): Promise<void> {
  let waiting: NodeJS.Timeout | null = null;
  const folders = new Set(files.map((path) => dirname(path)).filter((path) => existsSync(path)));
  const watchers = [...folders].map((folder) =>
    watch(folder, (_event, name) => {
      if (name?.endsWith('.json') === false) return;
      if (waiting !== null) clearTimeout(waiting);
      waiting = setTimeout(again, settleMs);
    }),
  );
  return new Promise((done) => {
    const stop = (): void => {
      if (waiting !== null) clearTimeout(waiting);
      for (const watcher of watchers) watcher.close();
      done();
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

type Used = Readonly<Record<string, number>>;

interface ExplainOptions extends CommonOptions {
  readonly call: string;
  readonly used: Used;
}

/** Reads `counter=units`; units that cannot be read become NaN and are reported later. */
function usedOption(text: string, before: Used): Used {
  const at = text.lastIndexOf('=');
  const units = /^[0-9]+(\.[0-9]+)?$/.test(text.slice(at + 1)) ? Number(text.slice(at + 1)) : NaN;
  return { ...before, [text.slice(0, Math.max(at, 0))]: units };
}

async function explainCall(io: Io, file: string, options: ExplainOptions): Promise<void> {
  const json = options.json === true;
  if (Object.entries(options.used).some(([name, units]) => name === '' || Number.isNaN(units))) {
    return sayUsage(io, '--used: write counter=units, such as create_charge_rate=29', json);
  }
  const loaded = loadedPolicy(io, file, json);
  if (loaded === null) return;
  const text = readText(options.call);
  if (!text.ok) return sayFailed(io, { code: 'call', message: text.error }, json);
  const tools = await loadTools(options);
  if (!tools.ok) return sayFailed(io, tools.error, json);
  const call = readCall(text.value);
  if (!call.ok) {
    const lines = call.error.map((problem) => problemLine(options.call, 'error', problem));
    return sayLines(io, { code: 'call', lines }, json);
  }
  const misnamed = unknownCounter(loaded.document, call.value.tool, Object.keys(options.used));
  if (misnamed !== null) return sayUsage(io, `--used: ${misnamed}`, json);
  const asked = { ...call.value, used: { ...call.value.used, ...options.used } };
  const { policy } = loaded;
  const lookAt = (limit: LimitObligation): number | null =>
    Object.hasOwn(asked.used, limit.counter) ? (asked.used[limit.counter] ?? null) : null;
  const request = requestOf(asked, tools.value);
  const { steps } = explain({ policy, guardrails: [] }, request, lookAt);
  const answer = answerCall(policy, asked, tools.value);
  const { decision, rule, message } = answer;
  if (json) {
    io.out(jsonText({ decision, rule, message, steps }));
    return;
  }
  for (const { step, rule: at, outcome, text: why } of steps) {
    io.out(printable(`${String(step).padStart(2)}  ${outcome.padEnd(7)}  ${at}: ${why}`));
  }
  io.out(printable(`${decision} by ${rule}${message === null ? '' : `: ${message}`}`));
  if (tools.value === null && asked.category === undefined) {
    io.err('no tools were named: the tool counts as Unclassified, of high risk, without a schema');
  }
}

interface DiffOptions extends CommonOptions {
  readonly failOnChange?: boolean;
}

async function diff(
  io: Io,
  paths: { readonly before: string; readonly after: string },
  options: DiffOptions,
): Promise<void> {
  const json = options.json === true;
  const before = loadedPolicy(io, paths.before, json);
  const after = before === null ? null : loadedPolicy(io, paths.after, json);
  if (before === null || after === null) return;
  const tools = await loadTools(options);
  if (!tools.ok) return sayFailed(io, tools.error, json);
  const compared =
    tools.value?.map((tool) => ({ tool, shown: tool.name })) ??
    standIns(before.document, after.document);
  const changes = compared.flatMap(({ tool, shown }) =>
    diffPolicies(before.policy, after.policy, [tool]).map((each) => ({ ...each, tool: shown })),
  );
  if (changes.length > 0 && options.failOnChange === true) process.exitCode = exitCodes.no;
  if (json) {
    io.out(jsonText({ changes, toolsKnown: tools.value !== null }));
    return;
  }
  for (const line of diffLines(changes)) io.out(printable(line));
  if (tools.value === null) {
    io.err('no tools were named: compared are the tools that the documents name, and any other');
  }
}

const headings: Readonly<Record<ChangeKind, string>> = {
  allows: 'newly allowed',
  refuses: 'newly refused',
  asks: 'asks a person now',
  'asks-no-more': 'asks no person any more',
  labels: 'puts labels on now',
  'labels-no-more': 'puts labels on no more',
  shows: 'listed now',
  hides: 'hidden now',
};

function diffLines(changes: readonly PolicyChange[]): readonly string[] {
  if (changes.length === 0) return ['no change'];
  const lines: string[] = [];
  const byKind = Map.groupBy(changes, ({ kind }) => kind);
  for (const [kind, heading] of Object.entries(headings)) {
    // The keys of the table are exactly the kinds.
    const group = byKind.get(kind as ChangeKind) ?? [];
    if (group.length > 0) lines.push(`${heading}:`);
    for (const { tool, rule, text } of group) {
      lines.push(`  ${tool}: ${text} ${rule.startsWith('(') ? rule : `(${rule})`}`);
    }
  }
  return lines;
}

function importFile(io: Io, file: string, options: { readonly json?: boolean }): void {
  const json = options.json === true;
  const text = readText(file);
  if (!text.ok) return sayFailed(io, { code: 'policy', message: text.error }, json);
  const imported = importYaml(text.value);
  if (!imported.ok) {
    const message = `\`${file}\` cannot be translated: ${imported.error}`;
    return sayFailed(io, { code: 'policy', message }, json);
  }
  const { document, notes } = imported.value;
  if (notes.some(({ kind }) => kind === 'denied')) process.exitCode = exitCodes.no;
  if (json) {
    io.out(jsonText({ policy: document, notes }));
    return;
  }
  io.out(jsonText(document));
  for (const { kind, pointer, text: why } of notes) {
    io.err(printable(`${file}: ${kind}: ${pointer}: ${why}`));
  }
  const denied = notes.filter(({ kind }) => kind === 'denied').length;
  const parts =
    denied === 1
      ? '1 part did not translate and refuses'
      : `${denied} parts did not translate and refuse`;
  io.err(`${parts} now; check the result before it is used`);
}

/** The policy of a file, or null after saying why there is none. */
function loadedPolicy(io: Io, path: string, json: boolean): LoadedPolicy | null {
  const loaded = loadPolicy(path);
  if (loaded.ok) return loaded.value;
  sayLines(io, { code: 'policy', lines: failureLines(loaded.error) }, json);
  return null;
}
