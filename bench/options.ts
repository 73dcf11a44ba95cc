import { parseArgs } from 'node:util';

/** What one run of the benchmark does. */
export interface BenchOptions {
  /** Seconds that are measured for each target in each round. */
  readonly seconds: number;
  readonly rounds: number;
  /** Connections, each with one call in flight. */
  readonly clients: number;
  /** Bytes of the text that the tool echoes. */
  readonly argsBytes: number;
  /** Where the figures go as JSON, or null. */
  readonly jsonFile: string | null;
  /** Only these targets, or all that can run. */
  readonly targets: readonly string[] | null;
}

/** The words on the command line that a run understands. */
export const USAGE: string = [
  'npm run bench -- [policy] [--seconds N] [--rounds N] [--clients N] [--args-bytes N]',
  '                 [--targets direct,nginx,gateway] [--json FILE]',
].join('\n');

/** Reads the command line; the text says what is wrong with it. */
export function readOptions(argv: readonly string[]): BenchOptions | string {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '3' },
      clients: { type: 'string', default: '16' },
      'args-bytes': { type: 'string', default: '32' },
      targets: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const options = {
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    clients: Number(values.clients),
    argsBytes: Number(values['args-bytes']),
    jsonFile: values.json ?? null,
    targets: values.targets?.split(',') ?? null,
  };
  if (!(options.seconds > 0 && options.seconds <= 600)) return '--seconds must be 1 to 600';
  if (!isCount(options.rounds, 100)) return '--rounds must be 1 to 100';
  if (!isCount(options.clients, 4096)) return '--clients must be 1 to 4096';
  if (!isCount(options.argsBytes, 900_000)) return '--args-bytes must be 1 to 900000';
  return options;
}

function isCount(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= max;
}
