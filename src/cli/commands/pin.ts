import type { Command } from 'commander';

import { escapeUnprintable } from '../../audit/encode-record.ts';
import { ok } from '../../base/result.ts';
import type { PinView, ToolDifference } from '../../control/servers.ts';
import { categories, risks } from '../../policy/index.ts';
import type { PinRow } from '../../registry/registry-store.ts';
import { columns, dataFlag, exitCodes, sayUsage, type Io } from '../io.ts';
import { withControl } from './grant.ts';

interface PinOptions {
  readonly data: string;
  readonly json?: boolean;
  readonly tool?: readonly string[];
}

/** `portcullis pin list | diff | accept`: the tool definitions that were reviewed. */
export function addPinCommands(program: Command, io: Io): void {
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
    .action((server: string, options: PinOptions) => diff(io, server, options));
  pin
    .command('accept <server>')
    .description('accept what a person has reviewed: every quarantined tool, or those named')
    .option('--tool <name...>', 'only these tools')
    .option('--data <dir>', 'data folder of the running gateway', './data')
    .option('--json', 'print JSON')
    .action((server: string, options: PinOptions) =>
      withControl(
        io,
        options,
        (control) =>
          control.post(`/api/v1/servers/${encodeURIComponent(server)}/pins/accept`, {
            tools: options.tool ?? null,
          }),
        (count) => [
          count === 0
            ? `nothing of \`${server}\` is quarantined: there is nothing to accept`
            : `accepted ${String(count)} of the definitions of \`${server}\``,
        ],
      ),
    );
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

interface CategoryOptions extends Omit<PinOptions, 'tool'> {
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

async function diff(io: Io, server: string, options: PinOptions): Promise<void> {
  const chosen = (all: readonly ToolDifference[]): readonly ToolDifference[] =>
    all.filter(({ tool }) => options.tool === undefined || options.tool.includes(tool));
  await withControl(
    io,
    options,
    async (control) => {
      const answer = await control.get(`/api/v1/servers/${encodeURIComponent(server)}/pins/diff`);
      if (!answer.ok) return answer;
      // The API answers this route with the differences of each tool.
      const tools = chosen(answer.value as readonly ToolDifference[]);
      if (tools.length > 0) process.exitCode = exitCodes.no;
      return ok(tools);
    },
    (answer) => showDifferences(server, options.data, answer as readonly ToolDifference[]),
  );
}

function showDifferences(
  server: string,
  dataDir: string,
  tools: readonly ToolDifference[],
): readonly string[] {
  if (tools.length === 0) return [`nothing of \`${server}\` waits for review`];
  return [
    ...tools.flatMap(({ tool, reason, differences }) => [
      `${escapeUnprintable(tool)}: ${escapeUnprintable(reason ?? 'quarantined')}`,
      ...differences.map(({ kind, text }) => `  ${signs[kind]} ${escapeUnprintable(text)}`),
      '',
    ]),
    `accept with \`portcullis pin accept ${server}${dataFlag(dataDir)}\`, or with \`--tool NAME\` one by one`,
  ];
}

const signs = { added: '+', removed: '-', changed: '~' } as const;

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
