import type { Command } from 'commander';

import type { Stop } from '../../registry/stops.ts';
import { columns, dataFlag, sayUsage, type Io } from '../io.ts';
import { withControl } from './grant.ts';

interface StopOptions {
  readonly data: string;
  readonly json?: boolean;
  readonly all?: boolean;
  readonly grant?: string;
  readonly server?: string;
  readonly reason?: string;
  readonly release?: boolean;
  readonly list?: boolean;
}

/** `portcullis stop`: the kill switch. */
export function addStopCommand(program: Command, io: Io): void {
  program
    .command('stop')
    .description('refuse every call at once, of all, of a grant or of a server, until released')
    .option('--all', 'everything that goes through this gateway')
    .option('--grant <name>', 'what this grant asks for, by its label or id')
    .option('--server <name>', 'what is asked of this server')
    .option('--reason <text>', 'told to the agents whose calls are refused')
    .option('--release', 'take the stop back')
    .option('--list', 'show what is stopped')
    .option('--data <dir>', 'data folder of the running gateway', './data')
    .option('--json', 'print JSON')
    .action((options: StopOptions) => stop(io, options));
}

async function stop(io: Io, options: StopOptions): Promise<void> {
  const targets = targetsOf(options);
  if (options.list === true && targets.length === 0) {
    return withControl(io, options, (control) => control.get('/api/v1/stops'), showStops);
  }
  const [target] = targets;
  if (target === undefined || targets.length > 1 || options.list === true) {
    const message = 'say what: --all, --grant NAME or --server NAME, one of them; or --list';
    return sayUsage(io, message, options.json === true);
  }
  if (options.release === true) {
    return withControl(
      io,
      options,
      (control) => control.post('/api/v1/stops/release', target),
      (answer) => [`released ${nameOf(answer)}: calls are judged again`],
    );
  }
  const body = options.reason === undefined ? target : { ...target, reason: options.reason };
  return withControl(
    io,
    options,
    (control) => control.post('/api/v1/stops', body),
    (answer) => [
      `stopped ${nameOf(answer)}: calls are refused, and what was under way has ended`,
      `take it back with \`portcullis stop ${flagOf(answer)} --release${dataFlag(options.data)}\``,
    ],
  );
}

function targetsOf(options: StopOptions): readonly object[] {
  return [
    ...(options.all === true ? [{ kind: 'all' }] : []),
    ...(options.grant === undefined ? [] : [{ kind: 'grant', name: options.grant }]),
    ...(options.server === undefined ? [] : [{ kind: 'server', name: options.server }]),
  ];
}

function nameOf(answer: unknown): string {
  // The API answers these routes with one stop.
  const { kind, label } = answer as Stop;
  return kind === 'all' ? label : `${kind} \`${label}\``;
}

function flagOf(answer: unknown): string {
  // As above.
  const { kind, label } = answer as Stop;
  return kind === 'all' ? '--all' : `--${kind} ${label}`;
}

function showStops(answer: unknown): readonly string[] {
  // The API answers this route with stops.
  const stops = answer as readonly Stop[];
  if (stops.length === 0) return ['nothing is stopped'];
  const rows = stops.map(({ kind, label, sinceMs, actor, reason }) => [
    kind === 'all' ? label : `${kind} ${label}`,
    new Date(sinceMs).toISOString(),
    actor,
    reason ?? '',
  ]);
  return columns([['STOPPED', 'SINCE', 'BY', 'REASON'], ...rows]);
}
