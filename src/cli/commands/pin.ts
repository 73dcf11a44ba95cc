import type { Command } from 'commander';

import { escapeUnprintable } from '../../audit/chain.ts';
import { ok } from '../../base/result.ts';
import type { ToolDifference } from '../../control/servers.ts';
import type { PinRow } from '../../registry/registry-store.ts';
import { columns, dataFlag, exitCodes, type Io } from '../io.ts';
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
  const rows = answer as readonly PinRow[];
  if (rows.length === 0) return ['no tool is known of this server yet'];
  const lines = rows.map((row) => [
    row.tool,
    row.state,
    row.category,
    row.reason ?? '',
    row.digest.slice(0, 12),
  ]);
  return columns([['TOOL', 'STATE', 'CATEGORY', 'REASON', 'DIGEST'], ...lines]);
}
