import { err, ok, type Result } from '../../base/result.ts';
import { parseScanned, scanJson } from '../../base/strict-json.ts';
import { columnName, type Cell, type Sheet } from './world.ts';

const CELLS_MAX = 10_000;
const LIMITS = { bytesMax: 1_000_000, depthMax: 4, valuesMax: CELLS_MAX, stringMax: 10_000 };
const CORNER = /^(?<column>[A-Z]{1,2})(?<row>[1-9]\d{0,4})$/;

/** A rectangle of cells; rows and columns count from 0 and both ends are inside. */
export interface Range {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** Reads `B3` or `A1:C10`. */
export function parseRange(range: string): Result<Range, string> {
  const [first = '', second = first] = range.toUpperCase().split(':');
  const start = parseCorner(first);
  const end = parseCorner(second);
  if (start === null || end === null) return err('a range looks like A1:C10');
  const [top, bottom] = [Math.min(start.row, end.row), Math.max(start.row, end.row)];
  const [left, right] = [Math.min(start.column, end.column), Math.max(start.column, end.column)];
  if ((bottom - top + 1) * (right - left + 1) > CELLS_MAX) return err('the range is too large');
  return ok({ top, left, bottom, right });
}

function parseCorner(corner: string): { readonly row: number; readonly column: number } | null {
  const groups = CORNER.exec(corner)?.groups;
  if (groups === undefined) return null;
  const letters = (groups['column'] ?? '').split('');
  const column = letters.reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
  return { row: Number(groups['row']) - 1, column };
}

/** The cells of a range, row by row; an empty cell is null. */
export function readRange(sheet: Sheet, range: Range): readonly (readonly (Cell | null)[])[] {
  return span(range.top, range.bottom).map((row) =>
    span(range.left, range.right).map((column) => sheet.cells.get(cellName(column, row)) ?? null),
  );
}

/** The whole sheet as comma-separated values. */
export function csvOf(sheet: Sheet): string {
  const corners = [...sheet.cells.keys()].map(parseCorner).filter((one) => one !== null);
  const bottom = Math.max(0, ...corners.map((one) => one.row));
  const right = Math.max(0, ...corners.map((one) => one.column));
  const rows = readRange(sheet, { top: 0, left: 0, bottom, right });
  return rows.map((row) => `${row.map(csvField).join(',')}\n`).join('');
}

function csvField(cell: Cell | null): string {
  const field = cell === null ? '' : String(cell);
  return /[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** The formulas in a range, as `{ B4: '=SUM(B2:B3)' }`. */
export function formulasIn(sheet: Sheet, range: Range): Readonly<Record<string, string>> {
  const inside = [...sheet.cells].filter(([name, cell]) => {
    const corner = parseCorner(name);
    if (corner === null || !String(cell).startsWith('=')) return false;
    const { row, column } = corner;
    const inRows = row >= range.top && row <= range.bottom;
    return inRows && column >= range.left && column <= range.right;
  });
  return Object.fromEntries(inside.map(([name, cell]) => [name, String(cell)]));
}

/** Writes JSON rows (`[["a", 1]]`) with their first cell at the range's; answers with the count. */
export function writeRows(sheet: Sheet, json: string, range: Range): Result<number, string> {
  const scanned = scanJson(new TextEncoder().encode(json), LIMITS);
  const rows = scanned.ok ? parseScanned(scanned.value) : null;
  if (!Array.isArray(rows) || !rows.every((row) => Array.isArray(row))) {
    return err('data must be JSON rows such as [["a", 1]]');
  }
  let written = 0;
  for (const [down, row] of rows.entries()) {
    for (const [across, cell] of (Array.isArray(row) ? row : []).entries()) {
      if (typeof cell !== 'string' && typeof cell !== 'number')
        return err('a cell is text or a number');
      if (sheet.cells.size >= CELLS_MAX) return err('the sheet is full');
      sheet.cells.set(cellName(range.left + across, range.top + down), cell);
      written += 1;
    }
  }
  return ok(written);
}

function cellName(column: number, row: number): string {
  return `${columnName(column)}${row + 1}`;
}

function span(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
}
