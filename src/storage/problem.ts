/** Why the stores cannot be opened. `message` says what to do; `path` is the file or folder. */
export interface StoreProblem {
  readonly code:
    | 'not-a-folder'
    | 'no-access'
    | 'corrupt'
    | 'newer-version'
    | 'locked'
    | 'full'
    | 'failed';
  readonly path: string;
  readonly message: string;
}

/** SQLite's primary result codes that have a better answer than their own text. */
const sqliteCodes: ReadonlyMap<number, StoreProblem['code']> = new Map([
  [5, 'locked'],
  [6, 'locked'],
  [8, 'no-access'],
  [11, 'corrupt'],
  [13, 'full'],
  [14, 'no-access'],
  [23, 'no-access'],
  [26, 'corrupt'],
]);

/** What the operating system calls it when a file or folder does not do as it is told. */
const systemCodes: ReadonlyMap<string, StoreProblem['code']> = new Map([
  ['EACCES', 'no-access'],
  ['EPERM', 'no-access'],
  ['EROFS', 'no-access'],
  ['ENOTDIR', 'not-a-folder'],
  ['EEXIST', 'not-a-folder'],
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
]);

/** Makes a problem of what a file system or SQLite threw. */
export function storeProblem(path: string, error: unknown): StoreProblem {
  const code = codeOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  return { code, path, message: `${sentences[code](path)} (${reason})` };
}

const sentences: Readonly<Record<StoreProblem['code'], (path: string) => string>> = {
  'not-a-folder': (path) => `\`${path}\` is not a folder: name another data folder, or move it`,
  'no-access': (path) => `\`${path}\` cannot be read and written: give this user access to it`,
  corrupt: (path) => `\`${path}\` is damaged: put a backup in its place; nothing was changed`,
  'newer-version': (path) => `\`${path}\` was written by a newer version: run that one`,
  locked: (path) => `another process holds \`${path}\`: stop it, or wait until it is done`,
  full: (path) => `no space is left for \`${path}\`: make some, then start again`,
  failed: (path) => `\`${path}\` cannot be opened: see the reason`,
};

function codeOf(error: unknown): StoreProblem['code'] {
  if (typeof error !== 'object' || error === null) return 'failed';
  if ('errcode' in error && typeof error.errcode === 'number') {
    // The low byte of an extended result code is the primary one.
    return sqliteCodes.get(error.errcode & 0xff) ?? 'failed';
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return systemCodes.get(code) ?? 'failed';
}
