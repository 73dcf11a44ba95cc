import { pathToFileURL } from 'node:url';

import type { Command } from 'commander';

import { ok, type Result } from '../../base/result.ts';
import type { Observation } from '../../catalogue/observation.ts';
import { sarifOf } from '../../catalogue/sarif.ts';
import { reportOf, type ScanReport } from '../../catalogue/scan.ts';
import { risks, type Risk } from '../../policy/index.ts';
import { findConfigurations } from '../clients/find.ts';
import { durationMs, exitCodes, jsonText, sayFailed, sayUsage, type Io } from '../io.ts';
import { printable, reportLines } from '../scan/print.ts';
import {
  observeClientServer,
  observeFile,
  observeTarget,
  type ScanBounds,
} from '../scan/targets.ts';

interface ScanOptions {
  readonly file?: string;
  readonly clients?: boolean;
  readonly json?: boolean;
  readonly sarif?: boolean;
  readonly policy?: boolean;
  readonly strict?: boolean;
  readonly failOn?: string;
  readonly timeout: string;
  readonly env?: readonly string[];
  readonly header?: readonly string[];
}

/** A server that was to be scanned, and what came of it. */
interface Scanned {
  /** Whose configuration it stands in; null for one that was named on the command line. */
  readonly client: string | null;
  readonly name: string;
  readonly report: Result<ScanReport, string>;
}

/** `portcullis scan`: what a server offers, how risky each tool is, and a policy to start from. */
export function addScanCommand(program: Command, io: Io, version: string): void {
  program
    .command('scan')
    .description(
      'list the tools of a server with category, risk, evidence and a recommended policy',
    )
    .usage('<url> | --file <tools.json> | --clients | -- <command> [args...]')
    .argument('[target...]', 'the address of a server, or, behind `--`, the command that starts it')
    .option('--file <file>', 'a saved `tools/list`; `-` is standard input')
    .option('--clients', 'every server in the configuration of the MCP clients of this machine')
    .option('--json', 'print one JSON object')
    .option('--sarif', 'print a SARIF 2.1.0 log')
    .option('--policy', 'print the recommended policy document alone')
    .option('--strict', 'recommend to hide what the standard policy holds for approval')
    .option('--fail-on <risk>', 'exit with 1 when a tool has this risk or a higher one')
    .option('--timeout <duration>', 'how long one server may take', '30s')
    .option('--env <name...>', 'variables of this environment that the command is given')
    .option('--header <line...>', "headers for the address, as in 'Authorization: Bearer ...'")
    .action((target: readonly string[], options: ScanOptions) =>
      scan(io, { target, options, version }),
    );
}

async function scan(
  io: Io,
  asked: {
    readonly target: readonly string[];
    readonly options: ScanOptions;
    readonly version: string;
  },
): Promise<void> {
  const { options, target } = asked;
  const json = options.json === true || options.sarif === true;
  const usage = usageProblem(target, options);
  if (usage !== null) return sayUsage(io, usage, json);
  const bounds: ScanBounds = {
    timeoutMs: durationMs(options.timeout) ?? 30_000,
    env: options.env ?? [],
    headers: options.header ?? [],
  };
  const variant = options.strict === true ? 'strict' : 'standard';
  const report = (observed: Result<Observation, string>): Result<ScanReport, string> =>
    observed.ok ? ok(reportOf(observed.value, variant)) : observed;

  if (options.clients === true) {
    const scanned = await scanClients(io, bounds, report);
    return printClients(io, scanned, asked);
  }
  const observed =
    options.file === undefined ? await observeTarget(target, bounds) : observeFile(options.file);
  const found = report(observed);
  if (!found.ok) return sayFailed(io, { code: 'not-scanned', message: found.error }, json);
  const uri = options.file === undefined ? null : pathToFileURL(options.file).href;
  if (options.sarif === true) {
    io.out(jsonText(sarifOf([found.value], { version: asked.version, uri })));
  } else if (options.policy === true) io.out(jsonText(found.value.policy));
  else if (options.json === true) io.out(jsonText(found.value));
  else for (const line of reportLines(found.value)) io.out(line);
  settle([found.value], options);
}

/** One after the other: a machine's servers together may be more than the machine bears. */
async function scanClients(
  io: Io,
  bounds: ScanBounds,
  report: (observed: Result<Observation, string>) => Result<ScanReport, string>,
): Promise<readonly Scanned[]> {
  const { configurations, problems } = findConfigurations();
  for (const problem of problems) io.err(`portcullis: ${problem}`);
  const scanned: Scanned[] = [];
  for (const { client, servers } of configurations) {
    for (const server of servers) {
      const found = report(await observeClientServer(server, bounds));
      scanned.push({ client: client.name, name: server.name, report: found });
    }
  }
  return scanned;
}

function printClients(
  io: Io,
  scanned: readonly Scanned[],
  { options, version }: { readonly options: ScanOptions; readonly version: string },
): void {
  const reports = scanned.flatMap(({ report }) => (report.ok ? [report.value] : []));
  if (options.sarif === true) io.out(jsonText(sarifOf(reports, { version, uri: null })));
  else if (options.policy === true) {
    const policies = scanned.flatMap(({ name, report }) =>
      report.ok ? [[name, report.value.policy] as const] : [],
    );
    io.out(jsonText(Object.fromEntries(policies)));
  } else if (options.json === true) {
    const servers = scanned.map(({ client, name, report }) =>
      report.ok ? { client, name, ...report.value } : { client, name, error: report.error },
    );
    io.out(jsonText({ servers }));
  } else {
    if (scanned.length === 0) io.out('no MCP client on this machine names a server');
    for (const { client, name, report } of scanned) {
      io.out(printable(`== ${client}: ${name}`));
      if (report.ok) for (const line of reportLines(report.value)) io.out(line);
      else io.out(printable(`not scanned: ${report.error}`));
      io.out('');
    }
  }
  settle(reports, options);
  if (scanned.length > reports.length && process.exitCode !== exitCodes.no) {
    process.exitCode = exitCodes.failed;
  }
}

function settle(reports: readonly ScanReport[], { failOn }: ScanOptions): void {
  const floor = riskOf(failOn ?? '');
  if (floor === null) return;
  const at = risks.indexOf(floor);
  const found = reports.some((report) =>
    report.tools.some((tool) => risks.indexOf(tool.risk) >= at),
  );
  if (found) process.exitCode = exitCodes.no;
}

function riskOf(text: string): Risk | null {
  return risks.find((risk) => risk.toLowerCase() === text.toLowerCase()) ?? null;
}

function usageProblem(target: readonly string[], options: ScanOptions): string | null {
  const named = [target.length > 0, options.file !== undefined, options.clients === true];
  if (named.filter(Boolean).length !== 1) {
    return 'name one thing to scan: an address, --file, --clients, or a command behind `--`';
  }
  const printed = [options.json, options.sarif, options.policy].filter((one) => one === true);
  if (printed.length > 1) return 'choose one of --json, --sarif and --policy';
  if (options.failOn !== undefined && riskOf(options.failOn) === null) {
    return `--fail-on: \`${options.failOn}\` is no risk; there are: low, medium, high, critical`;
  }
  if (durationMs(options.timeout) === null) {
    return `--timeout: \`${options.timeout}\` is no duration; write for example 30s or 2m`;
  }
  return null;
}
