import type { Command } from 'commander';

import { escapeUnprintable } from '../../audit/encode-record.ts';
import type { PinView } from '../../control/servers.ts';
import { categories, risks } from '../../policy/index.ts';
import type { PinRow } from '../../registry/registry-store.ts';
import { columns, sayUsage, type Io } from '../io.ts';
import { acceptTools, type AcceptOptions } from '../pin/accept.ts';
import { showDifferences, type DifferenceOptions, type PinParts } from '../pin/differences.ts';
import { withControl } from './grant.ts';

interface PinOptions {
  readonly data: string;
  readonly json?: boolean;
}

/** `portcullis pin list | diff | accept`: the tool definitions that were reviewed. */
export function addPinCommands(program: Command, parts: PinParts): void {
  const { io } = parts;
  const pin = program
    .command('pin')
    .description('tool definitions: reviewed, or waiting for review');
  pin
    .command('list <server>')
    .description('every tool of a server with its state, and why it is quarantined')
    .option('--data <dir>', 'data folder of the running gateway', './data')
    .option('--json', 'print JSON')
    .action((server: string, options: PinOptions) =>
      withControl(
        io,
        options,
        (control) => control.get(`/api/v1/servers/${encodeURIComponent(server)}/pins`),
        showPins,
      ),
    );
  pin
    .command('diff <server>')
    .description('what differs, in words, from what was reviewed; exits with 1 where anything does')
    .option('--tool <name...>', 'only these tools')
    .option('--data <dir>', 'data folder of the running gateway', './data')
    .option('--json', 'print JSON')
    .action((server: string, options: DifferenceOptions) =>
      showDifferences(parts, server, options),
    );
  pin
    .command('accept <server>')
    .description(
      'accept what was seen: NAME@DIGEST of `pin diff`; else it is shown and asked about',
    )
    .option('--tool <name...>', 'only these tools; with @DIGEST, exactly as it was shown')
    .option('--yes', 'ask nobody: accept what there is, seen or not')
    .option('--data <dir>', 'data folder of the running gateway', './data')
    .option('--json', 'print JSON')
    .action((server: string, options: AcceptOptions) => acceptTools(parts, server, options));
  pin
    .command('category <server> <tool>')
    .description("say what a tool is, with a reason, in place of the classifier's answer")
    .option('--category <name>', `one of ${categories.join(', ')}`)
    .option('--risk <name>', `one of ${risks.join(', ')}; else that of the category`)
    .option('--reason <text>', 'why, for whoever reads it later')
    .option('--undo', "take it back: the classifier's answer is in force again")
    .option('--data <dir>', 'data folder of the running gateway', './data')
    .option('--json', 'print JSON')
    .action((server: string, tool: string, options: CategoryOptions) =>
      setCategory(io, { server, tool }, options),
    );
}

interface CategoryOptions extends PinOptions {
  readonly category?: string;
  readonly risk?: string;
  readonly reason?: string;
  readonly undo?: boolean;
}

async function setCategory(
  io: Io,
  { server, tool }: { readonly server: string; readonly tool: string },
  options: CategoryOptions,
): Promise<void> {
  const { undo = false, category, risk, reason } = options;
  if (!undo && (category === undefined || reason === undefined)) {
    sayUsage(
      io,
      'say what the tool is with `--category` and why with `--reason`, or take it back with `--undo`',
      options.json === true,
    );
    return;
  }
  const path = `/api/v1/servers/${encodeURIComponent(server)}/tools/${encodeURIComponent(tool)}/category`;
  await withControl(
    io,
    options,
    (control) => (undo ? control.remove(path) : control.put(path, { category, risk, reason })),
    (answer) => {
      // The API answers these routes with what is in force now.
      const now = answer as Pick<PinRow, 'category' | 'risk'>;
      const by = undo ? 'as the classifier says' : 'as you say';
      return [
        `\`${escapeUnprintable(tool)}\` is taken for ${now.category}, ${now.risk} risk, ${by}`,
      ];
    },
  );
}

function showPins(answer: unknown): readonly string[] {
  // The API answers this route with pin rows.
  const rows = answer as readonly PinView[];
  if (rows.length === 0) return ['no tool is known of this server yet'];
  const lines = rows.map((row) => [
    row.tool,
    row.state,
    row.override === null ? row.category : `${row.category}*`,
    noteOf(row),
    row.digest.slice(0, 12),
  ]);
  return columns([['TOOL', 'STATE', 'CATEGORY', 'REASON', 'DIGEST'], ...lines]);
}

/** Why it is quarantined, else what a person said of it. */
function noteOf({ reason, override, classified }: PinView): string {
  if (reason !== null) return reason;
  if (override === null) return '';
  const since = override.outdated ? '; the definition changed since' : '';
  return `* ${override.actor}: ${override.reason} (classifier: ${classified.category})${since}`;
}
