import { median } from './latency.ts';
import type { Measurement } from './load-runner.ts';

/** The medians of one target over all rounds. */
export interface Row {
  readonly target: string;
  readonly callsPerSecond: number;
  /** Throughput against the target's neighbour in the same round; null where it did not run. */
  readonly timesNginx: number | null;
  readonly timesDirect: number | null;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly cpuUsPerCall: number | null;
  readonly peakRssMb: number | null;
}

/** Target -> what each round gave, in the order of the rounds. */
export type Rounds = ReadonlyMap<string, readonly Measurement[]>;

/** The table's rows, in the order in which the targets ran. */
export function summarize(rounds: Rounds): readonly Row[] {
  return [...rounds].map(([target, measured]) => ({
    target,
    callsPerSecond: median(measured.map(rateOf)),
    timesNginx: ratioTo(rounds.get('nginx'), measured),
    timesDirect: ratioTo(rounds.get('direct'), measured),
    p50Us: median(measured.map((one) => one.p50Us)),
    p99Us: median(measured.map((one) => one.p99Us)),
    cpuUsPerCall: medianOrNull(measured.map((one) => one.cpuUsPerCall)),
    peakRssMb: medianOrNull(measured.map((one) => one.peakRssMb)),
  }));
}

function rateOf({ calls, seconds }: Measurement): number {
  return calls / seconds;
}

/** Ratios are taken within a round, where both saw the same machine, and then their median. */
function ratioTo(
  base: readonly Measurement[] | undefined,
  measured: readonly Measurement[],
): number | null {
  if (base === undefined) return null;
  const ratios = measured.flatMap((one, round) => {
    const other = base[round];
    return other === undefined ? [] : [rateOf(one) / rateOf(other)];
  });
  return ratios.length === 0 ? null : median(ratios);
}

function medianOrNull(values: readonly (number | null)[]): number | null {
  const present = values.filter((value) => value !== null);
  return present.length === 0 ? null : median(present);
}

const COLUMNS = [
  'target',
  'calls/s',
  '× nginx',
  '× direct',
  'p50 µs',
  'p99 µs',
  'CPU µs',
  'peak MB',
];

/** The table as text, with columns as wide as their widest cell. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.target,
    shown(row.callsPerSecond, 0),
    shown(row.timesNginx, 2),
    shown(row.timesDirect, 2),
    shown(row.p50Us, 0),
    shown(row.p99Us, 0),
    shown(row.cpuUsPerCall, 0),
    shown(row.peakRssMb, 0),
  ]);
  const lines = [COLUMNS, ...cells];
  const widths = COLUMNS.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, at) =>
          at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}

function shown(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits);
}
