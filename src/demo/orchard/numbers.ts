import { err, ok, type Result } from '../../base/result.ts';
import type { JsonObject } from '../../base/strict-json.ts';
import { text } from '../arguments.ts';
import type { Handlers } from '../server.ts';
import { csvOf, formulasIn, parseRange, readRange, writeRows } from './cells.ts';
import { createFile, exportFile, infoOf, searchKind, withFile, type Office } from './office.ts';
import type { Sheet, World } from './world.ts';

const SHEETS_MAX = 50;
const WHOLE = 'A1:CV100';

type Spreadsheet = Office<'spreadsheet'>;

/** The spreadsheet tools. Formulas are kept as they are written and never worked out. */
export function numbersHandlers(world: World): Handlers {
  const within = (args: JsonObject, act: (book: Spreadsheet) => Result<JsonObject, string>) =>
    withFile({ world, kind: 'spreadsheet', args }, act);
  return {
    'numbers.search': (args) => ok(searchKind(world, 'spreadsheet', args)),
    'numbers.info': (args) =>
      within(args, (book) => ok({ ...infoOf(args, book), sheets: book.sheets.length })),
    'numbers.list_sheets': (args) =>
      within(args, (book) => ok({ sheets: book.sheets.map((sheet) => sheet.name) })),
    'numbers.read': (args) =>
      within(args, (book) => {
        const range = parseRange(text(args, 'range', WHOLE));
        if (!range.ok) return range;
        return onSheet(book, args, (sheet) => ok({ rows: readRange(sheet, range.value) }));
      }),
    'numbers.get_formulas': (args) =>
      within(args, (book) => {
        const range = parseRange(text(args, 'range', WHOLE));
        if (!range.ok) return range;
        return onSheet(book, args, (sheet) => ok({ formulas: formulasIn(sheet, range.value) }));
      }),
    'numbers.write': (args) =>
      within(args, (book) => onSheet(book, args, (sheet) => write(sheet, args))),
    'numbers.create': (args) => create(world, args),
    'numbers.add_sheet': (args) => within(args, (book) => addSheet(book, text(args, 'name'))),
    'numbers.remove_sheet': (args) => within(args, (book) => removeSheet(book, text(args, 'name'))),
    'numbers.export': (args) =>
      within(args, (book) => exportFile(world, args, book.sheets.map(csvOf).join('\n'))),
  };
}

function onSheet(
  book: Spreadsheet,
  args: JsonObject,
  act: (sheet: Sheet) => Result<JsonObject, string>,
): Result<JsonObject, string> {
  const name = text(args, 'sheet');
  const sheet = name === '' ? book.sheets[0] : book.sheets.find((one) => one.name === name);
  return sheet === undefined ? err('there is no such sheet') : act(sheet);
}

function write(sheet: Sheet, args: JsonObject): Result<JsonObject, string> {
  const range = parseRange(text(args, 'range', 'A1'));
  if (!range.ok) return range;
  const written = writeRows(sheet, text(args, 'data'), range.value);
  return written.ok ? ok({ cells: written.value }) : written;
}

function create(world: World, args: JsonObject): Result<JsonObject, string> {
  const sheet: Sheet = { name: 'Sheet 1', cells: new Map() };
  const data = text(args, 'data');
  const written =
    data === '' ? ok(0) : writeRows(sheet, data, { top: 0, left: 0, bottom: 0, right: 0 });
  return written.ok ? createFile(world, args, { kind: 'spreadsheet', sheets: [sheet] }) : written;
}

function addSheet(book: Spreadsheet, name: string): Result<JsonObject, string> {
  if (book.sheets.some((sheet) => sheet.name === name)) return err('there is such a sheet already');
  if (book.sheets.length >= SHEETS_MAX) return err('the spreadsheet has too many sheets');
  book.sheets.push({ name, cells: new Map() });
  return ok({ sheets: book.sheets.map((sheet) => sheet.name) });
}

function removeSheet(book: Spreadsheet, name: string): Result<JsonObject, string> {
  const at = book.sheets.findIndex((sheet) => sheet.name === name);
  if (at === -1) return err('there is no such sheet');
  if (book.sheets.length === 1) return err('the last sheet cannot be removed');
  book.sheets.splice(at, 1);
  return ok({ sheets: book.sheets.map((sheet) => sheet.name) });
}
