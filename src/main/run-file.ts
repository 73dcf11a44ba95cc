import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where commands find the running gateway of a data folder. */
export interface RunFile {
  readonly url: string;
  readonly pid: number;
}

/** The operator's key: made once with the data folder, readable by its owner alone. */
export async function operatorKey(
  dataDir: string,
): Promise<{ readonly key: string; readonly path: string }> {
  const path = join(dataDir, 'operator.key');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const key = randomBytes(32).toString('base64url');
  try {
    await writeFile(path, `${key}\n`, { mode: 0o600, flag: 'wx' });
    return { key, path };
  } catch {
    return { key: (await readFile(path, 'utf8')).trim(), path };
  }
}

/** Says where this gateway is; whoever reads the file reads all of it or nothing. */
export async function writeRunFile(dataDir: string, run: RunFile): Promise<void> {
  const draft = join(dataDir, `run.${run.pid}.tmp`);
  await writeFile(draft, `${JSON.stringify(run)}\n`, { mode: 0o600 });
  await rename(draft, join(dataDir, 'run.json'));
}

export async function removeRunFile(dataDir: string): Promise<void> {
  await rm(join(dataDir, 'run.json'), { force: true });
}
