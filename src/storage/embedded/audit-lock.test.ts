import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { openAuditFiles } from './audit-files.ts';
import { isLocked, takeLock } from './audit-lock.ts';
import { auditPaths } from './audit-paths.ts';
import { openScratch, scratchDirectory } from './audit-scratch.ts';

const probe = `
  const { isLocked } = await import(${JSON.stringify(new URL('audit-lock.ts', import.meta.url).href)});
  const { auditPaths } = await import(${JSON.stringify(new URL('audit-paths.ts', import.meta.url).href)});
  process.stdout.write(String(isLocked(auditPaths(process.argv[1]))));
`;

/** What another process sees: a process never meets its own locks. */
function isLockedElsewhere(dataDir: string): string {
  const args = ['--input-type=module', '-e', probe, dataDir];
  return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout;
}

test('whoever holds the lock keeps it, however often it asks whether the lock is held', (context) => {
  const paths = auditPaths(scratchDirectory(context));
  const lock = takeLock(paths);
  assert.ok(lock.ok);
  assert.equal(isLocked(paths), true);
  assert.equal(isLocked(paths), true);
  assert.equal(isLockedElsewhere(paths.data), 'true');
  lock.value.release();
  assert.equal(isLockedElsewhere(paths.data), 'false');
});

test('the writer of a log that reads it as well keeps its lock', async (context) => {
  const data = scratchDirectory(context);
  const { log } = await openScratch(data);
  const files = openAuditFiles(data);
  await files.tail(1);
  await files.search({ limit: 1 });
  await files.show('nothing');
  files.close();
  assert.equal(isLockedElsewhere(data), 'true');
  await log.close();
});
