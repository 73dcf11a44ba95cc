import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { ChainHead } from '../audit/chain.ts';
import { openAuditFiles } from './embedded/audit-files.ts';
import { auditPaths, listSegments } from './embedded/audit-paths.ts';
import { openSqlite } from './embedded/audit-sqlite.ts';
import { errorCode } from './embedded/audit-writer.ts';

/** What a backup says of itself, in `backup.json`. */
export interface BackupManifest {
  readonly format: 1;
  /** Milliseconds since the Unix epoch. */
  readonly createdMs: number;
  /** The last record in it; null for a folder without a log. */
  readonly head: ChainHead | null;
  readonly files: readonly BackupFile[];
}

interface BackupFile {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Why there is no backup, or why it was not restored. Nothing usable was left in `path`. */
export interface BackupProblem {
  readonly code: 'no-data' | 'not-empty' | 'inside' | 'no-backup' | 'damaged' | 'chain' | 'failed';
  /** The file or folder it is about. */
  readonly path: string;
  readonly detail: string;
}

type Answer = Promise<Result<BackupManifest, BackupProblem>>;

const manifestFile = 'backup.json';

/** What a gateway makes anew, or what says that one runs here. */
const left =
  /^(audit|audit\.lock|audit-lock\.db.*|audit-index\.db.*|run\.json|backup\.json|.*\.(tmp|new)|.*-(wal|shm|journal))$/;

/**
 * Copies everything that a gateway keeps, while it runs or not, to a folder that is new or empty.
 * Databases are copied as of one moment, and before the log: what they say is on record in it.
 */
export async function backUp(dataDir: string, to: string, nowMs: number): Answer {
  if (!fs.existsSync(auditPaths(dataDir).segments)) return problem('no-data', dataDir);
  if (!isFree(to)) return problem('not-empty', to);
  try {
    fs.mkdirSync(to, { recursive: true, mode: 0o700 });
    // It would be copied into itself, without an end.
    if (`${fs.realpathSync(to)}${sep}`.startsWith(`${fs.realpathSync(dataDir)}${sep}`)) {
      fs.rmdirSync(to);
      return problem('inside', to);
    }
    for (const name of fs.readdirSync(dataDir)) {
      if (!left.test(name)) copyEntry(join(dataDir, name), join(to, name));
    }
    copyLog(auditPaths(dataDir).segments, auditPaths(to).segments);
    const verified = await headOf(to);
    if (!verified.ok) return verified;
    const files = allFiles(to).map((path) => fileOf(to, path));
    const manifest: BackupManifest = { format: 1, createdMs: nowMs, head: verified.value, files };
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    fs.writeFileSync(join(to, manifestFile), text, { mode: 0o600, flush: true });
    return ok(manifest);
  } catch (error) {
    return problem('failed', to, errorCode(error));
  }
}

/** Puts a backup into a folder that is new or empty, after every file and the chain were checked. */
export async function restore(from: string, dataDir: string): Answer {
  const manifest = readManifest(from);
  if (manifest === null) return problem('no-backup', from);
  if (!isFree(dataDir)) return problem('not-empty', dataDir);
  try {
    const damaged = manifest.files.find((file) => !isWhole(from, file));
    if (damaged !== undefined) return problem('damaged', join(from, damaged.path));
    const known = new Set(manifest.files.map(({ path }) => path));
    const foreign = allFiles(from).find((path) => path !== manifestFile && !known.has(path));
    if (foreign !== undefined) return problem('damaged', join(from, foreign), 'not in backup.json');
    const verified = await headOf(from);
    if (!verified.ok) return verified;
    if (verified.value?.hash !== manifest.head?.hash) return problem('chain', from, 'another head');
    for (const { path } of manifest.files) copyFile(join(from, path), join(dataDir, path));
    return ok(manifest);
  } catch (error) {
    return problem('failed', dataDir, errorCode(error));
  }
}

async function headOf(dir: string): Promise<Result<ChainHead | null, BackupProblem>> {
  const verified = await openAuditFiles(dir).verify({});
  if (!verified.ok) return problem('chain', verified.error.path, verified.error.code);
  const { finding, head } = verified.value;
  if (finding === null) return ok(head);
  return problem('chain', dir, `${finding.kind}, record ${finding.seq}`);
}

function copyEntry(from: string, to: string): void {
  if (fs.statSync(from).isDirectory()) {
    fs.mkdirSync(to, { recursive: true, mode: 0o700 });
    for (const name of fs.readdirSync(from)) copyEntry(join(from, name), join(to, name));
  } else if (from.endsWith('.sqlite')) {
    copyDatabase(from, to);
  } else {
    copyFile(from, to);
  }
}

function copyFile(from: string, to: string): void {
  fs.mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL);
  fs.chmodSync(to, 0o600);
}

/** As of one moment, whoever writes to it meanwhile. */
function copyDatabase(from: string, to: string): void {
  const database = openSqlite(from, { waitMs: 5_000 });
  try {
    database.prepare('VACUUM INTO ?').run(to);
  } finally {
    database.close();
  }
  fs.chmodSync(to, 0o600);
}

/** Heads first: the records that they sign are there when the segments are read. */
function copyLog(from: string, to: string): void {
  fs.mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const name of fs.readdirSync(from)) {
    const path = join(from, name);
    if (/^[0-9]{16}\.jsonl$/.test(name) || left.test(name)) continue;
    if (fs.statSync(path).isDirectory()) copyEntry(path, join(to, name));
    else copyWholeLines(path, join(to, name));
  }
  for (const { path } of listSegments(from)) copyWholeLines(path, join(to, basename(path)));
}

/** The last line may be under way. */
function copyWholeLines(from: string, to: string): void {
  copyFile(from, to);
  if (!from.endsWith('.jsonl')) return;
  const { size } = fs.statSync(to);
  const tail = Buffer.alloc(Math.min(size, 524_288));
  const file = fs.openSync(to, 'r+');
  try {
    fs.readSync(file, tail, 0, tail.length, size - tail.length);
    fs.ftruncateSync(file, size - tail.length + tail.lastIndexOf(10) + 1);
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
}

function allFiles(dir: string): readonly string[] {
  const entries = fs.readdirSync(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted();
}

function fileOf(dir: string, path: string): BackupFile {
  const file = fs.openSync(join(dir, path), 'r');
  try {
    const sha256 = createHash('sha256');
    const chunk = Buffer.allocUnsafe(1_048_576);
    let bytes = 0;
    for (let read = 1; read > 0; bytes += read) {
      read = fs.readSync(file, chunk, 0, chunk.length, null);
      sha256.update(chunk.subarray(0, read));
    }
    return { path, bytes, sha256: sha256.digest('hex') };
  } finally {
    fs.closeSync(file);
  }
}

function isWhole(dir: string, { path, bytes, sha256 }: BackupFile): boolean {
  if (!fs.existsSync(join(dir, path))) return false;
  const found = fileOf(dir, path);
  return found.bytes === bytes && found.sha256 === sha256;
}

function isFree(dir: string): boolean {
  return (
    !fs.existsSync(dir) || (fs.statSync(dir).isDirectory() && fs.readdirSync(dir).length === 0)
  );
}

function readManifest(dir: string): BackupManifest | null {
  try {
    const value: unknown = JSON.parse(fs.readFileSync(join(dir, manifestFile), 'utf8'));
    return isManifest(value) ? value : null;
  } catch {
    return null;
  }
}

function isManifest(value: unknown): value is BackupManifest {
  if (typeof value !== 'object' || value === null) return false;
  if (!('format' in value) || value.format !== 1 || !('files' in value)) return false;
  return Array.isArray(value.files) && value.files.every(isBackupFile);
}

/** A path that leads out of the folder is no file of a backup. */
function isBackupFile(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (!('path' in value) || !('bytes' in value) || !('sha256' in value)) return false;
  const { path } = value;
  return typeof path === 'string' && !path.startsWith('/') && !path.split(/[\\/]/).includes('..');
}

function problem(
  code: BackupProblem['code'],
  path: string,
  detail = '',
): Result<never, BackupProblem> {
  return err({ code, path, detail });
}
