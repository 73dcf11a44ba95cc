import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { err, ok, type Result } from '../base/result.ts';
import { auditPaths } from '../storage/embedded/audit-paths.ts';
import { isLocked } from '../storage/embedded/audit-lock.ts';

/**
 * Makes a folder and those above it, for this user alone; the problem is one line. One at a time:
 * `mkdir` with `recursive` never ends on a file system that makes nothing, such as `/proc`.
 */
export async function makeFolder(
  path: string,
  option: '--data' | '--audit' = '--data',
): Promise<Result<null, string>> {
  const code = await made(path);
  if (code === null || code === 'EEXIST') return isFolder(path, option);
  if (code !== 'ENOENT' || dirname(path) === path) {
    return err(`the folder ${path} cannot be made (${code}); choose another with ${option}`);
  }
  const above = await makeFolder(dirname(path), option);
  if (!above.ok) return above;
  const again = await made(path);
  if (again === null || again === 'EEXIST') return isFolder(path, option);
  return err(`the folder ${path} cannot be made (${again}); choose another with ${option}`);
}

/** What is there already may be something else. */
async function isFolder(path: string, option: string): Promise<Result<null, string>> {
  try {
    if ((await stat(path)).isDirectory()) return ok(null);
  } catch {
    // A link that leads nowhere, or what went away meanwhile: no folder either.
  }
  return err(`${path} is no folder; choose another with ${option}`);
}

/** Whether some gateway writes to this data folder now. */
export function isServed(dataDir: string): boolean {
  return isLocked(auditPaths(dataDir));
}

/** Null when the folder is new, else the system's code. */
async function made(path: string): Promise<string | null> {
  try {
    await mkdir(path, { mode: 0o700 });
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}
