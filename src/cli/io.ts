/** Where a command writes: results to `out`, everything else to `err`. */
export interface Io {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

/** The terminal. */
export const terminal: Io = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
};

/** Exit codes: 0 done, 1 the answer is no, 2 the command could not be carried out. */
export const exitCodes = { done: 0, no: 1, failed: 2 } as const;

/** Text in columns, as wide as their widest cell. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, cell.length)));
  }
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Milliseconds of `90s`, `15m`, `12h`, `30d`, or null. */
export function durationMs(text: string): number | null {
  const match = /^([1-9][0-9]{0,5})(s|m|h|d)$/.exec(text);
  if (match === null) return null;
  const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] ?? ''];
  return unit === undefined ? null : Number(match[1]) * unit;
}
