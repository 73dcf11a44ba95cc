import { err, ok, type Result } from '../../base/result.ts';
import type { JsonObject } from '../../base/strict-json.ts';
import { flag, isObject, list, number, text } from '../arguments.ts';
import type { Handlers } from '../server.ts';
import { below, homePath, nameOf, open, parentOf, put, shown } from './paths.ts';
import { textOf } from './text-of.ts';
import { ENTRIES_MAX, type Contents, type World } from './world.ts';

const RESULTS_MAX = 100;

/** What kind a search may ask for -> the kinds of contents it finds. */
const KINDS: Readonly<Record<string, readonly Contents['kind'][]>> = {
  folder: ['folder'],
  document: ['text', 'document'],
  spreadsheet: ['spreadsheet'],
  presentation: ['presentation'],
};

/** The file tools, on a home folder that is a map in memory: no file of the machine is touched. */
export function fileHandlers(world: World): Handlers {
  return {
    'files.list': (args) => listFolder(world, args),
    'files.info': (args) => {
      const place = homePath(text(args, 'path'));
      if (!place.ok) return place;
      const contents = world.files.get(place.value);
      return contents === undefined
        ? err('there is no such file or folder')
        : ok(entry(place.value, contents));
    },
    'files.search': (args) => search(world, args),
    'files.read': (args) => {
      const contents = open(world, text(args, 'path'));
      if (!contents.ok) return contents;
      return contents.value.kind === 'folder'
        ? err('this is a folder')
        : ok({ text: textOf(contents.value) });
    },
    'files.move': (args) => moveAll(world, args),
    'files.copy': (args) => copy(world, text(args, 'source'), text(args, 'destination')),
    'files.create_folder': (args) => createFolder(world, text(args, 'path')),
    'files.trash': (args) => trash(world, text(args, 'path')),
  };
}

function entry(place: string, contents: Contents): JsonObject {
  return {
    path: shown(place),
    name: nameOf(place),
    type: contents.kind,
    bytes: contents.kind === 'folder' ? 0 : textOf(contents).length,
  };
}

function entries(world: World, places: readonly string[]): readonly JsonObject[] {
  return places.flatMap((place) => {
    const contents = world.files.get(place);
    return contents === undefined ? [] : [entry(place, contents)];
  });
}

function listFolder(world: World, args: JsonObject): Result<JsonObject, string> {
  const folder = homePath(text(args, 'path', '~'));
  if (!folder.ok) return folder;
  if (world.files.get(folder.value)?.kind !== 'folder') return err('there is no such folder');
  const depth = flag(args, 'recursive') ? number(args, 'depth', 3) : 1;
  const base = folder.value === '' ? 0 : folder.value.split('/').length;
  const places = below(world, folder.value).filter(
    (place) => place !== folder.value && place.split('/').length - base <= depth,
  );
  return ok({ entries: entries(world, places) });
}

function search(world: World, args: JsonObject): Result<JsonObject, string> {
  const scope = homePath(text(args, 'scope', '~'));
  if (!scope.ok) return scope;
  const query = text(args, 'query').toLowerCase();
  const kind = text(args, 'kind');
  const kinds = kind === '' ? null : (KINDS[kind] ?? []);
  const found = below(world, scope.value).filter((place) => {
    const contents = world.files.get(place);
    if (place === '' || contents === undefined) return false;
    if (kinds !== null && !kinds.includes(contents.kind)) return false;
    return `${place}\n${textOf(contents)}`.toLowerCase().includes(query);
  });
  return ok({ entries: entries(world, found.slice(0, RESULTS_MAX)) });
}

function moveAll(world: World, args: JsonObject): Result<JsonObject, string> {
  const moved: JsonObject[] = [];
  for (const operation of list(args, 'operations')) {
    if (!isObject(operation)) return err('an operation must be an object');
    const source = text(operation, 'source');
    const done = move(world, source, text(operation, 'destination'));
    if (!done.ok) return err(`after ${moved.length} moves: ${done.error}`);
    moved.push({ source, destination: done.value });
  }
  return ok({ moved });
}

function move(world: World, source: string, destination: string): Result<string, string> {
  const from = homePath(source);
  if (!from.ok) return from;
  const copied = copyTree(world, from.value, destination);
  if (!copied.ok) return copied;
  for (const place of below(world, from.value)) world.files.delete(place);
  return copied;
}

function copy(world: World, source: string, destination: string): Result<JsonObject, string> {
  const from = homePath(source);
  if (!from.ok) return from;
  const copied = copyTree(world, from.value, destination);
  return copied.ok ? ok({ path: copied.value }) : copied;
}

function copyTree(world: World, from: string, destination: string): Result<string, string> {
  const to = homePath(destination);
  if (!to.ok) return to;
  const contents = world.files.get(from);
  if (from === '' || contents === undefined) return err('there is no such file or folder');
  if (to.value === from || to.value.startsWith(`${from}/`))
    return err('a folder cannot hold itself');
  const places = below(world, from);
  if (world.files.size + places.length > ENTRIES_MAX) return err('the demo keeps no more files');
  const first = put(world, destination, structuredClone(contents));
  if (!first.ok) return first;
  for (const place of places) {
    const one = world.files.get(place);
    if (one !== undefined)
      world.files.set(to.value + place.slice(from.length), structuredClone(one));
  }
  return first;
}

function createFolder(world: World, path: string): Result<JsonObject, string> {
  const place = homePath(path);
  if (!place.ok) return place;
  const missing: string[] = [];
  for (let at = place.value; at !== ''; at = parentOf(at)) {
    const contents = world.files.get(at);
    if (contents !== undefined && contents.kind !== 'folder') return err('a file is in the way');
    if (contents === undefined) missing.push(at);
  }
  if (world.files.size + missing.length > ENTRIES_MAX) return err('the demo keeps no more files');
  for (const folder of missing.reverse()) world.files.set(folder, { kind: 'folder' });
  return ok({ path: shown(place.value), created: missing.length });
}

function trash(world: World, path: string): Result<JsonObject, string> {
  const place = homePath(path);
  if (!place.ok) return place;
  if (place.value === '' || !world.files.has(place.value))
    return err('there is no such file or folder');
  const places = below(world, place.value);
  for (const one of places) {
    const contents = world.files.get(one);
    if (contents !== undefined && world.trash.size < ENTRIES_MAX) world.trash.set(one, contents);
    world.files.delete(one);
  }
  return ok({ trashed: places.map(shown) });
}
