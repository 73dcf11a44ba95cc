import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, type Result } from '../base/result.ts';
import { storeProblem, type StoreProblem } from './problem.ts';

/** The file that holds the installation's key. */
export const installationFile = 'installation.json';

const keyBytes = 32;
const formPattern = /^\{"version":1,"key":"([0-9a-f]{64})"\}\n$/;

/** Makes the data folder, for this user alone, unless it is there. */
export async function makeDataFolder(dataDir: string): Promise<Result<null, StoreProblem>> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    return ok(null);
  } catch (error) {
    return err(storeProblem(dataDir, error));
  }
}

/**
 * The 32 bytes that key this installation's digests. They are made once: two processes that start
 * together agree on one key, and a process that dies while it writes leaves none.
 */
export async function installationKey(dataDir: string): Promise<Result<Uint8Array, StoreProblem>> {
  const path = join(dataDir, installationFile);
  try {
    if (!(await exists(path))) await writeKey(dataDir, path);
    const key = formPattern.exec(await readFile(path, 'utf8'))?.[1];
    if (key !== undefined) return ok(Buffer.from(key, 'hex'));
  } catch (error) {
    return err(storeProblem(path, error));
  }
  const message =
    `\`${path}\` does not hold a key: put a backup in its place; without it, what was recorded ` +
    'cannot be searched by arguments';
  return err({ code: 'corrupt', path, message });
}

async function writeKey(dataDir: string, path: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(draft, 'wx', 0o600);
  try {
    const key = randomBytes(keyBytes).toString('hex');
    await file.writeFile(`{"version":1,"key":"${key}"}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await putInPlace(draft, path);
  const folder = await open(dataDir);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** A link never replaces a file that another process put there first; a rename would. */
async function putInPlace(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path);
    await rm(draft);
  } catch (error) {
    if (await exists(path)) {
      await rm(draft, { force: true });
    } else if (isNoLinks(error)) {
      await rename(draft, path);
    } else {
      throw error;
    }
  }
}

/** Some file systems have no hard links. */
function isNoLinks(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS';
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
