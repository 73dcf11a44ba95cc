import { readJson } from '../base/json-value.ts';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

import { err, ok, type Result } from '../base/result.ts';
import type { JsonObject } from '../base/strict-json.ts';
import { whyUnread } from '../config/text-file.ts';
import type { CatalogueStore } from '../catalogue/catalogue-store.ts';
import { readImportLine, readingOf } from '../catalogue/import-lines.ts';
import { systemClock } from './clock.ts';

/** How far an import is. */
export interface ImportProgress {
  readonly phase: 'read' | 'classified' | 'indexed';
  readonly done: number;
  readonly of: number | null;
}

/** What an import came to. */
export interface Imported {
  readonly servers: number;
  readonly tools: number;
  readonly changes: number;
  /** Lines that were left out, each with why; at most twenty are named. */
  readonly skipped: number;
  readonly problems: readonly string[];
}

const toolsMax = 1_000_000;
const problemsMax = 20;
const batchTools = 500;

/**
 * Imports a file of one tool a line, plain or gzipped. Lines of one server need not be together.
 * A line that is no tool is left out and named; a file that cannot be read is refused.
 */
export async function importFile(
  store: CatalogueStore,
  path: string,
  progress: (now: ImportProgress) => void,
): Promise<Result<Imported, string>> {
  const read = await readFile(path, progress);
  if (!read.ok) return read;
  const { servers, tools, skipped, problems } = read.value;
  const from = { where: basename(path), atMs: systemClock.nowMs() };
  let done = 0;
  let changes = 0;
  let batch: ReturnType<typeof readingOf>[] = [];
  let size = 0;
  const flush = async (): Promise<string | null> => {
    const recorded = await store.record(batch);
    if (!recorded.ok) return recorded.error;
    changes += recorded.value.reduce((sum, one) => sum + one.changes, 0);
    done += size;
    progress({ phase: 'classified', done, of: tools });
    batch = [];
    size = 0;
    return null;
  };
  for (const [server, listed] of servers) {
    batch.push(readingOf(server, listed, from));
    size += listed.length;
    const problem = size >= batchTools ? await flush() : null;
    if (problem !== null) return err(problem);
  }
  const problem = await flush();
  if (problem !== null) return err(problem);
  const fed = await feedAll(store, tools, progress);
  return fed === null ? ok({ servers: servers.size, tools, changes, skipped, problems }) : err(fed);
}

interface ReadLines {
  readonly servers: ReadonlyMap<string, readonly JsonObject[]>;
  readonly tools: number;
  readonly skipped: number;
  readonly problems: readonly string[];
}

async function readFile(
  path: string,
  progress: (now: ImportProgress) => void,
): Promise<Result<ReadLines, string>> {
  const servers = new Map<string, JsonObject[]>();
  const problems: string[] = [];
  let tools = 0;
  let skipped = 0;
  let number = 0;
  const skip = (why: string): void => {
    skipped += 1;
    if (problems.length < problemsMax) problems.push(`${path}:${number}: ${why}`);
  };
  try {
    const gzipped = await isGzipped(path);
    const bytes = createReadStream(path);
    const input = gzipped ? bytes.pipe(createGunzip()) : bytes;
    bytes.on('error', (error) => input.destroy(error));
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number += 1;
      if (line.trim() === '') continue;
      if (tools >= toolsMax) return err(`it holds more than ${toolsMax} tools: divide it`);
      const value = parsed(line);
      const tool = value === undefined ? err('not JSON') : readImportLine(value);
      if (!tool.ok) {
        skip(tool.error);
        continue;
      }
      tools += 1;
      const listed = servers.get(tool.value.server);
      if (listed === undefined) servers.set(tool.value.server, [tool.value.definition]);
      else listed.push(tool.value.definition);
      if (tools % 5_000 === 0) progress({ phase: 'read', done: tools, of: null });
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    if (code.startsWith('Z_')) {
      return err(`\`${path}\` is gzipped and damaged (${code}): pack it again`);
    }
    return err(whyUnread(path, error));
  }
  if (tools === 0) {
    const first = problems[0] ?? 'it is empty';
    return err(`no tool in it: ${first}`);
  }
  return ok({ servers, tools, skipped, problems });
}

/** By its first two bytes (RFC 1952, section 2.3.1), whatever its name is. */
async function isGzipped(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

function parsed(line: string): unknown {
  try {
    return readJson(line);
  } catch {
    return undefined;
  }
}

/** The search follows by itself; an import waits for it, so that what is imported is found. */
async function feedAll(
  store: CatalogueStore,
  tools: number,
  progress: (now: ImportProgress) => void,
): Promise<string | null> {
  for (;;) {
    const left = await store.feed();
    if (!left.ok) return left.error;
    progress({ phase: 'indexed', done: Math.max(0, tools - left.value), of: tools });
    if (left.value === 0) return null;
  }
}
