import { resolve } from 'node:path';

import { escapeUnprintable } from '../audit/encode-record.ts';

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

/** Exit codes: 0 done, 1 the answer is no, 2 it could not be carried out, 3 that is our bug. */
export const exitCodes = { done: 0, no: 1, failed: 2, bug: 3 } as const;

/** Why a command could not be carried out, for a person and for a program. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Says why, in one line or with `--json` as one object, and sets the exit code to 2. */
export function sayFailed(io: Io, { code, message }: Failure, json: boolean): void {
  if (json) io.out(errorJson({ code, message }));
  else io.err(escapeUnprintable(`portcullis: ${message}`));
  process.exitCode = exitCodes.failed;
}

/** Says that there is no such thing as was asked for, in the same form, and sets the exit code to 1. */
export function sayNo(io: Io, { code, message }: Failure, json: boolean): void {
  if (json) io.out(errorJson({ code, message }));
  else io.err(escapeUnprintable(message));
  process.exitCode = exitCodes.no;
}

function errorJson(error: Failure): string {
  return escapeUnprintable(JSON.stringify({ error }));
}

/** The same for a file with several problems: a line for each, so that editors find the places. */
export function sayLines(
  io: Io,
  { code, lines }: { readonly code: string; readonly lines: readonly string[] },
  json: boolean,
): void {
  if (json) return sayFailed(io, { code, message: lines.join('; ') }, json);
  for (const line of lines) io.err(escapeUnprintable(line));
  process.exitCode = exitCodes.failed;
}

/** The same for what was asked for in a way that means nothing. */
export function sayUsage(io: Io, message: string, json: boolean): void {
  sayFailed(io, { code: 'usage', message }, json);
}

/** What a command that is told to a person needs to reach the same data folder. */
export function dataFlag(dataDir: string): string {
  return resolve(dataDir) === resolve('data') ? '' : ` --data ${escapeUnprintable(dataDir)}`;
}

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

/** Milliseconds since the epoch of an age such as `2h`, or of ISO 8601; null for anything else. */
export function timeOf(text: string, nowMs: number): number | null {
  const age = /^([0-9]{1,6})([smhd])$/.exec(text);
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[age?.[2] ?? ''];
  if (age !== null && unitMs !== undefined) return nowMs - Number(age[1]) * unitMs;
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2}))?$/.test(text)) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time;
}

/** JSON for people and programs, in printable ASCII: what a stranger named cannot move the cursor. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).split('\n').map(escapeUnprintable).join('\n');
}
