import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { openAuditLog } from './audit-open.ts';
import type { AuditOpenOptions, OpenedAuditLog } from './audit-open.ts';
import { listSegments, segmentPath } from './audit-paths.ts';

/** For tests: time stands still, but for the monotonic clock. */
export const testClock: Clock = {
  nowMs: () => 1_790_000_000_000,
  monotonicMs: () => performance.now(),
};

/** For tests: an empty data directory that goes when the test ends. */
export function scratchDirectory(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'portcullis-audit-'));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** For tests: opens a log that must open. */
export async function openScratch(
  dir: string,
  changes: Partial<AuditOpenOptions> = {},
): Promise<OpenedAuditLog> {
  const opened = await openAuditLog({
    dir,
    durability: 'process',
    clock: testClock,
    log: silentLog,
    countersSnapshot: () => [],
    checkpointEveryMs: 3_600_000,
    ...changes,
  });
  assert(opened.ok, `the log opens: ${JSON.stringify(opened)}`);
  return opened.value;
}

/** For tests: the lines of every segment, by the number of its first record. */
export function readScratch(directory: string): Map<number, string[]> {
  const lines = (path: string): string[] => readFileSync(path, 'latin1').split('\n').slice(0, -1);
  return new Map(listSegments(directory).map(({ first, path }) => [first, lines(path)]));
}

/** For tests: puts these lines in the place of a segment's own. */
export function writeScratch(directory: string, first: number, lines: readonly string[]): void {
  writeFileSync(segmentPath(directory, first), lines.map((line) => `${line}\n`).join(''), 'latin1');
}
