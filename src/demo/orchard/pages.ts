import { err, ok, type Result } from '../../base/result.ts';
import type { JsonObject } from '../../base/strict-json.ts';
import { flag, text } from '../arguments.ts';
import type { Handlers } from '../server.ts';
import { csvOf, writeRows } from './cells.ts';
import { createFile, exportFile, infoOf, searchKind, withFile, type Office } from './office.ts';
import type { Sheet, World } from './world.ts';

const TEXT_MAX = 5_000_000;
const PREVIEW = 60;

type Document = Office<'document'>;

/** The tools for text documents. A section is what stands between empty lines. */
export function pagesHandlers(world: World): Handlers {
  const within = (args: JsonObject, act: (document: Document) => Result<JsonObject, string>) =>
    withFile({ world, kind: 'document', args }, act);
  return {
    'pages.search': (args) => ok(searchKind(world, 'document', args)),
    'pages.read': (args) => within(args, (document) => ok({ text: document.text })),
    'pages.info': (args) =>
      within(args, (document) => ok({ ...infoOf(args, document), words: words(document.text) })),
    'pages.list_sections': (args) =>
      within(args, (document) => {
        const parts = document.text.split(/\n{2,}/).filter((part) => part.trim() !== '');
        const sections = parts.map((part) => ({
          preview: part.slice(0, PREVIEW),
          words: words(part),
        }));
        return ok({ sections });
      }),
    'pages.write': (args) => within(args, (document) => replace(document, text(args, 'text'))),
    'pages.create': (args) =>
      createFile(world, args, { kind: 'document', text: text(args, 'text') }),
    'pages.find_replace': (args) => within(args, (document) => findReplace(document, args)),
    'pages.insert_table': (args) => within(args, (document) => insertTable(document, args)),
    'pages.export': (args) => within(args, (document) => exportFile(world, args, document.text)),
  };
}

function words(content: string): number {
  return content.split(/\s+/).filter((word) => word !== '').length;
}

function replace(document: Document, content: string): Result<JsonObject, string> {
  if (content.length > TEXT_MAX) return err('the document would be too long');
  document.text = content;
  return ok({ characters: content.length });
}

function findReplace(document: Document, args: JsonObject): Result<JsonObject, string> {
  const find = text(args, 'find');
  if (find === '') return err('find must not be empty');
  const parts = document.text.split(find);
  const found = parts.length - 1;
  const replaced = flag(args, 'all') ? found : Math.min(found, 1);
  const [before = '', ...rest] = parts;
  const replacement = text(args, 'replace');
  const content = flag(args, 'all')
    ? parts.join(replacement)
    : rest.length === 0
      ? before
      : before + replacement + rest.join(find);
  const done = replace(document, content);
  return done.ok ? ok({ replaced }) : done;
}

function insertTable(document: Document, args: JsonObject): Result<JsonObject, string> {
  const sheet: Sheet = { name: 'table', cells: new Map() };
  const origin = { top: 0, left: 0, bottom: 0, right: 0 };
  const written = writeRows(sheet, text(args, 'data'), origin);
  if (!written.ok) return written;
  const done = replace(document, `${document.text.trimEnd()}\n\n${csvOf(sheet)}`);
  return done.ok ? ok({ cells: written.value }) : done;
}
