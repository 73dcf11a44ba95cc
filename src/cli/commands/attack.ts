import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Command } from 'commander';

import type { Attack } from '../../attacks/attack.ts';
import { isObject, jsonOf } from '../../attacks/json.ts';
import { keptRun, lastRunFile } from '../../attacks/last-run.ts';
import { loadAttacks } from '../../attacks/load.ts';
import { reportCard, type ReportCard } from '../../attacks/report-card.ts';
import { sarifOf } from '../../attacks/sarif.ts';
import { scoreboard } from '../../attacks/scoreboard.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { databaseTools, replayAll } from '../../main/attacks.ts';
import type { PinnedTool } from '../../policy/index.ts';
import { cardLines, listLines, showLines } from '../attack/print.ts';
import { exitCodes, jsonText, sayFailed, sayUsage, type Failure, type Io } from '../io.ts';
import { failureLines, loadPolicy, type LoadedPolicy } from '../policy/load.ts';
import { standIns } from '../policy/stand-ins.ts';
import { loadTools } from '../policy/tools.ts';

/** What the commands are given. */
export interface AttackCommandParts {
  readonly io: Io;
  readonly nowMs: () => number;
  readonly version: string;
}

interface CommonOptions {
  readonly json?: boolean;
}

interface RunOptions extends CommonOptions {
  readonly policy?: string;
  readonly tools?: string;
  readonly server?: string;
  readonly data: string;
  readonly sarif?: boolean;
  readonly fixed?: boolean;
}

/** `portcullis attack list | show | run`: the attack database, and a report card on a policy. */
export function addAttackCommands(program: Command, parts: AttackCommandParts): void {
  const { io } = parts;
  const attack = program
    .command('attack')
    .description('documented attacks, each with a proof that runs');
  attack
    .command('list')
    .description('every entry of the database')
    .option('--json', 'print JSON')
    .action((options: CommonOptions) =>
      withAttacks(io, options, (attacks) => {
        if (options.json === true) io.out(jsonText(attacks.map(factsOf)));
        else for (const line of listLines(attacks)) io.out(line);
      }),
    );
  attack
    .command('show <attack>')
    .description('one entry, by its id or name: what happens, how, what stops it, the policy')
    .option('--json', 'print JSON')
    .action((name: string, options: CommonOptions) =>
      withAttacks(io, options, (attacks) => {
        const found = named(attacks, [name]);
        const [one] = found.ok ? found.value : [];
        if (!found.ok || one === undefined) return sayUnknown(io, name, options);
        if (options.json === true) io.out(jsonText({ ...factsOf(one), ...rest(one) }));
        else for (const line of showLines(one)) io.out(line);
      }),
    );
  attack
    .command('run [attacks...]')
    .description('replay the database against this gateway; with --policy, try it on a policy')
    .option('--policy <file>', 'a policy of your own: prints a report card, sends nothing')
    .option('--tools <file>', 'with --policy: the tools of the server, a saved `tools/list`')
    .option('--server <name>', 'with --policy: the tools that the running gateway has pinned')
    .option('--data <dir>', 'data folder of the gateway; the last replay is kept there', './data')
    .option('--json', 'print JSON')
    .option('--sarif', 'with --policy: print a SARIF 2.1.0 log')
    .option('--fixed', 'with --policy: print the policy with every gap closed')
    .action((names: readonly string[], options: RunOptions) =>
      withAttacks(io, options, (attacks) => {
        const wanted = named(attacks, names);
        if (!wanted.ok) return sayUnknown(io, wanted.error, options);
        if (options.policy !== undefined) return card(parts, wanted.value, options);
        const usage = usageProblem(options);
        if (usage !== null) return sayUsage(io, usage, options.json === true);
        return run(parts, wanted.value, options);
      }),
    );
}

function usageProblem(options: RunOptions): string | null {
  const first = (['tools', 'server', 'sarif', 'fixed'] as const).find(
    (name) => options[name] !== undefined,
  );
  return first === undefined ? null : `--${first} goes with --policy`;
}

async function withAttacks(
  io: Io,
  options: CommonOptions,
  use: (attacks: readonly Attack[]) => void | Promise<void>,
): Promise<void> {
  const loaded = await loadAttacks();
  if (loaded.ok) return use(loaded.value);
  sayFailed(io, { code: 'database', message: loaded.error.join('; ') }, options.json === true);
}

function sayUnknown(io: Io, name: string, options: CommonOptions): void {
  const message = `there is no attack \`${name}\`; see \`portcullis attack list\``;
  sayFailed(io, { code: 'not-found', message }, options.json === true);
}

/** The entries of these ids and names, all of them for none; the error is the first unknown one. */
function named(
  attacks: readonly Attack[],
  names: readonly string[],
): Result<readonly Attack[], string> {
  if (names.length === 0) return ok(attacks);
  const found: Attack[] = [];
  for (const name of names) {
    const one = attacks.find(({ facts, slug }) => facts.id === name || slug === name);
    if (one === undefined) return err(name);
    found.push(one);
  }
  return ok(found);
}

function factsOf({ facts, slug }: Attack): object {
  return { slug, ...facts };
}

function rest({ scenario, policy, text }: Attack): object {
  return { scenario, policy, text };
}

async function run(
  { io, nowMs, version }: AttackCommandParts,
  attacks: readonly Attack[],
  options: RunOptions,
): Promise<void> {
  const scored = await replayAll(attacks, ({ replay }) => {
    for (const fault of replay.faults) io.err(`${replay.id} ${replay.slug}: ${fault}`);
  });
  if (scored.some(({ replay }) => replay.faults.length > 0)) process.exitCode = exitCodes.no;
  const kept = keptRun(scored, { atMs: nowMs(), version });
  if (options.json === true) io.out(jsonText(jsonOf(kept)));
  else for (const line of scoreboard(scored)) io.out(line);
  // A page shows the last replay of everything; one of a few entries is not that.
  if (attacks.length < 44 || !existsSync(options.data)) return;
  const path = join(options.data, lastRunFile);
  await writeFile(`${path}.draft`, kept, { mode: 0o600 });
  await rename(`${path}.draft`, path);
}

async function card(
  parts: AttackCommandParts,
  attacks: readonly Attack[],
  options: RunOptions,
): Promise<void> {
  const { io, version } = parts;
  const json = options.json === true || options.sarif === true;
  const path = options.policy ?? '';
  const loaded = loadPolicy(path);
  if (!loaded.ok) {
    const message = failureLines(loaded.error).join('; ');
    return sayFailed(io, { code: 'policy', message }, json);
  }
  const tools = await toolsFor(loaded.value, options);
  if (!tools.ok) return sayFailed(io, tools.error, json);
  const document = jsonOf(loaded.value.text);
  if (!isObject(document)) {
    return sayFailed(io, { code: 'policy', message: `\`${path}\` holds no object` }, json);
  }
  const { policy } = loaded.value;
  const found = reportCard(attacks, { document, policy }, tools.value.tools);
  if (found.counts.through > 0) process.exitCode = exitCodes.no;
  const uri = path === '-' ? 'stdin' : pathToFileURL(resolve(path)).href;
  if (options.sarif === true) io.out(jsonText(sarifOf(found, { version, uri })));
  else if (options.fixed === true) io.out(jsonText(found.fixed));
  else if (options.json === true) io.out(jsonText(jsonCard(path, tools.value.on, found)));
  else for (const line of cardLines(found, { policy: path, on: tools.value.on })) io.out(line);
}

function jsonCard(policy: string, on: string, found: ReportCard): object {
  const { lines, counts, permitted, tools } = found;
  return { policy, triedOn: on, tools, permitted, counts, attacks: lines };
}

/** The tools that were named, else those of the database's servers and those the policy names. */
async function toolsFor(
  loaded: LoadedPolicy,
  options: RunOptions,
): Promise<Result<{ readonly tools: readonly PinnedTool[]; readonly on: string }, Failure>> {
  const given = await loadTools(options);
  if (!given.ok) return given;
  if (given.value !== null) {
    const on = options.tools ?? `the server \`${options.server ?? ''}\``;
    return ok({ tools: given.value, on });
  }
  const known = await databaseTools();
  const names = new Set(known.map((tool) => tool.name));
  const own = Object.keys(loaded.document.tools ?? {}).filter((name) => !names.has(name));
  const more = standIns(loaded.document, loaded.document)
    .map(({ tool }) => tool)
    .filter((tool) => own.includes(tool.name));
  const on =
    more.length === 0
      ? 'servers of the database (name yours with --server or --tools)'
      : 'servers of the database and of this policy, whose arguments are not known (name yours with --server or --tools)';
  return ok({ tools: [...known, ...more], on });
}
