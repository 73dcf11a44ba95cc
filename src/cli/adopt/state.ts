import { hash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { err, ok, type Result } from '../../base/result.ts';
import { environment } from '../../config/environment.ts';

/** One configuration that was changed, and how to put it back. */
export interface Adopted {
  readonly path: string;
  readonly client: string;
  /** File with the bytes that stood there before. */
  readonly backup: string;
  readonly beforeSha256: string;
  readonly afterSha256: string;
  readonly servers: readonly string[];
}

/** Where policies, backups and the list of changes are kept. */
export function adoptFolder(): string {
  const own = environment();
  const state = own['XDG_STATE_HOME'] ?? join(own['HOME'] ?? homedir(), '.local', 'state');
  return join(state, 'portcullis', 'adopt');
}

/** What was adopted and not undone; a list that cannot be read is said, never taken for empty. */
export function readAdopted(folder: string): Result<readonly Adopted[], string> {
  const path = join(folder, 'adopted.json');
  try {
    const list: unknown = JSON.parse(readFileSync(path, 'utf8'));
    // This program alone writes the file.
    return Array.isArray(list) ? ok(list as readonly Adopted[]) : err(`\`${path}\` is no list`);
  } catch (error) {
    const none = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return none ? ok([]) : err(`\`${path}\` cannot be read: put it back, or remove it`);
  }
}

export function writeAdopted(folder: string, list: readonly Adopted[]): void {
  writeOwn(join(folder, 'adopted.json'), `${JSON.stringify(list, null, 2)}\n`);
}

/** Keeps the bytes of a file, for this user alone; the same bytes of a file are kept once. */
export function keepBackup(folder: string, path: string, bytes: Uint8Array): string {
  const name = `${sha256(Buffer.from(path)).slice(0, 12)}-${sha256(bytes).slice(0, 12)}`;
  const backup = join(folder, 'backups', name);
  writeOwn(backup, bytes);
  return backup;
}

/** Keeps a policy document beside the others; its name tells whose it is. */
export function keepPolicy(folder: string, name: string, document: object): string {
  const path = join(folder, 'policies', `${name.replaceAll(/[^A-Za-z0-9_.-]+/g, '-')}.json`);
  writeOwn(path, `${JSON.stringify(document, null, 2)}\n`);
  return path;
}

/** Puts bytes back where they were; the file keeps its own rights. */
export function putBack({ path, backup, beforeSha256 }: Adopted): Result<null, string> {
  try {
    // One that already stands as it did need not be writable.
    if (currentSha256(path) !== beforeSha256) writeFileSync(path, readFileSync(backup));
    // Two changes of a file that stood as it did before share one.
    rmSync(backup, { force: true });
    return ok(null);
  } catch {
    return err(`\`${path}\` could not be written: copy \`${backup}\` there by hand`);
  }
}

/** Null where the file cannot be read. */
export function currentSha256(path: string): string | null {
  try {
    return sha256(readFileSync(path));
  } catch {
    return null;
  }
}

export function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

function writeOwn(path: string, bytes: string | Uint8Array): void {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  // A full disk leaves what stood there before, whole.
  const next = `${path}.new`;
  writeFileSync(next, bytes, { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, path);
}
