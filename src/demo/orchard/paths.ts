import { err, ok, type Result } from '../../base/result.ts';
import { ENTRIES_MAX, type Contents, type World } from './world.ts';

const HOME = '/Users/sam';

/** A path below the home folder, as the map of files knows it; an error when it leads outside. */
export function homePath(path: string): Result<string, string> {
  const below = path.replace(/^~(?=\/|$)/, HOME);
  const absolute = below.startsWith('/') ? below : `${HOME}/${below}`;
  const parts: string[] = [];
  for (const part of absolute.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  const plain = `/${parts.join('/')}`;
  if (plain === HOME) return ok('');
  if (!plain.startsWith(`${HOME}/`)) return err('the path must stay in the home folder');
  return ok(plain.slice(HOME.length + 1));
}

/** The contents at a path, or a sentence. */
export function open(world: World, path: string): Result<Contents, string> {
  const place = homePath(path);
  if (!place.ok) return place;
  const contents = world.files.get(place.value);
  return contents === undefined ? err('there is no such file or folder') : ok(contents);
}

/** Puts contents at a path that is still free, in a folder that exists; answers with the path. */
export function put(world: World, path: string, contents: Contents): Result<string, string> {
  const place = homePath(path);
  if (!place.ok) return place;
  if (world.files.has(place.value)) return err('there is a file of this name already');
  if (world.files.get(parentOf(place.value))?.kind !== 'folder')
    return err('there is no such folder');
  if (world.files.size >= ENTRIES_MAX) return err('the demo keeps no more files');
  world.files.set(place.value, contents);
  return ok(shown(place.value));
}

/** The path as tools show it. */
export function shown(place: string): string {
  return place === '' ? '~' : `~/${place}`;
}

/** The last part of a path. */
export function nameOf(place: string): string {
  return place.slice(place.lastIndexOf('/') + 1);
}

/** The folder that holds a path; the home folder is the empty text. */
export function parentOf(place: string): string {
  return place.slice(0, Math.max(0, place.lastIndexOf('/')));
}

/** The paths at and below a path. */
export function below(world: World, place: string): readonly string[] {
  const prefix = place === '' ? '' : `${place}/`;
  return [...world.files.keys()].filter((one) => one === place || one.startsWith(prefix));
}
