import { readFileSync, writeFileSync } from 'node:fs';

import type { Plan } from './plan.ts';
import { currentSha256, keepBackup, sha256, writeAdopted, type Adopted } from './state.ts';

/** How a client's file is written. */
export type Write = (path: string, bytes: string | Uint8Array) => void;

/** What came of a round of changes. */
export interface Carried {
  /** How many files were changed. */
  readonly done: number;
  /** One line for each file that was not, for a person. */
  readonly problems: readonly string[];
}

/**
 * Changes file after file, each on record before it is changed. One that cannot be changed is put
 * back and said; the others are changed all the same, since each stands for itself.
 */
export function carryOutAll(
  plans: readonly Plan[],
  { folder, before }: { readonly folder: string; readonly before: readonly Adopted[] },
  write: Write = writeFileSync,
): Carried {
  let adopted = before;
  const problems: string[] = [];
  for (const plan of plans) {
    const carried = carryOut(plan, { folder, adopted }, write);
    adopted = carried.adopted;
    if (carried.problem !== null) problems.push(carried.problem);
  }
  return { done: plans.length - problems.length, problems };
}

interface CarriedOne {
  /** What is on record now. */
  readonly adopted: readonly Adopted[];
  readonly problem: string | null;
}

/** Scans take a while, and clients write their files too: one that is not what was read is left. */
function carryOut(
  { found, text, servers }: Plan,
  { folder, adopted }: { readonly folder: string; readonly adopted: readonly Adopted[] },
  write: Write,
): CarriedOne {
  const { path } = found;
  let one: Adopted | null = null;
  try {
    const bytes = readFileSync(path);
    if (bytes.toString('utf8') !== found.text) {
      const problem = `\`${path}\` was changed meanwhile and is left alone: run it again`;
      return { adopted, problem };
    }
    one = {
      path,
      client: found.client.id,
      backup: keepBackup(folder, path, bytes),
      beforeSha256: sha256(bytes),
      afterSha256: sha256(Buffer.from(text)),
      servers: servers.filter(({ change }) => change === 'put-between').map(({ name }) => name),
    };
    // What is on record and was not changed is found as it was, when it is to be put back.
    writeAdopted(folder, [...adopted, one]);
    write(path, text);
    return { adopted: [...adopted, one], problem: null };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
    const failed = `\`${path}\` could not be changed (${code})`;
    if (one === null || isAsBefore(one, write)) {
      if (one !== null) forget(folder, adopted);
      return { adopted, problem: `${failed}, and is left as it was` };
    }
    // It stays on record: where its bytes are is told again by whoever puts everything back.
    const problem = `${failed} and is damaged: copy \`${one.backup}\` there by hand`;
    return { adopted: [...adopted, one], problem };
  }
}

/** Takes the last change off the record. */
function forget(folder: string, adopted: readonly Adopted[]): void {
  try {
    writeAdopted(folder, adopted);
  } catch {
    // It stays on record then, and is found as it was when it is to be put back.
  }
}

/** Whether the file stands as it did before, put back if need be: a write may end in its middle. */
function isAsBefore({ path, backup, beforeSha256 }: Adopted, write: Write): boolean {
  if (currentSha256(path) === beforeSha256) return true;
  try {
    write(path, readFileSync(backup));
  } catch {
    return false;
  }
  return currentSha256(path) === beforeSha256;
}
