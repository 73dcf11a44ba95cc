import type { Command } from 'commander';

import type { PinRow } from '../../registry/registry-store.ts';
import { columns, type Io } from '../io.ts';
import { withControl } from './grant.ts';

interface PinOptions {
  readonly data: string;
  readonly json?: boolean;
  readonly tool?: readonly string[];
}

/** `portcullis pin list | accept`: the tool definitions that were reviewed. */
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
