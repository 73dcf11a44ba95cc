import { err, ok, type Result } from '../../base/result.ts';
import type { JsonObject } from '../../base/strict-json.ts';
import { number, text } from '../arguments.ts';
import { homePath, nameOf, open, put, shown } from './paths.ts';
import { textOf } from './text-of.ts';
import type { Contents, World } from './world.ts';

/** The kinds of contents that an office program edits. */
export type OfficeKind = 'spreadsheet' | 'document' | 'presentation';

/** Contents of one kind. */
export type Office<Kind extends OfficeKind> = Extract<Contents, { readonly kind: Kind }>;

/** Runs `act` on the file that the argument `file` names, if it is of the right kind. */
export function withFile<Kind extends OfficeKind>(
  { world, kind, args }: { readonly world: World; readonly kind: Kind; readonly args: JsonObject },
  act: (contents: Office<Kind>) => Result<JsonObject, string>,
): Result<JsonObject, string> {
  const contents = open(world, text(args, 'file'));
  if (!contents.ok) return contents;
  if (contents.value.kind !== kind) return err(`this is no ${kind}`);
  // `kind` was compared on the line above, which TypeScript does not carry over to a type parameter.
  return act(contents.value as Office<Kind>);
}

/** The files of one kind whose name or contents hold the query. */
export function searchKind(world: World, kind: OfficeKind, args: JsonObject): JsonObject {
  const query = text(args, 'query').toLowerCase();
  const found = [...world.files].filter(
    ([place, contents]) =>
      contents.kind === kind && `${place}\n${textOf(contents)}`.toLowerCase().includes(query),
  );
  const files = found.slice(0, number(args, 'limit', 20)).map(([place]) => shown(place));
  return { files, total: found.length };
}

/** Puts a new file at the argument `file`; answers with its path. */
export function createFile(
  world: World,
  args: JsonObject,
  contents: Contents,
): Result<JsonObject, string> {
  const created = put(world, text(args, 'file'), contents);
  return created.ok ? ok({ path: created.value }) : created;
}

/** Puts `content` beside the file (or at `dest`), named after the format asked for. */
export function exportFile(
  world: World,
  args: JsonObject,
  content: string,
): Result<JsonObject, string> {
  const source = homePath(text(args, 'file'));
  if (!source.ok) return source;
  const format = text(args, 'format');
  const beside = `~/${source.value.replace(/\.[^./]*$/, '')}.${format}`;
  const saved = put(world, text(args, 'dest', beside), { kind: 'text', text: content });
  if (!saved.ok) return saved;
  const note = 'the demo writes plain text, whatever the format is called';
  return ok({ path: saved.value, format, note });
}

/** What every `info` tool says of a file. */
export function infoOf(args: JsonObject, contents: Contents): JsonObject {
  const place = homePath(text(args, 'file'));
  const name = place.ok ? nameOf(place.value) : '';
  return { name, kind: contents.kind, characters: textOf(contents).length };
}
